//! From a frame to an event, or to nothing: the original's `narrowFollowEvent`.

use std::time::SystemTime;

use agent_core::sdk::rfc3339_ms;
use agent_core::sse::Frame;
use serde_json::{Map, Value};

use super::{FollowEvent, FollowEventType, no_seq};
use crate::decode::parse_event;
use crate::sse::SseEvent;
use crate::wire;

/// What a server-sent event means to who follows a run; nothing if it is of a kind that is not known.
///
/// `received` stands in for a timestamp that is missing. Source: package, 0.9.3; that an event without a name but of
/// the right shape counts as `run_event` is decided here.
pub fn narrow_follow_event(event: &SseEvent, received: SystemTime) -> Option<FollowEvent> {
    let name = event.event.as_deref().unwrap_or(MESSAGE);
    let kind = kind_of(name, &event.data)?;
    let raw = event.data.to_string().into();
    let id = event.id.as_deref();
    Some(narrow(kind, id, event.data.clone(), raw, || received))
}

/// The same for a frame as it came. Data of kinds that are not known is not looked at.
pub(crate) fn narrow_frame(
    frame: &Frame,
    received: impl FnOnce() -> SystemTime,
) -> Option<FollowEvent> {
    let name = frame.event();
    if name != MESSAGE && !FollowEventType::KNOWN.contains(&&*name) {
        return None;
    }
    let text = frame.data();
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let (data, raw) = if let Some(data) = parse_event(text) {
        (data, text.into())
    } else {
        let data = Value::String(text.to_owned());
        let raw = data.to_string().into();
        (data, raw)
    };
    let kind = kind_of(&name, &data)?;
    Some(narrow(kind, frame.id().as_deref(), data, raw, received))
}

/// The name of an event that has none.
const MESSAGE: &str = "message";

fn kind_of(name: &str, data: &Value) -> Option<FollowEventType> {
    if name == MESSAGE {
        let run_event = data.get("seq").and_then(integer).is_some()
            && data.get("type").is_some_and(Value::is_string);
        return run_event.then_some(FollowEventType::RunEvent);
    }
    match FollowEventType::from(name) {
        FollowEventType::Unknown(_) => None,
        kind => Some(kind),
    }
}

fn narrow(
    kind: FollowEventType,
    id: Option<&str>,
    mut data: Value,
    raw: Box<str>,
    received: impl FnOnce() -> SystemTime,
) -> FollowEvent {
    let seq = data
        .get("seq")
        .and_then(integer)
        .filter(|seq| *seq >= 0)
        .or_else(|| id.and_then(digits))
        .unwrap_or_else(no_seq);
    let timestamp = match data.get("timestamp") {
        Some(Value::String(text)) => text.clone(),
        _ => rfc3339_ms(received()),
    };
    let inner = match data.get_mut("payload").map(Value::take) {
        Some(Value::Object(inner)) => Some(inner),
        _ => None,
    };
    let (payload, node) = if kind == FollowEventType::RunEvent && truthy(&data) {
        let inner = inner.unwrap_or_default();
        let node = string(inner.get("node"));
        (Some(enveloped(inner, &data)), node)
    } else {
        (inner, string(data.get("node")))
    };
    FollowEvent {
        kind,
        seq,
        timestamp,
        payload,
        node,
        raw: Some(raw),
    }
}

/// The payload with what the envelope knows: the envelope wins.
fn enveloped(mut payload: Map<String, Value>, data: &Value) -> Map<String, Value> {
    let event_type = data.get("type").and_then(Value::as_str);
    payload.insert(
        "type".to_owned(),
        event_type.unwrap_or(wire::UNKNOWN_TYPE).into(),
    );
    if let Some(attempt) = data.get("attempt_id").and_then(Value::as_str) {
        payload.insert("attempt_id".to_owned(), attempt.into());
    }
    payload
}

fn string(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

/// A whole number, also one that is written with a fraction of zero.
#[expect(
    clippy::cast_possible_truncation,
    reason = "checked: whole, and within what a double counts exactly"
)]
fn integer(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
    })
}

/// A frame's id as a number: digits and nothing else.
fn digits(id: &str) -> Option<i64> {
    let digits = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
    id.parse().ok().filter(|_| digits)
}

/// What JavaScript takes for true: everything but null, false, 0 and the empty text.
pub(crate) fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}
