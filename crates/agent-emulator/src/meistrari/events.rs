//! The event stream of a session: what is newer than the cursor, then live, one HTTP chunk per event, heartbeats in
//! between; it ends when the turn is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::json;
use tokio::sync::watch;

use super::Meistrari;
use crate::clock::Moment;
use crate::sync::lock;

/// The media type of an event stream.
pub(crate) const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";
const HEARTBEAT: &[u8] = b": heartbeat\n\n";

/// Follows one session for one reader.
struct Follower {
    meistrari: Arc<Meistrari>,
    session: String,
    /// Position of the next event to send.
    next: usize,
    /// Events sent on this connection.
    sent: usize,
    last_sent: Moment,
    wake: watch::Receiver<()>,
    _open: OpenStream,
}

/// The chunks of the stream of a session that exists.
pub(crate) fn follow(
    meistrari: &Arc<Meistrari>,
    session: &str,
    cursor: usize,
    wake: watch::Receiver<()>,
) -> impl Stream<Item = Bytes> + Send + 'static {
    let follower = Follower {
        session: session.to_owned(),
        next: cursor,
        sent: 0,
        last_sent: meistrari.world.clock.now(),
        wake,
        _open: OpenStream::new(&meistrari.open_streams),
        meistrari: Arc::clone(meistrari),
    };
    unfold(follower, |mut follower| async {
        let chunk = follower.next().await?;
        Some((chunk, follower))
    })
}

/// What a look at the session shows.
enum Look {
    Chunk(Bytes),
    Over,
    /// Nothing yet; something is due at this moment, if at any.
    Wait(Option<Moment>),
}

impl Follower {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            // Seen before looking, so that whatever happens after the look wakes.
            self.wake.borrow_and_update();
            let due = match self.look() {
                Look::Over => return None,
                Look::Chunk(chunk) => {
                    self.next += 1;
                    self.sent += 1;
                    self.last_sent = self.meistrari.world.clock.now();
                    return Some(chunk);
                }
                Look::Wait(due) => due,
            };
            let world = &self.meistrari.world;
            let heartbeat = self.last_sent.saturating_add(world.heartbeat);
            if heartbeat <= world.clock.now() {
                self.last_sent = world.clock.now();
                return Some(Bytes::from_static(HEARTBEAT));
            }
            let until = due.map_or(heartbeat, |due| due.min(heartbeat));
            let slept = tokio::time::sleep_until(world.clock.instant(until));
            tokio::select! {
                () = slept => {}
                woken = self.wake.changed() => woken.ok()?,
            }
        }
    }

    fn look(&self) -> Look {
        let world = &self.meistrari.world;
        let mut state = lock(&self.meistrari.state);
        let Ok(session) = state.session(&self.session, world) else {
            return Look::Over;
        };
        let look = match session.event(self.next) {
            Some(event) => Look::Chunk(Bytes::from(format!("data: {event}\n\n"))),
            // A reader who has everything is told how it stands.
            None if session.is_over() && self.sent == 0 => {
                let now =
                    json!({"kind": "status", "status": session.status.name(), "nextCursor": null});
                Look::Chunk(Bytes::from(format!("data: {now}\n\n")))
            }
            None if session.is_over() => Look::Over,
            None => Look::Wait(session.next_due()),
        };
        drop(state);
        // Settling may have made something to deliver.
        self.meistrari.changed.notify_one();
        look
    }
}

/// Counts an open stream for as long as it lives.
struct OpenStream(Arc<AtomicUsize>);

impl OpenStream {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
