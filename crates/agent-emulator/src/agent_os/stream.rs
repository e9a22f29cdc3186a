//! The event stream of an attempt: its ledger from the client's position on, then live; the end comes when the attempt
//! is over.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::AgentOs;
use super::check;
use super::errors::{Answer, Refusal};
use super::run::{Entry, dto};
use super::runs::attempt;
use crate::clock::{Clock, Moment};
use crate::http::Request;
use crate::live::{self, Look, Source};
use crate::sync::lock;
use crate::vendors::World;

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
        let subscriber = Subscriber {
            run: id.to_owned(),
            attempt,
            first,
            next: 0,
            server_close,
            agent_os: Arc::clone(self),
        };
        let wake = run.wake.subscribe();
        Ok(live::follow(subscriber, wake, &self.open_streams))
    }
}

/// One subscriber to one attempt.
struct Subscriber {
    agent_os: Arc<AgentOs>,
    run: String,
    attempt: String,
    /// The first number that is sent.
    first: u64,
    /// The entry to look at next.
    next: usize,
    /// The server's own `close` is still to come.
    server_close: bool,
}

impl Source for Subscriber {
    fn world(&self) -> &World {
        &self.agent_os.world
    }

    fn heartbeat(&self, now: Moment) -> Bytes {
        let data = json!({"timestamp": self.world().clock.text(now)});
        live::frame(None, "heartbeat", &data)
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
                return Look::Chunk(frame(&self.attempt, entry, &world.clock));
            }
        }
        if !attempt.over {
            return Look::Wait(due);
        }
        if std::mem::take(&mut self.server_close) {
            let data = json!({"payload": {"reason": "attempt is over"}});
            return Look::Chunk(live::frame(None, "close", &data));
        }
        Look::Over
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
    live::frame(Some(id), name, &data)
}
