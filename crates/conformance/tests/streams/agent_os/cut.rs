//! Agent OS' recorded streams, and what its contract says of cuts.

use std::sync::Arc;

use agent_core::testing::RecordedRequest;
use agent_core::{BoxFuture, Cursor, End, ErrorKind, EventStream, Resume, Transport};
use agent_os_sdk::{
    AgentOsClient, ClientOptions, Error, FollowEvent, FollowEventType, FollowOptions, HttpConfig,
    StreamOptions,
};
use serde_json::Value;

use crate::cuts::{Ending, Item, Subject};
use crate::feed::Feed;
use crate::recordings::{Recording, distinct, vectors};

pub(crate) struct Cut;

/// The vectors with streams.
const FILES: [&str; 3] = ["follow.json", "create_and_stream.json", "wait_for.json"];

impl Subject for Cut {
    fn name(&self) -> &'static str {
        "agent-os"
    }

    fn recordings(&self) -> Vec<Recording> {
        let vectors = FILES.map(|file| vectors("agent-os-sdk", file));
        let streams = vectors.iter().flatten().flat_map(|vector| {
            let exchanges = vector["exchanges"].as_array().unwrap().iter();
            exchanges.filter_map(move |exchange| {
                let response = &exchange["response"];
                let streams = response["headers"]["content-type"] == "text/event-stream";
                let body = response["body"].as_str().filter(|_| streams)?;
                Some((vector, body.to_owned()))
            })
        });
        distinct(streams, 15)
    }

    fn follow(&self, transport: Arc<dyn Transport>, resume: Resume) -> Box<dyn Feed> {
        let options = ClientOptions::new().http(HttpConfig::new().transport(transport));
        let client = AgentOsClient::with_options("http://localhost:1", options).unwrap();
        let mut options = FollowOptions::new();
        options.stream = StreamOptions::new().resume(resume);
        Box::new(Followed {
            stream: client.runs().follow("run_1", "att_1", options),
            closes: None,
        })
    }

    fn opens(&self, request: &RecordedRequest) -> bool {
        request.uri.path().ends_with("/events/stream")
    }

    fn broken(&self) -> Ending {
        Ending::Error(ErrorKind::ReconnectsExhausted)
    }

    fn ended(&self, _seen: &[Item]) -> Ending {
        self.broken()
    }

    fn ended_by(&self, sent: &[u8], _broken: bool) -> Option<Ending> {
        let text = std::str::from_utf8(sent).unwrap_or_default();
        let (whole, _) = text.rsplit_once("\n\n")?;
        whole.split("\n\n").find_map(ends).map(Ending::In)
    }

    fn tells_when_over(&self) -> bool {
        false
    }

    fn position(&self, seen: &[Item]) -> Option<Cursor> {
        let events = seen.iter().filter_map(|item| match item {
            Item::Event(text) => serde_json::from_str::<Value>(text).ok(),
            Item::Error(_) => None,
        });
        let mut numbers = events.filter(|event| event["type"] == "run_event");
        numbers.next_back()?["seq"].as_u64().map(Cursor::from)
    }
}

/// How a block ends the stream, if it does. Read as simply as can be.
fn ends(block: &str) -> Option<End> {
    let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
    let data: Value = serde_json::from_str(field("data: ")?).ok()?;
    match field("event: ")? {
        "run_event" => {
            let kind = data["type"].as_str()?.to_ascii_uppercase();
            let over = ["RUN_FINISHED", "RUN_FAILED", "RUN_CANCELLED"].contains(&&*kind);
            over.then_some(End::Terminal)
        }
        "close" if data["payload"]["terminal"] == true => Some(End::Terminal),
        "close" if data["payload"]["terminal"] != false => Some(End::ServerClosed),
        _ => None,
    }
}

/// What was received and has a number. The rest (heartbeats, error frames without a number) has no place in a run, and
/// may come again from a server that replays.
struct Followed {
    stream: EventStream<FollowEvent>,
    /// The event that ends the run, until the `close` behind it.
    closes: Option<i64>,
}

impl Feed for Followed {
    fn next(&mut self) -> BoxFuture<'_, Option<Result<String, Error>>> {
        Box::pin(async {
            loop {
                let Some(item) = self.stream.next().await else {
                    assert_eq!(self.closes, None, "a close stands behind the last event");
                    return None;
                };
                let event = match item {
                    Ok(event) => event,
                    Err(error) => return Some(Err(error)),
                };
                if let Some(seq) = self.closes.take() {
                    let made = (event.kind.clone(), event.seq, event.raw_json().is_none());
                    assert_eq!(made, (FollowEventType::Close, seq, true));
                    continue;
                }
                if event.kind == FollowEventType::RunEvent && event.is_terminal() {
                    self.closes = Some(event.seq);
                }
                if event.seq >= 0 {
                    let mut written = serde_json::to_value(&event).unwrap();
                    // It may be the time of receipt.
                    written.as_object_mut().unwrap().remove("timestamp");
                    return Some(Ok(written.to_string()));
                }
            }
        })
    }

    fn cursor(&self) -> Option<Cursor> {
        self.stream.cursor()
    }

    fn end(&self) -> Option<End> {
        self.stream.end()
    }
}
