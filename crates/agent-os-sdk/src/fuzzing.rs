//! What must hold whatever the server sends: one function per subject, which panics if it does not.
//!
//! The properties of this crate's tests call them with generated input, the fuzz targets with input that a fuzzer
//! finds. Not for users.

// Panicking is how these report; nothing else calls them.
#![allow(clippy::missing_panics_doc, clippy::panic, clippy::unwrap_used)]

use std::time::UNIX_EPOCH;

use agent_core::error::ErrorResponse;
use agent_core::fuzzing::{has_fraction, one_line};
use agent_core::sdk::{read_json, read_json_text};
use agent_core::sse::{Decoder, Frame};
use agent_core::{Error, ErrorKind};
use bytes::Bytes;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::chatwoot::config::Found;
use crate::chatwoot::{self, trigger};
use crate::error::{ErrorExt as _, read};
use crate::events::narrow_frame;
use crate::{
    Agent, CreateRunResponse, Credential, FollowEvent, FollowEventType, PaginatedResponse, Run,
    RunEventsPollResponse, SseEvent, Trigger, narrow_follow_event,
};

/// Reads any bytes as the event stream of a run.
pub fn events(stream: &[u8]) {
    let mut decoder = Decoder::new();
    decoder.feed(Bytes::copy_from_slice(stream));
    while let Ok(Some(frame)) = decoder.next_frame() {
        event(&frame);
    }
}

fn event(frame: &Frame) {
    let event = narrow_frame(frame, || UNIX_EPOCH);
    let known = FollowEventType::KNOWN.contains(&&*frame.event());
    let Some(event) = event else {
        assert!(!known, "an event of a known kind is lost: {}", frame.data());
        return;
    };
    assert!(known || frame.event() == "message");
    assert!(!matches!(event.kind, FollowEventType::Unknown(_)));
    assert!(event.seq >= -1);
    let raw = event.raw_json().unwrap();
    assert!(serde_json::from_str::<IgnoredAny>(raw).is_ok(), "{raw}");
    if event.kind == FollowEventType::RunEvent && event.payload.is_some() {
        assert!(event.event_type().is_some());
    }
    // Read as JSON first, it is the same.
    if let Ok(data) = read_json_text::<Value>(&frame.data()) {
        let mut read = SseEvent::new(data).event(frame.event());
        read.id = frame.id().map(Into::into);
        let narrowed = narrow_follow_event(&read, UNIX_EPOCH).unwrap();
        assert_eq!(shown(&narrowed), shown(&event));
    }
    // Written and read again, too.
    let written = serde_json::to_string(&event).unwrap();
    if let Ok(again) = read_json_text::<FollowEvent>(&written) {
        let fields = shown(&event);
        assert!(
            shown(&again) == fields || has_fraction(&fields),
            "{written}"
        );
    }
}

/// An event without the text it came from.
fn shown(event: &FollowEvent) -> Value {
    let mut fields = serde_json::to_value((
        &event.kind,
        event.seq,
        &event.timestamp,
        &event.payload,
        &event.node,
    ))
    .unwrap();
    fields
        .as_array_mut()
        .unwrap()
        .push(event.is_terminal().into());
    fields
}

