//! What the tests share: clients on a scripted transport, sample answers, and every operation as a row.
#![allow(dead_code, reason = "each test file uses its part")]

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use serde_json::{Value, json};
use trelent_agents::agent_core::{BoxFuture, SeededAmbient};
use trelent_agents::{
    Client, ClientOptions, CommonEvent, CreateRunOptions, Error, EventStream, HttpConfig,
    ResumeRunOptions, RetryPolicy, Run, TokenRequest,
};

pub(crate) const BASE: &str = "http://localhost:1";
pub(crate) const CLIENT_ID: &str = "planted-client-id";
pub(crate) const CLIENT_SECRET: &str = "planted-client-secret";
pub(crate) const TOKEN: &str = "planted-token";

/// Options that send through `transport`, with chance fixed.
pub(crate) fn options(transport: &ScriptedTransport) -> ClientOptions {
    ClientOptions::new().http(http(transport))
}

pub(crate) fn http(transport: &ScriptedTransport) -> HttpConfig {
    HttpConfig::new()
        .transport(transport.shared())
        .ambient(std::sync::Arc::new(SeededAmbient::new(
            7,
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000),
        )))
}

/// A client without credentials.
pub(crate) fn anonymous(transport: &ScriptedTransport) -> Client {
    Client::with_options(BASE, options(transport)).unwrap()
}

/// A client with credentials.
pub(crate) fn authenticated(transport: &ScriptedTransport) -> Client {
    let options = options(transport).credentials(CLIENT_ID, CLIENT_SECRET);
    Client::with_options(BASE, options).unwrap()
}

/// A client that repeats nothing.
pub(crate) fn without_retries(transport: &ScriptedTransport) -> Client {
    let http = http(transport).retry(RetryPolicy::none());
    let options = ClientOptions::new()
        .credentials(CLIENT_ID, CLIENT_SECRET)
        .http(http);
    Client::with_options(BASE, options).unwrap()
}

pub(crate) fn run_json(id: &str, status: &str) -> Value {
    json!({
        "run_id": id,
        "sandbox": "my-sandbox:latest",
        "harness": {"kind": "claude_code", "model": "claude-sonnet-4-6"},
        "parent_run_id": null,
        "prompt": "hi",
        "status": status,
        "created_at": "2026-04-16T12:00:00Z",
        "started_at": null,
        "completed_at": null,
        "result": null,
        "file_outputs": [],
        "error": null,
        "workflow_ids": {"infra": "wf-1", "agent": "wf-2"},
    })
}

pub(crate) fn status_json(status: &str) -> Value {
    json!({"run_id": "run_1", "status": status})
}

pub(crate) fn token_json() -> Value {
    json!({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600, "scope": "s"})
}

pub(crate) fn checkpoint_json() -> Value {
    json!({"checkpoint_id": "ck_1", "index": 0, "layer_sha": "sha256:1", "s3_path": "layers/1",
        "created_at": "2026-04-16T12:00:00Z"})
}

pub(crate) fn secret_json() -> Value {
    json!({"id": "sec_1", "name": "KEY", "provider": "aws", "created_at": "2026-04-16T12:00:00Z",
        "updated_at": "2026-04-16T12:00:00Z"})
}

/// A run at hand; takes one request.
pub(crate) async fn a_run(client: &Client) -> Result<Run, Error> {
    client.runs().get("run_1").await
}

/// Token, status and run, as a healthy server gives them.
pub(crate) fn healthy(request: &RecordedRequest) -> Reply {
    let path = request.uri.path();
    if path.ends_with("/token") {
        Reply::json(&token_json())
    } else if path.ends_with("/status") {
        Reply::json(&status_json("running"))
    } else {
        Reply::json(&run_json("run_1", "running"))
    }
}

/// `METHOD /path?query` of a request.
pub(crate) fn line(request: &RecordedRequest) -> String {
    let target = request
        .uri
        .path_and_query()
        .map_or("", http::uri::PathAndQuery::as_str);
    format!("{} {target}", request.method)
}

