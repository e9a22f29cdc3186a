//! What the tests share: clients on scripted transports, and every operation as a call.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::future::IntoFuture;

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use agentrouter_sdk::agent_core::BoxFuture;
use agentrouter_sdk::{
    AgentRouterClient, AgentRouterOptions, CreateRunRequest, Error, ErrorExt, HttpConfig,
    ListRunEventsQuery, ListRunsQuery, Resume, RetryPolicy, RunActionDecisionRequest, Sent,
    StreamRunOptions,
};
use serde_json::{Value, json};

pub(crate) const BASE: &str = "http://localhost:1";
pub(crate) const KEY: &str = "planted-api-key";
pub(crate) const DEFAULT_HEADER: &str = "planted-header";

pub(crate) fn options(transport: &ScriptedTransport) -> AgentRouterOptions {
    AgentRouterOptions::new(KEY)
        .base_url(BASE)
        .http(http(transport))
}

pub(crate) fn http(transport: &ScriptedTransport) -> HttpConfig {
    HttpConfig::new().transport(transport.shared())
}

/// With the defaults: retries and resuming.
pub(crate) fn client(transport: &ScriptedTransport) -> AgentRouterClient {
    AgentRouterClient::new(options(transport)).unwrap()
}

/// As the vendor's client: neither.
pub(crate) fn plain(transport: &ScriptedTransport) -> AgentRouterClient {
    let http = http(transport)
        .retry(RetryPolicy::none())
        .resume(Resume::never());
    AgentRouterClient::new(options(transport).http(http)).unwrap()
}

pub(crate) fn run(id: &str, status: &str, last: u64) -> Value {
    json!({
        "id": id, "status": status, "runtime": {"kind": "codex", "mode": "default"}, "task": "t",
        "input": {"task": "t"}, "lastEventSeq": last, "conversationId": id, "queuedAt": "2026-01-01T00:00:00.000Z",
    })
}

pub(crate) fn event(sequence: u64, kind: &str) -> Value {
    json!({
        "runId": "run_1", "sequence": sequence, "type": kind, "source": "worker", "visibility": "public",
        "payload": {"text": format!("text {sequence}"), "summary": format!("step {sequence}")},
        "isTruncated": false, "createdAt": "2026-01-01T00:00:00.000Z",
    })
}

pub(crate) fn page(events: &[Value]) -> Value {
    let next = events
        .last()
        .map_or(json!(0), |event| event["sequence"].clone());
    json!({"items": events, "nextAfterSeq": next})
}

pub(crate) fn session(id: &str, status: &str, last: u64) -> Value {
    json!({
        "run": run(id, status, last), "eventCursor": {"lastEventSeq": last}, "response": {"text": "done", "parts": []},
        "artifactManifest": {"status": "missing"}, "artifacts": {"items": []},
    })
}

/// `METHOD path?query` of every request.
pub(crate) fn lines(transport: &ScriptedTransport) -> Vec<String> {
    transport.requests().iter().map(line).collect()
}

pub(crate) fn line(request: &RecordedRequest) -> String {
    let query = request.uri.query().map(|query| format!("?{query}"));
    format!(
        "{} {}{}",
        request.method,
        request.uri.path(),
        query.unwrap_or_default()
    )
}

/// One operation as a call with usual arguments.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) call: fn(&AgentRouterClient) -> BoxFuture<'static, Result<(), Error>>,
    /// A good answer.
    pub(crate) answer: fn() -> Value,
}

impl Operation {
    pub(crate) fn is_stream(&self) -> bool {
        self.name == "stream_run"
    }
}

pub(crate) fn unit<T: Send + 'static>(
    call: impl IntoFuture<Output = Result<T, Error>, IntoFuture: Send + 'static>,
) -> BoxFuture<'static, Result<(), Error>> {
    let future = call.into_future();
    Box::pin(async move { future.await.map(drop) })
}

fn decision() -> RunActionDecisionRequest {
    RunActionDecisionRequest::new("run_1", "action_1", "sha256:abc").reason("why")
}

