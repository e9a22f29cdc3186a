//! The events of a run as they are asked for page by page.

use agent_core::Page;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Extra;
use crate::wire;

/// One event of a run's ledger. Source: package, 0.9.3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunEventDto {
    /// Id of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its number within the attempt, rising.
    pub seq: i64,
    /// What happened, such as `NODE_STARTED`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// When, as the server wrote it.
    pub timestamp: String,
    /// The attempt that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_id: Option<String>,
    /// Any JSON.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub payload: Value,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl RunEventDto {
    /// Whether it ends its attempt.
    pub fn is_terminal(&self) -> bool {
        crate::events::ends_run(&self.event_type)
    }
}

/// One page of a run's ledger. Source: package, 0.9.3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunEventsPollResponse {
    /// The events, in order.
    pub events: Vec<RunEventDto>,
    /// Number of the last event there is.
    pub latest_seq: i64,
    /// Where to go on; null when there is nothing new. Do not feed it back as it is: see
    /// [`next_after`](Self::next_after).
    pub next_after_seq: Option<i64>,
    /// Whether there are more events now.
    pub has_more: bool,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl RunEventsPollResponse {
    /// The position to ask from next, given the one that was asked from: never smaller, whatever the server says.
    ///
    /// The original's documented loop feeds `next_after_seq` back, which may be null; null then counts as 0, and the
    /// whole ledger is read again.
    pub fn next_after(&self, previous: u64) -> u64 {
        let next = self
            .next_after_seq
            .or_else(|| self.events.iter().map(|event| event.seq).max());
        next.and_then(|next| u64::try_from(next).ok())
            .map_or(previous, |next| next.max(previous))
    }
}

impl Page for RunEventsPollResponse {
    type Item = RunEventDto;

    fn into_items(self) -> Vec<RunEventDto> {
        self.events
    }
}

/// Which events are asked for: those of one attempt with a number above a position.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct PollEvents {
    /// The attempt: `current_attempt_id` of the run. Required, never guessed.
    pub attempt_id: String,
    /// Only events with a greater number. Default 0; always sent.
    pub after_seq: u64,
    /// Most events of a page. Default 100; always sent.
    pub limit: u64,
}

impl PollEvents {
    /// The events of this attempt, from the first on.
    pub fn new(attempt_id: impl Into<String>) -> Self {
        Self {
            attempt_id: attempt_id.into(),
            after_seq: 0,
            limit: wire::DEFAULT_POLL_LIMIT,
        }
    }

    /// Sets the position behind which events are wanted.
    pub fn after_seq(mut self, seq: u64) -> Self {
        self.after_seq = seq;
        self
    }

    /// Sets the most events of a page.
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = limit;
        self
    }
}
