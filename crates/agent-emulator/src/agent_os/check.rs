//! Strict reading of requests: what is not known, missing or of the wrong type is refused.

use hyper::StatusCode;
use hyper::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Map, Value, json};

use super::errors::{Answer, Refusal};
use super::ok;
use crate::http::Request;

/// The request wants what the operation gives.
pub(super) fn accepts(request: &Request, events: bool) -> Answer<()> {
    let wanted = if events {
        "text/event-stream"
    } else {
        "application/json"
    };
    let accept = request.header(ACCEPT).unwrap_or("*/*");
    if accept.contains(wanted) || accept.contains("*/*") {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::NOT_ACCEPTABLE,
        "NOT_ACCEPTABLE",
        format!("this is {wanted}"),
    ))
}

/// The query has no other keys, and none twice.
pub(super) fn only_query(request: &Request, known: &[&str]) -> Answer<()> {
    for (index, (key, _)) in request.query.iter().enumerate() {
        if !known.contains(&key.as_str()) {
            return Err(Refusal::bad_request(format!("unknown query key {key}")));
        }
        if request.query[..index].iter().any(|(other, _)| other == key) {
            return Err(Refusal::bad_request(format!("query key {key} twice")));
        }
    }
    Ok(())
}

pub(super) fn value<'a>(request: &'a Request, key: &str) -> Option<&'a str> {
    let pair = request.query.iter().find(|(name, _)| name == key);
    pair.map(|(_, value)| value.as_str())
}

pub(super) fn number(request: &Request, key: &str) -> Answer<Option<u64>> {
    let Some(text) = value(request, key) else {
        return Ok(None);
    };
    text.parse()
        .map(Some)
        .map_err(|_| Refusal::bad_request(format!("{key} must be a whole number, not {text:?}")))
}

pub(super) fn flag(request: &Request, key: &str) -> Answer<bool> {
    match value(request, key) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(other) => Err(Refusal::bad_request(format!(
            "{key} must be true or false, not {other:?}"
        ))),
    }
}

/// One page of a list.
pub(super) fn page(request: &Request, items: Vec<Value>) -> Answer {
    let total = items.len();
    let limit = number(request, "limit")?.unwrap_or(50);
    let offset = number(request, "offset")?.unwrap_or(0);
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let items: Vec<_> = items
        .into_iter()
        .skip(size(offset))
        .take(size(limit))
        .collect();
    ok(&json!({"items": items, "total": total}))
}

pub(super) fn no_body(request: &Request) -> Answer<()> {
    if request.body.is_empty() && !request.headers.contains_key(CONTENT_TYPE) {
        return Ok(());
    }
    Err(Refusal::bad_request("this takes no body"))
}

/// A body that is a JSON object with these keys only.
pub(super) fn object(request: &Request, known: &[&str]) -> Answer<Map<String, Value>> {
    if !request.is_json() {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "the content type must be application/json",
        ));
    }
    let body: Map<String, Value> = serde_json::from_slice(&request.body)
        .map_err(|_| Refusal::bad_request("the body is no JSON object"))?;
    match body.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(Refusal::invalid(format!("unknown field {key}"))),
        None => Ok(body),
    }
}

/// A text that must be there and not be empty.
pub(super) fn text(body: &Map<String, Value>, key: &str) -> Answer<String> {
    match body.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text.clone()),
        _ => Err(Refusal::invalid(format!("{key} must be a text"))),
    }
}

/// A text that may be missing.
pub(super) fn optional_text(body: &Map<String, Value>, key: &str) -> Answer<Option<String>> {
    match body.get(key) {
        None => Ok(None),
        Some(_) => text(body, key).map(Some),
    }
}
