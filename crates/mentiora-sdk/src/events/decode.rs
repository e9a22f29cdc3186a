//! From a frame to an event. Pure: no clock, no connection, nothing kept from one event to the next.

use agent_core::sdk::read_json_text;
use agent_core::{Error, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    AgentErrorEvent, AgentResolvedEvent, AgentStreamEvent, ChatCompletedEvent, CustomEvent,
    OutputTextDeltaEvent, SuggestionItem, SuggestionsEvent, ToolCallDeltaEvent,
    ToolCallResultEvent,
};
use crate::answer::text;
use crate::error::NotJson;
use crate::number::{self, integer};
use crate::types::AgentRunStatus;
use crate::wire::{self, frame};

/// The event in a frame with this name and data, if there is one in it. An error ends the stream.
pub fn decode(name: &str, data: &str) -> Result<Option<AgentStreamEvent>> {
    if data == wire::DONE {
        return Ok(None);
    }
    match fragment(name, data) {
        Some(event) => Ok(Some(event)),
        None => by_tree(name, data),
    }
}

/// The event in a frame whose data is to be JSON, by the tree of that.
pub(crate) fn by_tree(name: &str, data: &str) -> Result<Option<AgentStreamEvent>> {
    let json: Value = read_json_text(data).map_err(|error| {
        Error::decode(format!("Failed to parse stream event: {error}")).with_view(NotJson)
    })?;
    let malformed = || Error::decode(format!("Malformed {name} event: {data}"));
    let event = match name {
        frame::RESOLVED => AgentStreamEvent::AgentResolved(resolved(json).ok_or_else(malformed)?),
        frame::TEXT => AgentStreamEvent::OutputTextDelta(delta(json).ok_or_else(malformed)?),
        frame::TOOL_CALL => AgentStreamEvent::ToolCallDelta(tool_call(json).ok_or_else(malformed)?),
        frame::TOOL_RESULT => {
            AgentStreamEvent::ToolCallResult(tool_result(json).ok_or_else(malformed)?)
        }
        frame::COMPLETED => AgentStreamEvent::ChatCompleted(
            completed(&json)
                .ok_or_else(|| Error::decode("chat_completed event missing required threadId"))?,
        ),
        frame::SUGGESTIONS => match suggestions(json) {
            Some(event) => AgentStreamEvent::Suggestions(event),
            None => return Ok(None),
        },
        frame::ERROR => AgentStreamEvent::Error(failure(json)),
        _ => AgentStreamEvent::Custom(CustomEvent {
            event: name.to_owned(),
            data: json,
        }),
    };
    Ok(Some(event))
}

/// The kinds of which a stream has hundreds, without a tree of their JSON. None if there is anything about it that is
/// not plain: then the tree tells what it is.
fn fragment(name: &str, data: &str) -> Option<AgentStreamEvent> {
    #[derive(Deserialize)]
    struct Fragment {
        tool_call_id: String,
        name: String,
        arguments_delta: String,
    }

    #[derive(Deserialize)]
    struct Text {
        delta: String,
    }

    // An array would do for a struct's members in their order.
    if !data.trim_ascii_start().starts_with('{') {
        return None;
    }
    match name {
        frame::TEXT => {
            let Text { delta } = serde_json::from_str(data).ok()?;
            let event = OutputTextDeltaEvent { delta };
            Some(AgentStreamEvent::OutputTextDelta(event))
        }
        frame::TOOL_CALL => {
            let call: Fragment = serde_json::from_str(data).ok()?;
            Some(AgentStreamEvent::ToolCallDelta(ToolCallDeltaEvent {
                tool_call_id: call.tool_call_id,
                name: call.name,
                arguments_delta: call.arguments_delta,
            }))
        }
        _ => None,
    }
}

