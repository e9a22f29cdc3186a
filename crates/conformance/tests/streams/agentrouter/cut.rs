//! AgentRouter's recorded snapshots, and what its contract says of cuts.

use std::sync::Arc;

use agent_core::testing::RecordedRequest;
use agent_core::{Cursor, End, ErrorKind, Resume, Transport};
use agentrouter_sdk::{
    AgentRouterClient, AgentRouterOptions, HttpConfig, StreamOptions, StreamRunOptions,
};
use bytes::Bytes;
use serde_json::Value;

use crate::cuts::{Ending, Item, Subject};
use crate::feed::{Events, Feed};
use crate::recordings::{Recording, distinct, text, vectors};

pub(crate) struct Cut;

/// The crate that has the vectors.
pub(crate) const SDK: &str = "agentrouter-sdk";

/// A client of a scripted server.
pub(crate) fn client(http: HttpConfig) -> AgentRouterClient {
    let options = AgentRouterOptions::new("key").base_url("http://localhost:1");
    AgentRouterClient::new(options.http(http)).unwrap()
}

impl Subject for Cut {
    fn name(&self) -> &'static str {
        "agentrouter"
    }

    fn recordings(&self) -> Vec<Recording> {
        let vectors = ["stream_run.json", "real_server.json"].map(|file| vectors(SDK, file));
        let streams = vectors.iter().flatten().filter_map(|vector| {
            let response = &vector["exchanges"][0]["response"];
            let streams = vector["operation"] == "client.stream_run" && response["status"] == 200;
            streams.then(|| (vector, text(response)))
        });
        distinct(streams, 14)
    }

    fn follow(&self, transport: Arc<dyn Transport>, resume: Resume) -> Box<dyn Feed> {
        let client = client(HttpConfig::new().transport(transport));
        let options = StreamRunOptions::new().stream(StreamOptions::new().resume(resume));
        Box::new(Events {
            stream: client.stream_run("run_1", options),
            text: |event| event.raw_json().to_owned(),
        })
    }

    fn opens(&self, request: &RecordedRequest) -> bool {
        request.uri.path().ends_with("/stream")
    }

    /// As the server does it: what is behind the cursor, or a heartbeat.
    fn replay(&self, recording: &Recording, request: &RecordedRequest) -> Bytes {
        let after = request
            .uri
            .query()
            .and_then(|query| query.strip_prefix("afterSeq="));
        let Some(after) = after else {
            return recording.bytes.clone();
        };
        let after: u64 = after.parse().unwrap();
        let text = String::from_utf8(recording.bytes.to_vec()).unwrap();
        let text = text.replace("\r\n", "\n");
        let new: String = text
            .split_inclusive("\n\n")
            .filter(|block| Block::of(block).sequence() > Some(after))
            .collect();
        if new.is_empty() {
            return Bytes::from_static(b"event: heartbeat\ndata: {}\n\n");
        }
        new.into()
    }

    fn broken(&self) -> Ending {
        Ending::Error(ErrorKind::Transport)
    }

    fn ended(&self, _: &[Item]) -> Ending {
        Ending::In(End::ServerClosed)
    }

    /// At an orderly end a block that lacks its blank line counts: what is not whole in it is an error.
    fn ended_by(&self, sent: &[u8], broken: bool) -> Option<Ending> {
        let text = String::from_utf8_lossy(sent).replace("\r\n", "\n");
        let last = text.rsplit("\n\n").next().unwrap_or_default();
        let torn = !broken && Block::of(last).is_broken();
        torn.then_some(Ending::Error(ErrorKind::Decode))
    }

    fn whole(&self) -> Ending {
        Ending::In(End::ServerClosed)
    }

    fn resumes_after_an_end(&self) -> bool {
        false
    }

    fn is_end(&self, _: &[Item]) -> bool {
        true
    }

    fn position(&self, seen: &[Item]) -> Option<Cursor> {
        let Item::Event(text) = seen.last()? else {
            panic!("an error in the middle: {seen:?}")
        };
        let event: Value = serde_json::from_str(text).unwrap();
        Some(Cursor::from(event["sequence"].as_u64().unwrap()))
    }
}

/// A block of the stream, read plainly: the recordings hold nothing special.
struct Block {
    name: String,
    data: String,
}

impl Block {
    fn of(text: &str) -> Self {
        let field = |name: &str| {
            let values = text.lines().filter_map(|line| line.strip_prefix(name));
            let values = values.map(|value| value.strip_prefix(' ').unwrap_or(value));
            values.collect::<Vec<_>>().join("\n")
        };
        Self {
            name: field("event:"),
            data: field("data:"),
        }
    }

    fn event(&self) -> Option<Value> {
        serde_json::from_str(&self.data).ok()
    }

    fn sequence(&self) -> Option<u64> {
        self.event()?["sequence"].as_u64()
    }

    /// Neither nothing nor an event.
    fn is_broken(&self) -> bool {
        self.name != "heartbeat" && !self.data.is_empty() && self.event().is_none()
    }
}
