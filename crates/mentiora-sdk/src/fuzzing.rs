//! What must hold whatever the server sends: one function per subject, which panics if it does not.
//!
//! The properties of this crate's tests call them with generated input, the fuzz targets with input that a fuzzer
//! finds. Not for users.

// Panicking is how these report; nothing else calls them.
#![allow(clippy::missing_panics_doc, clippy::panic, clippy::unwrap_used)]

use agent_core::error::ErrorResponse;
use agent_core::fuzzing::{has_fraction, one_line, reversed};
use agent_core::sse::Decoder;
use agent_core::{Error, ErrorKind};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::dialect::leading_seconds;
use crate::error::{ErrorClass, ErrorExt as _, Refusal};
use crate::events::{AgentStreamEvent, by_tree, decode};
use crate::streaming::format_sse_event;
use crate::types::{AgentRunResult, AgentRunStatus};

/// The names that mean something, and one that does not.
pub const NAMES: &[&str] = &[
    "agent.resolved",
    "chat.output_text.delta",
    "chat.tool_call.delta",
    "chat.tool_call.result",
    "chat.completed",
    "chat.suggestions",
    "error",
    "message",
];

/// Decodes any data under any name.
pub fn event(name: &str, data: &str) {
    let json = serde_json::from_str::<IgnoredAny>(data).is_ok();
    match decode(name, data) {
        Ok(None) => assert!(
            data == "[DONE]" || name == "chat.suggestions" && json,
            "skipped: {name} {data}"
        ),
        Ok(Some(event)) => {
            assert!(json, "not JSON, but an event: {name} {data}");
            is_what_it_is_called(name, &event);
            is_read_again(&event);
            is_one_frame(&event);
            if let Ok(tree) = by_tree(name, data) {
                assert_eq!(tree.as_ref(), Some(&event), "a short way led elsewhere");
            }
        }
        Err(error) => is_told(name, data, json, &error),
    }
    // What a `Value` can not hold (such as numbers out of range), its keys can not be turned around.
    if let Ok(whole) = serde_json::from_str::<Value>(data) {
        let (one, other) = (whole.to_string(), reversed(&whole));
        assert_eq!(
            outcome(name, &one),
            outcome(name, &other),
            "the order of keys counts"
        );
    }
}

fn is_told(name: &str, data: &str, json: bool, error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Decode);
    one_line(error);
    if error.class() == ErrorClass::Validation {
        // Nested deeper than can be read is as good as none.
        assert!(
            !json || error.message().contains("recursion limit"),
            "{data}"
        );
        assert!(
            error
                .message()
                .starts_with("Failed to parse stream event: ")
        );
        return;
    }
    assert!(json, "not JSON, and the error is another: {error}");
    let malformed = format!("Malformed {name} event: {data}");
    let text = match name {
        "chat.completed" => "chat_completed event missing required threadId",
        _ => &malformed,
    };
    assert_eq!(error.message(), text);
    let can_be = &NAMES[..5];
    assert!(can_be.contains(&name), "{name} is never malformed");
}

fn is_what_it_is_called(name: &str, event: &AgentStreamEvent) {
    let expected = match name {
        "agent.resolved" => "agent_resolved",
        "chat.output_text.delta" => "output_text_delta",
        "chat.tool_call.delta" => "tool_call_delta",
        "chat.tool_call.result" => "tool_call_result",
        "chat.completed" => "chat_completed",
        "chat.suggestions" => "suggestions",
        "error" => "error",
        _ => "custom",
    };
    assert_eq!(event.event_type(), expected);
    match event {
        AgentStreamEvent::Suggestions(event) => {
            assert!(event.suggestions.len() <= 6);
            let units = |label: &str| label.encode_utf16().count();
            assert!(event.suggestions.iter().all(|one| units(&one.label) <= 40));
        }
        AgentStreamEvent::ChatCompleted(event) => {
            assert!(!event.thread_id.is_empty() && !event.status.as_str().is_empty());
        }
        AgentStreamEvent::Custom(event) => assert_eq!(event.event, name),
        _ => {}
    }
}

