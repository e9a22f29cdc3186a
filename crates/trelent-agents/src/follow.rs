//! The rules for following a run: pure, without clock or connection.
//!
//! The server replays a run's whole history on every subscription, so a resumed one drops what was delivered before,
//! by `seq`. A stream that ends or falls silent is checked against the run's status.

use std::time::Duration;

use agent_core::sdk::{
    Broke, Follow, Next, Open, Out, Reconnects, Request, Response, SILENCE, SILENCE_RESUMING,
    Scene, reconnects_exhausted,
};
use agent_core::sse::Frame;
use agent_core::{Cursor, End, Error, ErrorKind, Limit, ResponseMeta, Result, Resume, Sent};

use crate::events::{CommonEvent, Decoded, EventData, decode_event};
use crate::ops::{RUNS_GET_STATUS, RUNS_SUBSCRIBE};
use crate::types::RunStatusResponse;
use crate::wire;

/// The rules of one subscription.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the stream"
)]
pub(crate) struct Subscription {
    run_id: String,
    reconnects: Reconnects,
    /// The stream was open at least once.
    opened: bool,
    /// Events that were delivered.
    events: u64,
    /// The highest `seq` that was delivered.
    last: Option<u64>,
    /// Errors that were delivered behind that event.
    errors_behind: u32,
    /// An event had no `seq`, or one that was not above the last: what is new can not be told from what is not.
    unordered: bool,
    /// The history that is being replayed on a resumed connection.
    replay: Option<Replay>,
    /// `session.completed` was delivered.
    completed: bool,
    /// The status says that the run is over: this replay is the last.
    last_replay: bool,
    /// This connection gave the caller something.
    fresh: bool,
    /// Last replays in a row that gave nothing.
    stale: u32,
    /// Why the status was asked for.
    asked: Option<Broke>,
}

/// What is known of a replay. It stays for the whole of a resumed connection.
#[derive(Clone, Copy)]
struct Replay {
    /// The highest `seq` that was delivered before it.
    floor: Option<u64>,
    /// The last delivered event has not come by again: what can not be read was reported already.
    behind: bool,
    /// Errors behind that event that were reported already.
    known_errors: u32,
}

impl Subscription {
    pub(crate) fn new(run_id: String, resume: Resume) -> Self {
        Self {
            run_id,
            reconnects: Reconnects::new(resume),
            opened: false,
            events: 0,
            last: None,
            errors_behind: 0,
            unordered: false,
            replay: None,
            completed: false,
            last_replay: false,
            fresh: false,
            stale: 0,
            asked: None,
        }
    }

    fn resumes(&self) -> bool {
        self.reconnects.policy().is_on()
    }

    fn event(&mut self, event: CommonEvent, numbered: bool, out: &mut Out<CommonEvent>) -> Next {
        let seq = event.seq;
        let rises = numbered && self.last.is_none_or(|last| seq > last);
        if let Some(replay) = &mut self.replay {
            if numbered && let Some(floor) = replay.floor.filter(|floor| seq <= *floor) {
                if seq < floor && !replay.behind {
                    // Not where it was: it is new, or was delivered, and nothing tells which.
                    return self.unresumable(Broke::Eof);
                }
                replay.behind &= seq < floor;
                return Next::Read;
            }
            if numbered && self.last == Some(seq) {
                return Next::Read;
            }
            if !numbered && replay.behind {
                return self.unresumable(Broke::Eof);
            }
            replay.behind = false;
            replay.known_errors = 0;
        }
        self.unordered |= !rises;
        self.events += 1;
        self.fresh = true;
        self.errors_behind = 0;
        self.completed |= matches!(event.data, EventData::SessionCompleted(_));
        self.reconnects.progress();
        if !numbered {
            out.item(Ok(event));
            return Next::Read;
        }
        if let Some(last) = self.last
            && seq.checked_sub(last).is_some_and(|step| step > 1)
        {
            // The vendor does not promise that numbers are contiguous.
            tracing::debug!(run_id = self.run_id, after = last, seq, "gap in seq");
        }
        self.last = self.last.max(Some(seq));
        out.item_at(Ok(event), Cursor::from(seq));
        Next::Read
    }

