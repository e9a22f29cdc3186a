//! A server on virtual time, and what every test does with it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use agentrouter_sdk::{
    AgentRouterClient, AgentRunStream, End, Error, EventStream, RunEvent, StreamAgentCreateRequest,
    stream_agent,
};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::rig::{event, page, run, session};

pub(crate) const MS: fn(u64) -> Duration = Duration::from_millis;

/// A server whose run has these events, each from its time on, and is over at another.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) transport: ScriptedTransport,
    events: Arc<Mutex<Vec<(Instant, Value)>>>,
    over: Arc<Mutex<Option<(Instant, &'static str)>>>,
}

impl Server {
    pub(crate) fn new() -> Self {
        let this = Self {
            transport: ScriptedTransport::new(),
            events: Arc::default(),
            over: Arc::default(),
        };
        let server = this.clone();
        this.transport.reply_with(move |request| {
            let now = Instant::now();
            let events = server.events.lock().unwrap();
            let there: Vec<Value> = events
                .iter()
                .filter(|(at, _)| *at <= now)
                .map(|(_, e)| e.clone())
                .collect();
            let last = there
                .last()
                .map_or(0, |event| event["sequence"].as_u64().unwrap());
            let over = server.over.lock().unwrap().filter(|(at, _)| *at <= now);
            let status = over.map_or("running", |(_, status)| status);
            match request.uri.path() {
                path if path.ends_with("/events") => {
                    let query = request.uri.query().unwrap();
                    let after: u64 = query
                        .strip_prefix("afterSeq=")
                        .unwrap()
                        .split('&')
                        .next()
                        .unwrap()
                        .parse()
                        .unwrap();
                    let new = there
                        .into_iter()
                        .filter(|event| event["sequence"].as_u64().unwrap() > after);
                    Reply::json(&page(&new.take(500).collect::<Vec<_>>()))
                }
                path if path.ends_with("/session") => Reply::json(&session("run_1", status, last)),
                path if path.ends_with("/messages") => Reply::json(
                    &json!({"runId": "run_1", "turnNumber": 2, "conversationId": "run_0"}),
                ),
                _ => Reply::json(&run("run_1", status, last)),
            }
        });
        this
    }

    pub(crate) fn event(&self, after: Duration, sequence: u64, kind: &str) -> &Self {
        self.events
            .lock()
            .unwrap()
            .push((Instant::now() + after, event(sequence, kind)));
        self
    }

    pub(crate) fn over(&self, after: Duration, status: &'static str) -> &Self {
        *self.over.lock().unwrap() = Some((Instant::now() + after, status));
        self
    }

    pub(crate) fn requests(&self) -> usize {
        self.transport.requests().len()
    }
}

pub(crate) async fn started(
    client: &AgentRouterClient,
    request: StreamAgentCreateRequest,
) -> AgentRunStream {
    stream_agent(client, request).await.unwrap()
}

pub(crate) fn request() -> StreamAgentCreateRequest {
    StreamAgentCreateRequest::new("t")
}

pub(crate) async fn drain<T>(mut stream: EventStream<T>) -> (Vec<T>, Option<Error>, Option<End>) {
    let mut items = Vec::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(item) => items.push(item),
            Err(error) => {
                assert!(stream.next().await.is_none(), "an error is the last item");
                return (items, Some(error), stream.end());
            }
        }
    }
    assert!(stream.next().await.is_none());
    (items, None, stream.end())
}

pub(crate) fn sequences(events: &[RunEvent]) -> Vec<u64> {
    events.iter().map(|event| event.sequence).collect()
}
