//! What every operation of every vendor keeps to: sent once where twice may do harm, credentials at home, nothing left
//! behind when it is dropped.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use agent_core::{HttpConfig, SeededAmbient};
use futures_util::FutureExt as _;
use reliability::operation::Operation;
use reliability::vendors::{PLANTED, Vendor, chosen};
use serde_json::json;

const URL: &str = "http://localhost:1";

/// A token for whoever asks for one, and `other` for the rest.
fn answering(
    other: impl Fn(&RecordedRequest) -> Reply + Send + Sync + 'static,
) -> ScriptedTransport {
    let transport = ScriptedTransport::new();
    transport.reply_with(move |request| {
        if request.uri.path().ends_with("/token") {
            Reply::json(&json!({"access_token": "planted-token", "expires_in": 3600}))
        } else {
            other(request)
        }
    });
    transport
}

fn operations(vendor: &Vendor, transport: &ScriptedTransport) -> Vec<Operation> {
    let ambient = Arc::new(SeededAmbient::new(7, SystemTime::UNIX_EPOCH));
    let http = HttpConfig::new()
        .transport(transport.shared())
        .ambient(ambient);
    vendor.client(URL, http).unwrap().operations
}

/// How many operations a vendor has.
fn count(vendor: &Vendor) -> usize {
    operations(vendor, &ScriptedTransport::new()).len()
}

/// Makes a server's answer.
type Answer = fn() -> Reply;

/// What a server does, and whether it is sure that nothing was done.
const FAILURES: &[(&str, Answer, bool)] = &[
    ("500", || Reply::status(500), false),
    ("502", || Reply::status(502), false),
    ("503", || Reply::status(503), false),
    ("429", || Reply::status(429), true),
    ("408", || Reply::status(408), false),
    ("no connection", Reply::refused, true),
    ("broken", Reply::broken, false),
    ("silent", Reply::silence, false),
    ("cut", || Reply::status(200).chunk("{").lost(), false),
    ("no JSON", || Reply::status(200).chunk("<html>"), false),
];

/// POSTs that do no harm when they arrive twice.
const HARMLESS: &[&str] = &[
    "tokens.create",
    "tracing.send_trace",
    "approve_run_action",
    "deny_run_action",
    "cancel_run",
    "close_run",
];

/// Whether a request may have been sent more than once.
fn may_repeat(
    vendor: &str,
    operation: &str,
    request: &RecordedRequest,
    nothing_done: bool,
) -> bool {
    match request.method.as_str() {
        // Each one makes a commit.
        "PUT" => operation != "update_agent_model",
        "GET" | "DELETE" => true,
        _ => {
            HARMLESS.contains(&operation)
                || request.headers.contains_key("idempotency-key")
                || (vendor == "mentiora" && nothing_done && operation != "agents.stream")
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_may_do_harm_twice_is_sent_once_whatever_the_server_does() {
    for vendor in chosen() {
        for (what, reply, nothing_done) in FAILURES {
            let mut repeated = 0;
            for index in 0..count(vendor) {
                let transport = answering(|_| reply());
                let operation = operations(vendor, &transport).swap_remove(index);
                let name = format!("{}: {operation:?}, {what}", vendor.name);
                let _ = tokio::time::timeout(Duration::from_secs(86_400), operation.run())
                    .await
                    .unwrap_or_else(|_| panic!("{name} hangs"));
                let mut sent: BTreeMap<_, Vec<_>> = BTreeMap::new();
                for request in transport.requests() {
                    let what = (request.method.to_string(), request.uri.to_string());
                    sent.entry(what).or_default().push(request);
                }
                for ((method, uri), requests) in sent.iter().filter(|(_, all)| all.len() > 1) {
                    repeated += 1;
                    for request in requests {
                        let may = may_repeat(vendor.name, operation.name, request, *nothing_done);
                        assert!(
                            may,
                            "{name}: {method} {uri} was sent {} times",
                            requests.len()
                        );
                        let key = |request: &RecordedRequest| {
                            request.headers.get("idempotency-key").cloned()
                        };
                        assert_eq!(key(request), key(&requests[0]), "{name}: another key");
                    }
                }
            }
            // What the vendor's own client takes for lasting, ours does as well.
            let passing = !matches!((vendor.name, *what), (_, "no JSON") | ("mentiora", "408"));
            assert!(
                repeated > 0 || !passing,
                "{}, {what}: nothing was repeated",
                vendor.name
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_credential_follows_a_redirect_to_another_origin() {
    const ELSEWHERE: [&str; 3] = [
        "http://other.test/x",
        "https://localhost:1/x",
        "//localhost:2/x",
    ];
    for vendor in chosen() {
        for status in [301, 302, 303, 307, 308] {
            for location in ELSEWHERE {
                for index in 0..count(vendor) {
                    let transport = answering(move |request| {
                        if request.uri.to_string().starts_with(URL) {
                            Reply::status(status).header("location", location)
                        } else {
                            Reply::json(&json!({}))
                        }
                    });
                    let operation = operations(vendor, &transport).swap_remove(index);
                    let name = format!("{}: {operation:?}, {status} to {location}", vendor.name);
                    let _ = tokio::time::timeout(Duration::from_secs(86_400), operation.run())
                        .await
                        .unwrap_or_else(|_| panic!("{name} hangs"));
                    let requests = transport.requests();
                    assert!(!requests.is_empty(), "{name}");
                    for request in requests {
                        if request.uri.to_string().starts_with(URL) {
                            continue;
                        }
                        for (header, value) in &request.headers {
                            let value = String::from_utf8_lossy(value.as_bytes());
                            assert!(!value.contains(PLANTED), "{name}: {header}");
                        }
                    }
                }
            }
        }
    }
}

/// An answer with something to wait for at every step.
fn slow() -> Reply {
    let wait = Duration::from_millis(10);
    let reply = Reply::status(200).header("content-type", "application/json");
    reply
        .delay(wait)
        .wait(wait)
        .chunk("{")
        .wait(wait)
        .chunk("}")
        .wait(wait)
}

#[tokio::test(start_paused = true)]
async fn what_is_dropped_at_any_point_leaves_nothing_open_and_sends_nothing_more() {
    for vendor in chosen() {
        for index in 0..count(vendor) {
            let mut whole = false;
            for polls in 0..60 {
                let transport = answering(|_| slow());
                let operation = operations(vendor, &transport).swap_remove(index);
                let mut run = operation.run();
                whole = false;
                for _ in 0..polls {
                    if (&mut run).now_or_never().is_some() {
                        whole = true;
                        break;
                    }
                    tokio::time::advance(Duration::from_millis(5)).await;
                }
                drop(run);
                let name = format!("{}: {operation:?}, {polls} polls", vendor.name);
                assert_eq!(transport.open_exchanges(), 0, "{name}");
                let sent = transport.requests().len();
                tokio::time::advance(Duration::from_secs(60)).await;
                tokio::task::yield_now().await;
                assert_eq!(transport.requests().len(), sent, "{name}");
                if whole {
                    break;
                }
            }
            assert!(
                whole || vendor_streams(vendor, index),
                "{}: {index} does not end",
                vendor.name
            );
        }
    }
}

/// Whether this operation goes on asking: then 60 polls are not its end.
fn vendor_streams(vendor: &Vendor, index: usize) -> bool {
    operations(vendor, &ScriptedTransport::new())[index].kind
        == reliability::operation::Kind::Events
}
