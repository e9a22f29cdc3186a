//! Meistrari's recorded streams, and what its contract says of cuts.

use std::path::Path;
use std::sync::Arc;

use agent_core::sse::Decoder;
use agent_core::testing::{RecordedRequest, Reply};
use agent_core::{Cursor, End, ErrorKind, Resume, Transport};
use bytes::Bytes;
use meistrari_agent_sdk::{AgentClient, DataTokenAuthStrategy, HttpConfig, StreamSessionOptions};
use serde_json::Value;

use super::once::Once;
use crate::cuts::{Ending, Item, Recording, Subject};
use crate::feed::Feed;

pub(crate) struct Cut;

impl Subject for Cut {
    fn name(&self) -> &'static str {
        "meistrari"
    }

    fn recordings(&self) -> Vec<Recording> {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../meistrari-agent-sdk/tests/vectors"
        );
        let text = std::fs::read_to_string(Path::new(folder).join("stream_session.json")).unwrap();
        let vectors: Vec<Value> = serde_json::from_str(&text).unwrap();
        let mut recordings: Vec<Recording> = Vec::new();
        for vector in &vectors {
            let response = &vector["exchanges"][0]["response"];
            if response["status"] != 200 {
                continue;
            }
            let bytes: String = match response["chunks"].as_array() {
                Some(chunks) => chunks.iter().map(|chunk| chunk.as_str().unwrap()).collect(),
                None => response["body"].as_str().unwrap_or_default().to_owned(),
            };
            if recordings.iter().all(|known| known.bytes != bytes) {
                recordings.push(Recording {
                    name: vector["name"].as_str().unwrap().to_owned(),
                    bytes: bytes.into(),
                });
            }
        }
        assert!(recordings.len() >= 20, "{}", recordings.len());
        recordings
    }

    fn follow(&self, transport: Arc<dyn Transport>, resume: Resume) -> Box<dyn Feed> {
        let client = AgentClient::builder("http://localhost:1", DataTokenAuthStrategy::new("t"))
            .http(HttpConfig::new().transport(transport))
            .build()
            .unwrap();
        let options = StreamSessionOptions::new().resume(resume);
        Box::new(Once::new(client.stream_session("ses_1", options)))
    }

    fn opens(&self, request: &RecordedRequest) -> bool {
        request.uri.path() == "/v4/sessions/ses_1"
    }

    fn asks(&self, request: &RecordedRequest) -> Option<Cursor> {
        let cursor = request.uri.query()?.strip_prefix("cursor=").unwrap();
        Some(cursor.parse::<i64>().unwrap().into())
    }

    fn goes_on(&self, recording: &Recording, position: Option<Cursor>) -> usize {
        let Some(position) = position.and_then(Cursor::as_i64) else {
            return 0;
        };
        let mut from = 0;
        for end in blocks(&recording.bytes) {
            let mut decoder = Decoder::new();
            decoder.feed(recording.bytes.slice(from..end));
            from = end;
            while let Some(frame) = decoder.next_frame().unwrap() {
                let event: Value = serde_json::from_str(&frame.data()).unwrap_or_default();
                if cursor(&event) == Some(position) {
                    return end;
                }
            }
        }
        panic!("{}: no event has cursor {position}", recording.name);
    }

    fn other(&self, request: &RecordedRequest, _over: bool) -> Reply {
        panic!("nothing else is asked: {request:?}");
    }

    fn broken(&self, seen: &[Item]) -> Ending {
        self.ended(seen)
    }

    fn ended(&self, seen: &[Item]) -> Ending {
        if is_over(seen) {
            Ending::In(End::Terminal)
        } else {
            Ending::Error(ErrorKind::Interrupted)
        }
    }

    fn whole(&self) -> Ending {
        Ending::In(End::Terminal)
    }

    fn is_end(&self, seen: &[Item]) -> bool {
        is_over(seen)
    }

    fn asks_again(&self) -> bool {
        true
    }

    fn tells_when_over(&self) -> bool {
        false
    }

    fn unresumable(&self, _all: &[Item]) -> Option<ErrorKind> {
        None
    }

    fn position(&self, seen: &[Item]) -> Option<Cursor> {
        let last = events(seen).filter_map(|event| cursor(&event)).last();
        last.map(Cursor::from)
    }
}

/// The places behind the blank lines.
fn blocks(bytes: &Bytes) -> Vec<usize> {
    let mut ends = Vec::new();
    let (mut line, mut at) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        let pair = bytes[at..].starts_with(b"\r\n");
        let next = at + if pair { 2 } else { 1 };
        if matches!(byte, b'\r' | b'\n') {
            if line == at {
                ends.push(next);
            }
            line = next;
        }
        at = next;
    }
    ends
}

/// A whole number, or a text of digits.
fn cursor(event: &Value) -> Option<i64> {
    match &event["nextCursor"] {
        Value::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        #[expect(clippy::cast_possible_truncation, reason = "none is that large")]
        value => value
            .as_i64()
            .or_else(|| Some(value.as_f64().filter(|n| n.fract() == 0.0)? as i64)),
    }
}

fn events(items: &[Item]) -> impl Iterator<Item = Value> {
    items.iter().filter_map(|item| match item {
        Item::Event(text) => Some(serde_json::from_str(text).unwrap_or_default()),
        Item::Error(_) => None,
    })
}

/// Whether an end behind these events is one, by the rules of the contract.
fn is_over(seen: &[Item]) -> bool {
    let mut over = false;
    for event in events(seen) {
        let (kind, status) = (event["kind"].as_str(), event["status"].as_str());
        over = match (kind, status) {
            (Some("status" | "result"), Some("pending" | "running")) => false,
            (Some("status"), Some("completed" | "failed" | "cancelled" | "waiting_messages"))
            | (Some("error" | "result"), _) => true,
            _ => over,
        };
    }
    over
}
