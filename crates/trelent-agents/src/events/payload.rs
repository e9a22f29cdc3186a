//! What the events carry, one struct for each of the 17 types.
//!
//! Source of the names: package readme; of the fields: seen in the vendor's Python client. Unknown fields are not kept
//! here: [`CommonEvent::raw_json`](super::CommonEvent::raw_json) has them.

use agent_core::sdk::or_default;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{ContentBlock, ToolKind, Usage};
use crate::shape::{object, optional_object, optional_whole, whole};

/// `session.started`: the agent's session begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SessionStarted {
    /// Names of the tools that the agent has.
    #[serde(default)]
    pub tools: Option<Vec<String>>,
}

/// `session.completed`: the agent's session is over. Events may still follow; the server ends the stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SessionCompleted {
    /// Exit code of the agent; 0 is success.
    #[serde(deserialize_with = "whole")]
    pub exit_code: i64,
    /// What the session used.
    #[serde(default, deserialize_with = "optional_object")]
    pub usage: Option<Usage>,
    /// What went wrong.
    #[serde(default)]
    pub error: Option<String>,
}

/// `turn.started`: a turn of the conversation begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TurnStarted {
    /// Id of the turn.
    pub turn_id: String,
}

/// `turn.completed`: a turn of the conversation is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TurnCompleted {
    /// Id of the turn.
    pub turn_id: String,
    /// What the turn used.
    #[serde(default, deserialize_with = "optional_object")]
    pub usage: Option<Usage>,
}

/// `turn.failed`: a turn of the conversation ended with an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TurnFailed {
    /// Id of the turn.
    pub turn_id: String,
    /// What went wrong.
    pub error: String,
}

/// `message.started`: a message begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MessageStarted {
    /// Id of the message.
    pub message_id: String,
    /// Who speaks. Default and only known value: `assistant`.
    #[serde(default = "assistant", deserialize_with = "role")]
    pub role: String,
}

fn assistant() -> String {
    "assistant".to_owned()
}

fn role<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(assistant))
}

/// `message.delta`: more text of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MessageDelta {
    /// Id of the message.
    pub message_id: String,
    /// Which content block of the message grows, from 0.
    #[serde(deserialize_with = "whole")]
    pub content_index: i64,
    /// What is new.
    #[serde(deserialize_with = "object")]
    pub delta: TextDelta,
}

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TextDelta {
    /// Kind of the piece, on the wire `type`. Default and only known value: `text`.
    #[serde(rename = "type", default = "text", deserialize_with = "delta_type")]
    pub delta_type: String,
    /// The new text, to be put behind what came before.
    pub text: String,
}

fn text() -> String {
    "text".to_owned()
}

fn delta_type<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_else(text))
}

/// `message.completed`: a message is complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MessageCompleted {
    /// Id of the message.
    pub message_id: String,
    /// All of it.
    pub content: Vec<ContentBlock>,
}

impl MessageCompleted {
    /// The text of the message: its text blocks, one after the other.
    pub fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|block| match block {
            ContentBlock::Text(block) => Some(block.text.as_str()),
            _ => None,
        });
        texts.collect()
    }
}

/// `reasoning.started`: a block of extended thinking begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReasoningStarted {
    /// Id of the block.
    pub reasoning_id: String,
}

/// `reasoning.delta`: more of a block of thinking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReasoningDelta {
    /// Id of the block.
    pub reasoning_id: String,
    /// The new text.
    pub text: String,
}

/// `reasoning.completed`: a block of thinking is complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReasoningCompleted {
    /// Id of the block.
    pub reasoning_id: String,
    /// All of its text.
    pub text: String,
}

/// `tool_call.started`: a call of a tool begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolCallStarted {
    /// Id of the call.
    pub tool_call_id: String,
    /// Name of the tool.
    pub name: String,
    /// Kind of the tool.
    pub kind: ToolKind,
}

/// `tool_call.input_delta`: more of a tool's input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolCallInputDelta {
    /// Id of the call.
    pub tool_call_id: String,
    /// A fragment of JSON text, valid only together with the others.
    pub partial_json: String,
}

/// `tool_call.input_complete`: a tool's whole input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolCallInputComplete {
    /// Id of the call.
    pub tool_call_id: String,
    /// The input; its keys are the tool's own.
    #[serde(default, deserialize_with = "or_default")]
    pub input: Map<String, Value>,
}

/// `tool_call.output_delta`: more of a tool's output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolCallOutputDelta {
    /// Id of the call.
    pub tool_call_id: String,
    /// The new text.
    pub text: String,
}

/// `tool_call.completed`: a call of a tool is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolCallCompleted {
    /// Id of the call.
    pub tool_call_id: String,
    /// All of its output.
    #[serde(default)]
    pub output: Option<String>,
    /// Exit code, if the tool has one. Other than 0 is no error of the stream.
    #[serde(default, deserialize_with = "optional_whole")]
    pub exit_code: Option<i64>,
}

/// `error`: something went wrong within the run. An ordinary event: the stream goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErrorEvent {
    /// Code of the error.
    pub code: String,
    /// What went wrong.
    pub message: String,
    /// Whether the agent can go on. Default: no.
    #[serde(default, deserialize_with = "or_default")]
    pub recoverable: bool,
}
