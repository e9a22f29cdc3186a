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

/// Whether a client gets the tokens that it needs.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Tokens {
    Given,
    Refused,
}

impl Tokens {
    /// Both, for a vendor that has tokens.
    fn of(vendor: &Vendor) -> &'static [Self] {
        if vendor.tokens.is_some() {
            &[Self::Given, Self::Refused]
        } else {
            &[Self::Given]
        }
    }
}

/// A client's calls on a transport that gives `reply` to everything, but for tokens.
fn calls(
    vendor: &'static Vendor,
    tokens: Tokens,
    reply: Reply,
    http: HttpConfig,
) -> (ScriptedTransport, Vec<Operation>) {
    let transport = ScriptedTransport::new();
    transport.reply_with(move |request| {
        let token = vendor
            .token(request.uri.path())
            .filter(|_| tokens == Tokens::Given);
        token.map_or_else(|| reply.clone(), |token| Reply::json(&token))
    });
    let ambient = Arc::new(SeededAmbient::new(7, SystemTime::UNIX_EPOCH));
    let http = http.transport(transport.shared()).ambient(ambient);
    let mut operations = vendor.client(URL, http).unwrap().operations;
    operations
        .retain(|operation| operation.kind == Kind::Call && operation.name != "tokens.create");
    (transport, operations)
}

/// An answer, anew each time.
type Make = fn() -> Reply;

/// Requests that are not for a token that is given.
fn attempts(vendor: &Vendor, tokens: Tokens, transport: &ScriptedTransport) -> usize {
    let requests = transport.requests();
    let counts = |path: &str| tokens == Tokens::Refused || vendor.token(path).is_none();
    requests
        .iter()
        .filter(|request| counts(request.uri.path()))
        .count()
}

/// What a failing server does.
const FAILURES: &[(&str, Make)] = &[
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
        let both = FAILURES
            .iter()
            .flat_map(|row| Tokens::of(vendor).iter().map(move |tokens| (row, *tokens)));
        for ((what, reply), tokens) in both {
            let policy = RetryPolicy::default().max_retries(10);
            let http = HttpConfig::new().retry(policy);
            let (transport, operations) = calls(vendor, tokens, reply(), http);
            let mut made = 0;
            while made < 300 {
                for operation in &operations {
                    let name = format!("{}: {operation:?}, {what}", vendor.name);
                    let result = operation.run().await;
                    assert!(result.is_err(), "{name}: {result:?}");
                    made += 1;
                }
            }
            let sent = attempts(vendor, tokens, &transport);
            for operation in &operations {
                let error = operation.run().await.unwrap_err();
                assert!(error.attempts() <= 1, "{operation:?}: {error}");
            }
            let later = attempts(vendor, tokens, &transport) - sent;
            let name = format!("{}, {what}: {sent} attempts, then {later}", vendor.name);
            assert!(sent >= made, "{name}");
            assert!(sent * 10 <= made * 12, "{name}, {made} calls");
            assert_eq!(later, operations.len(), "{name}");
            assert_eq!(transport.open_exchanges(), 0, "{name}");
            most = most.max((sent, made, later, operations.len()));
        }
        let (sent, made, later, asked) = most;
        let hundredths = sent * 100 / made;
        let ratio = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        figures.row(&[&vendor.name, &made, &sent, &ratio, &asked, &later]);
    }
    figures.publish("50-budget").unwrap();
}

/// A call's limit here.
const LIMIT: Duration = Duration::from_millis(3_300);
/// How late a call may be.
const SLACK: Duration = Duration::from_millis(100);

/// What a slow server does, and whether every call then lasts until its limit.
const SLOW: &[(&str, Make, bool)] = &[
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
        let both = SLOW
            .iter()
            .flat_map(|row| Tokens::of(vendor).iter().map(move |tokens| (row, *tokens)));
        for ((what, reply, lasts), tokens) in both {
            let policy = RetryPolicy::default().max_retries(100);
            let http = HttpConfig::new().retry(policy).total_timeout(LIMIT);
            let (transport, operations) = calls(vendor, tokens, reply(), http);
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
