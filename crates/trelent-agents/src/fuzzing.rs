//! What must hold whatever the server sends: one function per subject, which panics if it does not.
//!
//! The properties of this crate's tests call them with generated input, the fuzz targets with input that a fuzzer
//! finds. Not for users.

// Panicking is how these report; nothing else calls them.
#![allow(clippy::missing_panics_doc, clippy::panic, clippy::unwrap_used)]

use agent_core::fuzzing::{has_fraction, one_line, reversed};
use agent_core::{Error, ErrorKind};
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::error::{ApiErrorClass, ErrorExt as _, read, read_token_refusal};
use crate::events::{CommonEvent, ContentBlock, Decoded, EventData, decode_event};
use crate::parse_timestamp;

/// Longest message about an event that can not be read, in characters.
const LONGEST_PROBLEM: usize = 400;

/// Decodes any text as an event.
pub fn event(text: &str) {
    let json = serde_json::from_str::<IgnoredAny>(text).is_ok();
    // What a `Value` can not hold (such as numbers out of range), it can not be compared with.
    let whole: Option<Value> = serde_json::from_str(text).ok();
    match decode_event(text) {
        Decoded::Skip => assert!(!json, "JSON is skipped: {text}"),
        Decoded::Malformed(error) => {
            assert!(json, "not JSON, but an error: {text}");
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.message().chars().count() < LONGEST_PROBLEM, "{error}");
            // Nothing is lost with it.
            match &whole {
                Some(whole) => assert_eq!(error.details(), Some(whole)),
                None => assert!(error.details().is_some()),
            }
        }
        Decoded::Event { event, .. } => {
            assert!(json, "not JSON, but an event: {text}");
            assert_eq!(event.raw_json(), text);
            assert_eq!(event.event_type, event.data.event_type());
            let _ = (event.time(), event.usage(), event.text_delta());
            if let Some(whole) = &whole {
                keeps_what_it_does_not_know(&event, whole);
            }
            is_read_again(&event);
        }
    }
    if let Some(whole) = &whole {
        let sorted = outcome(&whole.to_string());
        assert_eq!(
            outcome(&reversed(whole)),
            sorted,
            "the order of keys counts"
        );
    }
}

fn keeps_what_it_does_not_know(event: &CommonEvent, whole: &Value) {
    match &event.data {
        EventData::Unknown { data, .. } => match whole.get("data") {
            None | Some(Value::Null) => assert!(data.is_empty()),
            Some(given) => {
                // What is read a second time has whole numbers without a fraction of zero.
                assert!(*given == Value::from(data.clone()) || has_fraction(given));
            }
        },
        EventData::MessageCompleted(message) => {
            for (index, block) in message.content.iter().enumerate() {
                if let ContentBlock::Unknown(fields) = block {
                    let given = &whole["data"]["content"][index];
                    assert!(*given == Value::from(fields.clone()) || has_fraction(given));
                }
            }
        }
        _ => {}
    }
}

/// What is written is the same event, and is written so again.
fn is_read_again(event: &CommonEvent) {
    let written = serde_json::to_string(event).unwrap();
    let again = CommonEvent::from_json(&written).unwrap();
    assert_eq!(again.event_type, event.event_type);
    assert_eq!(
        (again.seq, &again.timestamp, &again.event_id),
        (event.seq, &event.timestamp, &event.event_id)
    );
    // A number that is whole may lose its fraction of zero.
    let written = serde_json::to_value(event).unwrap();
    if !has_fraction(&written) {
        assert_eq!(serde_json::to_value(&again).unwrap(), written);
    }
}

/// What comes of a text, whatever its spelling: the event's fields, or that there is none.
fn outcome(text: &str) -> Result<(bool, Value), &'static str> {
    match decode_event(text) {
        Decoded::Skip => Err("skipped"),
        Decoded::Malformed(_) => Err("malformed"),
        Decoded::Event { event, numbered } => Ok((numbered, serde_json::to_value(&event).unwrap())),
    }
}

/// Reads any body of an answer with `status`, and as that of a refused token.
pub fn error_body(status: u16, body: &[u8]) {
    let body = String::from_utf8_lossy(body);
    let parts = read(status, &body);
    let shown = parts
        .message
        .strip_prefix(&format!("HTTP {status}: "))
        .unwrap();
    let class = match status {
        404 => ApiErrorClass::NotFound,
        422 => ApiErrorClass::Validation,
        _ => ApiErrorClass::Api,
    };
    assert_eq!(parts.class, class);
    assert!(parts.errors.is_empty() || class == ApiErrorClass::Validation);
    let unreadable = format!("Failed to parse error response: {body}");
    // A byte order mark is none of the JSON.
    let json = body.strip_prefix('\u{FEFF}').unwrap_or(&body);
    match serde_json::from_str::<Value>(json) {
        Ok(Value::Object(fields)) => match fields.get("detail") {
            None | Some(Value::Null) => match class {
                ApiErrorClass::NotFound => assert_eq!(shown, "Not found"),
                ApiErrorClass::Validation => assert_eq!(shown, "Validation error"),
                ApiErrorClass::Api => assert_eq!(shown, body),
            },
            Some(Value::String(text)) => assert_eq!(shown, text),
            Some(Value::Array(items)) if items.is_empty() && class == ApiErrorClass::Validation => {
                assert_eq!(shown, "Validation error");
            }
            Some(detail) if parts.errors.is_empty() => {
                assert_eq!(&parts.detail, detail);
                // A number that is whole may lose its fraction of zero.
                let again: Value = serde_json::from_str(shown).unwrap();
                assert!(&again == detail || has_fraction(detail), "{shown}");
            }
            Some(detail) => assert_eq!(parts.errors.len(), detail.as_array().unwrap().len()),
        },
        Err(_) if body.is_empty() && class == ApiErrorClass::NotFound => {
            assert_eq!(shown, "Not found");
        }
        // What a `Value` can not hold may still be an object, of which only `detail` is read.
        Err(_) if serde_json::from_str::<IgnoredAny>(json).is_ok() => {}
        _ => assert_eq!(shown, unreadable),
    }
    if let Value::String(text) = &parts.detail {
        assert_eq!(shown, text);
    }

    let refused = read_token_refusal(status, &body);
    assert_eq!(
        refused.message,
        format!("HTTP {status}: Token request failed: {body}")
    );
    let error = Error::new(ErrorKind::Api, parts.message.clone()).with_view(parts);
    assert!(error.detail().is_some() && error.api_class() == Some(class));
    one_line(&error);
}

/// Reads any text as a timestamp.
pub fn timestamp(text: &str) {
    if let Err(error) = parse_timestamp(text) {
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.message().chars().count() < LONGEST_PROBLEM, "{error}");
    }
}
