//! Sessions: all that is known of a run at one moment, and the result that is made of it.

use agent_core::sdk::or_default;
use serde::{Deserialize, Serialize};

use super::{ArtifactList, Extra, Run, RunId, RunStatus};

/// How far the events of a run have come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EventCursor {
    /// Sequence of the last event.
    #[serde(default, deserialize_with = "or_default")]
    pub last_event_seq: u64,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The agent's answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentResponse {
    /// The whole text.
    #[serde(default, deserialize_with = "or_default")]
    pub text: String,
    /// The same in parts.
    #[serde(default, deserialize_with = "or_default")]
    pub parts: Vec<AgentResponseTextPart>,
    /// Who gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The provider's own name of the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_event_type: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One part of an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentResponseTextPart {
    /// `text`; newer servers may have others.
    #[serde(rename = "type", default, deserialize_with = "or_default")]
    pub part_type: String,
    /// The text.
    #[serde(default, deserialize_with = "or_default")]
    pub text: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// All that is known of a run at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RunSession {
    /// The run.
    pub run: Run,
    /// How far its events have come.
    #[serde(default, deserialize_with = "or_default")]
    pub event_cursor: EventCursor,
    /// The last answer of the agent, if it gave one.
    #[serde(default)]
    pub response: Option<AgentResponse>,
    /// Where the record of the session is: `status` is `missing` or `available`. Open JSON.
    #[serde(default, deserialize_with = "or_default")]
    pub artifact_manifest: Extra,
    /// The files it left.
    #[serde(default, deserialize_with = "or_default")]
    pub artifacts: ArtifactList,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl RunSession {
    /// Sequence of the last event: `event_cursor.last_event_seq`.
    pub fn last_event_seq(&self) -> u64 {
        self.event_cursor.last_event_seq
    }
}

/// What a run came to. A run that failed or was cancelled has a result like any other: look at
/// [`status`](Self::status).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentRunResult {
    /// Id of the run.
    pub id: RunId,
    /// How it ended.
    pub status: RunStatus,
    /// Text of the answer; empty if there was none.
    pub text: String,
    /// The answer.
    pub response: Option<AgentResponse>,
    /// The run.
    pub run: Run,
    /// All that is known of the run.
    pub session: RunSession,
    /// How far its events have come.
    pub event_cursor: EventCursor,
    /// Where the record of the session is. Open JSON.
    pub artifact_manifest: Extra,
    /// The files it left.
    pub artifacts: ArtifactList,
}

impl AgentRunResult {
    /// Sequence of the last event: `event_cursor.last_event_seq`.
    pub fn last_event_seq(&self) -> u64 {
        self.event_cursor.last_event_seq
    }
}

impl From<RunSession> for AgentRunResult {
    fn from(session: RunSession) -> Self {
        let text = session
            .response
            .as_ref()
            .map(|response| response.text.clone());
        Self {
            id: session.run.id.clone(),
            status: session.run.status.clone(),
            text: text.unwrap_or_default(),
            response: session.response.clone(),
            run: session.run.clone(),
            event_cursor: session.event_cursor.clone(),
            artifact_manifest: session.artifact_manifest.clone(),
            artifacts: session.artifacts.clone(),
            session,
        }
    }
}
