//! Which scopes are asked for, and what a refusal means.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use serde_json::{Value, json};
use trelent_agents::{ApiErrorClass, Client, ErrorExt, ErrorKind, RetryPolicy, Sent};

use crate::rig::{self, CLIENT_ID, CLIENT_SECRET, OPERATIONS, authenticated, lines};
use crate::server::{ALL, asked, bearers, granted, server};

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
