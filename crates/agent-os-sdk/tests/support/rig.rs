//! What the tests of this crate share: a client without a network, and answers.

#![allow(dead_code, reason = "each program of tests takes what it needs")]

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use agent_os_sdk::{AgentOsClient, ClientOptions, HttpConfig};
use serde_json::{Value, json};

/// The client's token; every planted secret of the tests holds it.
pub(crate) const SECRET: &str = "s3cr3t-token-value";

/// A client with a path prefix in its base URL.
pub(crate) fn with(transport: &ScriptedTransport, options: ClientOptions) -> AgentOsClient {
    let options = options.http(HttpConfig::new().transport(transport.shared()));
    AgentOsClient::with_options("http://127.0.0.1:1/gw/", options).unwrap()
}

pub(crate) fn client(transport: &ScriptedTransport) -> AgentOsClient {
    with(transport, ClientOptions::new().token(SECRET))
}

/// Every request is answered alike.
pub(crate) fn always(reply: impl Fn() -> Reply + Send + Sync + 'static) -> ScriptedTransport {
    let transport = ScriptedTransport::new();
    transport.reply_with(move |_| reply());
    transport
}

pub(crate) fn agent() -> Value {
    json!({"id": "ag_1", "name": "a"})
}

pub(crate) fn run() -> Value {
    json!({"run_id": "run_1", "status": "pending", "created_at": "t"})
}

/// A credential that leads to a Chatwoot.
pub(crate) fn credential() -> Reply {
    Reply::json(&json!({
        "id": "cr", "values": {"api_access_token": "cw-s3cr3t"}, "publicConfig": {"url": "http://127.0.0.1:7/", "account_id": 3},
    }))
}

/// A frame of a run's events.
pub(crate) fn event(seq: u64, kind: &str) -> String {
    let data = json!({"seq": seq, "type": kind, "timestamp": "t"});
    format!("id: {seq}\nevent: run_event\ndata: {data}\n\n")
}

pub(crate) fn header<'a>(request: &'a RecordedRequest, name: &str) -> Option<&'a str> {
    request
        .headers
        .get(name)
        .map(|value| value.to_str().unwrap())
}
