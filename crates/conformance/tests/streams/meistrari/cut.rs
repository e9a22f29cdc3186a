//! Meistrari's recorded streams, and what its contract says of cuts.

use std::sync::Arc;

use agent_core::sse::Decoder;
use agent_core::testing::RecordedRequest;
use agent_core::{Cursor, End, ErrorKind, Resume, Transport};
use bytes::Bytes;
use meistrari_agent_sdk::{AgentClient, DataTokenAuthStrategy, HttpConfig, StreamSessionOptions};
use serde_json::Value;

use super::once::Once;
use crate::cuts::{Ending, Item, Subject};
use crate::feed::Feed;
use crate::recordings::{Recording, distinct, text, vectors};

pub(crate) struct Cut;

impl Subject for Cut {
    fn name(&self) -> &'static str {
        "meistrari"
    }

    fn recordings(&self) -> Vec<Recording> {
        let vectors = vectors("meistrari-agent-sdk", "stream_session.json");
        let streams = vectors.iter().filter_map(|vector| {
            let response = &vector["exchanges"][0]["response"];
            (response["status"] == 200).then(|| (vector, text(response)))
        });
        distinct(streams, 20)
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

    fn replay(&self, recording: &Recording, request: &RecordedRequest) -> Bytes {
        let Some(cursor) = request.uri.query() else {
            return recording.bytes.clone();
        };
        let asked: i64 = cursor.strip_prefix("cursor=").unwrap().parse().unwrap();
        let mut told = told(&recording.bytes).into_iter();
        let from = told.find_map(|(end, event)| (cursor_of(&event) == Some(asked)).then_some(end));
        recording.bytes.slice(from.unwrap()..)
    }

    fn broken(&self) -> Ending {
        Ending::Error(ErrorKind::Interrupted)
    }

    fn ended(&self, _seen: &[Item]) -> Ending {
        self.broken()
    }

    fn ended_by(&self, sent: &[u8], _broken: bool) -> Option<Ending> {
        let told = told(sent).into_iter();
        is_over(told.map(|(_, event)| event)).then_some(Ending::In(End::Terminal))
    }

    fn tells_when_over(&self) -> bool {
        false
    }

    fn position(&self, seen: &[Item]) -> Option<Cursor> {
        let events = seen.iter().filter_map(|item| match item {
            Item::Event(text) => serde_json::from_str(text).ok(),
            Item::Error(_) => None,
        });
        let last = events.filter_map(|event| cursor_of(&event)).next_back();
        last.map(Cursor::from)
    }
}

/// The events in these bytes, each with the place behind it; one that names no kind has its frame's.
fn told(bytes: &[u8]) -> Vec<(usize, Value)> {
    let mut events = Vec::new();
    let mut from = 0;
    for end in blocks(bytes) {
        let mut decoder = Decoder::new();
        decoder.feed(Bytes::copy_from_slice(&bytes[from..end]));
        from = end;
        while let Some(frame) = decoder.next_frame().unwrap() {
            let event = serde_json::from_str(&frame.data()).unwrap_or_default();
            if let Value::Object(mut fields) = event {
                fields.entry("kind").or_insert(frame.event().into());
                events.push((end, fields.into()));
            }
        }
    }
    events
}

/// The places behind the blank lines.
fn blocks(bytes: &[u8]) -> Vec<usize> {
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
fn cursor_of(event: &Value) -> Option<i64> {
    match &event["nextCursor"] {
        Value::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        #[expect(clippy::cast_possible_truncation, reason = "none is that large")]
        value => value
            .as_i64()
            .or_else(|| Some(value.as_f64().filter(|n| n.fract() == 0.0)? as i64)),
    }
}

/// Whether an end behind these events is one, by the rules of the contract.
fn is_over(events: impl Iterator<Item = Value>) -> bool {
    let mut over = false;
    for event in events {
        match (event["kind"].as_str(), event["status"].as_str()) {
            (Some("status" | "result"), Some("pending" | "running")) => over = false,
            (Some("status"), Some("completed" | "failed" | "cancelled" | "waiting_messages")) => {
                over = true;
            }
            // Nothing behind it is read.
            (Some("error" | "result"), _) => return true,
            _ => {}
        }
    }
    over
}