    /// The end was delivered and the status says so too: only what may lie behind is looked for.
    fn is_over(&self) -> bool {
        self.completed && self.last_replay
    }

    /// The run is over, and this replay came as far as what was before it: there is no more.
    fn is_exhausted(&self) -> bool {
        self.last_replay && !self.fresh && !self.is_behind()
    }

    /// Replays once more what was to be the last replay and did not come to its end.
    fn replay_again(&mut self, why: Broke, scene: &Scene<'_>) -> Next {
        self.stale = if self.fresh { 0 } else { self.stale + 1 };
        // A connection that was silent for long is no healthy one: it must not make the count of reconnects start again
        // for ever.
        let most = match why {
            Broke::Idle(_) => wire::SILENT_REPLAYS,
            _ => u32::MAX,
        };
        if self.stale > most.min(self.reconnects.policy().max_reconnects) {
            return self.give_up(why);
        }
        self.reconnect(why, scene)
    }

    fn give_up(&self, why: Broke) -> Next {
        if self.is_over() {
            return Next::Finish(End::Terminal);
        }
        let failures = self.reconnects.failures().max(self.stale);
        Next::Fail(reconnects_exhausted(failures, why.into_error()))
    }

    /// A replay has not come as far as the stream came before.
    fn is_behind(&self) -> bool {
        self.replay.is_some_and(|replay| replay.behind)
    }

    fn malformed(&mut self, error: Error, out: &mut Out<CommonEvent>) -> Next {
        if let Some(replay) = &mut self.replay {
            if replay.behind {
                return Next::Read;
            }
            if replay.known_errors > 0 {
                replay.known_errors -= 1;
                return Next::Read;
            }
        }
        self.errors_behind += 1;
        self.fresh = true;
        out.item(Err(error));
        Next::Read
    }

    fn ask_status(&mut self, why: Broke) -> Next {
        self.asked = Some(why);
        let request = Request::new(&RUNS_GET_STATUS).param("run_id", &self.run_id);
        Next::Ask(Box::new(request))
    }

    /// Begins the replay behind which nothing can come any more.
    fn replay_last(&mut self, why: Broke) -> Next {
        self.last_replay = true;
        self.subscribe_again(Duration::ZERO, why)
    }

    fn reconnect(&mut self, why: Broke, scene: &Scene<'_>) -> Next {
        let retry_after = match &why {
            Broke::Refused(error) => error.retry_after(),
            _ => None,
        };
        match self.reconnects.failed(scene, retry_after) {
            Some(wait) => self.subscribe_again(wait, why),
            None => self.give_up(why),
        }
    }

    fn subscribe_again(&mut self, wait: Duration, why: Broke) -> Next {
        if self.unordered {
            return self.unresumable(why);
        }
        self.replay = Some(Replay {
            floor: self.last,
            behind: self.last.is_some(),
            known_errors: self.errors_behind,
        });
        self.fresh = false;
        tracing::debug!(
            run_id = self.run_id,
            after_seq = self.last,
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "subscribe again"
        );
        Next::Reopen(wait)
    }

    fn unresumable(&self, why: Broke) -> Next {
        let message = format!(
            "the stream was cut after {} events and can not be resumed: their seq does not rise",
            self.events
        );
        Next::Fail(
            Error::new(ErrorKind::Interrupted, message)
                .with_sent(Sent::Yes)
                .with_source(why.into_error()),
        )
    }
}

impl Follow for Subscription {
    type Item = CommonEvent;

    fn open(&mut self) -> Open {
        let request = Request::new(&RUNS_SUBSCRIBE).param("run_id", &self.run_id);
        // The first opening is a safe call like any other; after that the reconnects count.
        Open::Sse(if self.opened {
            request.open_once()
        } else {
            request
        })
    }

