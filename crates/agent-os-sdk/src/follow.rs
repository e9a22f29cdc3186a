//! The rules for following a run: pure, without clock or connection.
//!
//! A stream is named by run, attempt and position. The position is that of the last `run_event` delivered, and it is
//! sent in both places a server may honour, so that whichever it honours, and whether it counts it in or out, what
//! comes is at most too much: what was delivered is dropped by its number.

use std::collections::BTreeSet;
use std::time::Duration;

use agent_core::sdk::{
    Broke, Follow, Next, Open, Out, Request, SILENCE_RESUMING, Scene, reconnects_exhausted,
};
use agent_core::sse::Frame;
use agent_core::{Cursor, End, Error, ErrorKind, Limit, ResponseMeta, Resume, Sent};
use serde_json::Value;

use crate::error::{Answer, is_passing, with_view};
use crate::events::{FollowEvent, FollowEventType, narrow_frame};
use crate::ops::RUNS_FOLLOW;
use crate::wire;

mod backoff;
mod options;
mod started;

pub use backoff::calculate_backoff;
pub use options::FollowOptions;
pub(crate) use started::{AttemptCell, Started};

/// The rules of one stream.
pub(crate) struct Following {
    run_id: String,
    attempt_id: String,
    resume: Resume,
    /// The last event delivered, or the one before the first that is wanted.
    cursor: Option<u64>,
    /// Failures in a row without a new event.
    failures: u32,
    /// Error frames that were shown.
    seen_errors: BTreeSet<i64>,
}

impl Following {
    pub(crate) fn new(
        run_id: String,
        attempt_id: String,
        resume: Resume,
        cursor: Option<u64>,
    ) -> Self {
        Self {
            run_id,
            attempt_id,
            resume,
            cursor,
            failures: 0,
            seen_errors: BTreeSet::new(),
        }
    }

    fn run_event(&mut self, event: FollowEvent, out: &mut Out<FollowEvent>) -> Next {
        let seq = u64::try_from(event.seq).ok();
        let known = seq.is_some_and(|seq| self.cursor.is_some_and(|cursor| seq <= cursor));
        let close = event.is_terminal().then(|| FollowEvent::closing(&event));
        if !known {
            self.failures = 0;
            match seq {
                Some(seq) => {
                    self.cursor = Some(seq);
                    out.item_at(Ok(event), Cursor::from(seq));
                }
                None => out.item(Ok(event)),
            }
        }
        match close {
            Some(close) => {
                out.item(Ok(close));
                Next::Finish(End::Terminal)
            }
            None => Next::Read,
        }
    }

    fn error(&mut self, event: FollowEvent, out: &mut Out<FollowEvent>) -> Next {
        if event.seq >= 0 && !self.seen_errors.insert(event.seq) {
            return Next::Read;
        }
        if self.seen_errors.len() > wire::MAX_SEEN_ERRORS {
            self.seen_errors.pop_first();
        }
        out.item(Ok(event));
        Next::Read
    }

    fn failed(&mut self, why: Broke, scene: &Scene<'_>) -> Next {
        let retry_after = match &why {
            Broke::Refused(error) => error.retry_after(),
            _ => None,
        };
        self.forgive(scene);
        if self.failures >= self.resume.max_reconnects {
            return Next::Fail(reconnects_exhausted(self.failures, why.into_error()));
        }
        if retry_after.is_some_and(|after| after > wire::MAX_RETRY_AFTER) {
            return Next::Fail(why.into_error());
        }
        self.failures += 1;
        let wait = self.wait(self.failures, scene);
        self.reopen(retry_after.map_or(wait, |after| after.max(wait)))
    }

    /// A connection that was open for long makes the count start again, however it ended.
    fn forgive(&mut self, scene: &Scene<'_>) {
        let healthy = self.resume.healthy_after;
        if scene.connected().is_some_and(|age| age >= healthy) {
            self.failures = 0;
        }
    }

    fn wait(&self, attempt: u32, scene: &Scene<'_>) -> Duration {
        calculate_backoff(attempt, self.resume.base, self.resume.cap, scene.ambient)
    }