pub(crate) fn lines(transport: &ScriptedTransport) -> Vec<String> {
    transport.requests().iter().map(line).collect()
}

/// An answer, anew each time.
pub(crate) type MakeReply = fn() -> Reply;

/// One operation, and how a user calls it.
pub(crate) struct Operation {
    /// Its name in the table.
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    /// A good answer.
    pub(crate) answer: fn() -> Value,
    /// Calls it with the id `run_1`, the checkpoint `ck_1` or the secret `KEY`. A stream gives its first item.
    pub(crate) call: fn(Client) -> BoxFuture<'static, Result<(), Error>>,
}

impl Operation {
    pub(crate) fn is(&self, request: &RecordedRequest) -> bool {
        request.method.as_str() == self.method && request.uri.path() == self.path
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.name == "runs.subscribe"
    }

    /// The same with a transport that gives `reply` to this operation and is healthy otherwise.
    pub(crate) fn failing(
        &self,
        reply: impl Fn(usize) -> Reply + Send + Sync + 'static,
    ) -> ScriptedTransport {
        let transport = ScriptedTransport::new();
        let (method, path) = (self.method, self.path);
        let calls = std::sync::atomic::AtomicUsize::new(0);
        // What a fork needs first: the parent.
        transport.reply_with(move |request| {
            if request.method.as_str() == method && request.uri.path() == path {
                reply(calls.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
            } else {
                healthy(request)
            }
        });
        transport
    }

    /// The requests of this operation alone.
    pub(crate) fn requests(&self, transport: &ScriptedTransport) -> Vec<RecordedRequest> {
        let mut all = transport.requests();
        all.retain(|request| self.is(request));
        all
    }

    pub(crate) fn good(&self) -> Reply {
        if self.is_stream() {
            Reply::events().chunk(completed(0))
        } else {
            Reply::json(&(self.answer)())
        }
    }
}

fn unit<T: Send + 'static, F>(future: F) -> BoxFuture<'static, Result<(), Error>>
where
    F: IntoFuture<Output = Result<T, Error>>,
    F::IntoFuture: Send + 'static,
{
    let future = future.into_future();
    Box::pin(async move { future.await.map(drop) })
}

/// Every operation. `parity` checks that none of the crate's table is missing.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "health",
        method: "GET",
        path: "/health",
        answer: || json!({"status": "ok"}),
        call: |client| unit(client.health()),
    },
    Operation {
        name: "tokens.create",
        method: "POST",
        path: "/token",
        answer: token_json,
        call: |client| {
            let request = TokenRequest::new(CLIENT_ID, CLIENT_SECRET, "AgentOrchestrator:*");
            unit(client.tokens().create(&request))
        },
    },
    Operation {
        name: "sandboxes.list",
        method: "GET",
        path: "/sandboxes",
        answer: || json!([{"name": "my-sandbox", "tags": ["latest"]}]),
        call: |client| unit(client.sandboxes().list()),
    },
    Operation {
        name: "runs.create",
        method: "POST",
        path: "/runs",
        answer: || run_json("run_1", "pending"),
        call: |client| {
            unit(
                client
                    .runs()
                    .create(CreateRunOptions::new("image", "prompt")),
            )
        },
    },
    Operation {
        name: "runs.list",
        method: "GET",
        path: "/runs",
        answer: || json!([run_json("run_1", "pending")]),
        call: |client| unit(client.runs().list(None)),
    },
    Operation {
        name: "runs.get",
        method: "GET",
        path: "/runs/run_1",
        answer: || run_json("run_1", "pending"),
        call: |client| unit(client.runs().get("run_1")),
    },
    Operation {
        name: "runs.get_status",
        method: "GET",
        path: "/runs/run_1/status",
        answer: || status_json("running"),
        call: |client| unit(client.runs().get_status("run_1")),
    },
    Operation {
        name: "runs.cancel",
        method: "POST",
        path: "/runs/run_1/cancel",
        answer: || json!({"status": "cancelling"}),
        call: |client| unit(client.runs().cancel("run_1")),
    },
    Operation {
        name: "runs.get_checkpoint_chain",
        method: "GET",
        path: "/runs/run_1/checkpoint-chain",
        answer: || json!([checkpoint_json()]),
        call: |client| unit(client.runs().get_checkpoint_chain("run_1")),
    },
    Operation {
        name: "runs.get_checkpoint",
        method: "GET",
        path: "/runs/run_1/checkpoints/ck_1",
        answer: checkpoint_json,
        call: |client| unit(client.runs().get_checkpoint("run_1", "ck_1")),
    },
    Operation {
        name: "runs.subscribe",
        method: "GET",
        path: "/runs/run_1/events",
        answer: || json!({}),
        call: |client| {
            let mut events = client.runs().subscribe("run_1");
            Box::pin(async move {
                events
                    .next()
                    .await
                    .unwrap_or_else(|| panic!("no item"))
                    .map(drop)
            })
        },
    },
    Operation {
        name: "run.fork",
        method: "POST",
        path: "/runs/run_1/resume",
        answer: || run_json("run_2", "pending"),
        call: |client| {
            Box::pin(async move {
                let run = a_run(&client).await?;
                run.fork("go on", ResumeRunOptions::new()).await.map(drop)
            })
        },
    },
    Operation {
        name: "secrets.create",
        method: "POST",
        path: "/secrets",
        answer: secret_json,
        call: |client| unit(client.secrets().create("KEY", "planted-secret-value")),
    },
    Operation {
        name: "secrets.list",
        method: "GET",
        path: "/secrets",
        answer: || json!([secret_json()]),
        call: |client| unit(client.secrets().list()),
    },
    Operation {
        name: "secrets.get",
        method: "GET",
        path: "/secrets/KEY",
        answer: secret_json,
        call: |client| unit(client.secrets().get("KEY")),
    },
    Operation {
        name: "secrets.update",
        method: "PUT",
        path: "/secrets/KEY",
        answer: secret_json,
        call: |client| unit(client.secrets().update("KEY", "planted-secret-value")),
    },
    Operation {
        name: "secrets.delete",
        method: "DELETE",
        path: "/secrets/KEY",
        answer: || json!({"status": "deleted"}),
        call: |client| unit(client.secrets().delete("KEY")),
    },
];

