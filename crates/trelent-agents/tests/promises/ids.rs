//! Ids stay in their place in the path, whatever they hold.

use std::future::IntoFuture;

use agent_core::testing::{Reply, ScriptedTransport};
use serde_json::json;
use trelent_agents::agent_core::BoxFuture;
use trelent_agents::{Client, Error, ErrorKind, ResumeRunOptions, Sent};

use crate::rig::{self, BASE, anonymous, authenticated, healthy, lines, run_json};

/// A call with a text of the caller's choice.
pub(crate) type ById = fn(&Client, &str) -> BoxFuture<'static, Result<(), Error>>;

pub(crate) fn unit<T: Send + 'static>(
    call: impl IntoFuture<Output = Result<T, Error>, IntoFuture: Send + 'static>,
) -> BoxFuture<'static, Result<(), Error>> {
    let future = call.into_future();
    Box::pin(async move { future.await.map(drop) })
}

const BY_ID: &[(&str, &str, ById)] = &[
    ("get", "/p/runs/{}", |c, id| unit(c.runs().get(id))),
    ("get_status", "/p/runs/{}/status", |c, id| {
        unit(c.runs().get_status(id))
    }),
    ("cancel", "/p/runs/{}/cancel", |c, id| {
        unit(c.runs().cancel(id))
    }),
    ("chain", "/p/runs/{}/checkpoint-chain", |c, id| {
        unit(c.runs().get_checkpoint_chain(id))
    }),
    ("checkpoint of", "/p/runs/{}/checkpoints/ck", |c, id| {
        unit(c.runs().get_checkpoint(id, "ck"))
    }),
    ("checkpoint", "/p/runs/r/checkpoints/{}", |c, id| {
        unit(c.runs().get_checkpoint("r", id))
    }),
    ("subscribe", "/p/runs/{}/events", |c, id| {
        let mut events = c.runs().subscribe(id);
        Box::pin(async move { events.next().await.unwrap().map(drop) })
    }),
    ("secrets.get", "/p/secrets/{}", |c, id| {
        unit(c.secrets().get(id))
    }),
    ("secrets.update", "/p/secrets/{}", |c, id| {
        unit(c.secrets().update(id, "value"))
    }),
    ("secrets.delete", "/p/secrets/{}", |c, id| {
        unit(c.secrets().delete(id))
    }),
];

/// Percent-decodes one segment.
fn decoded(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            out.push(u8::from_str_radix(&segment[at + 1..at + 3], 16).unwrap());
            at += 3;
        } else {
            assert!(bytes[at].is_ascii_alphanumeric() || b"-._~".contains(&bytes[at]));
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).unwrap()
}

const ODD_IDS: &[&str] = &[
    "a/b",
    "a?b",
    "a#b",
    "a%b",
    "%2e%2e",
    "%2F",
    "a b",
    "../x",
    "./x",
    "x/..",
    "...",
    "a:b@c",
    "a;b=c",
    "a+b",
    "a\\b",
    "é/ü",
    "日本",
    "\u{1F980}",
    "\n",
    "\u{0}",
    "{run_id}",
    "{",
    "}",
    "a&b=c",
    "\u{2028}",
];

#[tokio::test(start_paused = true)]
async fn an_id_is_one_segment_of_the_path_whatever_it_holds() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::status(404));
    let client = Client::with_options(format!("{BASE}/p"), rig::options(&transport)).unwrap();
    for (name, template, call) in BY_ID {
        for id in ODD_IDS {
            let before = transport.requests().len();
            let error = call(&client, id).await.unwrap_err();
            assert_eq!(error.status(), Some(404), "{name} {id:?}: {error}");
            let request = &transport.requests()[before];
            assert_eq!(request.uri.query(), None, "{name} {id:?}");
            let got: Vec<&str> = request.uri.path().split('/').collect();
            let expected: Vec<&str> = template.split('/').collect();
            assert_eq!(got.len(), expected.len(), "{name} {id:?}: {got:?}");
            for (got, expected) in got.iter().zip(expected) {
                let expected = if expected == "{}" { id } else { expected };
                assert_eq!(decoded(got), expected, "{name} {id:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_would_reach_another_route_is_refused_and_costs_neither_request_nor_token() {
    let transport = ScriptedTransport::new();
    transport.reply_with(healthy);
    let client = authenticated(&transport);
    for (name, _, call) in BY_ID {
        for id in ["", ".", ".."] {
            let error = call(&client, id).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{name} {id:?}");
            assert_eq!(error.sent(), Sent::Never, "{name} {id:?}");
            assert_eq!(error.attempts(), 0, "{name} {id:?}");
        }
    }
    assert_eq!(lines(&transport), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_id_from_the_server_is_trusted_no_more_than_one_from_the_caller() {
    for (id, path) in [
        ("a/../b", Some("/runs/a%2F..%2Fb")),
        ("..", None),
        ("", None),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply_with(move |_| Reply::json(&run_json(id, "running")));
        let mut run = anonymous(&transport).runs().get("run_1").await.unwrap();
        let fork = run.fork("x", ResumeRunOptions::new()).await.map(drop);
        let mut events = run.subscribe();
        let followed = events.next().await.unwrap().map(drop);
        let results = [
            fork,
            run.get_status().await.map(drop),
            run.cancel().await.map(drop),
            followed,
            run.refresh().await,
        ];
        if let Some(path) = path {
            for line in &lines(&transport)[1..] {
                assert!(line.split(' ').nth(1).unwrap().starts_with(path), "{line}");
            }
            assert_eq!(transport.requests().len(), 6);
        } else {
            for result in results {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidArgument);
            }
            assert_eq!(transport.requests().len(), 1, "{id:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_filter_by_image_can_not_leave_the_query() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::json(&json!([])));
    let client = anonymous(&transport);
    for (image, query) in [
        ("a b", "sandbox=a+b"),
        ("a&b=c#d", "sandbox=a%26b%3Dc%23d"),
        ("é", "sandbox=%C3%A9"),
        ("", "sandbox="),
    ] {
        client.runs().list(image).await.unwrap();
        let request = transport.requests().pop().unwrap();
        assert_eq!(request.uri.query(), Some(query));
        assert_eq!(request.uri.path(), "/runs");
    }
}
