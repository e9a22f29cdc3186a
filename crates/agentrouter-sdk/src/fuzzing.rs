//! What must hold whatever the server sends: one function per subject, which panics if it does not.
//!
//! The properties of this crate's tests call them with generated input, the fuzz targets with input that a fuzzer
//! finds. Not for users.

// Panicking is how these report; nothing else calls them.
#![allow(clippy::missing_panics_doc, clippy::panic, clippy::unwrap_used)]

use agent_core::fuzzing::{has_fraction, one_line, reversed};
use agent_core::sdk::read_json;
use agent_core::{Error, ErrorKind, Resume};
use serde_json::{Map, Value};

use crate::error::{ErrorExt as _, codes, read};
use crate::parts::{answer_text, stream_part};
use crate::watch::Watch;
use crate::{AgentStreamPart, RunEvent, RunEventPage, wire};

/// The payload's members that may reach a part.
const SHOWN: &[&str] = &[
    "action",
    "actionDigest",
    "actionId",
    "actionName",
    "decision",
    "message",
    "reason",
    "signal",
    "summary",
    "text",
];

/// Reads any text as an event, and says what it means.
pub fn event(text: &str) {
    let read = RunEvent::from_json(text);
    match &read {
        Ok(event) => {
            assert_eq!(event.raw_json(), text.trim_matches([' ', '\t', '\n', '\r']));
            assert!(!event.payload.is_null());
            is_read_again(event);
            means(event);
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::Decode),
    }
    // What a `Value` can not hold (such as nesting without end), it can not be compared with.
    let Ok(whole) = read_json::<Value>(text.as_bytes()) else {
        return;
    };
    let (plain, turned) = (
        RunEvent::from_json(&whole.to_string()),
        RunEvent::from_json(&reversed(&whole)),
    );
    assert_eq!(plain.is_ok(), is_event(&whole), "{whole}");
    // Of members that come twice, the first may be of a wrong type: an error for us, and for a `Value` none.
    assert!(read.is_err() || plain.is_ok(), "{text}");
    let (Ok(plain), Ok(turned)) = (plain, turned) else {
        return;
    };
    assert_eq!(plain, turned, "the order of keys counts");
    keeps_everything(&plain, whole.as_object().unwrap());
}

/// Whether this is an event: what says where and what it is, and nothing of another type than it should be.
fn is_event(whole: &Value) -> bool {
    let text =
        |value: &Value, key: &str| value.get(key).is_none_or(|v| v.is_null() || v.is_string());
    let texts = [
        "runId",
        "source",
        "visibility",
        "providerEventType",
        "createdAt",
    ];
    let reference = whole.get("artifactRef").is_none_or(|reference| {
        reference.is_null()
            || (reference.is_object() && text(reference, "artifactId") && text(reference, "r2Key"))
    });
    let truncated = whole.get("isTruncated");
    whole.get("sequence").is_some_and(is_count)
        && whole.get("type").is_some_and(Value::is_string)
        && texts.iter().all(|key| text(whole, key))
        && truncated.is_none_or(|v| v.is_null() || v.is_boolean())
        && reference
}

/// Whether this is a whole number of 64 bits, however it is written.
fn is_count(value: &Value) -> bool {
    let whole = |n: f64| n.fract() == 0.0 && (0.0..18_446_744_073_709_551_616.0).contains(&n);
    value.is_u64() || value.as_f64().is_some_and(whole)
}

/// Every member is there again, unless it was null.
fn keeps_everything(event: &RunEvent, whole: &Map<String, Value>) {
    let written = serde_json::to_value(event).unwrap();
    for (key, value) in whole {
        if value.is_null() || key == "artifactRef" {
            continue;
        }
        // A number that is whole may lose its fraction of zero.
        if !has_fraction(value) {
            assert_eq!(written.get(key), Some(value), "{key}");
        }
    }
}

/// What is written is the same event.
fn is_read_again(event: &RunEvent) {
    let written = serde_json::to_string(event).unwrap();
    let again = RunEvent::from_json(&written).unwrap();
    // A number that is whole may lose its fraction of zero.
    if !has_fraction(&serde_json::to_value(event).unwrap()) {
        assert_eq!(&again, event);
    }
}

/// What an event means, and that nothing else of its payload reaches a part's own fields.
fn means(event: &RunEvent) {
    let part = stream_part(event.clone());
    if let Some(part) = &part {
        assert_eq!(part.event(), event);
        assert!(part.text().is_none_or(|text| !text.is_empty()));
        let written = serde_json::to_string(part).unwrap();
        let again: AgentStreamPart = serde_json::from_str(&written).unwrap();
        if !has_fraction(&serde_json::to_value(event).unwrap()) {
            assert_eq!(&again, part);
        }
        let texts = matches!(part, AgentStreamPart::Text(_));
        assert_eq!(answer_text(event.clone()).is_some(), texts);
    }
    let mut bare = event.clone();
    if let Value::Object(payload) = &mut bare.payload {
        payload.retain(|key, _| SHOWN.contains(&key.as_str()));
    }
    assert_eq!(own(stream_part(bare)), own(part));
}

/// A part without its event.
fn own(part: Option<AgentStreamPart>) -> Value {
    let mut part = serde_json::to_value(part).unwrap();
    if let Some(fields) = part.as_object_mut() {
        fields.remove("event");
    }
    part
}

/// Reads any body as a page of events, and follows a run with it.
pub fn page(body: &[u8], cursor: u64) {
    let Ok(page) = read_json::<RunEventPage>(body) else {
        return;
    };
    let items: Vec<u64> = page.items.iter().map(|event| event.sequence).collect();
    let mut watch = Watch::new("run_1".into(), Resume::never()).after_seq(cursor);
    let taken = watch.take_page(page.clone());
    let taken: Vec<u64> = taken.iter().map(|event| event.sequence).collect();
    let mut new: Vec<u64> = items.into_iter().filter(|n| *n > cursor).collect();
    new.sort_unstable();
    new.dedup();
    assert_eq!(taken, new, "each new event once and in order");
    assert!(watch.take_page(page).is_empty(), "and never again");
}

/// Reads any body of an answer outside 200 to 299.
pub fn error_body(body: &[u8]) {
    let parts = read(body);
    let whole: Value = read_json(body).unwrap_or_default();
    let error = whole.get("error").filter(|error| error.is_object());
    let member = |key: &str| error.and_then(|error| error.get(key));
    let text = |key: &str| member(key).and_then(Value::as_str);
    assert_eq!(parts.code, text("code").unwrap_or(codes::API_ERROR));
    assert_eq!(
        parts.message,
        text("message").unwrap_or(wire::ERROR_MESSAGE)
    );
    let details = member("details").filter(|details| details.is_object() || details.is_array());
    assert_eq!(parts.details.as_ref(), details);

    let mut error = Error::new(ErrorKind::Api, parts.message).with_code(parts.code);
    if let Some(details) = parts.details {
        error = error.with_details(details);
    }
    let mismatch = error.code() == Some(codes::ACTION_DIGEST_MISMATCH);
    assert_eq!(error.action_digest_mismatch().is_some(), mismatch);
    one_line(&error);
}
