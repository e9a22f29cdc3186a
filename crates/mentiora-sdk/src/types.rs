//! What a run comes to. Events of a stream are in [`events`](crate::events).

use agent_core::sdk::Response;
use agent_core::{Error, Result, open_enum};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer::{Members, text};
use crate::number::{count, integer};

/// Members of an answer that this version does not know, as the server sent them.
pub type Extra = Map<String, Value>;

open_enum! {
    /// How a run ended. Source: the vendor's reference. `run` never gives another value; the `chat_completed` event
    /// can.
    pub enum AgentRunStatus {
        /// The agent is done.
        Completed = "completed",
        /// The agent failed. That is a result, not an error.
        Failed = "failed",
        ..Other
    }
}

/// What a run came to. Source: the vendor's reference, `AgentRunResult`. JSON has the vendor's names (`threadId` …).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentRunResult {
    /// The conversation, to go on with: [`AgentRunParams::thread_id`](crate::AgentRunParams::thread_id).
    pub thread_id: String,
    /// Id of the run's trace, if the server keeps one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// The agent that ran.
    pub agent_id: String,
    /// Its revision.
    pub agent_revision: i64,
    /// The tag it was found by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_tag: Option<String>,
    /// The answer; may be empty.
    pub output: String,
    /// What tools the agent called, in order.
    #[serde(default)]
    pub tool_calls: Vec<AgentToolCall>,
    /// How it ended.
    pub status: AgentRunStatus,
    /// What it cost, if the server says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<AgentUsage>,
    /// Members this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One call of a tool. Source: the vendor's reference, `AgentToolCall`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentToolCall {
    /// Id of the call; empty if the server sent none.
    pub tool_call_id: String,
    /// The tool; empty if the server sent none.
    pub name: String,
    /// What it was called with; null if the server sent nothing.
    #[serde(default)]
    pub arguments: Value,
    /// What it gave: none if it gave nothing, [`Value::Null`] if it gave null.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub result: Option<Value>,
}

/// Keeps null apart from nothing.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Tokens that a run took. Source: the vendor's reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentUsage {
    /// Tokens of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_tokens: Option<u64>,
}

impl AgentRunResult {
    /// Reads the answer of `agents.run`.
    pub(crate) fn read(response: &Response) -> Result<Self> {
        Self::read_body(&response.body)
    }

    /// The order of the checks is the vendor's.
    pub(crate) fn read_body(body: &[u8]) -> Result<Self> {
        let mut answer = Members::of_body(body, "agent");
        let thread_id = answer.text("thread_id")?;
        let agent_id = answer.text("agent_id")?;
        let output = answer.text("output")?;
        let status = answer.optional("status", text).map(AgentRunStatus::from);
        let Some(status @ (AgentRunStatus::Completed | AgentRunStatus::Failed)) = status else {
            return Err(Error::decode("Invalid agent response: invalid status"));
        };
        let agent_revision = answer.required("agent_revision", |value| integer(&value))?;
        let tool_calls = match answer.optional("tool_calls", Some).unwrap_or_default() {
            Value::Null => Vec::new(),
            Value::Array(calls) => calls
                .into_iter()
                .map(AgentToolCall::read)
                .collect::<Result<_>>()?,
            _ => {
                return Err(Error::decode(
                    "Invalid agent response: tool_calls must be an array",
                ));
            }
        };
        Ok(Self {
            thread_id,
            trace_id: answer.optional("trace_id", text),
            agent_id,
            agent_revision,
            agent_tag: answer.optional("agent_tag", text),
            output,
            tool_calls,
            status,
            usage: answer.optional("usage", |usage| AgentUsage::read(&usage)),
            extra: answer.rest(),
        })
    }
}

impl AgentToolCall {
    fn read(entry: Value) -> Result<Self> {
        let Value::Object(mut entry) = entry else {
            return Err(Error::decode(
                "Invalid agent response: tool_calls entries must be objects",
            ));
        };
        // A finished run must not be lost for a call without a name.
        let mut name = |key| entry.remove(key).and_then(text).unwrap_or_default();
        Ok(Self {
            tool_call_id: name("tool_call_id"),
            name: name("name"),
            arguments: entry.remove("arguments").unwrap_or_default(),
            result: entry.remove("result"),
        })
    }
}

impl AgentUsage {
    fn read(usage: &Value) -> Option<Self> {
        let usage = usage.as_object()?;
        let tokens = |key| usage.get(key).and_then(count);
        Some(Self {
            prompt_tokens: tokens("prompt_tokens"),
            completion_tokens: tokens("completion_tokens"),
        })
    }
}
