//! Mentiora's recorded streams, and what its contract says of cuts.

use std::sync::Arc;

use agent_core::testing::RecordedRequest;
use agent_core::{End, ErrorKind, Resume, Transport};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mentiora_sdk::{AgentRunParams, HttpConfig, MentioraClient, MentioraConfig, StreamOptions};
use serde_json::Value;

use crate::cuts::{Ending, Item, Subject};
use crate::feed::{Events, Feed};
use crate::recordings::{Recording, distinct, vectors};

pub(crate) struct Cut;

/// The vectors with streams.
const FILES: [&str; 4] = [
    "stream.json",
    "stream-errors.json",
    "python-peer.json",
    "auth.json",
];

impl Subject for Cut {
    fn name(&self) -> &'static str {
        "mentiora"
    }

    fn recordings(&self) -> Vec<Recording> {
        let vectors = FILES.map(|file| vectors("mentiora-sdk", file));
        let streams = vectors.iter().flatten().filter_map(|vector| {
            let mut exchanges = vector["exchanges"].as_array().unwrap().iter();
            let bytes = exchanges.find_map(|exchange| stream(&exchange["response"]));
            let bytes = bytes.filter(|_| vector["operation"] == "agents.stream")?;
            Some((vector, bytes))
        });
        distinct(streams, 40)
    }

    fn follow(&self, transport: Arc<dyn Transport>, resume: Resume) -> Box<dyn Feed> {
        let config = MentioraConfig::server("key")
            .base_url("http://localhost:1")
            .http(HttpConfig::new().transport(transport));
        let agents = MentioraClient::new(config).unwrap().agents();
        let options = StreamOptions::new().resume(resume);
        Box::new(Events {
            stream: agents.stream_with(AgentRunParams::tag("production", "Hello"), options),
            text: |event| serde_json::to_string(event).unwrap(),
        })
    }

    fn opens(&self, request: &RecordedRequest) -> bool {
        request.uri.path() == "/api/v1/agents/run"
    }

    fn broken(&self) -> Ending {
        Ending::Error(ErrorKind::Interrupted)
    }

    fn ended(&self, seen: &[Item]) -> Ending {
        let completed = seen.iter().any(|item| {
            matches!(item, Item::Event(text) if text.starts_with("{\"type\":\"chat_completed\""))
        });
        Ending::In(if completed {
            End::Terminal
        } else {
            End::ServerClosed
        })
    }

    fn ended_by(&self, sent: &[u8], broken: bool) -> Option<Ending> {
        let text = String::from_utf8_lossy(sent);
        let mut blocks = blocks(&text);
        if broken {
            blocks.retain(|block| block.finished);
        }
        blocks.iter().find_map(Block::ends)
    }

    fn resumes(&self) -> bool {
        false
    }
}

/// A block with data, read as simply as can be.
struct Block {
    name: String,
    data: String,
    finished: bool,
}

fn blocks(text: &str) -> Vec<Block> {
    let text = text.replace("\r\n", "\n");
    let mut blocks = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (block, after) = match rest.split_once("\n\n") {
            Some((block, after)) => (block, Some(after)),
            None => (rest, None),
        };
        let field = |name: &str| {
            let lines = block.lines().filter_map(|line| line.strip_prefix(name));
            lines
                .map(|value| value.strip_prefix(' ').unwrap_or(value))
                .collect::<Vec<_>>()
        };
        let data = field("data:");
        if !data.is_empty() {
            blocks.push(Block {
                name: field("event:")
                    .last()
                    .copied()
                    .unwrap_or("message")
                    .to_owned(),
                data: data.join("\n"),
                finished: after.is_some(),
            });
        }
        rest = after.unwrap_or_default();
    }
    blocks
}

/// Names of events, and the members that must be texts or, marked with `#`, numbers.
const MUST_HAVE: &[(&str, &[&str])] = &[
    (
        "agent.resolved",
        &["agent_id", "#agent_revision", "thread_id"],
    ),
    ("chat.output_text.delta", &["delta"]),
    (
        "chat.tool_call.delta",
        &["tool_call_id", "name", "arguments_delta"],
    ),
    ("chat.tool_call.result", &["tool_call_id", "name"]),
];

impl Block {
    /// How it ends the stream, if it does.
    fn ends(&self) -> Option<Ending> {
        let decode = Some(Ending::Error(ErrorKind::Decode));
        if self.data == "[DONE]" {
            return None;
        }
        let Ok(json) = serde_json::from_str::<Value>(&self.data) else {
            return decode;
        };
        if self.name == "error" {
            return Some(Ending::In(End::Terminal));
        }
        if self.name == "chat.completed" {
            let thread = json["chat"].get("thread_id").or(json.get("thread_id"));
            return thread.is_none().then_some(decode).flatten();
        }
        let (_, members) = MUST_HAVE.iter().find(|(name, _)| *name == self.name)?;
        let whole = members.iter().all(|key| match key.strip_prefix('#') {
            Some(key) => json[key].is_number(),
            None => json[key].is_string(),
        });
        (!whole).then_some(decode).flatten()
    }
}

/// The body of an answer that begins an event stream.
fn stream(response: &Value) -> Option<Vec<u8>> {
    let kind = response["headers"]["content-type"].as_str()?;
    if response["status"] != 200 || !kind.contains("text/event-stream") {
        return None;
    }
    let texts = |key: &str| -> Option<Vec<String>> {
        let texts = response[key].as_array()?.iter();
        Some(
            texts
                .map(|text| text.as_str().unwrap().to_owned())
                .collect(),
        )
    };
    if let Some(chunks) = texts("chunks_base64") {
        let bytes = chunks
            .iter()
            .flat_map(|chunk| STANDARD.decode(chunk).unwrap());
        return Some(bytes.collect());
    }
    let text = texts("chunks").map(|chunks| chunks.concat());
    let text = text.or_else(|| Some(response["body"].as_str()?.to_owned()));
    Some(text.unwrap_or_default().into_bytes())
}
