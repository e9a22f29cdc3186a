//! The event stream of a run: first its whole history, then live, one HTTP chunk per event, heartbeats in between;
//! the end comes when the run is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::Trelent;
use super::run::{Event, Run};
use crate::clock::{Clock, Moment};
use crate::sync::lock;

/// The media type of an event stream.
pub(crate) const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";
const HEARTBEAT: &[u8] = b": heartbeat\n\n";

impl Run {
    /// An event with its envelope.
    pub(crate) fn envelope(&self, index: usize, event: &Event, clock: &Clock) -> Value {
        let mut envelope = json!({
            "version": "v1",
            "event_id": event.id,
            "run_id": self.id,
            "harness_session_id": self.session_id,
            "harness": {"kind": self.harness.kind, "model": self.harness.model},
            "seq": index + 1,
            "ts": clock.text(event.at),
            "data": event.data,
            "raw": null,
        });
        if let Some(kind) = event.data["type"].as_str() {
            envelope["type"] = kind.into();
        }
        envelope
    }

    fn frame(&self, index: usize, event: &Event, clock: &Clock) -> Bytes {
        let name = event.data["type"].as_str().unwrap_or("message");
        // A line end in a scripted type would tear the frame; the type in the JSON stays as it is.
        let name = name.replace(['\r', '\n'], " ");
        let data = self.envelope(index, event, clock);
        Bytes::from(format!(
            "id: {}\nevent: {name}\ndata: {data}\n\n",
            index + 1
        ))
    }
}

/// Follows one run for one subscriber.
struct Follower {
    trelent: Arc<Trelent>,
    run: String,
    sent: usize,
    last_sent: Moment,
    wake: watch::Receiver<()>,
    _open: OpenStream,
}

/// The chunks of the stream of a run that exists.
pub(crate) fn follow(
    trelent: &Arc<Trelent>,
    run: &str,
    wake: watch::Receiver<()>,
) -> impl Stream<Item = Bytes> + Send + 'static {
    let follower = Follower {
        run: run.to_owned(),
        sent: 0,
        last_sent: trelent.world.clock.now(),
        wake,
        _open: OpenStream::new(&trelent.open_streams),
        trelent: Arc::clone(trelent),
    };
    unfold(follower, |mut follower| async {
        let chunk = follower.next().await?;
        Some((chunk, follower))
    })
}

/// What a look at the run shows.
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
                    self.sent += 1;
                    self.last_sent = self.trelent.world.clock.now();
                    return Some(chunk);
                }
                Look::Wait(due) => due,
            };
            let world = &self.trelent.world;
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
        let world = &self.trelent.world;
        let mut state = lock(&self.trelent.state);
        let Ok(run) = state.run(&self.run, world) else {
            return Look::Over;
        };
        match run.events.get(self.sent) {
            Some(event) => Look::Chunk(run.frame(self.sent, event, &world.clock)),
            None if run.status.is_terminal() => Look::Over,
            None => Look::Wait(run.next_due()),
        }
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