fn object(json: Value) -> Option<Map<String, Value>> {
    match json {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

fn take(members: &mut Map<String, Value>, key: &str) -> Option<String> {
    members.remove(key).and_then(text)
}

fn resolved(json: Value) -> Option<AgentResolvedEvent> {
    let mut members = object(json)?;
    Some(AgentResolvedEvent {
        agent_id: take(&mut members, "agent_id")?,
        agent_revision: members.get("agent_revision").and_then(integer)?,
        agent_tag: take(&mut members, "agent_tag"),
        thread_id: take(&mut members, "thread_id")?,
    })
}

fn delta(json: Value) -> Option<OutputTextDeltaEvent> {
    let delta = take(&mut object(json)?, "delta")?;
    Some(OutputTextDeltaEvent { delta })
}

fn tool_call(json: Value) -> Option<ToolCallDeltaEvent> {
    let mut members = object(json)?;
    Some(ToolCallDeltaEvent {
        tool_call_id: take(&mut members, "tool_call_id")?,
        name: take(&mut members, "name")?,
        arguments_delta: take(&mut members, "arguments_delta")?,
    })
}

fn tool_result(json: Value) -> Option<ToolCallResultEvent> {
    let mut members = object(json)?;
    Some(ToolCallResultEvent {
        tool_call_id: take(&mut members, "tool_call_id")?,
        name: take(&mut members, "name")?,
        arguments: members.remove("arguments").unwrap_or_default(),
        result: members.remove("result").unwrap_or_default(),
    })
}

/// Each value is the inner `chat` object's, or else the outer one's. None without a thread id.
fn completed(json: &Value) -> Option<ChatCompletedEvent> {
    let given = |value: &Value| !value.is_null();
    let chat = json.get("chat").filter(|chat| given(chat)).unwrap_or(json);
    let pick = |key: &str| {
        let found = [chat, json].into_iter().filter_map(|place| place.get(key));
        found.into_iter().find(|value| given(value))
    };
    let thread_id = match pick("thread_id")? {
        Value::Object(_) | Value::Array(_) => return None,
        scalar => plain(scalar),
    };
    if thread_id.is_empty() {
        return None;
    }
    let status = match pick("status") {
        None => AgentRunStatus::Completed,
        Some(Value::String(text)) if text.is_empty() => AgentRunStatus::Completed,
        Some(other) => plain(other).into(),
    };
    Some(ChatCompletedEvent {
        thread_id,
        status,
        output: pick("output").map(output).unwrap_or_default(),
    })
}

fn output(value: &Value) -> String {
    let Value::Array(items) = value else {
        return plain(value);
    };
    items
        .iter()
        .find(|item| item["type"] == "message")
        .and_then(|message| message["content"].as_array()?.first()?["text"].as_str())
        .unwrap_or_default()
        .to_owned()
}

/// A value as text: a string itself, everything else as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number::text(number),
        other => other.to_string(),
    }
}

/// None if there is no list at all.
fn suggestions(json: Value) -> Option<SuggestionsEvent> {
    let Some(Value::Array(entries)) = object(json)?.remove("suggestions") else {
        return None;
    };
    let fits = |label: &str| {
        label
            .encode_utf16()
            .take(wire::MAX_SUGGESTION_LABEL + 1)
            .count()
            <= wire::MAX_SUGGESTION_LABEL
    };
    let suggestions = entries
        .into_iter()
        .filter_map(|entry| {
            let mut entry = object(entry)?;
            Some(SuggestionItem {
                label: take(&mut entry, "label").filter(|label| fits(label))?,
                message: take(&mut entry, "message")?,
            })
        })
        .take(wire::MAX_SUGGESTIONS)
        .collect();
    Some(SuggestionsEvent { suggestions })
}

fn failure(json: Value) -> AgentErrorEvent {
    let mut members = object(json).unwrap_or_default();
    AgentErrorEvent {
        code: take(&mut members, "code").unwrap_or_else(|| wire::UNKNOWN_CODE.to_owned()),
        message: take(&mut members, "message").unwrap_or_else(|| wire::UNKNOWN_ERROR.to_owned()),
    }
}
