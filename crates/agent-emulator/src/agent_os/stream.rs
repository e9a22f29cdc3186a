//! The event stream of an attempt: its ledger from the client's position on, then live, one HTTP chunk per frame,
//! heartbeats in between; the end comes when the attempt is over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::AgentOs;
use super::check;
use super::errors::{Answer, Refusal};
use super::run::{Entry, dto};
use super::runs::attempt;
use crate::clock::{Clock, Moment};
use crate::http::{self, Request};
use crate::sync::lock;

const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";

impl AgentOs {
    /// GET /runs/{id}/events/stream.
    pub(super) fn stream(self: &Arc<Self>, request: &Request, id: &str) -> Answer {
        let after_seq = check::number(request, "afterSeq")?;
        let last_event_id = match request.header("last-event-id").map(str::parse) {
            None => None,
            Some(Ok(id)) => Some(id),
            Some(Err(_)) => return Err(Refusal::bad_request("Last-Event-ID must be a number")),
        };
        let mut state = lock(&self.state);
        let first = state.positions.first(after_seq, last_event_id);
        let server_close = state.server_close;
        let run = state.run(id, &self.world)?;
        let attempt = attempt(run, request)?.id.clone();
        let follower = Follower {
            run: id.to_owned(),
            attempt,
            first,
            next: 0,
            last_sent: self.world.clock.now(),
            server_close,
            wake: run.wake.subscribe(),
            _open: OpenStream::new(&self.open_streams),
            agent_os: Arc::clone(self),
        };
        Ok(http::stream(EVENT_STREAM, follower.frames()))
    }
}

/// Follows one attempt for one subscriber.
struct Follower {
    agent_os: Arc<AgentOs>,
    run: String,
    attempt: String,
    /// The first number that is sent.
    first: u64,
    /// The entry to look at next.
    next: usize,
    last_sent: Moment,
    server_close: bool,
    wake: watch::Receiver<()>,
    _open: OpenStream,
}

/// What a look at the attempt shows.
enum Look {
    Frame(Bytes),
    Over,
    /// Nothing yet; something is due at this moment, if at any.
    Wait(Option<Moment>),
}

impl Follower {
    fn frames(self) -> impl Stream<Item = Bytes> + Send + 'static {
        unfold(self, |mut follower| async {
            let frame = follower.frame().await?;
            Some((frame, follower))
        })
    }

    async fn frame(&mut self) -> Option<Bytes> {
        loop {
            // Seen before looking, so that whatever happens after the look wakes.
            self.wake.borrow_and_update();
            let due = match self.look() {
                Look::Over => return self.closing(),
                Look::Frame(frame) => {
                    self.last_sent = self.agent_os.world.clock.now();
                    return Some(frame);
                }
                Look::Wait(due) => due,
            };
            let world = &self.agent_os.world;
            let heartbeat = self.last_sent + world.heartbeat;
            let now = world.clock.now();
            if heartbeat <= now {
                self.last_sent = now;
                let data = json!({"timestamp": world.clock.text(now)});
                return Some(format!("event: heartbeat\ndata: {data}\n\n").into());
            }
            let until = due.map_or(heartbeat, |due| due.min(heartbeat));
            let slept = tokio::time::sleep_until(world.clock.instant(until));
            tokio::select! {
                () = slept => {}
                woken = self.wake.changed() => woken.ok()?,
            }
        }
    }

    fn look(&mut self) -> Look {
        let world = &self.agent_os.world;
        let mut state = lock(&self.agent_os.state);
        let Ok(run) = state.run(&self.run, world) else {
            return Look::Over;
        };
        let due = run.next_due();
        let Some(attempt) = run.attempts.iter().find(|one| one.id == self.attempt) else {
            return Look::Over;
        };
        while let Some(entry) = attempt.entries.get(self.next) {
            self.next += 1;
            let (Entry::Event { seq, .. } | Entry::Trouble { next: seq, .. }) = entry;
            if *seq >= self.first {
                return Look::Frame(frame(&self.attempt, entry, &world.clock));
            }
        }
        if attempt.over {
            Look::Over
        } else {
            Look::Wait(due)
        }
    }

    /// The server's own `close`, once, if it sends one.
    fn closing(&mut self) -> Option<Bytes> {
        let close = std::mem::take(&mut self.server_close);
        close.then(|| {
            let data = json!({"payload": {"reason": "attempt is over"}});
            format!("event: close\ndata: {data}\n\n").into()
        })
    }
}

fn frame(attempt: &str, entry: &Entry, clock: &Clock) -> Bytes {
    let (name, id, data): (_, _, Value) = match entry {
        Entry::Event { seq, .. } => (
            "run_event",
            seq,
            dto(attempt, entry, clock).unwrap_or_default(),
        ),
        Entry::Trouble { next, payload, at } => {
            let data = json!({"timestamp": clock.text(*at), "payload": payload});
            ("error", next, data)
        }
    };
    format!("id: {id}\nevent: {name}\ndata: {data}\n\n").into()
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
