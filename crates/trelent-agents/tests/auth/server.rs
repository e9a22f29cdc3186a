//! The server of these tests: it exchanges tokens by the scope that is asked for.

use std::sync::atomic::{AtomicUsize, Ordering};

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use serde_json::{Value, json};

use crate::rig::{self, OPERATIONS, healthy, token_json};

pub(crate) const ALL: &str = "AgentOrchestrator:*";

pub(crate) fn is_exchange(request: &RecordedRequest) -> bool {
    request.method == "POST" && request.uri.path() == "/token"
}

pub(crate) fn scope_of(request: &RecordedRequest) -> String {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    body["scope"].as_str().unwrap().to_owned()
}

/// The scopes that were asked for, in order.
pub(crate) fn asked(transport: &ScriptedTransport) -> Vec<String> {
    let requests = transport.requests();
    requests
        .iter()
        .filter(|request| is_exchange(request))
        .map(scope_of)
        .collect()
}

/// Exchanges are answered by `token` with the scope; every operation by a good answer.
pub(crate) fn server(token: impl Fn(&str) -> Reply + Send + Sync + 'static) -> ScriptedTransport {
    let transport = ScriptedTransport::new();
    transport.reply_with(move |request| {
        if is_exchange(request) {
            return token(&scope_of(request));
        }
        OPERATIONS
            .iter()
            .find(|op| op.is(request))
            .map_or_else(|| healthy(request), rig::Operation::good)
    });
    transport
}

pub(crate) fn granted() -> Reply {
    Reply::json(&token_json())
}

/// A token named after the number of the exchange, so that requests tell which one they used.
pub(crate) fn numbered(life: u64) -> ScriptedTransport {
    let count = AtomicUsize::new(0);
    server(move |_| {
        let n = count.fetch_add(1, Ordering::SeqCst);
        Reply::json(&json!({"access_token": format!("t{n}"), "expires_in": life}))
    })
}

pub(crate) fn bearers(transport: &ScriptedTransport) -> Vec<String> {
    let requests = transport.requests();
    requests
        .iter()
        .filter_map(|request| request.headers.get("authorization"))
        .map(|value| value.to_str().unwrap().to_owned())
        .collect()
}
