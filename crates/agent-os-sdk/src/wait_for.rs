//! Waiting for one event.

use agent_core::sdk::now;
use agent_core::{Error, ErrorKind, EventStream, Limit, Result, Sent, TimeoutPhase};

use crate::error::STREAM_ENDED;
use crate::events::FollowEvent;
use crate::follow::FollowOptions;
use crate::wire;

const OPERATION: &str = "runs.wait_for";

/// Options of [`Runs::wait_for`](crate::Runs::wait_for).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
#[must_use]
pub struct WaitForOptions {
    /// Longest wait, reconnects and waits between them included. Default 5 minutes; zero is refused.
    pub timeout: Limit,
    /// The first event wanted. Default 0: all.
    pub start_seq: u64,
}

impl Default for WaitForOptions {
    fn default() -> Self {
        Self {
            timeout: Limit::After(wire::DEFAULT_WAIT),
            start_seq: 0,
        }
    }
}

impl WaitForOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the longest wait.
    pub fn timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.timeout = limit.into();
        self
    }

    /// Sets the first event wanted.
    pub fn start_seq(mut self, seq: u64) -> Self {
        self.start_seq = seq;
        self
    }

    pub(crate) fn follow(self) -> FollowOptions {
        FollowOptions::new().start_seq(self.start_seq)
    }
}

/// Reads `events` to the first that matches. The limit counts from the first poll.
pub(crate) async fn wait_for(
    mut events: EventStream<FollowEvent>,
    predicate: impl FnMut(&FollowEvent) -> bool + Send,
    limit: Limit,
) -> Result<FollowEvent> {
    let limit = limit.duration();
    if limit.is_some_and(|limit| limit.is_zero()) {
        let text = "timeout must not be zero; Limit::Off means no limit";
        return Err(Error::invalid_argument(text).with_operation(OPERATION));
    }
    let deadline = limit.and_then(|limit| Some((now().checked_add(limit)?, limit)));
    let found = first(&mut events, predicate);
    let result = match deadline {
        None => found.await,
        Some((at, limit)) => tokio::time::timeout_at(at, found)
            .await
            .unwrap_or_else(|_| {
                Err(Error::timeout(TimeoutPhase::Total, limit).with_operation(OPERATION))
            }),
    };
    result.map_err(|error| {
        let cursor = error.cursor().or(events.cursor());
        error.with_cursor(cursor)
    })
}

async fn first(
    events: &mut EventStream<FollowEvent>,
    mut predicate: impl FnMut(&FollowEvent) -> bool,
) -> Result<FollowEvent> {
    while let Some(event) = events.next().await {
        let event = event?;
        if predicate(&event) {
            return Ok(event);
        }
    }
    let text = "the stream ended without the event that was waited for";
    Err(Error::new(ErrorKind::Operation, text)
        .with_code(STREAM_ENDED)
        .with_operation(OPERATION)
        .with_sent(Sent::Yes))
}
