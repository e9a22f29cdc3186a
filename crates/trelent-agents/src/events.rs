//! The events of a run.
//!
//! Here live the envelope, [`CommonEvent`], and the list of what it can carry, [`EventData`]. The payloads are in
//! `events/payload.rs`, content blocks in `events/content.rs`, the decoder in `events/decode.rs`. How events arrive is
//! not here.

use std::fmt;
use std::time::SystemTime;

use agent_core::{Error, Result, open_enum};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::types::{HarnessInfo, parse_timestamp};

mod content;
mod data;
mod decode;
mod payload;
mod tagged;
mod usage;

pub use content::{ContentBlock, TextBlock, ThinkingBlock, ToolUseBlock};
pub use data::EventData;
pub(crate) use decode::{Decoded, decode_event};
pub use payload::{
    ErrorEvent, MessageCompleted, MessageDelta, MessageStarted, ReasoningCompleted, ReasoningDelta,
    ReasoningStarted, SessionCompleted, SessionStarted, TextDelta, ToolCallCompleted,
    ToolCallInputComplete, ToolCallInputDelta, ToolCallOutputDelta, ToolCallStarted, TurnCompleted,
    TurnFailed, TurnStarted,
};
pub use usage::Usage;

open_enum! {
    /// What an event is about. Source: package readme.
    pub enum EventType {
        /// The agent's session begins.
        SessionStarted = "session.started",
        /// The agent's session is over.
        SessionCompleted = "session.completed",
        /// A turn of the conversation begins.
        TurnStarted = "turn.started",
        /// A turn of the conversation is over.
        TurnCompleted = "turn.completed",
        /// A turn of the conversation ended with an error.
        TurnFailed = "turn.failed",
        /// A message of the agent begins.
        MessageStarted = "message.started",
        /// More text of a message.
        MessageDelta = "message.delta",
        /// A message is complete; the event holds all of it.
        MessageCompleted = "message.completed",
        /// A block of extended thinking begins.
        ReasoningStarted = "reasoning.started",
        /// More text of a block of thinking.
        ReasoningDelta = "reasoning.delta",
        /// A block of thinking is complete.
        ReasoningCompleted = "reasoning.completed",
        /// A call of a tool begins.
        ToolCallStarted = "tool_call.started",
        /// More of a tool's input, a fragment of JSON.
        ToolCallInputDelta = "tool_call.input_delta",
        /// A tool's whole input.
        ToolCallInputComplete = "tool_call.input_complete",
        /// More of a tool's output.
        ToolCallOutputDelta = "tool_call.output_delta",
        /// A call of a tool is over.
        ToolCallCompleted = "tool_call.completed",
        /// Something went wrong within the run. The stream goes on.
        Error = "error",
        ..Unknown
    }
}

open_enum! {
    /// What kind of tool a call uses. Source: seen in the vendor's Python client.
    pub enum ToolKind {
        /// Runs a command.
        CommandExecution = "command_execution",
        /// Changes a file.
        FileChange = "file_change",
        /// A tool of an MCP server.
        McpTool = "mcp_tool",
        /// Searches the web.
        WebSearch = "web_search",
        /// Changes the agent's plan.
        PlanUpdate = "plan_update",
        /// A tool that the server counts as none of these: a value of its own, not the fallback for new ones.
        Other = "other",
        ..Unknown
    }
}

/// One event of a run. Source: package readme; fields from `version` on seen in the vendor's Python client.
///
/// ```
/// # fn show(event: &trelent_agents::CommonEvent) {
/// use trelent_agents::EventData;
///
/// match &event.data {
///     EventData::MessageDelta(message) => print!("{}", message.delta.text),
///     EventData::ToolCallStarted(call) => println!("[{}]", call.name),
///     EventData::SessionCompleted(session) => println!("exit code {}", session.exit_code),
///     _ => {}
/// }
/// # }
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct CommonEvent {
    /// Number of the event within its run, rising; 0 when the server gives none.
    pub seq: u64,
    /// When it happened, as the server wrote it; [`time`](Self::time) reads it. Empty if an event of unknown type does
    /// not tell.
    pub timestamp: String,
    /// What it is about.
    pub event_type: EventType,
    /// What happened.
    pub data: EventData,
    /// Version of the format; `v1` when the server names none.
    pub version: String,
    /// Id of the event.
    pub event_id: Option<String>,
    /// Id of the run.
    pub run_id: Option<String>,
    /// The agent.
    pub harness: Option<HarnessInfo>,
    /// Id of the agent's own session.
    pub harness_session_id: Option<String>,
    /// The agent's own event that this one was made from. Servers in production leave it out.
    pub raw: Option<Map<String, Value>>,
    pub(crate) raw_json: Box<str>,
}

