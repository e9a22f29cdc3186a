//! The rules on their own: no connection, no clock, thousands of schedules.

use std::time::{Duration, SystemTime};

use agent_core::sse::Decoder;
use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::transport::{TransportError, TransportPhase};
use agent_core::{HttpConfig, SeededAmbient};
use serde_json::{Value, json};

use super::*;
use crate::error::{ErrorClass, ErrorExt as _};
use crate::{MentioraClient, MentioraConfig};

/// What a server sends at a time.
#[derive(Clone, Debug)]
enum Piece {
    Text(usize),
    Custom(usize),
    Completed,
    Suggestions,
    Failed,
    /// Nothing that a caller sees.
    Idle(&'static str),
    /// What can not be read, and the class of the error about it.
    Bad(&'static str, ErrorClass),
}

/// Frames without meaning for the caller.
const IDLE: &[&str] = &[
    "data: [DONE]\n\n",
    "event: chat.completed\ndata: [DONE]\n\n",
    ": ping\n\n",
    "event: chat.completed\n\n",
    "event: chat.completed\ndata\n\n",
    "retry: 1\nid: 7\n\n",
    "event: chat.suggestions\ndata: {\"suggestions\": 7}\n\n",
    "\r\n\n",
];

/// Frames that no caller can be given.
const BAD: &[(&str, ErrorClass)] = &[
    ("data: {no\n\n", ErrorClass::Validation),
    ("event: chat.new\ndata:\n\n", ErrorClass::Validation),
    (
        "event: chat.output_text.delta\ndata: {}\n\n",
        ErrorClass::Network,
    ),
    ("event: agent.resolved\ndata: null\n\n", ErrorClass::Network),
    (
        "event: chat.completed\ndata: {\"thread_id\": \"\"}\n\n",
        ErrorClass::Network,
    ),
];

impl Piece {
    fn draw(rng: &mut fastrand::Rng, n: usize) -> Self {
        match rng.u8(0..40) {
            0..16 => Self::Text(n),
            16..22 => Self::Custom(n),
            22..26 => Self::Completed,
            26..29 => Self::Suggestions,
            29..37 => Self::Idle(IDLE[rng.usize(0..IDLE.len())]),
            37 => Self::Failed,
            _ => {
                let (text, class) = BAD[rng.usize(0..BAD.len())];
                Self::Bad(text, class)
            }
        }
    }

    fn wire(&self) -> String {
        let frame = |name: &str, data: Value| format!("event: {name}\ndata: {data}\n\n");
        match self {
            Self::Text(n) => frame("chat.output_text.delta", json!({"delta": format!("{n} é")})),
            Self::Custom(n) => frame("chat.new", json!({"n": n})),
            Self::Completed => frame("chat.completed", json!({"thread_id": "t"})),
            Self::Suggestions => frame("chat.suggestions", json!({"suggestions": []})),
            Self::Failed => frame("error", json!({"code": "c", "message": "m"})),
            Self::Idle(text) | Self::Bad(text, _) => (*text).to_owned(),
        }
    }

    /// What a caller is to get of it.
    fn shown(&self) -> Option<String> {
        match self {
            Self::Text(n) => Some(format!("text {n} é")),
            Self::Custom(n) => Some(format!("custom {n}")),
            Self::Completed => Some("chat_completed".to_owned()),
            Self::Suggestions => Some("suggestions".to_owned()),
            Self::Failed => Some("error".to_owned()),
            Self::Idle(_) | Self::Bad(..) => None,
        }
    }
}

fn shown(event: &AgentStreamEvent) -> String {
    match event {
        AgentStreamEvent::OutputTextDelta(text) => format!("text {}", text.delta),
        AgentStreamEvent::Custom(custom) => format!("custom {}", custom.data["n"]),
        other => other.event_type().to_owned(),
    }
}

/// How a stream ended.
#[derive(Debug, PartialEq)]
enum Over {
    In(End),
    Error(ErrorKind, ErrorClass),
}

/// What ends a connection that the events did not end.
#[derive(Clone, Copy, Debug)]
enum Stop {
    Eof,
    Lost,
    Silent,
}

/// A stream as a server sends it.
#[derive(Debug)]
struct Plan {
    pieces: Vec<Piece>,
    /// A last block without its blank line.
    tail: Option<Piece>,
    stop: Stop,
}

impl Plan {
    fn draw(rng: &mut fastrand::Rng) -> Self {
        let count = rng.usize(0..30);
        let tail = rng.bool().then_some(Piece::Text(count));
        Self {
            pieces: (0..count).map(|n| Piece::draw(rng, n)).collect(),
            tail: tail.filter(|_| rng.bool()),
            stop: [Stop::Eof, Stop::Lost, Stop::Silent][rng.usize(0..3)],
        }
    }

    fn wire(&self) -> Vec<u8> {
        let mut text: String = self.pieces.iter().map(Piece::wire).collect();
        if let Some(tail) = &self.tail {
            text.push_str(tail.wire().trim_end());
        }
        text.into_bytes()
    }

    /// What the contract says of it.
    fn expected(&self) -> (Vec<String>, Over) {
        let mut items = Vec::new();
        for piece in &self.pieces {
            items.extend(piece.shown());
            match piece {
                Piece::Failed => return (items, Over::In(End::Terminal)),
                Piece::Bad(_, class) => return (items, Over::Error(ErrorKind::Decode, *class)),
                _ => {}
            }
        }
        let completed = items.iter().any(|item| item == "chat_completed");
        let over = match self.stop {
            Stop::Lost => Over::Error(ErrorKind::Interrupted, ErrorClass::Network),
            Stop::Silent => Over::Error(ErrorKind::Timeout, ErrorClass::Network),
            Stop::Eof => {
                items.extend(self.tail.as_ref().and_then(Piece::shown));
                Over::In(if completed {
                    End::Terminal
                } else {
                    End::ServerClosed
                })
            }
        };
        (items, over)
    }
}

/// Plays the driver for one set of rules.
struct Stage {
    rules: AgentStream,
    ambient: SeededAmbient,
    out: Out<AgentStreamEvent>,
}

impl Stage {
    fn new() -> Self {
        Self {
            rules: AgentStream::new(Request::new(&AGENTS_STREAM), String::new(), false),
            ambient: SeededAmbient::new(1, SystemTime::UNIX_EPOCH),
            out: Out::default(),
        }
    }

    /// Tells the rules something, and gives the end if it is one.
    fn tell(
        &mut self,
        event: impl FnOnce(&mut AgentStream, &Scene<'_>, &mut Out<AgentStreamEvent>) -> Next,
    ) -> Option<Over> {
        let scene = Scene::fixed(Duration::ZERO, Some(Duration::ZERO), None, &self.ambient);
        match event(&mut self.rules, &scene, &mut self.out) {
            Next::Read => None,
            Next::Finish(end) => Some(Over::In(end)),
            Next::Fail(error) => Some(Over::Error(error.kind(), error.class())),
            next @ (Next::Ask(_) | Next::Reopen(_)) => panic!("nothing is sent again: {next:?}"),
        }
    }

    fn frame(&mut self, frame: Frame) -> Option<Over> {
        self.tell(|rules, scene, out| rules.frame(frame, scene, out))
    }

    fn broke(&mut self, broke: Broke) -> Over {
        let over = self.tell(|rules, scene, out| rules.broke(broke, scene, out));
        over.expect("a connection that is over ends the stream")
    }

    /// Sends `wire` in pieces, and ends it.
    fn play(&mut self, plan: &Plan, rng: &mut fastrand::Rng) -> Over {
        let mut decoder = Decoder::new()
            .dispatch_unfinished(self.rules.dispatches_unfinished())
            .bare_names(self.rules.counts_bare_names());
        let wire = plan.wire();
        let mut rest = wire.as_slice();
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rng.usize(1..=rest.len().min(40)));
            decoder.feed(Bytes::copy_from_slice(chunk));
            while let Some(frame) = decoder.next_frame().unwrap() {
                if let Some(over) = self.frame(frame) {
                    return over;
                }
            }
            rest = after;
        }
        let lost = || TransportError::new(TransportPhase::Body, "reset");
        match plan.stop {
            Stop::Lost => self.broke(Broke::Lost(Error::transport(lost()))),
            Stop::Silent => self.broke(Broke::Idle(Duration::from_secs(600))),
            Stop::Eof => {
                while let Some(frame) = decoder.finish().unwrap() {
                    if let Some(over) = self.frame(frame) {
                        return over;
                    }
                }
                self.broke(Broke::Eof)
            }
        }
    }

    fn items(&mut self) -> Vec<String> {
        let mut items = Vec::new();
        while let Some((item, cursor)) = self.out.pop() {
            assert_eq!(cursor, None, "events have no positions");
            items.push(shown(&item.unwrap()));
        }
        items
    }
}

#[test]
fn no_schedule_loses_or_repeats_anything_and_each_one_ends_as_it_must() {
    for seed in 0..5_000 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let plan = Plan::draw(&mut rng);
        let mut stage = Stage::new();
        assert!(matches!(stage.rules.open(), Open::Sse(_)));
        let over = stage.play(&plan, &mut rng);
        assert_eq!(
            (stage.items(), over),
            plan.expected(),
            "seed {seed}: {plan:?}"
        );
    }
}

