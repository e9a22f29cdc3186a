//! The retry budget: what keeps retries from multiplying the load on a server that is down.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{RetryPolicy, TimeoutPhase};
use serde_json::json;
use support::{client, client_with, get, secs};

#[tokio::test(start_paused = true)]
async fn a_server_that_always_fails_gets_at_most_a_fifth_more_than_was_asked() {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::status(503));
    let client = client_with(&wire, |http| {
        http.retry(RetryPolicy::default().max_retries(10))
    });
    for _ in 0..100 {
        assert_eq!(get(&client).await.unwrap_err().status(), Some(503));
    }
    assert_eq!(wire.requests().len(), 120, "100 calls and 20 retries");
    assert_eq!(client.retry_budget().available(), 0);
    let error = get(&client).await.unwrap_err();
    assert_eq!(error.attempts(), 1, "the budget is spent: {error}");
    assert!(error.is_retryable());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_half_the_time_gets_at_most_a_fifth_more() {
    let wire = ScriptedTransport::new();
    let client = client(&wire);
    let calls = 1000;
    for call in 0..calls {
        if call % 2 == 0 {
            wire.reply(Reply::json(&json!({})));
            get(&client).await.unwrap();
        } else {
            wire.reply_with(|_| Reply::status(503));
            get(&client).await.unwrap_err();
        }
    }
    let retries = wire.requests().len() - calls;
    assert!(retries <= 20 + calls / 5, "{retries} retries");
}

#[tokio::test(start_paused = true)]
async fn retries_after_a_time_limit_cost_double() {
    let rows = [
        (Reply::refused(), 90),
        (Reply::status(503), 90),
        (Reply::silence(), 80),
    ];
    for (reply, left) in rows {
        let wire = ScriptedTransport::new();
        wire.reply_with(move |_| reply.clone());
        let client = client(&wire);
        let error = get(&client).await.unwrap_err();
        let phase: Option<TimeoutPhase> = error.timeout_phase();
        assert_eq!(client.retry_budget().available(), left, "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_a_success_at_the_first_attempt_earns_and_never_beyond_full() {
    let wire = ScriptedTransport::new();
    let client = client(&wire);
    let ok = || Reply::json(&json!({}));

    wire.reply(ok());
    get(&client).await.unwrap();
    assert_eq!(client.retry_budget().available(), 100, "full stays full");

    wire.reply(Reply::status(503)).reply(ok());
    get(&client).await.unwrap();
    assert_eq!(
        client.retry_budget().available(),
        95,
        "a success after a retry earns nothing"
    );

    wire.reply(ok());
    get(&client).await.unwrap();
    assert_eq!(client.retry_budget().available(), 96);
}

#[tokio::test(start_paused = true)]
async fn a_budget_is_shared_by_clones_and_not_by_clients() {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::status(503));
    let (one, other) = (client(&wire), client(&wire));
    let clone = one.clone();
    for _ in 0..10 {
        let _ = get(&clone).await;
    }
    assert_eq!(one.retry_budget().available(), 0);
    assert_eq!(other.retry_budget().available(), 100);
    assert_eq!(get(&one).await.unwrap_err().attempts(), 1);
    assert_eq!(get(&other).await.unwrap_err().attempts(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_repeated_costs_nothing() {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::status(503).header("retry-after", "61"));
    let client = client(&wire);
    let _ = get(&client).await;
    let _ = support::create(&client).await;
    let _ = get(&client).retry(RetryPolicy::none()).await;
    let _ = get(&client).total_timeout(secs(1)).await;
    assert_eq!(client.retry_budget().available(), 100);
}

#[tokio::test(start_paused = true)]
async fn parallel_calls_never_overdraw_it() {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::status(503));
    let client = client(&wire);
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { get(&client).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap_err();
    }
    assert_eq!(wire.requests().len(), 220);
}