impl CommonEvent {
    /// Reads one event from its JSON: to go through stored events again, or to test your own code without a server.
    ///
    /// Fails with kind `Decode`.
    ///
    /// ```
    /// use trelent_agents::CommonEvent;
    ///
    /// let event = CommonEvent::from_json(
    ///     r#"{"seq": 1, "timestamp": "2026-04-16T12:00:00Z", "type": "message.delta",
    ///         "data": {"message_id": "m", "content_index": 0, "delta": {"text": "hi"}}}"#,
    /// )?;
    /// assert_eq!(event.text_delta(), Some("hi"));
    /// # Ok::<(), trelent_agents::Error>(())
    /// ```
    pub fn from_json(json: &str) -> Result<Self> {
        match decode_event(json) {
            Decoded::Event { event, .. } => Ok(*event),
            Decoded::Malformed(error) => Err(error),
            Decoded::Skip => Err(Error::decode("event: not JSON")),
        }
    }

    /// The event's JSON as the server sent it, with all fields that this version does not know. It is what was
    /// received: changes of the fields do not show in it.
    pub fn raw_json(&self) -> &str {
        &self.raw_json
    }

    /// When it happened. Fails with kind `Decode` if [`timestamp`](Self::timestamp) is no timestamp.
    pub fn time(&self) -> Result<SystemTime> {
        parse_timestamp(&self.timestamp)
    }

    /// The new text, if this is a `message.delta`.
    pub fn text_delta(&self) -> Option<&str> {
        match &self.data {
            EventData::MessageDelta(message) => Some(&message.delta.text),
            _ => None,
        }
    }

    /// The end of the agent's session, if this is it.
    pub fn session_completed(&self) -> Option<&SessionCompleted> {
        match &self.data {
            EventData::SessionCompleted(session) => Some(session),
            _ => None,
        }
    }

    /// The usage that the event reports: that of a turn, or of the whole session.
    pub fn usage(&self) -> Option<&Usage> {
        match &self.data {
            EventData::TurnCompleted(turn) => turn.usage.as_ref(),
            EventData::SessionCompleted(session) => session.usage.as_ref(),
            _ => None,
        }
    }
}

/// Without the raw JSON, which says the same once more.
impl fmt::Debug for CommonEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommonEvent")
            .field("seq", &self.seq)
            .field("timestamp", &self.timestamp)
            .field("event_type", &self.event_type)
            .field("data", &self.data)
            .field("version", &self.version)
            .field("event_id", &self.event_id)
            .field("run_id", &self.run_id)
            .field("harness", &self.harness)
            .field("harness_session_id", &self.harness_session_id)
            .field("raw", &self.raw)
            .finish_non_exhaustive()
    }
}

/// Written with one spelling of the names (`timestamp`, and `type` both outside and inside `data`), whatever came in.
impl Serialize for CommonEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(10))?;
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("timestamp", &self.timestamp)?;
        map.serialize_entry("type", &self.event_type)?;
        map.serialize_entry("data", &self.data)?;
        map.serialize_entry("version", &self.version)?;
        map.serialize_entry("event_id", &self.event_id)?;
        map.serialize_entry("run_id", &self.run_id)?;
        map.serialize_entry("harness", &self.harness)?;
        map.serialize_entry("harness_session_id", &self.harness_session_id)?;
        map.serialize_entry("raw", &self.raw)?;
        map.end()
    }
}

#[cfg(test)]
mod tests;
