//! Every call ends within its limits.

use std::time::Duration;

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use tokio::time::Instant;
use trelent_agents::agent_core::TimeoutPhase;
use trelent_agents::{Client, ClientOptions, CreateRunOptions, ErrorKind, Limit, RetryPolicy};

use crate::rig::{
    self, BASE, MakeReply, OPERATIONS, anonymous, authenticated, run_json, without_retries,
};

#[tokio::test(start_paused = true)]
async fn every_operation_ends_within_its_limit() {
    for op in OPERATIONS {
        let hangs: [(&str, MakeReply); 2] = [
            ("no head", Reply::silence),
            ("no body", || Reply::status(200).chunk("{").open()),
        ];
        for (name, reply) in hangs {
            if op.is_stream() && name == "no body" {
                continue;
            }
            let transport = op.failing(move |_| reply());
            let start = Instant::now();
            let error = (op.call)(without_retries(&transport)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout, "{}: {name}", op.name);
            assert_eq!(
                start.elapsed(),
                Duration::from_secs(10),
                "{}: {name}",
                op.name
            );

            let http = rig::http(&transport).retry(RetryPolicy::none());
            let options = ClientOptions::new()
                .timeout(Duration::from_secs(3))
                .http(http);
            let start = Instant::now();
            (op.call)(Client::with_options(BASE, options).unwrap())
                .await
                .unwrap_err();
            assert_eq!(
                start.elapsed(),
                Duration::from_secs(3),
                "{}: {name}",
                op.name
            );
        }
        // A head that comes drop by drop: only a total limit ends many slow attempts.
        let transport = op.failing(|_| Reply::status(503).delay(Duration::from_secs(4)));
        let http = rig::http(&transport).total_timeout(Duration::from_secs(6));
        let client = Client::with_options(BASE, ClientOptions::new().http(http)).unwrap();
        let start = Instant::now();
        (op.call)(client).await.unwrap_err();
        // A stream has no total limit.
        let most = if op.is_stream() { 20 } else { 6 };
        assert!(start.elapsed() <= Duration::from_secs(most), "{}", op.name);
    }
}

#[tokio::test(start_paused = true)]
async fn one_deadline_covers_token_exchange_retries_and_waits() {
    let slow_token = |request: &RecordedRequest| {
        if request.uri.path() == "/token" {
            Reply::json(&rig::token_json()).delay(Duration::from_secs(8))
        } else {
            Reply::silence()
        }
    };
    let transport = ScriptedTransport::new();
    transport.reply_with(slow_token);
    let start = Instant::now();
    let call = authenticated(&transport)
        .runs()
        .get("run_1")
        .total_timeout(Duration::from_secs(9));
    let error = call.await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(9));
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    assert_eq!(transport.open_exchanges(), 0);
    // Without a total limit each exchange has the limit of one.
    let start = Instant::now();
    let call = without_retries(&transport).runs().get("run_1");
    let error = call.await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(18));
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Attempt));
}

#[tokio::test(start_paused = true)]
async fn a_calls_own_limit_lowers_the_clients_or_lifts_it() {
    call_with_limits(&[
        (Limit::After(Duration::from_secs(2)), Some(2)),
        (Limit::Off, None),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_calls_own_limit_raises_the_clients() {
    call_with_limits(&[(Limit::After(Duration::from_secs(60)), Some(60))]).await;
}

/// Limits of a call whose answer takes 100 s, and when it ends.
async fn call_with_limits(limits: &[(Limit, Option<u64>)]) {
    for (limit, expected) in limits {
        let transport = ScriptedTransport::new();
        transport.reply_with(|_| {
            Reply::json(&run_json("run_1", "pending")).delay(Duration::from_secs(100))
        });
        let start = Instant::now();
        let call = anonymous(&transport)
            .runs()
            .create(CreateRunOptions::new("image", "large"))
            .timeout(*limit);
        let result = call.await;
        assert_eq!(result.is_ok(), expected.is_none(), "{limit:?}");
        let elapsed = start.elapsed().as_secs();
        assert_eq!(elapsed, expected.unwrap_or(100), "{limit:?}");
    }
}
