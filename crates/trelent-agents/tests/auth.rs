//! Tokens: the ladder of scopes, the cache, expiry, and what a refused or failing exchange means.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use serde_json::{Value, json};
use trelent_agents::{
    ApiErrorClass, Client, ClientOptions, ErrorExt, ErrorKind, RetryPolicy, Sent, TokenRequest,
};

#[path = "support/rig.rs"]
mod rig;

use rig::{CLIENT_ID, CLIENT_SECRET, OPERATIONS, authenticated, healthy, lines, token_json};

const ALL: &str = "AgentOrchestrator:*";

fn is_exchange(request: &RecordedRequest) -> bool {
    request.method == "POST" && request.uri.path() == "/token"
}

fn scope_of(request: &RecordedRequest) -> String {
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    body["scope"].as_str().unwrap().to_owned()
}

/// The scopes that were asked for, in order.
fn asked(transport: &ScriptedTransport) -> Vec<String> {
    let requests = transport.requests();
    requests
        .iter()
        .filter(|request| is_exchange(request))
        .map(scope_of)
        .collect()
}

/// Exchanges are answered by `token` with the scope; every operation by a good answer.
fn server(token: impl Fn(&str) -> Reply + Send + Sync + 'static) -> ScriptedTransport {
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

fn granted() -> Reply {
    Reply::json(&token_json())
}

/// A token named after the number of the exchange, so that requests tell which one they used.
fn numbered(life: u64) -> ScriptedTransport {
    let count = AtomicUsize::new(0);
    server(move |_| {
        let n = count.fetch_add(1, Ordering::SeqCst);
        Reply::json(&json!({"access_token": format!("t{n}"), "expires_in": life}))
    })
}

fn bearers(transport: &ScriptedTransport) -> Vec<String> {
    let requests = transport.requests();
    requests
        .iter()
        .filter_map(|request| request.headers.get("authorization"))
        .map(|value| value.to_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn every_operation_climbs_its_own_ladder_from_the_broadest_scope() {
    for op in OPERATIONS {
        let row = trelent_agents::ops::TABLE
            .iter()
            .find(|row| row.op.name == op.name)
            .unwrap();
        let transport = server(|_| Reply::status(403).chunk("no"));
        let result = (op.call)(authenticated(&transport)).await;
        let Some((resource, action)) = row.scope else {
            // `tokens.create` is refused like any call, and is itself the exchange that was recorded.
            assert_eq!(
                asked(&transport).len(),
                usize::from(op.name == "tokens.create")
            );
            assert!(bearers(&transport).is_empty(), "{}", op.name);
            continue;
        };
        let error = result.unwrap_err();
        let mut ladder = vec![ALL.to_owned(), format!("AgentOrchestrator:{resource}:*")];
        // A fork needs its parent first, which fails at its own ladder.
        let action = if op.name == "run.fork" { "get" } else { action };
        ladder.push(format!("AgentOrchestrator:{resource}:{action}"));
        assert_eq!(asked(&transport), ladder, "{}", op.name);
        assert_eq!(error.status(), Some(403), "{}", op.name);
        assert_eq!(error.message(), "HTTP 403: Token request failed: no");
        assert_eq!(error.api_class(), Some(ApiErrorClass::Api));
        assert_eq!(
            error.sent(),
            Sent::Never,
            "{}: the call was not sent",
            op.name
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_fork_asks_for_the_scope_to_resume() {
    let transport = server(|scope| match scope {
        "AgentOrchestrator:runs:get" | "AgentOrchestrator:runs:resume" => {
            Reply::json(&json!({"access_token": scope, "expires_in": 3600}))
        }
        _ => Reply::status(403),
    });
    let op = OPERATIONS.iter().find(|op| op.name == "run.fork").unwrap();
    (op.call)(authenticated(&transport)).await.unwrap();
    assert_eq!(
        bearers(&transport),
        [
            "Bearer AgentOrchestrator:runs:get",
            "Bearer AgentOrchestrator:runs:resume"
        ]
    );
    // What was refused is remembered: the second ladder has one rung left.
    assert_eq!(asked(&transport).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn n_calls_cost_n_plus_one_requests() {
    let transport = server(|_| granted());
    let client = authenticated(&transport);
    let mut calls = 0;
    for op in OPERATIONS {
        (op.call)(client.clone()).await.unwrap();
        // The fork takes two.
        calls += if op.name == "run.fork" { 2 } else { 1 };
    }
    let exchanges = asked(&transport);
    // One of them is `tokens.create`, which a user called.
    assert_eq!(exchanges, [ALL, ALL]);
    assert_eq!(transport.requests().len(), calls + 1);
    let without = ["/health", "/token"];
    for request in transport.requests() {
        let bearer = request
            .headers
            .get("authorization")
            .map(|v| v.to_str().unwrap());
        if without.contains(&request.uri.path()) {
            assert_eq!(bearer, None, "{}", request.uri);
        } else {
            assert_eq!(bearer, Some("Bearer planted-token"), "{}", request.uri);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_exchange_sends_exactly_id_secret_and_scope() {
    let transport = server(|_| granted());
    authenticated(&transport).sandboxes().list().await.unwrap();
    let request = &transport.requests()[0];
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(
        body,
        json!({"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "scope": ALL})
    );
    assert_eq!(request.headers["content-type"], "application/json");
    assert!(!request.headers.contains_key("authorization"));
}

#[tokio::test(start_paused = true)]
async fn many_first_calls_at_once_cost_one_exchange() {
    let transport = server(|_| granted().delay(Duration::from_secs(1)));
    let client = authenticated(&transport);
    let calls: Vec<_> = (0..50)
        .map(|_| tokio::spawn(client.runs().get_status("run_1").into_future()))
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(asked(&transport), [ALL]);
    assert_eq!(transport.requests().len(), 51);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_it_waits_for_a_token_holds_up_nobody() {
    let transport = server(|_| granted().delay(Duration::from_secs(5)));
    let client = authenticated(&transport);
    // The first holds the lock and is dropped in the exchange; the second waits for the lock and is dropped.
    for _ in 0..2 {
        let call = client.runs().get_status("run_1").into_future();
        assert!(
            tokio::time::timeout(Duration::from_secs(1), call)
                .await
                .is_err()
        );
    }
    let (first, second) = (
        tokio::spawn(client.runs().get_status("run_1").into_future()),
        tokio::spawn(client.runs().get_status("run_1").into_future()),
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    first.abort();
    second.await.unwrap().unwrap();
    client.runs().get_status("run_1").await.unwrap();
    assert_eq!(transport.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_used_until_shortly_before_it_expires() {
    // (life, still used after, no longer used after), all in seconds: the last 30 s, or half of a short life.
    for (life, used, unused) in [(3600, 3569, 3570), (100, 69, 70), (60, 29, 30), (10, 4, 5)] {
        let transport = numbered(life);
        let client = authenticated(&transport);
        let status = || client.runs().get_status("run_1").into_future();
        status().await.unwrap();
        tokio::time::sleep(Duration::from_secs(used)).await;
        status().await.unwrap();
        assert_eq!(asked(&transport).len(), 1, "life {life}");
        tokio::time::sleep(Duration::from_secs(unused - used)).await;
        status().await.unwrap();
        assert_eq!(asked(&transport).len(), 2, "life {life}");
        assert_eq!(bearers(&transport), ["Bearer t0", "Bearer t0", "Bearer t1"]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_life_of_a_token_counts_from_when_the_exchange_was_started() {
    let transport = server(|_| {
        Reply::json(&json!({"access_token": "t", "expires_in": 100})).delay(Duration::from_secs(9))
    });
    let client = authenticated(&transport);
    client.runs().get_status("run_1").await.unwrap();
    tokio::time::sleep(Duration::from_secs(61)).await;
    client.runs().get_status("run_1").await.unwrap();
    assert_eq!(
        asked(&transport).len(),
        2,
        "70 s after the start only 30 are left"
    );
}

#[tokio::test(start_paused = true)]
async fn odd_token_bodies_are_a_token_for_one_call_or_a_decode_error() {
    let cached = [
        json!({"access_token": "t", "expires_in": 3600}),
        json!({"access_token": "t", "expires_in": "3600"}),
        json!({"access_token": "t", "expires_in": " 3600 "}),
        json!({"access_token": "t", "expires_in": 3600.5, "token_type": "mac", "x": [1]}),
    ];
    let once = [
        json!({"access_token": "t"}),
        json!({"access_token": "t", "expires_in": null}),
        json!({"access_token": "t", "expires_in": 0}),
        json!({"access_token": "t", "expires_in": -5}),
        json!({"access_token": "t", "expires_in": "-5"}),
        json!({"access_token": "t", "expires_in": "soon"}),
        json!({"access_token": "t", "expires_in": "NaN"}),
        json!({"access_token": "t", "expires_in": "inf"}),
        json!({"access_token": "t", "expires_in": 1e300}),
        json!({"access_token": "t", "expires_in": {}}),
        json!({"access_token": "t", "expires_in": true}),
    ];
    for (bodies, exchanges) in [(&cached[..], 1), (&once[..], 2)] {
        for body in bodies {
            let reply = Reply::json(body);
            let transport = server(move |_| reply.clone());
            let client = authenticated(&transport);
            for _ in 0..2 {
                client.runs().get_status("run_1").await.unwrap();
            }
            assert_eq!(asked(&transport).len(), exchanges, "{body}");
            assert_eq!(bearers(&transport), ["Bearer t", "Bearer t"], "{body}");
        }
    }
    for body in [
        "{}",
        r#"{"access_token":null,"expires_in":3600}"#,
        r#"{"access_token":7}"#,
        r#"["planted-token",3600]"#,
        r#""planted-token""#,
        r#"{"access_token":"planted\ntoken"}"#,
        "planted-token",
        "<html></html>",
        "",
    ] {
        let transport = server(move |_| Reply::status(200).chunk(body));
        let client = authenticated(&transport);
        let error = client.runs().get_status("run_1").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{body}: {error}");
        assert_eq!(error.operation(), "token", "{body}");
        assert_eq!(error.sent(), Sent::Never, "{body}");
        assert!(
            !format!("{error} {error:?}").contains("planted"),
            "{error:?}"
        );
        assert_eq!(lines(&transport), ["POST /token"], "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_endpoint_out_of_order_burns_no_scope() {
    let failures: [(&str, rig::MakeReply); 8] = [
        ("408", || Reply::status(408)),
        ("425", || Reply::status(425)),
        ("429", || Reply::status(429)),
        ("500", || Reply::status(500)),
        ("503", || Reply::status(503)),
        ("599", || Reply::status(599)),
        ("broken", Reply::broken),
        ("silent", Reply::silence),
    ];
    for (name, failure) in failures {
        let down = Arc::new(std::sync::atomic::AtomicBool::new(true));
        let switch = Arc::clone(&down);
        let transport = server(move |_| {
            if switch.load(Ordering::SeqCst) {
                failure()
            } else {
                granted()
            }
        });
        let client = rig::without_retries(&transport);
        let error = client.runs().get_status("run_1").await.unwrap_err();
        assert_eq!(error.sent(), Sent::Never, "{name}");
        assert_eq!(asked(&transport), [ALL], "{name}: not the next scope");
        down.store(false, Ordering::SeqCst);
        client.runs().get_status("run_1").await.unwrap();
        assert_eq!(asked(&transport), [ALL, ALL], "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_exchange_is_repeated_by_the_policy_of_its_call() {
    for (policy, exchanges) in [
        (RetryPolicy::default(), 3),
        (RetryPolicy::none(), 1),
        (RetryPolicy::default().max_retries(5), 6),
    ] {
        let transport = server(|_| Reply::status(503));
        let client = authenticated(&transport);
        // Also for a call that itself is never repeated.
        let call = client.runs().cancel("run_1").retry(policy.clone());
        let error = call.await.unwrap_err();
        assert_eq!(error.status(), Some(503));
        assert_eq!(asked(&transport), vec![ALL; exchanges], "{policy:?}");
        assert_eq!(error.sent(), Sent::Never);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_remembered_only_once_a_later_scope_was_granted() {
    // All refused: the next call tries them all again.
    let transport = server(|_| Reply::status(401).chunk("bad credentials"));
    let client = authenticated(&transport);
    for calls in 1..=2 {
        let error = client.sandboxes().list().await.unwrap_err();
        assert_eq!(
            error.message(),
            "HTTP 401: Token request failed: bad credentials"
        );
        assert_eq!(asked(&transport).len(), 3 * calls);
    }
    // The second granted: the first is not asked for again, also by another resource.
    let transport = server(|scope| match scope {
        ALL => Reply::status(403),
        "AgentOrchestrator:runs:*" => Reply::json(&json!({"access_token": "t", "expires_in": 40})),
        _ => granted(),
    });
    let client = authenticated(&transport);
    client.runs().get("run_1").await.unwrap();
    client.runs().get_status("run_1").await.unwrap();
    client.sandboxes().list().await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    client.runs().get("run_1").await.unwrap();
    assert_eq!(
        asked(&transport),
        [
            ALL,
            "AgentOrchestrator:runs:*",
            "AgentOrchestrator:sandboxes:*",
            "AgentOrchestrator:runs:*"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn every_status_of_400_but_three_is_a_refusal_with_the_text_of_the_last() {
    for status in [400, 401, 403, 404, 409, 422, 451, 499] {
        let transport = server(move |scope| Reply::status(status).chunk(format!("not {scope}")));
        let error = authenticated(&transport)
            .runs()
            .get("run_1")
            .await
            .unwrap_err();
        assert_eq!(
            error.message(),
            format!("HTTP {status}: Token request failed: not AgentOrchestrator:runs:get")
        );
        assert_eq!(error.kind(), ErrorKind::Api);
        assert_eq!(
            error.api_class(),
            Some(ApiErrorClass::Api),
            "also for 404 and 422"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_scope_of_the_users_own_is_the_only_one_and_an_empty_one_is_none() {
    let client = |transport: &ScriptedTransport, scope: &str| {
        let options = rig::options(transport)
            .credentials(CLIENT_ID, CLIENT_SECRET)
            .scope(scope);
        Client::with_options(rig::BASE, options).unwrap()
    };
    let transport = server(|_| granted());
    let own = client(&transport, "AgentOrchestrator:runs:list");
    own.sandboxes().list().await.unwrap();
    own.runs().get("run_1").await.unwrap();
    assert_eq!(asked(&transport), ["AgentOrchestrator:runs:list"]);

    let transport = server(|_| Reply::status(403).chunk("no"));
    let error = client(&transport, "mine")
        .sandboxes()
        .list()
        .await
        .unwrap_err();
    assert_eq!(asked(&transport), ["mine"], "no other is tried");
    assert_eq!(error.message(), "HTTP 403: Token request failed: no");

    let transport = server(|_| granted());
    client(&transport, "").sandboxes().list().await.unwrap();
    assert_eq!(asked(&transport), [ALL]);

    // Without credentials it has no effect.
    let transport = server(|_| granted());
    let options = rig::options(&transport).scope("mine");
    let anonymous = Client::with_options(rig::BASE, options).unwrap();
    anonymous.sandboxes().list().await.unwrap();
    assert_eq!(lines(&transport), ["GET /sandboxes"]);
}

#[tokio::test(start_paused = true)]
async fn empty_credentials_are_a_pair_and_are_sent() {
    let transport = server(|_| granted());
    let options = rig::options(&transport).credentials("", "");
    let client = Client::with_options(rig::BASE, options).unwrap();
    client.sandboxes().list().await.unwrap();
    let body: Value = serde_json::from_slice(&transport.requests()[0].body).unwrap();
    assert_eq!(
        body,
        json!({"client_id": "", "client_secret": "", "scope": ALL})
    );
}

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
async fn clones_and_runs_share_tokens_and_other_clients_do_not() {
    let transport = numbered(3600);
    let client = authenticated(&transport);
    let mut run = client.clone().runs().get("run_1").await.unwrap();
    run.refresh().await.unwrap();
    run.get_status().await.unwrap();
    assert_eq!(asked(&transport).len(), 1);
    authenticated(&transport).runs().get("run_1").await.unwrap();
    assert_eq!(asked(&transport).len(), 2);
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
