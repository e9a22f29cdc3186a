//! Every operation: what it asks for, and what becomes of it in every failure.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can not go on should stop"
)]

use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use agent_os_sdk::{ClientOptions, ErrorKind, Sent};
use serde_json::json;

#[path = "support/operations.rs"]
mod operations;
#[path = "support/rig.rs"]
mod rig;

use operations::{CHATWOOT, OPERATIONS, Operation, Repeat};
use rig::{SECRET, always, client, credential, header, with};

/// All operations, and whether they speak to Chatwoot.
fn each() -> impl Iterator<Item = (&'static Operation, bool)> {
    let ours = OPERATIONS.iter().map(|op| (op, false));
    ours.chain(CHATWOOT.iter().map(|op| (op, true)))
}

/// Answers of one kind to all requests, but for the credential that leads to Chatwoot.
fn answering(to_chatwoot: bool, reply: fn() -> Reply) -> ScriptedTransport {
    let transport = always(reply);
    if to_chatwoot {
        transport.reply(credential());
    }
    transport
}

#[tokio::test(start_paused = true)]
async fn each_asks_for_its_path_with_its_headers() {
    for (op, to_chatwoot) in each() {
        let transport = answering(to_chatwoot, || Reply::status(404));
        let options = ClientOptions::new().token(SECRET).header("x-w", "w");
        let client = with(&transport, options);
        let error = (op.call)(&client, "a/ b", "").await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Api, 1),
            "{}",
            op.name
        );
        let sent = transport.requests().pop().unwrap();
        let target = op.target.replace("{id}", "a%2F%20b");
        let base = if to_chatwoot {
            "http://127.0.0.1:7"
        } else {
            "http://127.0.0.1:1/gw"
        };
        assert_eq!(sent.uri.to_string(), format!("{base}{target}"));
        assert_eq!(sent.method, op.method, "{}", op.name);
        let with_body = matches!(op.method, "POST" | "PATCH" | "PUT");
        assert_eq!(with_body, !sent.body.is_empty(), "{}", op.name);
        let typed = (with_body || to_chatwoot).then_some("application/json");
        assert_eq!(header(&sent, "content-type"), typed, "{}", op.name);
        assert_eq!(header(&sent, "accept"), Some("application/json"));
        let (token, own) = (format!("Bearer {SECRET}"), !to_chatwoot);
        assert_eq!(header(&sent, "authorization"), own.then_some(&*token));
        assert_eq!(header(&sent, "x-w"), own.then_some("w"));
        assert_eq!(header(&sent, "idempotency-key"), None);
    }
}

