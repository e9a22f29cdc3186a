//! Runs: their state. What one can *do* with a run is not here.

use agent_core::sdk::or_default;
use serde::{Deserialize, Serialize};

use super::{ConversationId, Extra, RunId, RunStatus};
use crate::runtime::ResolvedRuntimeSelection;

/// A run, that is one turn of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// How far it has come.
    pub status: RunStatus,
    /// The agent that works on it.
    #[serde(default, deserialize_with = "or_default")]
    pub runtime: ResolvedRuntimeSelection,
    /// Summary of the task: its first 500 characters. The whole text is in `input["task"]`.
    #[serde(default, deserialize_with = "or_default")]
    pub task: String,
    /// What it was created with: `task`, `runtime`, and if given `approvalMode` and `metadata`.
    #[serde(default, deserialize_with = "or_default")]
    pub input: Extra,
    /// Sequence of its last event; 0 when there is none.
    #[serde(default, deserialize_with = "or_default")]
    pub last_event_seq: u64,
    /// The conversation that it is a turn of. Use [`conversation`](Self::conversation): older servers leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation_id: Option<ConversationId>,
    /// The server's own session, if there is one. No call takes it.
    #[serde(default)]
    pub session_id: Option<String>,
    /// When it was accepted.
    #[serde(default, deserialize_with = "or_default")]
    pub queued_at: String,
    /// When a worker began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<String>,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<String>,
    /// When somebody asked for it to be stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_requested_at: Option<String>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<RunFailure>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Run {
    /// The conversation that it is a turn of; its own, if the server names none.
    pub fn conversation(&self) -> ConversationId {
        self.conversation_id
            .clone()
            .unwrap_or_else(|| ConversationId::from_first_run(&self.id))
    }
}

/// Why a run failed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunFailure {
    /// Code, such as `approval_denied`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Some runs, the newest first. There are no further pages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunList {
    /// The runs.
    pub items: Vec<Run>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