/// An event as the server frames it.
pub(crate) fn framed(json: &Value) -> String {
    format!("data: {json}\n\n")
}

pub(crate) fn event_json(seq: u64) -> Value {
    json!({"seq": seq, "ts": "2026-04-16T12:00:00Z", "type": "message.delta", "data": {
        "type": "message.delta", "message_id": "m", "content_index": 0,
        "delta": {"type": "text", "text": format!("text {seq} é")}}})
}

pub(crate) fn event(seq: u64) -> String {
    framed(&event_json(seq))
}

pub(crate) fn completed(seq: u64) -> String {
    framed(&json!({"seq": seq, "ts": "2026-04-16T12:00:00Z",
        "data": {"type": "session.completed", "exit_code": 0}}))
}

/// An event that can not be read; its mark tells which.
pub(crate) fn malformed(mark: &str) -> String {
    framed(&json!({"seq": "none", "mark": mark, "data": {"type": mark}}))
}

/// The events `from..to` as text.
pub(crate) fn events(from: u64, to: u64) -> String {
    (from..to).map(event).collect()
}

/// The numbers of the events and the kinds of the errors, until the end. Panics when it takes too many items.
pub(crate) async fn drain(stream: &mut EventStream<CommonEvent>) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(item) = stream.next().await {
        all.push(match item {
            Ok(event) => event.seq.to_string(),
            Err(error) => format!("{:?}", error.kind()),
        });
        assert!(all.len() < 10_000, "it never ends");
    }
    assert!(stream.next().await.is_none(), "an end is for ever");
    all
}

/// Polls `future` once.
pub(crate) fn poll_once<F: Future + ?Sized>(future: Pin<&mut F>) -> std::task::Poll<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    future.poll(&mut context)
}
