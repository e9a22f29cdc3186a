//! Trelent's recorded streams, and what its contract says of cuts.

use std::path::Path;
use std::sync::Arc;

use agent_core::testing::{RecordedRequest, Reply};
use agent_core::{Cursor, End, ErrorKind, Resume, Transport};
use serde_json::{Value, json};
use trelent_agents::{Client, ClientOptions, HttpConfig, StreamOptions};

use crate::cuts::{Ending, Item, Recording, Subject};
use crate::feed::{Events, Feed};

pub(crate) struct Cut;

impl Subject for Cut {
    fn name(&self) -> &'static str {
        "trelent"
    }

    fn recordings(&self) -> Vec<Recording> {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../trelent-agents/tests/vectors"
        );
        let text = std::fs::read_to_string(Path::new(folder).join("events.json")).unwrap();
        let vectors: Vec<Value> = serde_json::from_str(&text).unwrap();
        let mut recordings: Vec<Recording> = Vec::new();
        for vector in &vectors {
            let exchanges = vector["exchanges"].as_array().unwrap();
            let response = &exchanges.last().unwrap()["response"];
            if response["status"] != 200 {
                continue;
            }
            let bytes: String = match response["chunks"].as_array() {
                Some(chunks) => chunks.iter().map(|chunk| chunk.as_str().unwrap()).collect(),
                None => response["body"].as_str().unwrap_or_default().to_owned(),
            };
            // Some were recorded twice, for what comes before.
            if recordings.iter().all(|known| known.bytes != bytes) {
                recordings.push(Recording {
                    name: vector["name"].as_str().unwrap().to_owned(),
                    bytes: bytes.into(),
                });
            }
        }
        assert!(recordings.len() >= 45, "{}", recordings.len());
        recordings
    }

    fn follow(&self, transport: Arc<dyn Transport>, resume: Resume) -> Box<dyn Feed> {
        let options = ClientOptions::new().http(HttpConfig::new().transport(transport));
        let client = Client::with_options("http://localhost:1", options).unwrap();
        let options = StreamOptions::new().resume(resume);
        Box::new(Events {
            stream: client.runs().subscribe_with("run_0001", options),
            text: |event| event.raw_json().to_owned(),
        })
    }

    fn opens(&self, request: &RecordedRequest) -> bool {
        request.uri.path().ends_with("/events")
    }

    fn other(&self, request: &RecordedRequest, over: bool) -> Reply {
        assert!(request.uri.path().ends_with("/status"), "{request:?}");
        let status = if over { "completed" } else { "running" };
        Reply::json(&json!({"run_id": "run_0001", "status": status}))
    }

    fn broken(&self) -> Ending {
        Ending::Error(ErrorKind::Transport)
    }

    fn ended(&self, seen: &[Item]) -> Ending {
        Ending::In(if is_completed(seen) {
            End::Terminal
        } else {
            End::ServerClosed
        })
    }

    fn is_end(&self, seen: &[Item]) -> bool {
        is_completed(seen)
    }

    fn unresumable(&self, all: &[Item]) -> Option<ErrorKind> {
        let numbers: Vec<_> = events(all).map(|event| event["seq"].as_u64()).collect();
        let rises = numbers.windows(2).all(|pair| pair[0] < pair[1]);
        let numbered = numbers.iter().all(Option::is_some);
        (!rises || !numbered).then_some(ErrorKind::Interrupted)
    }

    fn position(&self, seen: &[Item]) -> Option<Cursor> {
        let last = events(seen)
            .filter_map(|event| event["seq"].as_u64())
            .last();
        last.map(Cursor::from)
    }
}

fn events(items: &[Item]) -> impl Iterator<Item = Value> {
    items.iter().filter_map(|item| match item {
        Item::Event(text) => Some(serde_json::from_str(text).unwrap_or_default()),
        Item::Error(_) => None,
    })
}

fn is_completed(items: &[Item]) -> bool {
    events(items).any(|event| {
        event["data"]["type"] == "session.completed" || event["type"] == "session.completed"
    })
}
