//! Conversations: their turns.

use agent_core::sdk::or_default;
use serde::{Deserialize, Serialize};

use super::{ConversationId, Extra, RunId};

/// A new turn of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ContinueRunResult {
    /// The run of the new turn: its events and result are read by this id.
    pub run_id: RunId,
    /// Which turn it is, from 1.
    pub turn_number: u64,
    /// The conversation, as the server names it: the id that was asked with. Pass the first run's and it stays that.
    pub conversation_id: ConversationId,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RunTurn {
    /// Id of the turn; that of the run if it was never continued.
    pub id: String,
    /// Its run.
    pub run_id: RunId,
    /// Which turn it is, from 1.
    pub turn_number: u64,
    /// What the agent was asked.
    #[serde(default, deserialize_with = "or_default")]
    pub prompt: String,
    /// When it was asked.
    #[serde(default, deserialize_with = "or_default")]
    pub created_at: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The turns of a conversation, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RunTurnsResult {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Its turns.
    pub items: Vec<RunTurn>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A closed conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CloseRunResult {
    /// Whether it is closed.
    pub closed: bool,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Whether its sandbox is gone.
    #[serde(default, deserialize_with = "or_default")]
    pub reclaimed: bool,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
