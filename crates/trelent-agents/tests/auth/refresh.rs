//! Tokens that the API refuses, and those that users ask for.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use agent_core::testing::{Reply, ScriptedTransport};
use serde_json::{Value, json};
use trelent_agents::{
    ApiErrorClass, Client, ClientOptions, ErrorExt, ErrorKind, Sent, TokenRequest,
};

use crate::rig::{self, OPERATIONS, authenticated, healthy};
use crate::server::{ALL, asked, bearers, is_exchange, numbered, server};

#[tokio::test(start_paused = true)]
async fn a_token_that_a_user_asks_for_neither_reads_nor_fills_the_cache() {
    let transport = numbered(3600);
    let client = authenticated(&transport);
    let request = TokenRequest::new("other", "planted", ALL);
    // The answer of `tokens.create` needs all its fields.
    let error = client.tokens().create(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    client.sandboxes().list().await.unwrap();
    client.tokens().create(&request).await.unwrap_err();
    client.sandboxes().list().await.unwrap();
    assert_eq!(bearers(&transport), ["Bearer t1", "Bearer t1"]);
    assert_eq!(asked(&transport).len(), 3);
    let body: Value = serde_json::from_slice(&transport.requests()[0].body).unwrap();
    assert_eq!(body, serde_json::to_value(&request).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_a_user_asks_for_is_refused_like_any_call() {
    for (status, message, class) in [
        (401, "HTTP 401: no", ApiErrorClass::Api),
        (404, "HTTP 404: no", ApiErrorClass::NotFound),
        (422, "HTTP 422: no", ApiErrorClass::Validation),
    ] {
        let transport =
            server(move |_| Reply::status(status).chunk(json!({"detail": "no"}).to_string()));
        let request = TokenRequest::new("id", "secret", "scope");
        let error = rig::anonymous(&transport)
            .tokens()
            .create(&request)
            .await
            .unwrap_err();
        assert_eq!(error.message(), message);
        assert_eq!(error.api_class(), Some(class));
        assert_eq!(error.sent(), Sent::Yes);
        assert_eq!(error.operation(), "tokens.create");
    }
}

/// Tokens `t0`, `t1` …; the API refuses those in `revoked`.
fn revoking(revoked: &'static [&'static str]) -> (ScriptedTransport, Arc<Mutex<Vec<String>>>) {
    let count = AtomicUsize::new(0);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let record = Arc::clone(&seen);
    let transport = ScriptedTransport::new();
    transport.reply_with(move |request| {
        if is_exchange(request) {
            let n = count.fetch_add(1, Ordering::SeqCst);
            return Reply::json(&json!({"access_token": format!("t{n}"), "expires_in": 3600}));
        }
        let bearer = request.headers["authorization"].to_str().unwrap();
        let token = bearer.strip_prefix("Bearer ").unwrap();
        record.lock().unwrap().push(token.to_owned());
        if record.lock().unwrap().len() > 1 && revoked.contains(&token) {
            return Reply::status(401);
        }
        OPERATIONS
            .iter()
            .find(|op| op.is(request))
            .map_or_else(|| healthy(request), rig::Operation::good)
    });
    (transport, seen)
}

#[tokio::test(start_paused = true)]
async fn a_refused_cached_token_is_replaced_and_the_call_repeated_once_for_every_operation() {
    for op in OPERATIONS {
        if matches!(op.name, "health" | "tokens.create") {
            continue;
        }
        // The first request fills the cache.
        let (transport, seen) = revoking(&["t0"]);
        let client = authenticated(&transport);
        client.runs().get_status("run_1").await.unwrap();
        (op.call)(client.clone()).await.unwrap();
        let mut tokens = vec!["t0", "t0", "t1"];
        if op.name == "run.fork" {
            tokens.push("t1");
        }
        assert_eq!(*seen.lock().unwrap(), tokens, "{}", op.name);

        let (transport, seen) = revoking(&["t0", "t1", "t2"]);
        let client = authenticated(&transport);
        client.runs().get_status("run_1").await.unwrap();
        let error = (op.call)(client.clone()).await.unwrap_err();
        assert_eq!(error.status(), Some(401), "{}", op.name);
        assert_eq!(error.sent(), Sent::Yes, "{}", op.name);
        assert_eq!(
            *seen.lock().unwrap(),
            ["t0", "t0", "t1"],
            "{}: once",
            op.name
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_401_to_a_token_minted_for_the_call_is_the_calls_error() {
    for op in OPERATIONS {
        if matches!(op.name, "health" | "tokens.create" | "run.fork") {
            continue;
        }
        let transport = op.failing(|_| Reply::status(401));
        let error = (op.call)(authenticated(&transport)).await.unwrap_err();
        assert_eq!(error.status(), Some(401), "{}", op.name);
        assert_eq!(op.requests(&transport).len(), 1, "{}", op.name);
        assert_eq!(asked(&transport).len(), 1, "{}", op.name);
    }
}

#[tokio::test(start_paused = true)]
async fn one_credential_without_the_other_is_refused_when_the_client_is_built() {
    for options in [
        ClientOptions::new().client_id("planted"),
        ClientOptions::new().client_secret("planted"),
        ClientOptions::new().client_id(""),
        ClientOptions::new().client_secret("").scope("s"),
    ] {
        let error = Client::with_options(rig::BASE, options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(
            error.message(),
            "client_id and client_secret must both be provided together"
        );
    }
}
