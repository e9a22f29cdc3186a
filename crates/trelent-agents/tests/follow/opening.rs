//! How a stream begins, and what each opening costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use serde_json::json;
use trelent_agents::agent_core::PlainHttp;
use trelent_agents::{
    Client, ClientOptions, ErrorKind, Resume, RetryPolicy, RunStatus, StreamOptions,
};

use crate::rig::{
    self, MakeReply, anonymous, completed, drain, event, events, healthy, line, lines,
};
use crate::server::{OPEN, STATUS, count, numbers, running, seconds, server, stream, subscribe};

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_the_first_poll() {
    let transport = server(|_| stream(completed(0)), running);
    let mut events = subscribe(&transport);
    tokio::task::yield_now().await;
    assert_eq!(lines(&transport), Vec::<String>::new());
    drain(&mut events).await;
    let request = &transport.requests()[0];
    assert_eq!(request.headers["accept"], "text/event-stream");
    assert!(!request.headers.contains_key("last-event-id"));
    assert!(request.body.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_can_not_be_opened_has_one_item_the_error() {
    let too_late = || stream("").delay(seconds(3600));
    let table: [(&str, MakeReply, ErrorKind, usize); 8] = [
        ("404", || Reply::status(404), ErrorKind::Api, 1),
        ("401", || Reply::status(401), ErrorKind::Api, 1),
        ("422", || Reply::status(422), ErrorKind::Api, 1),
        ("503, repeated", || Reply::status(503), ErrorKind::Api, 3),
        ("no connection", Reply::refused, ErrorKind::Transport, 3),
        ("broken", Reply::broken, ErrorKind::Transport, 3),
        ("no head", too_late, ErrorKind::Timeout, 3),
        ("JSON", || Reply::json(&json!({})), ErrorKind::Decode, 1),
    ];
    for resume in [Resume::auto(), Resume::never()] {
        for (name, reply, kind, requests) in &table {
            let reply = *reply;
            let transport = server(move |_| reply(), running);
            let mut events = anonymous(&transport)
                .runs()
                .subscribe_with("run_1", StreamOptions::new().resume(resume.clone()));
            let error = events.next().await.unwrap().unwrap_err();
            assert_eq!(error.kind(), *kind, "{name}");
            assert_eq!(error.operation(), "runs.subscribe", "{name}");
            assert!(events.next().await.is_none(), "{name}");
            assert_eq!(count(&transport, OPEN), *requests, "{name}");
            assert_eq!(count(&transport, STATUS), 0, "{name}");
            assert_eq!(transport.open_exchanges(), 0, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_event_stream_is_an_error_not_an_empty_stream() {
    for kind in [Some("text/html"), Some("application/json"), None] {
        let transport = server(
            move |_| {
                let reply = Reply::status(200);
                match kind {
                    Some(kind) => reply.header("content-type", kind),
                    None => reply,
                }
                .chunk(event(0))
            },
            running,
        );
        let mut events = subscribe(&transport);
        assert_eq!(drain(&mut events).await, ["Decode"], "{kind:?}");
        assert_eq!(events.end(), None, "a fatal error is no end");
    }
}

#[tokio::test(start_paused = true)]
async fn what_follows_the_content_type_does_not_matter() {
    for kind in [
        "text/event-stream",
        "Text/Event-Stream;charset=latin-1",
        "text/event-stream ; x=\"a, b\"",
        "text/event-stream; name=\"événements\"",
    ] {
        let open = move |_| {
            let reply = Reply::status(200).header("content-type", kind);
            reply.chunk(event(0)).chunk(completed(1))
        };
        let transport = server(open, running);
        let mut events = anonymous(&transport)
            .runs()
            .subscribe_with("run_1", StreamOptions::new().resume(Resume::never()));
        assert_eq!(drain(&mut events).await, numbers(0..2), "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cached_token_that_is_refused_while_opening_is_replaced_once() {
    let grants = Arc::new(AtomicUsize::new(0));
    let transport = ScriptedTransport::new();
    let counter = Arc::clone(&grants);
    transport.reply_with(move |request: &RecordedRequest| {
        if request.uri.path() == "/token" {
            let n = counter.fetch_add(1, Ordering::SeqCst);
            return Reply::json(&json!({"access_token": format!("t{n}"), "expires_in": 3600}));
        }
        match (
            line(request).as_str(),
            request.headers["authorization"].to_str().unwrap(),
        ) {
            (OPEN, "Bearer t0") => Reply::status(401),
            (OPEN, _) => stream(completed(0)),
            _ => healthy(request),
        }
    });
    let client = rig::authenticated(&transport);
    client.runs().get_status("run_1").await.unwrap();
    assert_eq!(drain(&mut client.runs().subscribe("run_1")).await, ["0"]);
    assert_eq!(grants.load(Ordering::SeqCst), 2);
    assert_eq!(count(&transport, OPEN), 2);
}

#[tokio::test(start_paused = true)]
async fn a_resumed_stream_gets_a_new_token_when_the_old_one_was_revoked() {
    // A token minted for the very call is not replaced; the reopening finds it in the cache.
    let revoked = Arc::new(AtomicBool::new(false));
    let grants = AtomicUsize::new(0);
    let transport = ScriptedTransport::new();
    transport.reply_with(move |request: &RecordedRequest| {
        if request.uri.path() == "/token" {
            let n = grants.fetch_add(1, Ordering::SeqCst);
            return Reply::json(&json!({"access_token": format!("t{n}"), "expires_in": 3600}));
        }
        match request.headers["authorization"].to_str().unwrap() {
            "Bearer t0" if revoked.swap(true, Ordering::SeqCst) => Reply::status(401),
            "Bearer t0" => stream(events(0, 2)).lost(),
            _ => stream(events(0, 2) + &completed(2)),
        }
    });
    let client = rig::authenticated(&transport);
    assert_eq!(
        drain(&mut client.runs().subscribe("run_1")).await,
        numbers(0..3)
    );
    assert_eq!(
        lines(&transport),
        ["POST /token", OPEN, OPEN, "POST /token", OPEN]
    );
}

#[tokio::test(start_paused = true)]
async fn the_exchange_of_a_token_takes_no_time_from_a_reopening() {
    let opened = AtomicUsize::new(0);
    let transport = ScriptedTransport::new();
    transport.reply_with(move |request: &RecordedRequest| {
        if request.uri.path() == "/token" {
            // For one call only.
            return Reply::json(&json!({"access_token": "t"})).delay(seconds(6));
        }
        match opened.fetch_add(1, Ordering::SeqCst) {
            0 => stream(event(0)).lost(),
            _ => stream(event(0) + &completed(1)).delay(seconds(6)),
        }
    });
    let mut events = rig::authenticated(&transport).runs().subscribe("run_1");
    assert_eq!(drain(&mut events).await, numbers(0..2));
    assert_eq!(
        lines(&transport),
        ["POST /token", OPEN, "POST /token", OPEN]
    );
}

#[tokio::test(start_paused = true)]
async fn the_exchange_of_a_token_takes_no_time_from_the_repeat_after_a_401() {
    let opened = AtomicUsize::new(0);
    let transport = ScriptedTransport::new();
    transport.reply_with(move |request: &RecordedRequest| {
        if request.uri.path() == "/token" {
            return Reply::json(&rig::token_json()).delay(seconds(6));
        }
        match opened.fetch_add(1, Ordering::SeqCst) {
            0 => stream(event(0)).lost(),
            1 => Reply::status(401).delay(seconds(6)),
            _ => stream(event(0) + &completed(1)).delay(seconds(3)),
        }
    });
    let mut events = rig::authenticated(&transport).runs().subscribe("run_1");
    assert_eq!(drain(&mut events).await, numbers(0..2));
    assert_eq!(
        lines(&transport),
        ["POST /token", OPEN, OPEN, "POST /token", OPEN]
    );
}

#[tokio::test(start_paused = true)]
async fn the_waits_and_status_questions_of_following_run_with_any_retry_policy() {
    let transport = server(
        |n| {
            stream(if n == 0 {
                event(0)
            } else {
                event(0) + &completed(1)
            })
        },
        running,
    );
    let http = rig::http(&transport)
        .retry(RetryPolicy::none())
        .plain_http(PlainHttp::Refuse);
    let client = Client::with_options(rig::BASE, ClientOptions::new().http(http)).unwrap();
    assert_eq!(
        drain(&mut client.runs().subscribe("run_1")).await,
        ["0", "1"]
    );
    assert_eq!(lines(&transport), [OPEN, STATUS, OPEN]);
}

#[tokio::test(start_paused = true)]
async fn a_run_at_hand_is_followed_by_its_id() {
    let transport = server(|_| stream(completed(0)), running);
    let run = rig::a_run(&anonymous(&transport)).await.unwrap();
    assert_eq!(run.status, RunStatus::Running);
    assert_eq!(drain(&mut run.subscribe()).await, ["0"]);
    let options = StreamOptions::new().header("x-trace", "1");
    assert_eq!(drain(&mut run.subscribe_with(options)).await, ["0"]);
    let requests = transport.requests();
    assert_eq!(lines(&transport)[1..], [OPEN, OPEN]);
    assert_eq!(requests[2].headers["x-trace"], "1");
}

#[tokio::test(start_paused = true)]
async fn connecting_at_once_gives_the_failure_at_once() {
    let transport = server(|_| Reply::status(404), running);
    let error = subscribe(&transport).connect().await.unwrap_err();
    assert!(error.is_not_found());
    let transport = server(|_| stream(completed(0)), running);
    let mut stream = subscribe(&transport).connect().await.unwrap();
    assert_eq!(lines(&transport), [OPEN]);
    assert_eq!(drain(&mut stream).await, ["0"]);
}

#[tokio::test(start_paused = true)]
async fn an_event_larger_than_the_limit_ends_the_stream_with_a_typed_error() {
    let transport = server(
        |_| stream(event(0) + "data: ").chunk("x".repeat(5000)).open(),
        running,
    );
    let http = rig::http(&transport).max_event_bytes(4096);
    let client = Client::with_options(rig::BASE, ClientOptions::new().http(http)).unwrap();
    let mut stream = client.runs().subscribe("run_1");
    assert_eq!(drain(&mut stream).await, ["0", "TooLarge"]);
    assert_eq!(transport.open_exchanges(), 0);
}
