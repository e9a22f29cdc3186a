//! Promises over a script: credentials, settings, the budget of retries, hostile answers, calls that are given up.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "a test that can not go on should stop, and its texts are for people"
)]

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use agent_core::{PlainHttp, SecretString};
use meistrari_agent_sdk::{
    AgentClient, ApiKeyAuthStrategy, AuthStrategy, Credentials, DataTokenAuthStrategy, Error,
    ErrorExt, ErrorKind, HttpConfig, Result, RetryPolicy, Sent,
};
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::Instant;

mod support;

use support::{BASE, REFERENCE, SAFE, UNSAFE, VAULT, call, scripted, scripted_with};

// ---- credentials and settings

/// Gives another token each time it is asked, and at last none.
#[derive(Debug, Default)]
struct Rotating(AtomicUsize);

impl AuthStrategy for Rotating {
    fn headers(&self) -> Result<Credentials> {
        match self.0.fetch_add(1, Ordering::SeqCst) {
            5.. => Err(Error::config("the token source is dry")),
            n => Credentials::header("x-data-token", &SecretString::from(format!("t{n}"))),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_strategy_is_asked_anew_for_every_attempt_and_its_error_is_that_of_the_call() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::status(503));
    transport.reply(Reply::json(&json!({})));
    transport.reply(Reply::broken());
    transport.reply(Reply::json(
        &json!({"url": "https://storage.example.com/o"}),
    ));
    transport.reply(Reply::status(200).chunk("file"));
    transport.reply(Reply::json(&json!({})));
    let client = AgentClient::builder(BASE, Rotating::default())
        .vault_url(VAULT)
        .http(HttpConfig::new().transport(transport.shared()))
        .build()
        .unwrap();
    client.fetch_timeline("s").await.unwrap();
    client.resolve_reference(REFERENCE).await.unwrap();
    client.cancel_session("s").await.unwrap();
    let token = |request: &RecordedRequest| {
        let value = request.headers.get("x-data-token");
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    let tokens: Vec<_> = transport.requests().iter().map(token).collect();
    let sent = |n: usize| Some(format!("t{n}"));
    assert_eq!(
        tokens,
        [sent(0), sent(1), sent(2), sent(3), None, sent(4)],
        "the storage gets none"
    );
    let error = client.execute_agent(support::start("m")).await.unwrap_err();
    assert_eq!(error.message(), "the token source is dry");
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Config, Sent::Never)
    );
    assert_eq!(transport.requests().len(), 6);
}

#[test]
fn what_can_not_make_a_client_is_refused_in_words_that_show_no_secret() {
    let token = || DataTokenAuthStrategy::new("planted");
    let build =
        |base: &str, vault: &str| AgentClient::builder(base, token()).vault_url(vault).build();
    let strict = HttpConfig::new().plain_http(PlainHttp::Refuse);
    let plain = |base: &str, vault: &str| {
        let config = AgentClient::builder(base, token()).vault_url(vault);
        config.http(strict.clone()).build()
    };
    let good = "https://a.example";
    for (client, expected) in [
        (build("", ""), "baseUrl is not a valid http(s) URL"),
        (build("a.example", ""), "baseUrl is not a valid http(s) URL"),
        (build("/v4", ""), "baseUrl is not a valid http(s) URL"),
        (
            build("ftp://a.example", ""),
            "baseUrl is not a valid http(s) URL",
        ),
        (build("https://", ""), "baseUrl is not a valid http(s) URL"),
        (
            build("https://a.example?", ""),
            "baseUrl must not have a query or fragment",
        ),
        (
            build("https://a.example/x?planted", ""),
            "baseUrl must not have a query or fragment",
        ),
        (
            build("https://a.example#planted", ""),
            "baseUrl must not have a query or fragment",
        ),
        (build(good, " "), "vaultUrl is not a valid http(s) URL"),
        (
            build(good, "ws://v.example"),
            "vaultUrl is not a valid http(s) URL",
        ),
        (
            build(good, "https://v.example/?planted"),
            "vaultUrl must not have a query or fragment",
        ),
        (
            build("https://planted:planted@a.example", ""),
            "baseUrl must not hold a user name or password",
        ),
        (
            AgentClient::builder(good, DataTokenAuthStrategy::new("")).build(),
            "data token must not be empty",
        ),
        (
            AgentClient::builder(good, ApiKeyAuthStrategy::new("")).build(),
            "API key must not be empty",
        ),
        (
            AgentClient::builder(good, DataTokenAuthStrategy::new("planted\r\nx: y")).build(),
            "data token is not a valid header value",
        ),
        (
            AgentClient::builder(good, ApiKeyAuthStrategy::new("planted\n")).build(),
            "API key is not a valid header value",
        ),
    ] {
        let error = client.unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::Config, expected)
        );
        assert!(!format!("{error:?}").contains("planted"), "{error:?}");
    }
    // Over plain http only to this machine, if the user is strict; that holds for the vault too.
    for (base, vault, fits) in [
        ("http://127.0.0.1:1", "http://localhost:2", true),
        ("http://a.example", "", false),
        (good, "http://v.example", false),
    ] {
        let result = plain(base, vault);
        assert_eq!(result.is_ok(), fits, "{base} {vault}");
    }
    for (base, expected) in [
        ("https://gw.example/agent///", "https://gw.example/agent"),
        ("https://gw.example", "https://gw.example"),
        ("HTTP://GW.example:80/", "http://gw.example"),
    ] {
        assert_eq!(build(base, "").unwrap().base_url(), expected);
    }
}

