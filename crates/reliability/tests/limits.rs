//! What a server can not make a client do: send more than a fifth above what was asked, or take longer than a call may.
//!
//! In memory and on virtual time, every operation of every vendor.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{ErrorKind, HttpConfig, RetryPolicy, SeededAmbient, TimeoutPhase};
use reliability::figures::Figures;
use reliability::operation::{Kind, Operation};
use reliability::vendors::{Vendor, chosen};
use tokio::time::Instant;

const URL: &str = "http://localhost:1";

/// A client's calls on a transport that gives `reply` to everything.
fn calls(vendor: &Vendor, reply: Reply, http: HttpConfig) -> (ScriptedTransport, Vec<Operation>) {
    let transport = ScriptedTransport::new();
    transport.reply_with(move |_| reply.clone());
    let ambient = Arc::new(SeededAmbient::new(7, SystemTime::UNIX_EPOCH));
    let http = http.transport(transport.shared()).ambient(ambient);
    let mut operations = vendor.client(URL, http).unwrap().operations;
    operations.retain(|operation| operation.kind == Kind::Call);
    (transport, operations)
}

/// Makes a server's answer.
type Answer = fn() -> Reply;

/// What a failing server does.
const FAILURES: &[(&str, Answer)] = &[
    ("503", || Reply::status(503)),
    ("429", || Reply::status(429)),
    ("429, come at once", || {
        Reply::status(429).header("retry-after", "0")
    }),
    ("no connection", Reply::refused),
    ("broken", Reply::broken),
    ("silent", Reply::silence),
];

#[tokio::test(start_paused = true)]
async fn a_server_that_always_fails_gets_at_most_a_fifth_more_than_was_asked() {
    let mut figures = Figures::new(
        "A server that always fails",
        "The most attempts that any of six failing servers (503, 429, with a wait of zero, without a connection, breaking, \
         silent) got for the calls of one client with ten retries allowed; and for one more round of calls, when the budget \
         is spent. The promise is 1.2 attempts per call.",
        &[
            "vendor",
            "calls",
            "attempts",
            "per call",
            "calls later",
            "attempts later",
        ],
    );
    for vendor in chosen() {
        let mut most = (0, 0, 0, 0);
        for (what, reply) in FAILURES {
            let policy = RetryPolicy::default().max_retries(10);
            let (transport, operations) = calls(vendor, reply(), HttpConfig::new().retry(policy));
            let mut made = 0;
            while made < 300 {
                for operation in &operations {
                    let name = format!("{}: {operation:?}, {what}", vendor.name);
                    let result = operation.run().await;
                    assert!(result.is_err(), "{name}: {result:?}");
                    made += 1;
                }
            }
            let attempts = transport.requests().len();
            for operation in &operations {
                let error = operation.run().await.unwrap_err();
                assert!(error.attempts() <= 1, "{operation:?}: {error}");
            }
            let later = transport.requests().len() - attempts;
            let name = format!("{}, {what}: {attempts} attempts, then {later}", vendor.name);
            assert!(attempts >= made, "{name}");
            assert!(attempts * 10 <= made * 12, "{name}, {made} calls");
            assert_eq!(later, operations.len(), "{name}");
            assert_eq!(transport.open_exchanges(), 0, "{name}");
            most = most.max((attempts, made, later, operations.len()));
        }
        let (attempts, made, later, asked) = most;
        let hundredths = attempts * 100 / made;
        let ratio = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        figures.row(&[&vendor.name, &made, &attempts, &ratio, &asked, &later]);
    }
    figures.publish("50-budget").unwrap();
}

/// A call's limit here.
const LIMIT: Duration = Duration::from_millis(3_300);
/// How late a call may be.
const SLACK: Duration = Duration::from_millis(100);

/// What a slow server does, and whether every call then lasts until its limit.
const SLOW: &[(&str, Answer, bool)] = &[
    ("no answer", Reply::silence, true),
    (
        "a late head",
        || Reply::json(&serde_json::json!({})).delay(secs(60)),
        true,
    ),
    ("a body that drips", dripping, true),
    (
        "a body that stops",
        || Reply::status(200).chunk("{").open(),
        true,
    ),
    ("an error that drips", || dripping_error(500), false),
    ("503", || Reply::status(503), false),
    (
        "503 after a second each",
        || Reply::status(503).delay(secs(1)),
        false,
    ),
    ("503, come in a second", || later("1"), false),
    ("503, come in ten seconds", || later("10"), false),
    ("503, come in an hour", || later("3600"), false),
    (
        "broken after a second",
        || Reply::broken().delay(secs(1)),
        false,
    ),
];

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn later(seconds: &str) -> Reply {
    Reply::status(503).header("retry-after", seconds)
}

fn dripping() -> Reply {
    dripping_error(200)
}

fn dripping_error(status: u16) -> Reply {
    let head = Reply::status(status).header("content-type", "application/json");
    (0..100).fold(head, |reply, _| reply.chunk(" ").wait(secs(1)))
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_within_its_limit_whatever_the_server_does() {
    let mut figures = Figures::new(
        "Calls with a limit",
        "The longest that any call of a vendor took beyond its total limit of 3.3 s, in virtual time, with a hundred retries \
         allowed; the promise is 100 ms.",
        &["vendor", "calls", "kinds of slow servers", "latest, ms"],
    );
    for vendor in chosen() {
        let (mut latest, mut made) = (Duration::ZERO, 0);
        for (what, reply, lasts) in SLOW {
            let policy = RetryPolicy::default().max_retries(100);
            let http = HttpConfig::new().retry(policy).total_timeout(LIMIT);
            let (transport, operations) = calls(vendor, reply(), http);
            for operation in &operations {
                let name = format!("{}: {operation:?}, {what}", vendor.name);
                let begin = Instant::now();
                let result = operation.run().await;
                let took = begin.elapsed();
                assert!(took <= LIMIT + SLACK, "{name}: {took:?}");
                let error = result.expect_err(&name);
                if *lasts {
                    assert_eq!(took, LIMIT, "{name}: {error}");
                    // What tells of a failure in its result has its text alone.
                    if error.kind() != ErrorKind::Operation {
                        let phase = error.timeout_phase();
                        assert_eq!(phase, Some(TimeoutPhase::Total), "{name}: {error}");
                    }
                }
                latest = latest.max(took.saturating_sub(LIMIT));
                made += 1;
            }
            assert_eq!(transport.open_exchanges(), 0, "{}, {what}", vendor.name);
        }
        figures.row(&[&vendor.name, &made, &SLOW.len(), &latest.as_millis()]);
    }
    figures.publish("60-limits").unwrap();
}