#[test]
fn what_can_not_be_opened_is_told_as_it_is() {
    for error in [
        Error::new(ErrorKind::Api, "Stream request failed: Not Found"),
        Error::new(ErrorKind::Transport, "Stream request failed: reset"),
        Error::new(ErrorKind::InvalidArgument, "tag"),
    ] {
        let expected = Over::Error(error.kind(), error.class());
        assert_eq!(Stage::new().broke(Broke::Refused(error)), expected);
    }
}

/// The head of an answer; only a transport can make one.
async fn head(reply: Reply) -> ResponseMeta {
    let transport = ScriptedTransport::new();
    transport.reply(reply);
    let config = MentioraConfig::server("k")
        .base_url("http://localhost")
        .http(HttpConfig::new().transport(transport.shared()));
    let files = MentioraClient::new(config).unwrap().files();
    files.download("f").with_response().await.unwrap().response
}

#[tokio::test]
async fn only_a_head_that_begins_an_event_stream_is_read_on() {
    let with = |status, kind: &str| Reply::status(status).header("content-type", kind);
    for (reply, text) in [
        (with(200, "text/event-stream"), None),
        (with(201, "Text/Event-Stream;charset=utf-8"), None),
        (
            Reply::status(200),
            Some("Expected text/event-stream but received: (none)"),
        ),
        (
            with(200, ""),
            Some("Expected text/event-stream but received: (none)"),
        ),
        (
            with(200, "text/plain"),
            Some("Expected text/event-stream but received: text/plain"),
        ),
        (
            with(204, "text/event-stream"),
            Some("Stream response has no body"),
        ),
        (
            with(205, "text/event-stream"),
            Some("Stream response has no body"),
        ),
        (
            with(204, "x"),
            Some("Expected text/event-stream but received: x"),
        ),
    ] {
        let head = head(reply).await;
        match (Stage::new().rules.opened(&head), text) {
            (Next::Read, None) => {}
            (Next::Fail(error), Some(text)) => {
                assert_eq!(error.message(), text);
                assert_eq!(error.status(), Some(head.status.as_u16()));
                assert_eq!(error.class(), ErrorClass::Network);
            }
            (next, text) => panic!("{head:?}: {next:?}, not {text:?}"),
        }
    }
}
