//! AgentRouter's recorded snapshots, and what its contract says of cuts.

use std::path::Path;
use std::sync::Arc;

use agent_core::testing::RecordedRequest;
use agent_core::{Cursor, End, ErrorKind, Resume, Transport};
use agentrouter_sdk::{
    AgentRouterClient, AgentRouterOptions, HttpConfig, StreamOptions, StreamRunOptions,
};
use bytes::Bytes;
use serde_json::Value;

use crate::cuts::{Ending, Item, Recording, Subject};
use crate::feed::{Events, Feed};

pub(crate) struct Cut;

/// The vectors of a file.
pub(crate) fn vectors(file: &str) -> Vec<Value> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../agentrouter-sdk/tests/vectors"
    );
    let text = std::fs::read_to_string(Path::new(folder).join(file)).unwrap();
    serde_json::from_str(&text).unwrap()
}

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
        let mut recordings: Vec<Recording> = Vec::new();
        let vectors = [vectors("stream_run.json"), vectors("real_server.json")].concat();
        for vector in &vectors {
            let response = &vector["exchanges"][0]["response"];
            if vector["operation"] != "client.stream_run" || response["status"] != 200 {
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
        assert!(recordings.len() >= 14, "{}", recordings.len());
        recordings
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
