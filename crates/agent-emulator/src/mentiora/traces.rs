//! Traces: every member must be there, as the vendor's client sends it.

use hyper::StatusCode;
use serde_json::{Value, json};

use super::errors::{Answer, Refusal};
use super::read::Members;
use crate::http::{self, Request};

/// What an event must have, and whether it may be null.
const MEMBERS: [(&str, bool); 17] = [
    ("trace_id", false),
    ("span_id", false),
    ("parent_span_id", true),
    ("name", false),
    ("type", false),
    ("input", true),
    ("output", true),
    ("start_time", false),
    ("end_time", true),
    ("duration_ms", true),
    ("metadata", true),
    ("tags", false),
    ("error", true),
    ("usage", true),
    ("model", true),
    ("provider", true),
    ("thread_id", false),
];
const TYPES: [&str; 5] = ["llm", "tool", "chat", "error", "custom"];

pub(crate) fn take(traces: &mut Vec<Value>, request: &Request) -> Answer {
    let mut body = Members::of(request)?;
    let mut event = serde_json::Map::new();
    for (name, nullable) in MEMBERS {
        let value = body
            .value(name)
            .ok_or_else(|| Refusal::invalid(format!("{name} is required")))?;
        if value.is_null() && !nullable {
            return Err(Refusal::invalid(format!("{name} must not be null")));
        }
        event.insert(name.to_owned(), value);
    }
    body.end()?;
    if !event["type"]
        .as_str()
        .is_some_and(|kind| TYPES.contains(&kind))
    {
        return Err(Refusal::invalid("type is unknown"));
    }
    if !event["tags"].is_array() {
        return Err(Refusal::invalid("tags must be an array"));
    }
    traces.push(Value::Object(event));
    Ok(http::json(StatusCode::CREATED, &json!({"success": true})))
}
