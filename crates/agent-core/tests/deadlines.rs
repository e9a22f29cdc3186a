//! Time limits: which there are, which one wins, and the one deadline over attempts, waits and token exchanges.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use agent_core::sdk::{Auth, Pipeline};
use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{
    Authenticate, BoxFuture, Caller, Credentials, ErrorKind, HttpConfig, Limit, ReqwestTransport,
    Result, RetryPolicy, Sent, StreamOptions, TimeoutPhase, WithResponse,
};
use serde_json::json;
use support::broker::Broker;
use support::rules::{Rules, at, drain};
use support::{client, client_auth, client_with, download, get, log, millis, secs, setup, timed};

fn always(reply: Reply) -> ScriptedTransport {
    let wire = ScriptedTransport::new();
    wire.reply_with(move |_| reply.clone());
    wire
}

fn endless() -> Reply {
    Reply::status(200).chunk("{").open()
}

type Change = fn(HttpConfig) -> HttpConfig;

#[tokio::test(start_paused = true)]
async fn each_limit_ends_what_it_limits() {
    let none = RetryPolicy::none;
    let rows: &[(&str, Reply, Change, TimeoutPhase, f64)] = &[
        (
            "default head",
            Reply::silence(),
            |h| h,
            TimeoutPhase::Attempt,
            60.0,
        ),
        (
            "default body",
            endless(),
            |h| h,
            TimeoutPhase::Attempt,
            60.0,
        ),
        (
            "head",
            Reply::silence(),
            |h| h.headers_timeout(secs(3)),
            TimeoutPhase::Headers,
            3.0,
        ),
        (
            "attempt",
            endless(),
            |h| h.attempt_timeout(secs(4)),
            TimeoutPhase::Attempt,
            4.0,
        ),
        (
            "total",
            endless(),
            |h| h.total_timeout(secs(5)),
            TimeoutPhase::Total,
            5.0,
        ),
        (
            "total before attempt",
            Reply::silence(),
            |h| h.total_timeout(secs(5)).attempt_timeout(secs(6)),
            TimeoutPhase::Total,
            5.0,
        ),
        (
            "a slow head and a slow body share one attempt",
            Reply::status(200).delay(secs(3)).chunk("{").open(),
            |h| h.attempt_timeout(secs(4)),
            TimeoutPhase::Attempt,
            4.0,
        ),
    ];
    for (case, reply, change, phase, expected) in rows {
        let client = client_with(&always(reply.clone()), |http| change(http).retry(none()));
        let (took, result) = timed(get(&client)).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{case}");
        assert_eq!(error.timeout_phase(), Some(*phase), "{case}: {error}");
        assert!((took - expected).abs() < 0.01, "{case}: took {took} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_the_call_wins_over_the_clients() {
    let slow = || always(Reply::json(&json!({})).delay(secs(90)));
    let client = client(&slow());
    get(&client).await.unwrap_err();
    // The default limit for heads does not undo what the call asks for.
    get(&client).timeout(secs(100)).await.unwrap();
    get(&client).timeout(Limit::Off).await.unwrap();

    let strict = client_with(&slow(), |http| {
        http.attempt_timeout(secs(1)).total_timeout(secs(1))
    });
    let call = get(&strict).timeout(secs(100)).total_timeout(secs(200));
    call.await.unwrap();
    let (took, result) = timed(get(&strict).timeout(secs(100)).total_timeout(millis(10))).await;
    result.unwrap_err();
    assert!(took < 0.02, "{took}");
}

#[tokio::test(start_paused = true)]
async fn who_sets_the_attempts_limit_is_not_cut_by_a_default_for_heads() {
    let wire = always(Reply::json(&json!({})).delay(secs(90)));
    let long = client_with(&wire, |http| http.attempt_timeout(secs(300)));
    get(&long).await.unwrap();
    let both = client_with(&wire, |http| {
        http.attempt_timeout(secs(300)).headers_timeout(secs(5))
    });
    let phase = get(&both).await.unwrap_err().timeout_phase();
    assert_eq!(phase, Some(TimeoutPhase::Headers));
}

#[tokio::test(start_paused = true)]
async fn one_deadline_covers_attempts_and_waits_and_is_never_exceeded() {
    let failing: [fn() -> Reply; 5] = [
        || Reply::status(503),
        || Reply::status(503).delay(millis(700)),
        || Reply::status(503).header("retry-after", "1"),
        Reply::silence,
        || Reply::status(200).chunk("{").wait(millis(900)).lost(),
    ];
    for (index, make) in failing.into_iter().enumerate() {
        for total in [1, 300, 500, 501, 1000, 1500, 1501, 2500, 10_000] {
            let wire = ScriptedTransport::new();
            wire.reply_with(move |_| make());
            let policy = RetryPolicy::default().jitter(false).max_retries(9);
            let call = get(&client(&wire))
                .total_timeout(millis(total))
                .retry(policy);
            let (took, result) = timed(call).await;
            result.unwrap_err();
            // tokio's timers have a grain of a millisecond.
            let limit = (f64::from(u32::try_from(total).unwrap()) + 1.5) / 1000.0;
            assert!(
                took <= limit,
                "failure {index}, total {total} ms: took {took} s"
            );
            assert_eq!(
                wire.open_exchanges(),
                0,
                "failure {index}, total {total} ms"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_cross_the_deadline_is_not_begun_and_the_last_failure_is_told() {
    // The total limit, what the server asks to wait, and how many attempts there are.
    let rows = [
        (400, "", 1),
        (500, "", 1),
        (501, "", 2),
        (1500, "", 2),
        (3000, "5", 1),
    ];
    for (total, after, attempts) in rows {
        let mut reply = Reply::status(503);
        if !after.is_empty() {
            reply = reply.header("retry-after", after);
        }
        let call = get(&client(&always(reply))).total_timeout(millis(total));
        let (took, result) = timed(call).await;
        let error = result.unwrap_err();
        assert_eq!(error.status(), Some(503), "total {total}: {error}");
        assert_eq!(error.attempts(), attempts, "total {total}: {error}");
        let waited = if attempts == 2 { 0.51 } else { 0.01 };
        assert!(took < waited, "total {total}: waited {took} s for nothing");
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_covers_the_token_exchange() {
    let wire = ScriptedTransport::new();
    wire.reply(Reply::silence());
    let client = client_auth(&wire, Broker::auth(&["read"]));
    let (took, result) = timed(get(&client).total_timeout(secs(2))).await;
    let error = result.unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    assert_eq!(
        error.sent(),
        Sent::Never,
        "the call's own request was not sent: {error}"
    );
    assert!((took - 2.0).abs() < 0.01, "{took}");

    // What the exchange has used up is not there for the call.
    wire.reply(Reply::json(&json!({"token": "t"})).delay(millis(1500)));
    wire.reply(Reply::silence());
    let (took, result) = timed(get(&client).total_timeout(secs(2))).await;
    assert_eq!(result.unwrap_err().sent(), Sent::Maybe);
    assert!((took - 2.0).abs() < 0.01, "{took}");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_anothers_exchange_keeps_its_own_deadline() {
    let wire = ScriptedTransport::new();
    wire.reply(Reply::silence());
    let client = client_auth(&wire, Broker::auth(&["read"]));
    let leader = tokio::spawn({
        let client = client.clone();
        async move { get(&client).await }
    });
    tokio::task::yield_now().await;
    let (took, result) = timed(get(&client).total_timeout(millis(100))).await;
    let error = result.unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total), "{error}");
    assert!(took < 0.11, "{took}");
    leader.abort();
}

#[derive(Debug)]
struct Hanging;

impl Authenticate for Hanging {
    fn authorize<'a>(
        &'a self,
        _: &'static str,
        _: &'a Caller,
    ) -> BoxFuture<'a, Result<Credentials>> {
        Box::pin(std::future::ready(Ok(Credentials::none())))
    }

    fn refused<'a>(&'a self, _: &'a Credentials, _: &'a Caller) -> BoxFuture<'a, Result<bool>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_hangs_is_ended_by_the_deadline() {
    let client = client_auth(&always(Reply::status(401)), Auth::Hook(Arc::new(Hanging)));
    let (took, result) = timed(get(&client).total_timeout(secs(3))).await;
    let error = result.unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    assert_eq!((error.sent(), error.attempts()), (Sent::Yes, 1), "{error}");
    assert!((took - 3.0).abs() < 0.01, "{took}");
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_waits_of_the_operations_own() {
    let client = client(&ScriptedTransport::new());
    let call = agent_core::Call::new(client, "runs.wait", |caller: Caller| async move {
        loop {
            caller.sleep(secs(7)).await?;
            let never: Option<WithResponse<()>> = None;
            if let Some(done) = never {
                return Ok(done);
            }
        }
    });
    let (took, result) = timed(call.total_timeout(secs(30))).await;
    let error = result.unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    assert_eq!(error.operation(), "runs.wait");
    assert!((took - 30.0).abs() < 0.01, "{took}");
}

#[tokio::test(start_paused = true)]
async fn limits_of_zero_are_refused() {
    let error = ReqwestTransport::new(secs(0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error}");
    let changes: [(&str, Change); 5] = [
        ("connect", |h| h.connect_timeout(Duration::ZERO)),
        ("headers", |h| h.headers_timeout(Duration::ZERO)),
        ("attempt", |h| h.attempt_timeout(Duration::ZERO)),
        ("total", |h| h.total_timeout(Duration::ZERO)),
        ("idle", |h| h.idle_timeout(Duration::ZERO)),
    ];
    for (name, change) in changes {
        let mut setup = setup(&ScriptedTransport::new());
        setup.http = change(setup.http);
        let error = Pipeline::new(setup).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{name}");
        assert!(error.to_string().contains(name), "{name}: {error}");
    }
    let wire = always(Reply::json(&json!({})));
    let client = client(&wire);
    let mut stream =
        Rules::default().follow_with(&client, StreamOptions::new().idle_timeout(Duration::ZERO));
    let mut opening = Rules::default().follow_with(
        &client,
        StreamOptions::new().headers_timeout(Duration::ZERO),
    );
    let errors = [
        get(&client).timeout(Duration::ZERO).await.unwrap_err(),
        get(&client)
            .total_timeout(Duration::ZERO)
            .await
            .unwrap_err(),
        stream.next().await.unwrap().unwrap_err(),
        opening.next().await.unwrap().unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        assert!(!error.operation().is_empty(), "{error}");
    }
    assert!(stream.next().await.is_none() && opening.next().await.is_none());
    assert!(wire.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_limit_means_no_limit() {
    let day = secs(86_400);
    let wire = ScriptedTransport::new();
    let client = client_with(&wire, |http| {
        http.attempt_timeout(Limit::Off)
            .headers_timeout(Limit::Off)
            .total_timeout(Limit::Off)
            .idle_timeout(Limit::Off)
            .connect_timeout(Limit::Off)
    });
    wire.reply(
        Reply::status(200)
            .delay(day)
            .chunk("{")
            .wait(day)
            .chunk("}"),
    );
    get(&client).await.unwrap();
    wire.reply(Reply::events().delay(day).wait(day).chunk(at(1)));
    assert_eq!(drain(&mut Rules::default().follow(&client)).await, ["1"]);
    wire.reply(Reply::status(200).delay(day).wait(day).chunk("x"));
    let mut file = download(&client).await.unwrap();
    assert_eq!(file.next().await.unwrap().unwrap(), "x");
}

#[tokio::test(start_paused = true)]
async fn the_longest_durations_are_no_limit_and_no_panic() {
    let longest = [
        Duration::MAX,
        Duration::MAX / 2,
        secs(u64::MAX),
        secs(1 << 40),
    ];
    for long in longest {
        let wire = ScriptedTransport::new();
        let client = client_with(&wire, |http| {
            http.attempt_timeout(long)
                .headers_timeout(long)
                .total_timeout(long)
                .idle_timeout(long)
                .retry(RetryPolicy::default().max_retry_after(long))
        });
        wire.reply(Reply::status(503))
            .reply(Reply::json(&json!({})));
        get(&client)
            .timeout(long)
            .total_timeout(long)
            .await
            .unwrap();
        wire.reply(Reply::events().chunk(at(1)).wait(secs(10)).chunk(at(2)));
        assert_eq!(
            drain(&mut Rules::default().follow(&client)).await,
            ["1", "2"]
        );
        wire.reply(Reply::status(200).wait(secs(10)).chunk("x"));
        download(&client)
            .await
            .unwrap()
            .next()
            .await
            .unwrap()
            .unwrap();
        let asleep = client.caller();
        let nap = tokio::time::timeout(secs(10), asleep.sleep(long)).await;
        nap.unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn no_limit_of_calls_cuts_the_body_of_a_stream_or_download() {
    let wire = ScriptedTransport::new();
    let client = client_with(&wire, |http| {
        http.attempt_timeout(secs(1))
            .headers_timeout(secs(1))
            .total_timeout(secs(1))
    });
    wire.reply(Reply::events().wait(secs(100)).chunk(at(1)));
    assert_eq!(drain(&mut Rules::default().follow(&client)).await, ["1"]);
    wire.reply(Reply::status(200).wait(secs(100)).chunk("x"));
    let mut file = download(&client).await.unwrap();
    assert_eq!(file.next().await.unwrap().unwrap(), "x");
}

#[tokio::test(start_paused = true)]
async fn the_head_of_a_stream_or_download_must_come_in_time() {
    let wire = always(Reply::silence());
    let client = client_with(&wire, |http| {
        http.headers_timeout(secs(2)).retry(RetryPolicy::none())
    });
    let mut stream = Rules::default().follow(&client);
    let (took, item) = timed(stream.next()).await;
    let phase = item.unwrap().unwrap_err().timeout_phase();
    assert_eq!(phase, Some(TimeoutPhase::Headers));
    assert!((took - 2.0).abs() < 0.01, "{took}");

    let options = StreamOptions::new().headers_timeout(secs(1));
    let mut stream = Rules::default().follow_with(&client, options);
    let (took, _) = timed(stream.next()).await;
    assert!(
        (took - 1.0).abs() < 0.01,
        "the stream's own limit wins: {took}"
    );

    let (took, result) = timed(download(&client)).await;
    result.unwrap_err();
    assert!((took - 2.0).abs() < 0.01, "{took}");
    let (took, result) = timed(download(&client).timeout(secs(1))).await;
    result.unwrap_err();
    assert!((took - 1.0).abs() < 0.01, "{took}");
    let (took, result) = timed(download(&client).total_timeout(millis(500))).await;
    result.unwrap_err();
    assert!(took < 0.51, "{took}");
    assert_eq!(log(&wire).len(), 5);
    assert_eq!(wire.open_exchanges(), 0);
}