    fn reopen(&self, wait: Duration) -> Next {
        tracing::debug!(
            run_id = self.run_id,
            after_seq = self.cursor,
            failures = self.failures,
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "reconnect"
        );
        Next::Reopen(wait)
    }
}

impl Follow for Following {
    type Item = FollowEvent;

    fn open(&mut self) -> Open {
        let request = Request::new(&RUNS_FOLLOW)
            .param("run_id", &self.run_id)
            .query("attemptId", &self.attempt_id)
            .query("afterSeq", self.cursor.unwrap_or(0))
            // What a refusal means, is decided below.
            .open_once();
        let request = match self.cursor {
            Some(cursor) => request.header(wire::LAST_EVENT_ID, &cursor.to_string()),
            None => request,
        };
        Open::Sse(if self.attempt_id.is_empty() {
            request.refuse(wire::ATTEMPT_REQUIRED)
        } else {
            request
        })
    }

    fn opened(&mut self, head: &ResponseMeta) -> Next {
        if head.status == 204 {
            return Next::Finish(End::ServerClosed);
        }
        let kind = head.headers.get("content-type");
        let kind = kind.map(|kind| String::from_utf8_lossy(kind.as_bytes()));
        let is_events = kind.as_deref().is_none_or(|kind| {
            let essence = kind.split(';').next().unwrap_or_default();
            essence.trim().eq_ignore_ascii_case("text/event-stream")
        });
        if head.status == 200 && is_events {
            return Next::Read;
        }
        let status = head.status.as_u16();
        let got = kind.as_deref().unwrap_or("no content type");
        let (error_kind, message) = if head.status == 200 {
            let message = format!("the answer is not an event stream but {got}");
            (ErrorKind::Protocol, message)
        } else {
            let message = format!("status {status} opens no event stream");
            (ErrorKind::Api, message)
        };
        let error = Error::new(error_kind, message)
            .with_sent(Sent::Yes)
            .with_attempts(head.attempts)
            .with_request_id(head.request_id.clone());
        Next::Fail(with_view(error, |view| {
            view.answer = Some(Answer {
                status,
                content_type: kind.map(Into::into),
                body: bytes::Bytes::new(),
            });
        }))
    }

    fn frame(&mut self, frame: Frame, scene: &Scene<'_>, out: &mut Out<FollowEvent>) -> Next {
        let Some(event) = narrow_frame(&frame, || scene.ambient.wall_clock()) else {
            tracing::debug!(run_id = self.run_id, "a frame of an unknown kind");
            return Next::Read;
        };
        match event.kind {
            FollowEventType::RunEvent => self.run_event(event, out),
            FollowEventType::Error => self.error(event, out),
            FollowEventType::Close => {
                let terminal = event
                    .payload
                    .as_ref()
                    .and_then(|payload| payload.get("terminal"));
                let next = match terminal {
                    Some(Value::Bool(false)) => Next::Read,
                    Some(Value::Bool(true)) => Next::Finish(End::Terminal),
                    _ => Next::Finish(End::ServerClosed),
                };
                out.item(Ok(event));
                next
            }
            _ => {
                out.item(Ok(event));
                Next::Read
            }
        }
    }

    fn broke(&mut self, broke: Broke, scene: &Scene<'_>, _: &mut Out<FollowEvent>) -> Next {
        match broke {
            // Silence is legal: a run may wait for a person. It costs a new connection and nothing else.
            Broke::Idle(_) => {
                self.forgive(scene);
                self.reopen(self.wait(1, scene))
            }
            Broke::Eof | Broke::Lost(_) => self.failed(broke, scene),
            Broke::Refused(error) => {
                let passes = match error.status() {
                    Some(status) => is_passing(status),
                    None => matches!(error.kind(), ErrorKind::Transport | ErrorKind::Timeout),
                };
                if passes {
                    self.failed(Broke::Refused(error), scene)
                } else {
                    Next::Fail(error)
                }
            }
        }
    }

    fn start(&self) -> Option<Cursor> {
        self.cursor.map(Cursor::from)
    }

    fn idle(&self) -> Limit {
        SILENCE_RESUMING
    }
}

#[cfg(test)]
mod tests;
