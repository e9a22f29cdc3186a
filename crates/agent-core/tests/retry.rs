//! Which failures are repeated, for which operations, and what the error says about it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use agent_core::sdk::{Pipeline, Request, Response, Setup};
use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{Call, Error, ErrorKind, RetryPolicy, Sent, TimeoutPhase};
use serde_json::{Value, json};
use support::{
    CREATE, MINTING, RUN, Toy, client, client_of, client_with, create, get, header_of, run, secs,
    setup,
};

type Make = fn() -> Reply;
type MakeCall = fn(&Pipeline) -> Call<Value>;

/// A failure, and what its error says: kind, whether it may pass, whether the request was sent.
const FAILURES: &[(&str, Make, ErrorKind, bool, Sent)] = {
    use ErrorKind::{Api, Decode, Timeout, TooLarge, Transport};
    use Sent::{Maybe, Never, Yes};
    &[
        ("refused", Reply::refused, Transport, true, Never),
        (
            "broken before the head",
            Reply::broken,
            Transport,
            true,
            Maybe,
        ),
        ("broken in the body", broken_body, Transport, true, Yes),
        ("no head", Reply::silence, Timeout, true, Maybe),
        ("no end of the body", endless_body, Timeout, true, Yes),
        ("408", || Reply::status(408), Api, true, Yes),
        ("425", || Reply::status(425), Api, true, Yes),
        ("429", || Reply::status(429), Api, true, Yes),
        ("500", || Reply::status(500), Api, true, Yes),
        ("502", || Reply::status(502), Api, true, Yes),
        ("503", || Reply::status(503), Api, true, Yes),
        ("504", || Reply::status(504), Api, true, Yes),
        ("400", || Reply::status(400), Api, false, Yes),
        ("401", || Reply::status(401), Api, false, Yes),
        ("404", || Reply::status(404), Api, false, Yes),
        ("409", || Reply::status(409), Api, false, Yes),
        ("422", || Reply::status(422), Api, false, Yes),
        ("501", || Reply::status(501), Api, false, Yes),
        ("100", || Reply::status(100), Api, false, Yes),
        ("304", || Reply::status(304), Api, false, Yes),
        ("307 to nowhere", || Reply::status(307), Api, false, Yes),
        (
            "not JSON",
            || Reply::status(200).chunk("<p>"),
            Decode,
            false,
            Yes,
        ),
        ("too large", too_large, TooLarge, false, Yes),
    ]
};

const CLASSES: &[(&str, MakeCall, bool)] = &[
    ("safe", get, true),
    ("keyed with a key", |c| run(c).idempotency_key("k-1"), true),
    ("keyed without a key", run, false),
    ("unsafe", create, false),
];

fn broken_body() -> Reply {
    Reply::status(200).chunk("{").lost()
}

fn endless_body() -> Reply {
    Reply::status(200).chunk("{").open()
}

fn too_large() -> Reply {
    Reply::status(200).chunk(vec![b' '; 2000])
}

fn failing(make: Make) -> ScriptedTransport {
    let wire = ScriptedTransport::new();
    wire.reply_with(move |_| make());
    wire
}

fn limited(wire: &ScriptedTransport) -> Pipeline {
    client_with(wire, |http| {
        http.headers_timeout(secs(10)).max_body_bytes(1000)
    })
}

