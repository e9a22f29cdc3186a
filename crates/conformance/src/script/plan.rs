//! A scripted answer, worked out: which bytes are sent, what length is announced, and how it ends.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use crate::vector::{End, Response};

/// An answer ready to be sent.
#[derive(Clone, Debug)]
pub struct Plan {
    /// HTTP status.
    pub status: u16,
    /// Reason phrase, if the vector gives one.
    pub reason: Option<String>,
    /// Headers without those of the framing.
    pub headers: Vec<(String, String)>,
    /// The body in the pieces in which it is sent.
    pub chunks: Vec<Bytes>,
    /// What tells the client where the body ends.
    pub framing: Framing,
    /// What follows the body.
    pub end: End,
    /// Wait before the headers.
    pub stall: Duration,
    /// Wait between two pieces.
    pub gap: Duration,
    /// How long an open answer stays open; none is for ever.
    pub open: Option<Duration>,
}

/// How the length of a body is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// The status has no body.
    Nothing,
    /// `content-length`.
    Length(u64),
    /// `transfer-encoding: chunked`.
    Chunked,
}

impl Plan {
    /// Works out an answer.
    pub fn new(response: &Response) -> Result<Self, String> {
        let (chunks, in_pieces) = chunks(response)?;
        let sent: u64 = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        let end = match declared(response)? {
            Some(length) if length > sent && response.end == End::Close => End::Truncate,
            _ => response.end,
        };
        let header = content_length(response);
        // A length in the headers that belongs to another spelling of the same JSON gives way to the real one.
        let respelled = matches!(response.body, Some(ref body) if !body.is_string());
        let announced = match declared(response)? {
            Some(length) => Some(length),
            None if end == End::Close && respelled => None,
            None => header,
        };
        let framing = match (announced, end) {
            _ if matches!(response.status, 100..=199 | 204 | 304) => Framing::Nothing,
            (Some(length), _) if length > sent || length == sent && end != End::Truncate => {
                Framing::Length(length)
            }
            (_, End::Close) if in_pieces => Framing::Chunked,
            (_, End::Close) => Framing::Length(sent),
            (_, End::Truncate) if !in_pieces => Framing::Length(sent + MISSING),
            _ => Framing::Chunked,
        };
        let end = match framing {
            Framing::Length(length) if length > sent && end == End::Close => End::Truncate,
            _ => end,
        };
        let headers = response.headers.iter();
        Ok(Self {
            status: response.status,
            reason: response.reason.clone(),
            headers: headers
                .filter(|(name, _)| {
                    !name.eq_ignore_ascii_case("content-length")
                        && !name.eq_ignore_ascii_case("transfer-encoding")
                })
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            chunks,
            framing,
            end,
            stall: Duration::from_millis(response.stall_ms),
            gap: Duration::from_millis(response.gap_ms),
            open: response.open_ms.map(Duration::from_millis),
        })
    }

    /// The reason phrase: the vector's, or the standard one.
    pub fn reason(&self) -> &str {
        let standard = || {
            http::StatusCode::from_u16(self.status)
                .ok()?
                .canonical_reason()
        };
        match &self.reason {
            Some(reason) => reason,
            None => standard().unwrap_or_default(),
        }
    }
}

/// So many bytes are missing from a truncated body whose whole length the vector leaves open.
const MISSING: u64 = 64;

/// The pieces, and whether the vector gave the body in pieces.
fn chunks(response: &Response) -> Result<(Vec<Bytes>, bool), String> {
    let decode = |text: &String| {
        STANDARD
            .decode(text)
            .map(Bytes::from)
            .map_err(|error| format!("a body that is not base64: {error}"))
    };
    if let Some(chunks) = &response.chunks {
        let chunks = chunks.iter().map(|text| Bytes::from(text.clone()));
        return Ok((chunks.filter(|chunk| !chunk.is_empty()).collect(), true));
    }
    if let Some(chunks) = &response.chunks_base64 {
        let chunks = chunks.iter().map(decode).collect::<Result<Vec<_>, _>>()?;
        let chunks = chunks.into_iter().filter(|chunk| !chunk.is_empty());
        return Ok((chunks.collect(), true));
    }
    let body = match (&response.body_base64, &response.body) {
        (Some(text), _) => decode(text)?,
        (None, None | Some(Value::Null)) => Bytes::new(),
        (None, Some(Value::String(text))) => Bytes::from(text.clone()),
        (None, Some(json)) => Bytes::from(json.to_string()),
    };
    let pieces = if body.is_empty() { vec![] } else { vec![body] };
    Ok((pieces, false))
}

