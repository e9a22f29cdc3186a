//! Trelent's recorded streams, and what its contract says of cuts.

use std::sync::Arc;

use agent_core::testing::{RecordedRequest, Reply};
use agent_core::{Cursor, End, ErrorKind, Resume, Transport};
use serde_json::{Value, json};
use trelent_agents::{Client, ClientOptions, HttpConfig, StreamOptions};

use crate::cuts::{Ending, Item, Subject};
use crate::feed::{Events, Feed};
use crate::recordings::{Recording, distinct, text, vectors};

pub(crate) struct Cut;

impl Subject for Cut {
    fn name(&self) -> &'static str {
        "trelent"
    }

    fn recordings(&self) -> Vec<Recording> {
        let vectors = vectors("trelent-agents", "events.json");
        let streams = vectors.iter().filter_map(|vector| {
            let response = &vector["exchanges"].as_array().unwrap().last().unwrap()["response"];
            (response["status"] == 200).then(|| (vector, text(response)))
        });
        distinct(streams, 45)
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
