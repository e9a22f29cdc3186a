//! The events of a stream. Source: the vendor's reference, `AgentStreamEvent`.
//!
//! Here live the eight types. From frames to events: `events/decode.rs`. When a stream ends: `follow.rs`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::types::AgentRunStatus;

mod decode;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use decode::by_tree;
#[doc(hidden)]
pub use decode::decode;

/// What comes from a stream.
///
/// As JSON it has the vendor's form: `type` first, names in camel case. What the server may add in the future under
/// other names arrives as [`Custom`](Self::Custom).
///
/// ```
/// use mentiora_sdk::AgentStreamEvent;
///
/// let json = r#"{"type":"output_text_delta","delta":"Hi"}"#;
/// let event: AgentStreamEvent = serde_json::from_str(json)?;
/// assert_eq!(event.event_type(), "output_text_delta");
/// assert_eq!(serde_json::to_string(&event)?, json);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AgentStreamEvent {
    /// Which agent answers, in which thread. The server sends it first and once.
    AgentResolved(AgentResolvedEvent),
    /// More text of the answer.
    OutputTextDelta(OutputTextDeltaEvent),
    /// More of a tool call's arguments.
    ToolCallDelta(ToolCallDeltaEvent),
    /// What a tool gave.
    ToolCallResult(ToolCallResultEvent),
    /// What the user might ask next.
    Suggestions(SuggestionsEvent),
    /// The answer is complete. Suggestions can follow.
    ChatCompleted(ChatCompletedEvent),
    /// The agent failed. It is the last event.
    Error(AgentErrorEvent),
    /// An event of any other name.
    Custom(CustomEvent),
}

impl AgentStreamEvent {
    /// The name of its type, such as `output_text_delta`.
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::AgentResolved(_) => "agent_resolved",
            Self::OutputTextDelta(_) => "output_text_delta",
            Self::ToolCallDelta(_) => "tool_call_delta",
            Self::ToolCallResult(_) => "tool_call_result",
            Self::Suggestions(_) => "suggestions",
            Self::ChatCompleted(_) => "chat_completed",
            Self::Error(_) => "error",
            Self::Custom(_) => "custom",
        }
    }

    /// The text of an [`OutputTextDelta`](Self::OutputTextDelta).
    pub fn text_delta(&self) -> Option<&str> {
        match self {
            Self::OutputTextDelta(event) => Some(&event.delta),
            _ => None,
        }
    }
}

/// Which agent answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentResolvedEvent {
    /// Id of the agent.
    pub agent_id: String,
    /// Its revision.
    pub agent_revision: i64,
    /// The tag it was found by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_tag: Option<String>,
    /// The conversation, to go on with.
    pub thread_id: String,
}

/// More text of the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct OutputTextDeltaEvent {
    /// The text; may be empty.
    pub delta: String,
}

/// More of a tool call's arguments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ToolCallDeltaEvent {
    /// Id of the call.
    pub tool_call_id: String,
    /// The tool.
    pub name: String,
    /// A fragment of the arguments' JSON text.
    pub arguments_delta: String,
}

/// What a tool gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ToolCallResultEvent {
    /// Id of the call.
    pub tool_call_id: String,
    /// The tool.
    pub name: String,
    /// What it was called with; null if the server sent nothing.
    #[serde(default)]
    pub arguments: Value,
    /// What it gave; null if the server sent nothing.
    #[serde(default)]
    pub result: Value,
}

/// What the user might ask next: at most 6, each with a label of at most 40 UTF-16 code units. What the server sends
/// beyond that is left out; then the list can be empty.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SuggestionsEvent {
    /// The suggestions, in the server's order.
    pub suggestions: Vec<SuggestionItem>,
}

/// One suggestion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SuggestionItem {
    /// What a button shows.
    pub label: String,
    /// The message to send when it is chosen.
    pub message: String,
}

/// The answer is complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ChatCompletedEvent {
    /// The conversation, to go on with.
    pub thread_id: String,
    /// How it ended.
    pub status: AgentRunStatus,
    /// The whole answer; may be empty.
    pub output: String,
}

/// The agent failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentErrorEvent {
    /// What kind of failure; `UNKNOWN` if the server does not say.
    pub code: String,
    /// What happened.
    pub message: String,
}

/// An event whose name this version does not know, untouched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CustomEvent {
    /// Its name on the wire; `message` if it has none.
    pub event: String,
    /// Its data, any JSON.
    pub data: Value,
}

#[cfg(test)]
mod tests;
