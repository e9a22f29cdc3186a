//! A run that was just started, with its events.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use agent_core::sdk::Pipeline;
use agent_core::{Cursor, End, Error, EventStream, Result};
use futures_core::Stream;
use futures_core::stream::FusedStream;

use crate::error::with_view;
use crate::events::FollowEvent;
use crate::follow::{AttemptCell, FollowOptions, Started};
use crate::ops::RUNS_FOLLOW;
use crate::types::CreateRunResponse;

/// The events of a run that was just started: [`Runs::create_and_stream`](crate::Runs::create_and_stream).
///
/// The run's id is known from the beginning, and every error names it. Dropping the stream does not cancel the run.
pub struct RunStream {
    run: CreateRunResponse,
    attempt: AttemptCell,
    events: EventStream<FollowEvent>,
}

impl RunStream {
    pub(crate) fn new(pipeline: &Pipeline, run: CreateRunResponse, options: FollowOptions) -> Self {
        let attempt = AttemptCell::default();
        let rules = Started::new(
            run.run_id.clone(),
            options.resume(pipeline),
            options.start_seq,
            AttemptCell::clone(&attempt),
        );
        Self {
            run,
            attempt,
            events: pipeline.follow(RUNS_FOLLOW.name, rules, options.stream),
        }
    }

    /// Id of the run.
    pub fn run_id(&self) -> &str {
        &self.run.run_id
    }

    /// What the server said when the run was started.
    pub fn created(&self) -> &CreateRunResponse {
        &self.run
    }

    /// The attempt that is followed; known once the stream has begun.
    pub fn attempt_id(&self) -> Option<&str> {
        self.attempt.get().map(String::as_str)
    }

    /// The next event, or `None` after the end. Cancel-safe: dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<FollowEvent>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Ends the stream and closes its connection; the run goes on.
    pub fn close(&mut self) {
        self.events.close();
    }

    /// Number of the last event that was delivered.
    pub fn cursor(&self) -> Option<Cursor> {
        self.events.cursor()
    }

    /// How the stream ended: see [`EventStream::end`].
    pub fn end(&self) -> Option<End> {
        self.events.end()
    }

    /// How many times the stream was begun again after a break.
    pub fn reconnects(&self) -> u64 {
        self.events.reconnects()
    }

    fn name(&self, error: Error) -> Error {
        with_view(error, |view| view.run_id = Some(self.run.run_id.clone()))
    }
}

impl Stream for RunStream {
    type Item = Result<FollowEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(Pin::new(&mut self.events).poll_next(cx));
        Poll::Ready(item.map(|item| item.map_err(|error| self.name(error))))
    }
}

impl FusedStream for RunStream {
    fn is_terminated(&self) -> bool {
        self.events.is_terminated()
    }
}

impl fmt::Debug for RunStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunStream")
            .field("run_id", &self.run.run_id)
            .field("attempt_id", &self.attempt_id())
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}