/// Reads any body of an answer with `status`, as one of Agent OS and as one of Chatwoot.
pub fn error_body(status: u16, body: &[u8]) {
    let response = ErrorResponse {
        method: "GET".parse().unwrap(),
        url: "http://localhost/".to_owned(),
        status: status.try_into().unwrap(),
        reason: "Some Reason".to_owned(),
        headers: [(
            "content-type".parse().unwrap(),
            "application/json".parse().unwrap(),
        )]
        .into_iter()
        .collect(),
        body: Bytes::copy_from_slice(body),
        truncated: false,
    };
    let start = || Error::new(ErrorKind::Api, response.reason.clone());
    let json: Option<Value> = read_json(body).ok();

    let error = read(&response, start());
    match &json {
        Some(json) => assert_eq!(error.details(), Some(json)),
        None if body.is_empty() => assert_eq!(error.details(), None),
        None => assert_eq!(error.details(), Some(&response.text().into())),
    }
    let texts = json.iter().flat_map(texts).collect::<Vec<_>>();
    let says = |text: &str| texts.contains(&text);
    assert!(error.code().is_none_or(says), "{error:?}");
    assert!(error.server_message().is_none_or(says), "{error:?}");
    if error.server_message().is_none() {
        assert_eq!(error.message(), response.reason);
    }
    one_line(&error);

    let error = chatwoot::read_error(&response, start());
    assert_eq!(error.code(), Some(error.chatwoot_code().unwrap().as_str()));
    assert_eq!(
        error.details(),
        json.as_ref().filter(|json| !json.is_null())
    );
    assert!(error.code() == Some("API_ERROR") || error.code().is_some_and(says));
    one_line(&error);
}

/// The texts of an error's body that may be its code or message.
fn texts(body: &Value) -> Vec<&str> {
    let names = ["code", "message", "detail", "title", "error"];
    let of = |object: &'static str| names.iter().map(move |name| (object, *name));
    of("")
        .chain(of("error"))
        .filter_map(|(object, name)| match object {
            "" => body.get(name)?.as_str(),
            object => body.get(object)?.get(name)?.as_str(),
        })
        .collect()
}

/// Takes any JSON for a credential that leads to Chatwoot, and for a list of triggers.
pub fn credential(text: &str) {
    let Ok(value) = read_json_text::<Value>(text) else {
        return;
    };
    match Found::in_credential(&value) {
        Err(error) => assert!(error.chatwoot_code().is_some() && error.code().is_some()),
        Ok(found) => {
            let url = found.base.url();
            assert!(matches!(url.scheme(), "http" | "https") && url.has_host());
            assert!(!found.token.expose().is_empty());
            assert!(!found.token.expose().chars().any(char::is_control));
            let account = found.account.clone().unwrap_or_else(|| "7".to_owned());
            assert!(!account.is_empty());
            if let Ok(config) = found.with_account(account) {
                let page = config.inbox_url().url;
                let inside = page.strip_prefix(&config.base_url).unwrap();
                assert_eq!(inside.split('/').count(), 5, "{page}");
                assert!(!inside.contains(['?', '#', '\\']), "{page}");
            }
        }
    }
    match trigger::credential(&value) {
        Ok(id) => assert!(!id.is_empty()),
        Err(error) => assert!(error.chatwoot_code().is_some()),
    }
}

/// Reads any text as each kind of answer: what can be read is written back with all its fields.
pub fn answer(text: &str) {
    written_back::<Agent>(text);
    written_back::<Credential>(text);
    written_back::<CreateRunResponse>(text);
    written_back::<Run>(text);
    written_back::<RunEventsPollResponse>(text);
    written_back::<Trigger>(text);
    written_back::<PaginatedResponse<Run>>(text);
}

fn written_back<T: Serialize + DeserializeOwned>(text: &str) {
    let (Ok(read), Ok(mut whole)) = (read_json_text::<T>(text), read_json_text::<Value>(text))
    else {
        return;
    };
    if whole.is_array() {
        // A list without its envelope.
        whole = serde_json::json!({"items": whole});
    }
    let written = serde_json::to_value(&read).unwrap();
    assert!(holds(&written, &whole), "{whole} became {written}");
}

/// Whether `written` has every field of `whole`; absent and null are one.
fn holds(written: &Value, whole: &Value) -> bool {
    match (written, whole) {
        (Value::Object(written), Value::Object(whole)) => whole.iter().all(|(name, value)| {
            let found = written.get(name).unwrap_or(&Value::Null);
            holds(found, value)
        }),
        (Value::Array(written), Value::Array(whole)) => {
            let same = written.len() == whole.len();
            same && written.iter().zip(whole).all(|(a, b)| holds(a, b))
        }
        _ => written == whole || has_fraction(whole),
    }
}
