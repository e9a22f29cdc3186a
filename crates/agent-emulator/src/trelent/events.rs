//! The event stream of a run: first its whole history, then live; the end comes when the run is over.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::Trelent;
use super::run::{Event, Run};
use crate::clock::Clock;
use crate::http::Reply;
use crate::live::{self, Look, Source};
use crate::sync::lock;
use crate::vendors::World;

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
        live::frame(
            Some(&(index + 1)),
            name,
            &self.envelope(index, event, clock),
        )
    }
}

/// One subscriber to one run.
struct Subscriber {
    trelent: Arc<Trelent>,
    run: String,
    sent: usize,
}

/// The stream of a run that exists.
pub(crate) fn follow(trelent: &Arc<Trelent>, run: &str, wake: watch::Receiver<()>) -> Reply {
    let subscriber = Subscriber {
        run: run.to_owned(),
        sent: 0,
        trelent: Arc::clone(trelent),
    };
    live::follow(subscriber, wake, &trelent.open_streams)
}

impl Source for Subscriber {
    fn world(&self) -> &World {
        &self.trelent.world
    }

    fn look(&mut self) -> Look {
        let world = &self.trelent.world;
        let mut state = lock(&self.trelent.state);
        let Ok(run) = state.run(&self.run, world) else {
            return Look::Over;
        };
        match run.events.get(self.sent) {
            Some(event) => {
                let chunk = run.frame(self.sent, event, &world.clock);
                self.sent += 1;
                Look::Chunk(chunk)
            }
            None if run.status.is_terminal() => Look::Over,
            None => Look::Wait(run.next_due()),
        }
    }
}