#[tokio::test(start_paused = true)]
async fn every_failure_is_repeated_only_where_that_is_safe_and_helps() {
    for &(failure, make, kind, passing, sent) in FAILURES {
        for &(class, call, repeatable) in CLASSES {
            let case = format!("{class}, {failure}");
            let wire = failing(make);
            let error = call(&limited(&wire)).await.unwrap_err();
            let expected = if passing && repeatable { 3 } else { 1 };
            assert_eq!(wire.requests().len(), expected, "requests of: {case}");
            assert_eq!(error.attempts() as usize, expected, "attempts() of: {case}");
            assert_eq!(error.kind(), kind, "kind() of: {case}");
            assert_eq!(error.is_retryable(), passing, "is_retryable() of: {case}");
            assert_eq!(error.sent(), sent, "sent() of: {case}");
            assert_eq!(wire.open_exchanges(), 0, "open exchanges after: {case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_passes_is_not_seen_by_the_caller() {
    for &(failure, make, _, passing, _) in FAILURES.iter().filter(|row| row.3) {
        assert!(passing);
        let wire = ScriptedTransport::new();
        wire.reply(make()).reply(make());
        wire.reply(Reply::json(&json!({"ok": true})));
        let answer = get(&limited(&wire)).with_response().await;
        let answer = answer.unwrap_or_else(|error| panic!("{failure}: {error}"));
        assert_eq!(answer.response.attempts, 3, "attempts after: {failure}");
        assert_eq!(answer.value, json!({"ok": true}), "{failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_names_its_phase() {
    let rows: [(Make, TimeoutPhase); 2] = [
        (Reply::silence, TimeoutPhase::Headers),
        (endless_body, TimeoutPhase::Attempt),
    ];
    for (make, phase) in rows {
        let error = get(&limited(&failing(make))).await.unwrap_err();
        assert_eq!(error.timeout_phase(), Some(phase), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn sent_is_the_gravest_of_all_attempts() {
    let rows: [(&[Make], Sent); 5] = [
        (
            &[Reply::broken, Reply::refused, Reply::refused],
            Sent::Maybe,
        ),
        (&[broken_body, Reply::refused, Reply::refused], Sent::Yes),
        (
            &[Reply::refused, Reply::refused, Reply::broken],
            Sent::Maybe,
        ),
        (
            &[Reply::refused, Reply::refused, Reply::refused],
            Sent::Never,
        ),
        (
            &[|| Reply::status(503), Reply::broken, Reply::refused],
            Sent::Yes,
        ),
    ];
    for (index, (replies, expected)) in rows.into_iter().enumerate() {
        let wire = ScriptedTransport::new();
        for make in replies {
            wire.reply(make());
        }
        let error = get(&client(&wire)).await.unwrap_err();
        assert_eq!(error.sent(), expected, "row {index}: {error}");
        assert_eq!(error.attempts(), 3, "row {index}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unsafe_call_is_sent_twice_only_when_somebody_asked_for_it() {
    static SENT_NOTHING: Toy = Toy {
        resend_unsafe: |error| error.sent() == Sent::Never || error.is_rate_limited(),
        ..Toy::PLAIN
    };
    let by_policy = RetryPolicy::default().resend_unsafe(true);
    for &(failure, make, _, passing, sent) in FAILURES {
        let wire = failing(make);
        let call = create(&limited(&wire)).retry(by_policy.clone());
        let error = call.await.unwrap_err();
        let expected = if passing { 3 } else { 1 };
        assert_eq!(
            error.attempts(),
            expected,
            "resend_unsafe policy, {failure}"
        );

        let wire = failing(make);
        let setup = setup(&wire);
        let http = setup.http.headers_timeout(secs(10)).max_body_bytes(1000);
        let by_dialect = Pipeline::new(Setup {
            dialect: &SENT_NOTHING,
            http,
            ..setup
        });
        let error = create(&by_dialect.unwrap()).await.unwrap_err();
        let expected = if sent == Sent::Never || failure == "429" {
            3
        } else {
            1
        };
        assert_eq!(error.attempts(), expected, "vendor's ruling, {failure}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_dialect_says_what_passes() {
    static CONFLICTS_PASS: Toy = Toy {
        is_retryable: |error| error.is_conflict(),
        ..Toy::PLAIN
    };
    for (status, expected) in [(409, 3), (503, 1)] {
        let wire = ScriptedTransport::new();
        wire.reply_with(move |_| Reply::status(status));
        let _ = get(&client_of(&wire, &CONFLICTS_PASS)).await;
        assert_eq!(wire.requests().len(), expected, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_number_of_retries_is_the_policys() {
    for (retries, expected) in [(0, 1), (1, 2), (5, 6)] {
        let wire = failing(|| Reply::status(503));
        let policy = RetryPolicy::default().max_retries(retries);
        let error = get(&client(&wire)).retry(policy).await.unwrap_err();
        assert_eq!(error.attempts(), expected, "{retries} retries");
        assert_eq!(wire.requests().len(), expected as usize);
    }
}

#[tokio::test(start_paused = true)]
async fn every_attempt_is_the_same_request() {
    let wire = failing(|| Reply::status(503));
    let request = Request::new(&RUN)
        .query("q", "a b")
        .header("x-one", "1")
        .json(&json!({"prompt": "hi"}));
    let call = client(&wire).call(request, Response::json::<Value>);
    let _ = call.idempotency_key("k-1").header("x-two", "2").await;
    let requests = wire.requests();
    assert_eq!(requests.len(), 3);
    for request in &requests {
        assert_eq!(request.method, requests[0].method);
        assert_eq!(request.uri, requests[0].uri);
        assert_eq!(request.headers, requests[0].headers);
        assert_eq!(request.body, requests[0].body);
    }
}

#[tokio::test(start_paused = true)]
async fn an_idempotency_key_is_minted_only_by_dialects_that_mint_and_never_without_retries() {
    let given = RetryPolicy::default();
    let none = RetryPolicy::none();
    // Whether the dialect mints, the policy, whether a key is expected.
    let rows = [
        (true, &given, true),
        (true, &none, false),
        (false, &given, false),
        (false, &none, false),
    ];
    for (mints, policy, expected) in rows {
        let case = format!("mints {mints}, {} retries", policy.max_retries);
        let wire = failing(|| Reply::status(503));
        let dialect = if mints { &MINTING } else { &support::PLAIN };
        let call = run(&client_of(&wire, dialect)).retry(policy.clone());
        let _ = call.await;
        let keys = header_of(&wire, "idempotency-key");
        assert_eq!(keys.len(), if expected { 3 } else { 1 }, "{case}");
        assert!(keys.iter().all(|key| *key == keys[0]), "{case}: {keys:?}");
        assert_eq!(keys[0] != "-", expected, "{case}: {keys:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_calls_never_share_a_minted_key() {
    let wire = failing(|| Reply::json(&json!({})));
    let client = client_of(&wire, &MINTING);
    for _ in 0..100 {
        run(&client).await.unwrap();
    }
    let mut keys = header_of(&wire, "idempotency-key");
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_key_can_come_as_option_argument_or_header_and_is_the_same_on_all_attempts() {
    let rows: [(&str, MakeCall); 4] = [
        ("option", |c| run(c).idempotency_key("mine")),
        ("header", |c| run(c).header("Idempotency-Key", "mine")),
        ("argument", |c| {
            let request = Request::new(&RUN).idempotency_key(Some("mine".into()));
            c.call(request, Response::json)
        }),
        ("option before argument", |c| {
            let request = Request::new(&RUN).idempotency_key(Some("other".into()));
            c.call(request, Response::json).idempotency_key("mine")
        }),
    ];
    for (case, call) in rows {
        for dialect in [&support::PLAIN, &MINTING] {
            let wire = failing(|| Reply::status(503));
            let _ = call(&client_of(&wire, dialect)).await;
            let keys = header_of(&wire, "idempotency-key");
            assert_eq!(keys, ["mine"; 3], "{case}, mints: {}", dialect.mints);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_key_is_no_key() {
    // The HTTP stack trims values, so that a key of spaces would arrive empty too.
    let rows: [(&str, MakeCall); 4] = [
        ("option", |c| run(c).idempotency_key("")),
        ("header", |c| run(c).header("idempotency-key", "")),
        ("header of spaces", |c| {
            run(c).header("idempotency-key", " \t ")
        }),
        ("argument", |c| {
            let request = Request::new(&RUN).idempotency_key(Some(String::new()));
            c.call(request, Response::json)
        }),
    ];
    for (case, call) in rows {
        let wire = failing(|| Reply::status(503));
        let _ = call(&client(&wire)).await;
        assert_eq!(wire.requests().len(), 1, "sent twice without a key: {case}");

        let wire = failing(|| Reply::status(503));
        let _ = call(&client_of(&wire, &MINTING)).await;
        let keys = header_of(&wire, "idempotency-key");
        assert_eq!(keys.len(), 3, "{case}");
        assert_eq!(keys[0].len(), 32, "no key was minted: {case}: {keys:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_can_not_be_sent_as_it_is_is_refused_before_anything_is_sent() {
    for key in ["a\nb", "a\rb", "clé", "a\u{0}b", "tab\there", " "] {
        let wire = failing(|| Reply::json(&json!({})));
        let error = run(&client(&wire)).idempotency_key(key).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{key:?}: {error}");
        assert_eq!(error.sent(), Sent::Never, "{key:?}");
        assert_eq!(error.attempts(), 0, "{key:?}");
        assert!(
            !error.to_string().contains(key.trim_matches(' ')) || key == " ",
            "{error}"
        );
        assert!(wire.requests().is_empty(), "{key:?} was sent");
    }
    // What every header loses on the way is no part of it.
    let wire = failing(|| Reply::json(&json!({})));
    run(&client(&wire)).idempotency_key("  k 1 ").await.unwrap();
    assert_eq!(header_of(&wire, "idempotency-key"), ["k 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_key_on_an_operation_that_takes_none_is_not_sent_and_makes_nothing_repeatable() {
    let wire = failing(|| Reply::status(503));
    let _ = create(&client(&wire)).idempotency_key("k-1").await;
    assert_eq!(header_of(&wire, "idempotency-key"), ["-"]);
    // As a header it is sent, as every header is, but the server need not know it.
    let wire = failing(|| Reply::status(503));
    let _ = create(&client(&wire))
        .header("idempotency-key", "k-1")
        .await;
    assert_eq!(header_of(&wire, "idempotency-key"), ["k-1"]);
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_written_is_an_error_before_anything_is_sent() {
    struct Stubborn;
    impl serde::Serialize for Stubborn {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom(
                "the secret sk-1 can not be written",
            ))
        }
    }
    let wire = ScriptedTransport::new();
    let request = Request::new(&CREATE).json(&Stubborn);
    let call = client(&wire).call(request, Response::json::<Value>);
    let error: Error = call.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(!format!("{error} {error:?}").contains("sk-1"), "{error:?}");
    assert!(wire.requests().is_empty());
}