/// Every operation of the table. `create_run` has a key, so that it may be repeated.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "create_run",
        call: |c| unit(c.create_run(CreateRunRequest::new("t").idempotency_key("k"))),
        answer: || run("run_1", "queued", 0),
    },
    Operation {
        name: "list_runs",
        call: |c| unit(c.list_runs(ListRunsQuery::new().limit(3))),
        answer: || json!({"items": []}),
    },
    Operation {
        name: "get_run",
        call: |c| unit(c.get_run("run_1")),
        answer: || run("run_1", "queued", 0),
    },
    Operation {
        name: "get_run_session",
        call: |c| unit(c.get_run_session("run_1")),
        answer: || session("run_1", "completed", 0),
    },
    Operation {
        name: "list_run_events",
        call: |c| unit(c.list_run_events("run_1", ListRunEventsQuery::new().after_seq(0))),
        answer: || page(&[]),
    },
    Operation {
        name: "stream_run",
        call: |c| {
            let mut events = c.stream_run("run_1", StreamRunOptions::new());
            Box::pin(async move { events.next().await.map_or(Ok(()), |item| item.map(drop)) })
        },
        answer: || Value::Null,
    },
    Operation {
        name: "cancel_run",
        call: |c| unit(c.cancel_run("run_1")),
        answer: || run("run_1", "cancelling", 0),
    },
    Operation {
        name: "approve_run_action",
        call: |c| unit(c.approve_run_action(decision())),
        answer: || event(7, "approval.decided"),
    },
    Operation {
        name: "deny_run_action",
        call: |c| unit(c.deny_run_action(decision())),
        answer: || event(7, "approval.decided"),
    },
    Operation {
        name: "continue_run",
        call: |c| unit(c.continue_run("run_1", "more")),
        answer: || json!({"runId": "run_2", "turnNumber": 2, "conversationId": "run_1"}),
    },
    Operation {
        name: "get_run_turns",
        call: |c| unit(c.get_run_turns("run_1")),
        answer: || json!({"conversationId": "run_1", "items": []}),
    },
    Operation {
        name: "close_run",
        call: |c| unit(c.close_run("run_1")),
        answer: || json!({"closed": true, "conversationId": "run_1", "reclaimed": true}),
    },
    Operation {
        name: "list_run_artifacts",
        call: |c| unit(c.list_run_artifacts("run_1")),
        answer: || json!({"items": []}),
    },
    Operation {
        name: "download_artifact",
        call: |c| unit(c.download_artifact("run_1", "artifact_1")),
        answer: || json!("bytes"),
    },
];

pub(crate) type MakeReply = fn() -> Reply;

/// How an exchange fails, whether that is passing, what is known of the request, and whether it lies in the body.
pub(crate) const FAILURES: &[(&str, MakeReply, bool, Sent, bool)] = &[
    ("no connection", Reply::refused, true, Sent::Never, false),
    ("broken", Reply::broken, true, Sent::Maybe, false),
    ("silent", Reply::silence, true, Sent::Maybe, false),
    ("429", || Reply::status(429), true, Sent::Yes, false),
    (
        "429, later",
        || Reply::status(429).header("retry-after", "2"),
        true,
        Sent::Yes,
        false,
    ),
    (
        "429, much later",
        || Reply::status(429).header("retry-after", "61"),
        false,
        Sent::Yes,
        false,
    ),
    ("500", || Reply::status(500), true, Sent::Yes, false),
    ("503", || Reply::status(503), true, Sent::Yes, false),
    ("400", || Reply::status(400), false, Sent::Yes, false),
    ("404", || Reply::status(404), false, Sent::Yes, false),
    ("409", || Reply::status(409), false, Sent::Yes, false),
    ("501", || Reply::status(501), false, Sent::Yes, false),
    (
        "cut",
        || Reply::json(&json!({})).chunk("{").lost(),
        true,
        Sent::Yes,
        true,
    ),
    ("empty", || Reply::status(200), false, Sent::Yes, true),
    (
        "HTML",
        || Reply::status(200).chunk("<html>"),
        false,
        Sent::Yes,
        true,
    ),
];

#[track_caller]
pub(crate) fn no_secret(text: &str, place: &str) {
    assert!(!text.contains("planted"), "{place}: {text}");
}

/// An error with all that is behind it.
pub(crate) fn all_of(error: &Error) -> String {
    let mut text = format!(
        "{error}\n{error:?}\n{error:#?}\n{:?}\n{:?}",
        error.details(),
        error.run_id()
    );
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.extend([format!("\n{cause}\n{cause:?}")]);
        source = cause.source();
    }
    text
}

pub(crate) fn planted(transport: &ScriptedTransport) -> AgentRouterClient {
    let options = options(transport).default_header("x-workspace", DEFAULT_HEADER);
    no_secret(&format!("{options:?}"), "options");
    let client = AgentRouterClient::new(options).unwrap();
    no_secret(&format!("{client:?}"), "client");
    client
}