/// What is written is the same event.
fn is_read_again(event: &AgentStreamEvent) {
    let written = serde_json::to_value(event).unwrap();
    // A number that is whole may lose its fraction of zero.
    if !has_fraction(&written) {
        let text = serde_json::to_string(event).unwrap();
        assert!(text.starts_with(&format!(r#"{{"type":"{}""#, event.event_type())));
        let again: AgentStreamEvent = serde_json::from_str(&text).unwrap();
        assert_eq!(&again, event);
    }
}

/// A browser reads exactly what was to be shown.
fn is_one_frame(event: &AgentStreamEvent) {
    let frame = format_sse_event(event).unwrap();
    let mut decoder = Decoder::new();
    decoder.feed(Bytes::from(frame));
    let read = decoder.next_frame().unwrap().unwrap();
    assert_eq!(read.data(), serde_json::to_string(event).unwrap());
    assert!(decoder.next_frame().unwrap().is_none());
}

/// What comes of a text, whatever its spelling.
fn outcome(name: &str, data: &str) -> Result<Option<Value>, ErrorClass> {
    let event = decode(name, data).map_err(|error| error.class())?;
    Ok(event.map(|event| {
        let mut event = serde_json::to_value(event).unwrap();
        // Objects as text keep the order of their keys, or not, as a map of this build does.
        for key in ["output", "status"] {
            let text = event[key].as_str().unwrap_or_default();
            if let Ok(json) = serde_json::from_str::<Value>(text) {
                event[key] = json;
            }
        }
        event
    }))
}

/// Reads any bytes as a stream, whole and in chunks of these lengths.
pub fn stream(bytes: &[u8], lengths: &[usize]) {
    let whole = items(std::iter::once(bytes));
    let mut chunks = Vec::new();
    let mut rest = bytes;
    for length in lengths.iter().cycle() {
        if rest.is_empty() || lengths.iter().all(|length| *length == 0) {
            break;
        }
        let (chunk, after) = rest.split_at((*length).min(rest.len()));
        chunks.push(chunk);
        rest = after;
    }
    chunks.push(rest);
    assert_eq!(
        items(chunks.into_iter()),
        whole,
        "it counts where chunks end"
    );
}

/// What a stream's decoder and the events' make of bytes until the first error.
fn items<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    let mut decoder = Decoder::new().dispatch_unfinished(true).bare_names(false);
    let mut items = Vec::new();
    let mut ended = false;
    let mut take = |frame: agent_core::sse::Frame| {
        if ended {
            return;
        }
        match decode(&frame.event(), &frame.data()) {
            Ok(event) => items.extend(event.map(|event| serde_json::to_string(&event).unwrap())),
            Err(error) => {
                items.push(error.message().to_owned());
                ended = true;
            }
        }
    };
    for chunk in chunks {
        decoder.feed(Bytes::copy_from_slice(chunk));
        while let Some(frame) = decoder.next_frame().unwrap() {
            take(frame);
        }
    }
    while let Some(frame) = decoder.finish().unwrap() {
        take(frame);
    }
    items
}

/// Reads any body of a refusal, as that of each kind of call.
pub fn error_body(status: u16, body: &[u8]) {
    let status = StatusCode::from_u16(status).unwrap();
    let reason = status.canonical_reason().unwrap_or_default();
    let json: Option<Value> = serde_json::from_slice(body).ok();
    for operation in ["agents.run", "agents.stream", "files.download"] {
        let response = ErrorResponse {
            method: Method::POST,
            url: String::new(),
            status,
            reason: reason.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body),
            truncated: false,
        };
        let Refusal { message, server } = Refusal::read(operation, &response);
        let before = match (operation, status.as_u16()) {
            ("agents.stream", _) => format!("Stream request failed: {reason}"),
            ("agents.run", 429) => "Rate limited: too many requests".to_owned(),
            (_, 400..=499) => format!("Client error: {reason}"),
            (_, 500..=599) => format!("Server error: {reason}"),
            _ => format!("Unexpected response: {reason}"),
        };
        let suffix = match (server.code.as_deref().unwrap_or_default(), &server.message) {
            (_, None) => String::new(),
            ("", Some(text)) => format!(": {text}"),
            (code, Some(text)) => format!(": [{code}] {text}"),
        };
        assert_eq!(message, before + &suffix);
        assert!(server.message.is_some() || server.code.is_none());
        if let (Some(json), Some(text)) = (&json, &server.message) {
            assert_eq!(json["error"]["message"], text.as_str());
        }
        one_line(&Error::new(ErrorKind::Api, message).with_view(server));
    }
}

/// Reads any body as the answer of a run.
pub fn answer(body: &[u8]) {
    let result = match AgentRunResult::read_body(body) {
        Ok(result) => result,
        Err(error) => {
            let known = [
                "missing thread_id",
                "missing agent_id",
                "missing output",
                "invalid status",
                "missing agent_revision",
                "tool_calls must be an array",
                "tool_calls entries must be objects",
            ];
            let what = error.message().strip_prefix("Invalid agent response: ");
            assert!(what.is_some_and(|what| known.contains(&what)), "{error}");
            return;
        }
    };
    assert!(!matches!(result.status, AgentRunStatus::Other(_)));
    let written = serde_json::to_value(&result).unwrap();
    // The names of the vendor's client are not those of its server: one that the server sends all the same is unknown.
    let named = |key: &String| key.contains(|c: char| c.is_ascii_uppercase()) || key == "usage";
    if !has_fraction(&written) && !result.extra.keys().any(named) {
        let again: AgentRunResult = serde_json::from_value(written).unwrap();
        assert_eq!(again, result);
    }
}

/// Reads any text as the wait of a 429.
pub fn retry_after(text: &str) {
    if let Some(wait) = leading_seconds(text) {
        assert!(
            text.trim_start()
                .starts_with(|c: char| "+.0123456789".contains(c))
        );
        assert!(wait.as_secs_f64() >= 0.0);
    }
}