    fn opened(&mut self, head: &ResponseMeta) -> Next {
        let kind = head.headers.get("content-type");
        // Parameters do not matter, whatever bytes they are of.
        let kind = String::from_utf8_lossy(kind.map_or(&[], |kind| kind.as_bytes()));
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("text/event-stream") {
            self.opened = true;
            return Next::Read;
        }
        let got = if kind.is_empty() {
            "no content type"
        } else {
            &*kind
        };
        Next::Fail(
            Error::decode(format!("the answer is not an event stream but {got}"))
                .with_request_id(head.request_id.clone()),
        )
    }

    fn frame(&mut self, frame: Frame, _: &Scene<'_>, out: &mut Out<CommonEvent>) -> Next {
        match decode_event(&frame.data()) {
            Decoded::Skip => Next::Read,
            Decoded::Event { event, numbered } => self.event(*event, numbered, out),
            Decoded::Malformed(error) => self.malformed(error, out),
        }
    }

    fn answer(
        &mut self,
        answer: Result<Response>,
        scene: &Scene<'_>,
        _: &mut Out<CommonEvent>,
    ) -> Next {
        let why = self.asked.take().unwrap_or(Broke::Eof);
        // A question that is refused or fails says nothing: the run counts as going on.
        let over = answer
            .and_then(|answer| answer.json::<RunStatusResponse>())
            .is_ok_and(|answer| answer.status.is_terminal());
        match why {
            // What has no numbers can not be replayed, and the end was seen.
            _ if over && self.completed && self.unordered => Next::Finish(End::Terminal),
            _ if over => self.replay_last(why),
            Broke::Idle(_) => Next::Read,
            why => self.reconnect(why, scene),
        }
    }

    fn broke(&mut self, broke: Broke, scene: &Scene<'_>, _: &mut Out<CommonEvent>) -> Next {
        if !self.resumes() {
            return match broke {
                Broke::Eof if self.completed => Next::Finish(End::Terminal),
                Broke::Eof => Next::Finish(End::ServerClosed),
                broke => Next::Fail(broke.into_error()),
            };
        }
        match broke {
            // A replay that ends before it came as far as the one before ends too early.
            Broke::Eof if (self.completed || self.last_replay) && !self.is_behind() => {
                Next::Finish(End::Terminal)
            }
            // All there is has been replayed; only the server's goodbye is missing.
            Broke::Lost(_) | Broke::Idle(_) if self.completed && self.is_exhausted() => {
                Next::Finish(End::Terminal)
            }
            // Cut short, or there may be more behind what it gave.
            broke @ (Broke::Eof | Broke::Lost(_) | Broke::Idle(_)) if self.last_replay => {
                self.replay_again(broke, scene)
            }
            Broke::Eof => self.ask_status(broke),
            Broke::Lost(_) if self.completed => self.ask_status(broke),
            Broke::Lost(_) => self.reconnect(broke, scene),
            Broke::Idle(silence) => {
                let limit = scene.idle.unwrap_or(silence);
                if silence >= limit.saturating_mul(wire::SILENT_LIMITS) {
                    self.reconnect(broke, scene)
                } else {
                    self.ask_status(broke)
                }
            }
            Broke::Refused(error) => {
                let waits = error
                    .retry_after()
                    .is_none_or(|after| after <= wire::MAX_RETRY_AFTER);
                if self.opened && error.is_retryable() && waits {
                    self.reconnect(Broke::Refused(error), scene)
                } else if self.is_over() {
                    Next::Finish(End::Terminal)
                } else {
                    Next::Fail(error)
                }
            }
        }
    }

    fn idle(&self) -> Limit {
        if self.resumes() {
            SILENCE_RESUMING
        } else {
            SILENCE
        }
    }
}

#[cfg(test)]
mod tests;