// ---- retries

#[tokio::test(start_paused = true)]
async fn the_clones_of_a_client_share_a_budget_of_retries_and_the_vault_does_too() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::status(503));
    let client = scripted(&transport);
    for _ in 0..25 {
        client.clone().fetch_timeline("s").await.unwrap_err();
        client.resolve_reference(REFERENCE).await.unwrap_err();
    }
    assert_eq!(transport.requests().len(), 50 + 20);
    assert_eq!(client.retry_budget().available(), 0);
}

// ---- hostile answers

/// Whether the answers to `name` are read as JSON by the call itself.
fn is_json(name: &str) -> bool {
    name != "stream"
}

#[tokio::test(start_paused = true)]
async fn answers_of_the_wrong_form_are_decode_errors_that_are_not_repeated() {
    let bodies: &[&[u8]] = &[
        b"null",
        b"7",
        b"\"text\"",
        b"[null]",
        b"{\"success\"",
        b"\xff\xfe{}",
        b"{\"success\": \"\xff\"}",
        b"\x1f\x8b\x08compressed",
        b"{\"success\": true} trailing",
        b"<html>",
    ];
    for name in UNSAFE.into_iter().chain(SAFE).filter(|name| is_json(name)) {
        for body in bodies {
            let transport = ScriptedTransport::new();
            transport.reply_with(|_| {
                Reply::status(200)
                    .header("x-request-id", "req_7")
                    .chunk(*body)
            });
            let error = call(&scripted(&transport), name).await.unwrap_err();
            let what = format!("{name}: {}", String::from_utf8_lossy(body));
            assert_eq!(error.kind(), ErrorKind::Decode, "{what}");
            assert_eq!(
                (error.sent(), error.request_id()),
                (Sent::Yes, Some("req_7")),
                "{what}"
            );
            assert_eq!(transport.requests().len(), 1, "{what}");
        }
    }
    // No body at all: enough for a cancel and for a model, too little for the rest.
    for status in [200, 204] {
        for name in UNSAFE.into_iter().chain(SAFE).filter(|name| is_json(name)) {
            let transport = ScriptedTransport::new();
            transport.reply(Reply::status(status));
            let result = call(&scripted(&transport), name).await;
            match result {
                Ok(()) => assert!(matches!(name, "cancel" | "model"), "{name}"),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Decode, "{name}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn deep_nesting_is_an_error_and_no_crash() {
    let deep = "[".repeat(200_000);
    for name in UNSAFE.into_iter().chain(SAFE) {
        for status in [200, 400, 409] {
            let body = format!("{{\"error\": {deep}");
            let transport = ScriptedTransport::new();
            transport.reply_with(move |_| Reply::status(status).chunk(body.clone()));
            let result = call(&scripted(&transport), name).await;
            // A stream is open once its head is there.
            assert_eq!(result.is_ok(), name == "stream" && status == 200, "{name}");
        }
    }
    let event = format!("data: {{\"steps\": {deep}\n\ndata: {{\"kind\":\"result\"}}\n\n");
    let transport = ScriptedTransport::new();
    transport.reply(Reply::events().chunk(event));
    let mut stream = scripted(&transport)
        .stream_session("s", Some(3))
        .await
        .unwrap();
    let items = support::all(&mut stream).await;
    assert_eq!(items[0].as_ref().unwrap_err().kind(), ErrorKind::Decode);
    assert!(items[1].is_ok() && items.len() == 2);
}

#[tokio::test(start_paused = true)]
async fn gigantic_answers_end_at_the_limit() {
    for name in UNSAFE.into_iter().chain(SAFE).filter(|name| is_json(name)) {
        for declared in [true, false] {
            let transport = ScriptedTransport::new();
            transport.reply_with(move |_| {
                let mut reply = Reply::status(200);
                if declared {
                    reply = reply.header("content-length", "99999999999");
                }
                (0..100)
                    .fold(reply, |reply, _| reply.chunk("x".repeat(1000)))
                    .open()
            });
            let http = HttpConfig::new().max_body_bytes(50_000);
            let error = call(&scripted_with(&transport, http), name)
                .await
                .unwrap_err();
            assert_eq!(
                (error.kind(), error.sent()),
                (ErrorKind::TooLarge, Sent::Yes),
                "{name}"
            );
            assert_eq!(transport.requests().len(), 1, "{name}");
            assert_eq!(transport.open_exchanges(), 0, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusals_body_that_is_cut_or_stuck_still_gives_its_status() {
    for name in UNSAFE.into_iter().chain(SAFE) {
        let body = || Reply::status(409).chunk("{\"error\"");
        for reply in [body().lost(), body().open()] {
            let transport = ScriptedTransport::new();
            transport.reply(reply);
            let start = Instant::now();
            let http = HttpConfig::new().retry(RetryPolicy::none());
            let error = call(&scripted_with(&transport, http), name)
                .await
                .unwrap_err();
            let refused = error.as_fetch_error().unwrap();
            assert_eq!(
                (refused.status(), &*refused.body()),
                (409, "{\"error\""),
                "{name}"
            );
            assert!(start.elapsed() <= Duration::from_secs(5), "{name}");
        }
    }
}

// ---- giving up

/// Wakes a test that polls by hand.
struct Bell(Notify);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

/// What answers every operation well, in pieces and with waits.
fn slow(request: &RecordedRequest) -> Reply {
    let second = Duration::from_secs(1);
    let reply = match request.uri.host() {
        Some("vault.example.com") => Reply::json(&json!({"url": "https://storage.example.com/o"})),
        Some("storage.example.com") => Reply::status(200).chunk("a").wait(second).chunk("b"),
        _ => Reply::status(200)
            .chunk("{\"success\": true, \"content\": \"\",")
            .wait(second)
            .chunk("\"tree\": []}"),
    };
    reply.delay(second)
}

#[tokio::test(start_paused = true)]
async fn a_call_may_be_given_up_at_every_await_and_leaves_no_open_exchange() {
    for name in UNSAFE.into_iter().chain(SAFE) {
        let mut finished = false;
        for polls in 0..12 {
            let transport = ScriptedTransport::new();
            transport.reply_with(slow);
            let client = scripted(&transport);
            {
                let mut call = pin!(call(&client, name));
                let bell = Arc::new(Bell(Notify::new()));
                let waker = Waker::from(Arc::clone(&bell));
                let mut context = Context::from_waker(&waker);
                for _ in 0..polls {
                    if call.as_mut().poll(&mut context).is_ready() {
                        finished = true;
                        break;
                    }
                    bell.0.notified().await;
                }
            }
            assert_eq!(transport.open_exchanges(), 0, "{name} after {polls} polls");
            if UNSAFE.contains(&name) {
                assert!(transport.requests().len() <= 1, "{name}");
            }
        }
        assert!(finished, "{name}: 12 polls are enough");
    }
}

#[tokio::test(start_paused = true)]
async fn waiting_for_an_event_may_be_given_up_at_every_await_and_loses_none() {
    let pieces = [
        "data: {\"kind\":\"st",
        "eps\",\"nextCursor\":1}\n",
        "\ndata: {\"kind\":\"result\"}\n\n",
    ];
    let transport = ScriptedTransport::new();
    let reply = pieces.iter().fold(Reply::events(), |reply, piece| {
        reply.wait(Duration::from_secs(3)).chunk(*piece)
    });
    transport.reply(reply.open());
    let mut stream = scripted(&transport)
        .stream_session("s", None::<i64>)
        .await
        .unwrap();
    let mut kinds = Vec::new();
    let (mut ended, mut waits) = (false, 0);
    while !ended {
        match tokio::time::timeout(Duration::from_secs(1), stream.next()).await {
            Ok(Some(event)) => kinds.push(event.unwrap().kind().to_owned()),
            Ok(None) => ended = true,
            Err(_) => waits += 1,
        }
    }
    assert_eq!(kinds, ["steps", "result"]);
    assert!(waits >= 6, "{waits}");
    assert_eq!(transport.open_exchanges(), 0);
}
