//! Event streams that are followed live: one HTTP chunk per event as it comes, heartbeats in between. What an event is
//! and when a stream is over is each vendor's.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::stream::unfold;
use serde_json::Value;
use tokio::sync::watch;

use crate::clock::Moment;
use crate::http::{self, Reply};
use crate::vendors::World;

/// The media type of an event stream.
pub(crate) const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";
pub(crate) const HEARTBEAT: Bytes = Bytes::from_static(b": heartbeat\n\n");

/// What a look at the thing that is followed shows.
pub(crate) enum Look {
    Chunk(Bytes),
    Over,
    /// Nothing yet; something is due at this moment, if at any.
    Wait(Option<Moment>),
}

/// One reader's place in something that goes on.
pub(crate) trait Source: Send + 'static {
    fn world(&self) -> &World;
    /// What comes next. A chunk is taken by being looked at.
    fn look(&mut self) -> Look;
    /// What is said at `now`, when nothing was said for long.
    fn heartbeat(&self, _now: Moment) -> Bytes {
        HEARTBEAT
    }
}

/// An answer that goes on as long as its source. `wake` tells that something other than time changed it.
pub(crate) fn follow(
    source: impl Source,
    wake: watch::Receiver<()>,
    streams: &OpenStreams,
) -> Reply {
    let follower = Follower {
        last_sent: source.world().clock.now(),
        source,
        wake,
        _open: streams.open(),
    };
    let chunks = unfold(follower, |mut follower| async {
        let chunk = follower.next().await?;
        Some((chunk, follower))
    });
    http::stream(EVENT_STREAM, chunks)
}

struct Follower<S> {
    source: S,
    last_sent: Moment,
    wake: watch::Receiver<()>,
    _open: OpenStream,
}

impl<S: Source> Follower<S> {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            // Seen before looking, so that whatever happens after the look wakes.
            self.wake.borrow_and_update();
            let due = match self.source.look() {
                Look::Over => return None,
                Look::Chunk(chunk) => {
                    self.last_sent = self.source.world().clock.now();
                    return Some(chunk);
                }
                Look::Wait(due) => due,
            };
            let world = self.source.world();
            let now = world.clock.now();
            let heartbeat = self.last_sent.saturating_add(world.heartbeat);
            if heartbeat <= now {
                self.last_sent = now;
                return Some(self.source.heartbeat(now));
            }
            let until = due.map_or(heartbeat, |due| due.min(heartbeat));
            let slept = tokio::time::sleep_until(world.clock.instant(until));
            tokio::select! {
                () = slept => {}
                woken = self.wake.changed() => woken.ok()?,
            }
        }
    }
}

/// How many event streams of a vendor are open.
#[derive(Debug, Default)]
pub(crate) struct OpenStreams(Arc<AtomicUsize>);

impl OpenStreams {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Counts a stream for as long as the value lives.
    pub(crate) fn open(&self) -> OpenStream {
        self.0.fetch_add(1, Ordering::SeqCst);
        OpenStream(Arc::clone(&self.0))
    }
}

#[derive(Debug)]
pub(crate) struct OpenStream(Arc<AtomicUsize>);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The frame of an event. A line end in a scripted name would tear it and becomes a space.
pub(crate) fn frame(id: Option<&dyn Display>, name: &str, data: &Value) -> Bytes {
    let name = name.replace(['\r', '\n'], " ");
    let id = id.map_or_else(String::new, |id| format!("id: {id}\n"));
    Bytes::from(format!("{id}event: {name}\ndata: {data}\n\n"))
}
