//! Plays the driver for one set of rules, event by event.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use agent_core::sdk::{Broke, Follow, Next, Open, Out, Response, Scene};
use agent_core::sse::Decoder;
use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::transport::{TransportError, TransportPhase};
use agent_core::{Error, ErrorKind, HttpConfig, ResponseMeta, Resume, RetryPolicy, SeededAmbient};
use bytes::Bytes;
use serde_json::json;

use crate::events::CommonEvent;
use crate::follow::Subscription;
use crate::{Client, ClientOptions};

/// What a caller got: numbers of events, and errors by the mark in their message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Got {
    Event(u64),
    Malformed(String),
}

/// One entry of a run's history.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    Event(u64),
    Completed(u64),
    Malformed(usize),
}

impl Entry {
    pub(super) fn text(&self) -> String {
        let ts = "2026-04-16T12:00:00Z";
        let json = match self {
            Self::Event(seq) => json!({"seq": seq, "ts": ts,
                "data": {"type": "turn.started", "turn_id": format!("turn-{seq}")}}),
            Self::Completed(seq) => {
                json!({"seq": seq, "ts": ts, "data": {"type": "session.completed", "exit_code": 0}})
            }
            // The mark is its type, which the error's message names.
            Self::Malformed(mark) => json!({"ts": 7, "data": {"type": format!("mark-{mark}")}}),
        };
        format!("data: {json}\n\n")
    }

    pub(super) fn got(&self) -> Got {
        match self {
            Self::Event(seq) | Self::Completed(seq) => Got::Event(*seq),
            Self::Malformed(mark) => Got::Malformed(format!("mark-{mark}")),
        }
    }
}

/// The head of an answer; only a transport can make one.
pub(super) fn head(content_type: &str) -> ResponseMeta {
    static HEAD: OnceLock<ResponseMeta> = OnceLock::new();
    let mut head = HEAD.get_or_init(any_head).clone();
    head.headers
        .insert("content-type", content_type.parse().unwrap());
    head
}

pub(super) fn any_head() -> ResponseMeta {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::json(&json!({"status": "ok"})));
    let http = HttpConfig::new()
        .transport(transport.shared())
        .retry(RetryPolicy::none());
    let client = Client::with_options("http://localhost", ClientOptions::new().http(http)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let health = runtime.block_on(async { client.health().with_response().await });
    health.unwrap().response
}

/// Plays the driver for one set of rules.
pub(super) struct Stage {
    pub(super) rules: Subscription,
    pub(super) out: Out<CommonEvent>,
    pub(super) ambient: SeededAmbient,
    pub(super) head: ResponseMeta,
    pub(super) got: Vec<Got>,
    pub(super) connected: Option<Duration>,
}

impl Stage {
    pub(super) fn new(resume: Resume, seed: u64) -> Self {
        Self {
            rules: Subscription::new("run_1".to_owned(), resume),
            out: Out::default(),
            ambient: SeededAmbient::new(seed, SystemTime::UNIX_EPOCH),
            head: head("text/event-stream"),
            got: Vec::new(),
            connected: None,
        }
    }

    pub(super) fn collect(&mut self) {
        while let Some((item, _)) = self.out.pop() {
            self.got.push(match item {
                Ok(event) => Got::Event(event.seq),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Decode);
                    let mark = error.message().split(['(', ')']).nth(1).unwrap();
                    Got::Malformed(mark.to_owned())
                }
            });
        }
    }

    pub(super) fn open(&mut self) {
        assert!(matches!(self.rules.open(), Open::Sse(_)));
        let next = self.rules.opened(&self.head);
        assert!(matches!(next, Next::Read), "{next:?}");
        self.connected = Some(Duration::from_secs(1));
    }

    pub(super) fn feed(&mut self, decoder: &mut Decoder, bytes: Bytes) -> Next {
        decoder.feed(bytes);
        self.drain(decoder)
    }

    pub(super) fn drain(&mut self, decoder: &mut Decoder) -> Next {
        while let Some(frame) = decoder.next_frame().unwrap() {
            let scene = scene(&self.ambient, self.connected);
            let next = self.rules.frame(frame, &scene, &mut self.out);
            if !matches!(next, Next::Read) {
                return next;
            }
        }
        self.collect();
        Next::Read
    }

    pub(super) fn broke(&mut self, broke: Broke) -> Next {
        let scene = scene(&self.ambient, self.connected);
        self.rules.broke(broke, &scene, &mut self.out)
    }

    pub(super) fn answer(&mut self, status: Option<&str>) -> Next {
        let answer = match status {
            None => Err(Error::new(ErrorKind::Transport, "no answer")),
            Some(status) => Ok(Response {
                operation: "runs.get_status",
                meta: self.head.clone(),
                body: json!({"run_id": "run_1", "status": status})
                    .to_string()
                    .into(),
            }),
        };
        let scene = scene(&self.ambient, self.connected);
        self.rules.answer(answer, &scene, &mut self.out)
    }
}

pub(super) fn scene(ambient: &SeededAmbient, connected: Option<Duration>) -> Scene<'_> {
    let idle = Some(Duration::from_secs(120));
    Scene::fixed(Duration::ZERO, connected, idle, ambient)
}

pub(super) fn lost() -> Broke {
    Broke::Lost(Error::transport(TransportError::new(
        TransportPhase::Body,
        "reset",
    )))
}