/// The length that the vector's own keys announce.
fn declared(response: &Response) -> Result<Option<u64>, String> {
    if let Some(whole) = &response.declared_body_base64 {
        let whole = STANDARD
            .decode(whole)
            .map_err(|error| format!("declared_body_base64: {error}"))?;
        return Ok(Some(whole.len() as u64));
    }
    Ok(response.declared_length)
}

fn content_length(response: &Response) -> Option<u64> {
    let mut headers = response.headers.iter();
    let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    value.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn plan(value: Value) -> Plan {
        Plan::new(&serde_json::from_value(value).unwrap()).unwrap()
    }

    fn framing(value: Value) -> (Framing, End) {
        let plan = plan(value);
        (plan.framing, plan.end)
    }

    #[test]
    fn a_body_is_json_text_bytes_or_pieces() {
        let body = |value| plan(value).chunks.concat();
        assert_eq!(
            body(json!({"status": 200, "body": {"b": 1, "a": [null]}})),
            br#"{"b":1,"a":[null]}"#
        );
        assert_eq!(body(json!({"status": 200, "body": "null"})), b"null");
        assert_eq!(body(json!({"status": 200, "body": null})), b"");
        assert_eq!(body(json!({"status": 200, "body_base64": "AAE="})), [0, 1]);
        assert_eq!(
            plan(json!({"status": 200, "chunks": ["a", "b"]}))
                .chunks
                .len(),
            2
        );
        assert_eq!(
            plan(json!({"status": 200, "chunks_base64": ["AA==", "AQ=="]}))
                .chunks
                .len(),
            2
        );
    }

    #[test]
    fn a_finished_answer_announces_its_length_or_is_chunked() {
        let close = End::Close;
        assert_eq!(
            framing(json!({"status": 200, "body": "abc"})),
            (Framing::Length(3), close)
        );
        assert_eq!(
            framing(json!({"status": 200, "chunks": ["abc"]})),
            (Framing::Chunked, close)
        );
        assert_eq!(
            framing(json!({"status": 204, "body": null})),
            (Framing::Nothing, close)
        );
        let length = |value: &str| json!({"content-length": value});
        assert_eq!(
            framing(json!({"status": 200, "headers": length("9"), "body": {"a": 1}})),
            (Framing::Length(7), close)
        );
        assert_eq!(
            framing(json!({"status": 200, "headers": length("3"), "chunks": ["abc"]})),
            (Framing::Length(3), close)
        );
    }

    #[test]
    fn a_truncated_answer_announces_more_than_is_sent() {
        let truncate = End::Truncate;
        assert_eq!(
            framing(json!({"status": 200, "chunks": ["abc"], "end": "truncate"})),
            (Framing::Chunked, truncate)
        );
        assert_eq!(
            framing(json!({"status": 200, "body": "abc", "end": "truncate"})),
            (Framing::Length(3 + MISSING), truncate)
        );
        assert_eq!(
            framing(
                json!({"status": 200, "body_base64": "MDEyMw==", "declared_body_base64": "MDEyMzQ1Njc4OQ==", "end": "truncate"})
            ),
            (Framing::Length(10), truncate)
        );
        assert_eq!(
            framing(json!({"status": 200, "body": "abc", "declared_length": 20})),
            (Framing::Length(20), truncate)
        );
        assert_eq!(
            framing(
                json!({"status": 200, "headers": {"content-length": "100"}, "chunks": ["abc"], "end": "truncate"})
            ),
            (Framing::Length(100), truncate)
        );
    }

    #[test]
    fn an_open_answer_is_chunked() {
        for end in ["open", "reset"] {
            assert_eq!(
                framing(json!({"status": 200, "body": "abc", "end": end})).0,
                Framing::Chunked
            );
        }
        assert!(
            plan(json!({"status": 200, "body": "abc", "end": "open", "open_ms": 5}))
                .open
                .is_some()
        );
    }
}