/// A failure: its name, its answer, whether it is tried again where that is safe, and what is known of the request.
type Failure = (&'static str, fn() -> Reply, bool, Sent);

const FAILURES: &[Failure] = &[
    ("no connection", Reply::refused, true, Sent::Never),
    ("broken", Reply::broken, true, Sent::Maybe),
    ("silent", Reply::silence, true, Sent::Maybe),
    (
        "cut",
        || Reply::json(&json!({})).chunk("{").lost(),
        true,
        Sent::Yes,
    ),
    ("408", || Reply::status(408), true, Sent::Yes),
    ("425", || Reply::status(425), true, Sent::Yes),
    (
        "429",
        || Reply::status(429).header("retry-after", "2"),
        true,
        Sent::Yes,
    ),
    (
        "429, much later",
        || Reply::status(429).header("retry-after", "61"),
        false,
        Sent::Yes,
    ),
    ("500", || Reply::status(500), true, Sent::Yes),
    ("502", || Reply::status(502), true, Sent::Yes),
    ("503", || Reply::status(503), true, Sent::Yes),
    ("504", || Reply::status(504), true, Sent::Yes),
    ("501", || Reply::status(501), false, Sent::Yes),
    ("400", || Reply::status(400), false, Sent::Yes),
    ("401", || Reply::status(401), false, Sent::Yes),
    ("409", || Reply::status(409), false, Sent::Yes),
    ("304", || Reply::status(304), false, Sent::Yes),
];

#[tokio::test(start_paused = true)]
async fn nothing_that_is_not_safe_is_sent_twice() {
    for (op, to_chatwoot) in each() {
        for (what, reply, passes, known) in FAILURES {
            for key in ["", "k"] {
                let transport = answering(to_chatwoot, *reply);
                let error = (op.call)(&client(&transport), "id", key).await.unwrap_err();
                let case = format!("{} {what} {key:?}", op.name);
                let again = match op.repeat {
                    Repeat::Yes => true,
                    Repeat::WithKey => !key.is_empty(),
                    Repeat::No => false,
                };
                let attempts = if again && *passes { 3 } else { 1 };
                assert_eq!(error.attempts(), attempts, "{case}: {error}");
                assert_eq!(error.sent(), *known, "{case}");
                let mut requests = transport.requests();
                if to_chatwoot {
                    requests.remove(0);
                }
                assert_eq!(requests.len(), attempts as usize, "{case}");
                let keys = requests.iter().map(|sent| header(sent, "idempotency-key"));
                let keyed = op.repeat == Repeat::WithKey && !key.is_empty();
                assert!(
                    keys.eq(vec![keyed.then_some(key); requests.len()]),
                    "{case}"
                );
                assert_eq!(transport.open_exchanges(), 0, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn ids_that_would_reach_another_path_send_nothing() {
    for (op, to_chatwoot) in each().filter(|(op, _)| op.has_id()) {
        for id in ["", ".", ".."] {
            let transport = answering(to_chatwoot, || Reply::status(500));
            let error = (op.call)(&client(&transport), id, "").await.unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::InvalidArgument,
                "{} {id:?}",
                op.name
            );
            assert_eq!(error.sent(), Sent::Never);
            assert!(transport.requests().is_empty(), "{} {id:?}", op.name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn redirects_are_followed_within_the_origin_where_that_sends_nothing_twice() {
    for (op, to_chatwoot) in each() {
        for status in [301, 302, 303, 307, 308] {
            let here = if to_chatwoot {
                "http://127.0.0.1:7"
            } else {
                "http://127.0.0.1:1"
            };
            for (location, within) in [
                ("/else".to_owned(), true),
                (format!("{here}/else"), true),
                ("//127.0.0.1:9/else".to_owned(), false),
                ("https://127.0.0.1:1/else".to_owned(), false),
                ("http://evil.example/else".to_owned(), false),
            ] {
                let transport = ScriptedTransport::new();
                if to_chatwoot {
                    transport.reply(credential());
                }
                transport.reply(Reply::status(status).header("location", &location));
                transport.reply(Reply::status(404));
                let error = (op.call)(&client(&transport), "id", "").await.unwrap_err();
                let followed = within && (status > 303 || op.method == "GET");
                let case = format!("{} {status} {location}", op.name);
                let expected = if followed { 404 } else { status };
                assert_eq!(error.status(), Some(expected), "{case}");
                let requests = transport.requests();
                assert_eq!(
                    requests.len(),
                    1 + usize::from(to_chatwoot) + usize::from(followed),
                    "{case}"
                );
                assert!(
                    requests
                        .iter()
                        .all(|sent| sent.method == op.method || to_chatwoot)
                );
            }
        }
    }
    let transport = always(|| Reply::status(302).header("location", "/round"));
    let error = (OPERATIONS[2].call)(&client(&transport), "id", "")
        .await
        .unwrap_err();
    assert_eq!((error.status(), transport.requests().len()), (Some(302), 6));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_closes_its_connection_and_is_not_repeated() {
    for (op, to_chatwoot) in each() {
        let transport = answering(to_chatwoot, || Reply::json(&json!({})).open());
        let client = client(&transport);
        let call = (op.call)(&client, "id", "k");
        let before = tokio::time::timeout(Duration::from_secs(5), call).await;
        assert!(before.is_err(), "{}", op.name);
        assert_eq!(transport.open_exchanges(), 0, "{}", op.name);
        let count = transport.requests().len();
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert_eq!(transport.requests().len(), count, "{}", op.name);
    }
}
