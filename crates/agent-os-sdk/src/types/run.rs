//! Runs: their state, and what is asked when one is started. Their events are elsewhere.

use agent_core::open_enum;
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::{Extra, PaginatedResponse};
use crate::patch::Patch;

open_enum! {
    /// How far a run has come. Source: package, 0.9.3, for `running`, `waiting_for_human` and `resumed`; the others are
    /// decided here.
    pub enum RunStatus {
        /// Not yet begun.
        Pending = "pending",
        /// At work.
        Running = "running",
        /// Waits for a person, perhaps for hours.
        WaitingForHuman = "waiting_for_human",
        /// At work again.
        Resumed = "resumed",
        /// Done.
        Completed = "completed",
        /// Ended with an error.
        Failed = "failed",
        /// Ended by a caller.
        Cancelled = "cancelled",
        ..Other
    }
}

/// A run. Source: package, 0.9.3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Run {
    /// Id of the run.
    pub run_id: String,
    /// The agent that works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// The conversation it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// How far it has come.
    pub status: RunStatus,
    /// What it was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// What it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// The attempt at work: events are asked for by it. A run may be tried several times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_attempt_id: Option<String>,
    /// Which attempt that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_attempt_no: Option<i64>,
    /// Number of its last event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_seq: Option<i64>,
    /// When it was made, as the server wrote it.
    pub created_at: String,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The answer to creating a run. Source: package, 0.9.3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CreateRunResponse {
    /// Id of the new run.
    pub run_id: String,
    /// How far it has come.
    pub status: RunStatus,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A page of runs.
pub type RunListResponse = PaginatedResponse<Run>;

/// The answer of [`Runs::wait`](crate::Runs::wait). The package names it and shows nothing of it.
pub type WaitRunResponse = Value;

/// Named by the package, which shows nothing of it and does not use it any more.
pub type RunStreamEvent = Value;

/// Which conversation a run belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Thread {
    /// This one: `{"thread_id": …}`.
    Existing(String),
    /// A new one: `{"new_thread": true}`.
    New,
    /// Whichever the server takes: `{}`.
    Unspecified,
}

impl Serialize for Thread {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Existing(id) => map.serialize_entry("thread_id", id)?,
            Self::New => map.serialize_entry("new_thread", &true)?,
            Self::Unspecified => {}
        }
        map.end()
    }
}

/// What is asked when a run is started. Source: package, 0.9.3.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
#[must_use]
pub struct CreateRun {
    /// The agent that shall work.
    pub agent_id: String,
    /// Which conversation it belongs to. Default: not sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<Thread>,
    /// What it is given: any JSON. Default: not sent.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub input: Patch<Value>,
    /// Sent as a header, never in the body. A key that was used before answers 409. Empty means none.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

impl CreateRun {
    /// A run of this agent.
    pub fn new(agent_id: impl Into<String>) -> Self {
        Self {
            agent_id: agent_id.into(),
            thread: None,
            input: Patch::Keep,
            idempotency_key: None,
        }
    }

    /// Sets the conversation.
    pub fn thread(mut self, thread: Thread) -> Self {
        self.thread = Some(thread);
        self
    }

    /// Sets the input.
    pub fn input(mut self, input: impl Into<Patch<Value>>) -> Self {
        self.input = input.into();
        self
    }

    /// Sets the idempotency key: with one, the call may be repeated after a failure.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }
}
