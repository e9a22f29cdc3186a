//! The rules for following a session: pure, without clock or connection.
//!
//! The server sends what is newer than the cursor it is given, so a resumed stream goes on from the last one. Not every
//! event has a cursor: what came behind the last one comes again, and the first event after a resume says so.
//!
//! Behind a status that ends the turn, an end is no cut. The result may still be missing, though: a stream that resumes
//! then asks once more, and takes a second orderly end for the end.

use std::time::Duration;

use agent_core::sdk::{
    Broke, Follow, Next, Open, Out, Reconnects, Request, SILENCE, SILENCE_RESUMING, Scene,
    reconnects_exhausted,
};
use agent_core::sse::Frame;
use agent_core::{Cursor, End, Limit, ResponseMeta, Resume};

use crate::events::{Progress, SessionStreamEvent, Step};
use crate::ops::STREAM_SESSION;
use crate::wire;

/// The rules of one stream.
pub(crate) struct Following {
    session_id: String,
    /// Name of the cursor in the query.
    cursor_name: String,
    start: Option<i64>,
    progress: Progress,
    reconnects: Reconnects,
    /// The stream was open at least once.
    opened: bool,
    /// Resumed, and nothing came since: the position it was resumed from, and whether something had come behind it.
    resumed: Option<(Option<i64>, bool)>,
    /// The turn is over and the server ended in order: it was asked once more.
    asked_again: bool,
}

impl Following {
    pub(crate) fn new(
        session_id: String,
        cursor: Option<i64>,
        cursor_name: String,
        resume: Resume,
    ) -> Self {
        Self {
            session_id,
            cursor_name,
            start: cursor,
            progress: Progress::new(cursor),
            reconnects: Reconnects::new(resume),
            opened: false,
            resumed: None,
            asked_again: false,
        }
    }

    fn resumes(&self) -> bool {
        self.reconnects.policy().is_on()
    }

    fn deliver(&mut self, mut event: SessionStreamEvent, out: &mut Out<SessionStreamEvent>) {
        let cursor = event.next_cursor();
        if let Some((from, beyond)) = self.resumed.take() {
            // A server that begins at or before the position again has not understood it.
            let behind = cursor.is_some_and(|cursor| from.is_some_and(|from| cursor <= from));
            if beyond || behind {
                event.set_may_repeat();
            }
        }
        match cursor {
            Some(cursor) => out.item_at(Ok(event), Cursor::from(cursor)),
            None => out.item(Ok(event)),
        }
    }

    fn reopen(&mut self, wait: Duration) -> Next {
        self.resumed = Some((self.progress.cursor, self.progress.beyond));
        tracing::debug!(
            session_id = self.session_id,
            cursor = self.progress.cursor,
            wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "resume"
        );
        Next::Reopen(wait)
    }

    fn reconnect(&mut self, why: Broke, scene: &Scene<'_>) -> Next {
        let retry_after = match &why {
            Broke::Refused(error) => error.retry_after(),
            _ => None,
        };
        match self.reconnects.failed(scene, retry_after) {
            Some(wait) => self.reopen(wait),
            None if self.progress.may_end() => Next::Finish(End::Terminal),
            None => Next::Fail(reconnects_exhausted(
                self.reconnects.failures(),
                why.into_error(),
            )),
        }
    }
}

impl Follow for Following {
    type Item = SessionStreamEvent;

    fn open(&mut self) -> Open {
        let request = Request::new(&STREAM_SESSION)
            .param("sessionId", &self.session_id)
            .query_opt(&self.cursor_name, self.progress.cursor);
        // The first opening is a safe call like any other; after that the reconnects count.
        Open::Sse(if self.opened {
            request.open_once()
        } else {
            request
        })
    }

    fn opened(&mut self, _: &ResponseMeta) -> Next {
        self.opened = true;
        Next::Read
    }

    fn frame(&mut self, frame: Frame, _: &Scene<'_>, out: &mut Out<SessionStreamEvent>) -> Next {
        let before = self.progress.cursor;
        let step = self.progress.frame(&frame);
        // Without a new position it may be what came before: a server that repeats itself for ever is given up.
        if self.progress.cursor != before {
            self.reconnects.progress();
        }
        self.asked_again &= self.progress.may_end();
        match step {
            Step::Skip => Next::Read,
            Step::Item(Ok(event)) => {
                self.deliver(event, out);
                Next::Read
            }
            Step::Item(Err(error)) => {
                out.item(Err(error));
                Next::Read
            }
            Step::Last(event) => {
                self.deliver(event, out);
                Next::Finish(End::Terminal)
            }
        }
    }

    fn broke(&mut self, broke: Broke, scene: &Scene<'_>, _: &mut Out<SessionStreamEvent>) -> Next {
        let over = self.progress.may_end();
        match broke {
            Broke::Refused(error) => {
                let waits = error
                    .retry_after()
                    .is_none_or(|after| after <= wire::MAX_RETRY_AFTER);
                if self.opened && self.resumes() && error.is_retryable() && waits {
                    self.reconnect(Broke::Refused(error), scene)
                } else if over {
                    Next::Finish(End::Terminal)
                } else {
                    Next::Fail(error)
                }
            }
            _ if over && !self.resumes() => Next::Finish(End::Terminal),
            Broke::Eof if over && self.asked_again => Next::Finish(End::Terminal),
            Broke::Eof if over => {
                self.asked_again = true;
                self.reopen(Duration::ZERO)
            }
            // Silence means a new connection. While the turn goes on, it never uses up the reconnects.
            Broke::Idle(_) if self.resumes() && !over => self.reopen(Duration::ZERO),
            broke if self.resumes() => self.reconnect(broke, scene),
            Broke::Eof => Next::Fail(self.progress.interrupted(None)),
            Broke::Lost(error) => Next::Fail(self.progress.interrupted(Some(error))),
            Broke::Idle(_) => Next::Fail(broke.into_error()),
        }
    }

    fn start(&self) -> Option<Cursor> {
        self.start.map(Into::into)
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
