//! Strict reading of requests: what is unknown, missing or of the wrong type is an issue, in the form in which the
//! server reports it.

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::errors::{Answer, Refusal};
use crate::http::Request;

/// Longest body that the server takes.
const MAX_BODY: usize = 1 << 20;

/// Everything that is wrong with a request.
#[derive(Debug, Default)]
pub(crate) struct Issues(Vec<Value>);

impl Issues {
    pub(crate) fn add(&mut self, path: &[&str], code: &str, message: &str) {
        self.0
            .push(json!({"code": code, "path": path, "message": message}));
    }

    /// Refuses keys that are not in `known`.
    pub(crate) fn only(&mut self, path: &[&str], map: &Map<String, Value>, known: &[&str]) {
        let unknown: Vec<_> = map
            .keys()
            .filter(|key| !known.contains(&key.as_str()))
            .collect();
        if !unknown.is_empty() {
            let quoted: Vec<_> = unknown.iter().map(|key| format!("\"{key}\"")).collect();
            let message = format!("Unrecognized key: {}", quoted.join(", "));
            self.0.push(json!({
                "code": "unrecognized_keys", "keys": unknown, "path": path, "message": message,
            }));
        }
    }

    /// A trimmed text of a length between the two bounds.
    pub(crate) fn text(
        &mut self,
        path: &[&str],
        value: Option<&Value>,
        (low, high): (usize, usize),
    ) -> Option<String> {
        let Some(text) = value.and_then(Value::as_str) else {
            self.add(path, "invalid_type", "Invalid input: expected string");
            return None;
        };
        let text = text.trim();
        let length = text.chars().count();
        if length < low {
            let message = format!("Too small: expected string to have >={low} characters");
            self.add(path, "too_small", &message);
            return None;
        }
        if length > high {
            let message = format!("Too big: expected string to have <={high} characters");
            self.add(path, "too_big", &message);
            return None;
        }
        Some(text.to_owned())
    }

    /// One of a fixed set.
    pub(crate) fn one_of<'a>(
        &mut self,
        path: &[&str],
        value: &'a Value,
        set: &[&str],
    ) -> Option<&'a str> {
        let found = value.as_str().filter(|text| set.contains(text));
        if found.is_none() {
            let quoted: Vec<_> = set.iter().map(|text| format!("\"{text}\"")).collect();
            let message = format!("Invalid option: expected one of {}", quoted.join("|"));
            self.0.push(json!({
                "code": "invalid_value", "values": set, "path": path, "message": message,
            }));
        }
        found
    }

    pub(crate) fn check(self) -> Answer<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Refusal::invalid(&self.0))
        }
    }
}

/// The body as a JSON object.
pub(crate) fn object(request: &Request) -> Answer<Map<String, Value>> {
    if request.body.len() > MAX_BODY {
        return Err(too_large());
    }
    if !request.is_json() {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(Refusal::bad_request(status, "Unsupported Media Type"));
    }
    let malformed = |_| Refusal::bad_request(StatusCode::BAD_REQUEST, "Body is not valid JSON");
    let body: Value = serde_json::from_slice(&request.body).map_err(malformed)?;
    if let Value::Object(map) = body {
        return Ok(map);
    }
    let mut issues = Issues::default();
    issues.add(&[], "invalid_type", "Invalid input: expected object");
    issues.check().map(|()| Map::new())
}

pub(crate) fn too_large() -> Refusal {
    Refusal::bad_request(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large")
}

/// A body that must be an empty object.
pub(crate) fn empty_object(request: &Request) -> Answer<()> {
    let body = object(request)?;
    let mut issues = Issues::default();
    issues.only(&[], &body, &[]);
    issues.check()
}

/// Refuses a body where there is none.
pub(crate) fn no_body(request: &Request) -> Answer<()> {
    if request.body.is_empty() {
        Ok(())
    } else {
        let message = "A body is not expected here";
        Err(Refusal::bad_request(StatusCode::BAD_REQUEST, message))
    }
}

/// The pairs of the query, each at most once and all known.
pub(crate) fn query<'a>(request: &'a Request, known: &[&str]) -> Answer<Map<String, Value>> {
    let mut issues = Issues::default();
    let mut found = Map::new();
    for (key, value) in &request.query {
        let key: &'a str = key;
        if found.insert(key.to_owned(), value.clone().into()).is_some() {
            issues.add(&[key], "invalid_type", "Invalid input: expected one value");
        }
    }
    issues.only(&[], &found, known);
    issues.check().map(|()| found)
}

/// A whole number of the query between two bounds.
pub(crate) fn number(
    query: &Map<String, Value>,
    key: &str,
    (low, high): (u64, u64),
) -> Answer<Option<u64>> {
    let Some(text) = query.get(key).and_then(Value::as_str) else {
        return Ok(None);
    };
    let number = text
        .parse::<u64>()
        .ok()
        .filter(|n| (low..=high).contains(n));
    if number.is_none() {
        let mut issues = Issues::default();
        let message = format!("Invalid input: expected a number from {low} to {high}");
        issues.add(&[key], "invalid_type", &message);
        issues.check()?;
    }
    Ok(number)
}
