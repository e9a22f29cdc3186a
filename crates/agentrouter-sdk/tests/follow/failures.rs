//! Polls that fail: what is asked again, and what ends the stream.

use agent_core::testing::{Reply, ScriptedTransport};
use agentrouter_sdk::{ErrorExt, ErrorKind, Limit, Resume, StreamOptions};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::rig::{client, event, page, plain, run};
use crate::server::{MS, Server, drain, request, sequences, started};

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_limited_waits_as_long_as_the_server_says() {
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.message")
        .over(MS(0), "completed");
    let run = started(&client(&server.transport), request()).await;
    server
        .transport
        .reply(Reply::status(429).header("retry-after", "7"));
    let start = Instant::now();
    let (events, error, _) = drain(run.events()).await;
    assert_eq!(
        (sequences(&events), error.is_none(), start.elapsed()),
        (vec![1], true, MS(7000))
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_survived_and_a_refusal_is_not() {
    // More failures in a row than the retries of one poll.
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.message")
        .event(MS(0), 2, "agent.message")
        .over(MS(0), "completed");
    let run = started(&client(&server.transport), request()).await;
    for _ in 0..7 {
        server.transport.reply(Reply::broken());
    }
    let (events, error, _) = drain(run.events()).await;
    assert_eq!((sequences(&events), error.is_none()), (vec![1, 2], true));

    for (reply, kind) in [
        (Reply::status(401), ErrorKind::Api),
        (Reply::status(404), ErrorKind::Api),
        (Reply::status(200).chunk("<html>"), ErrorKind::Decode),
        (
            Reply::json(&json!({"items": [{"type": "no sequence"}]})),
            ErrorKind::Decode,
        ),
    ] {
        server.transport.reply(reply);
        let (events, error, _) = drain(run.events()).await;
        assert_eq!((events.len(), error.unwrap().kind()), (0, kind));
    }

    // As the vendor's client, the first failure is the last item, with the position.
    let run = started(&plain(&server.transport), request()).await;
    let first = page(&[event(1, "agent.message")]);
    server
        .transport
        .reply(Reply::json(&first))
        .reply(Reply::status(503));
    let (events, error, _) = drain(run.events()).await;
    let error = error.unwrap();
    assert_eq!(
        (
            sequences(&events),
            error.status(),
            error.cursor().unwrap().as_u64()
        ),
        (vec![1], Some(503), Some(1))
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_away_ends_the_stream_with_its_position() {
    let server = Server::new();
    server.event(MS(0), 1, "agent.message");
    let run = started(&client(&server.transport), request().max_wait(Limit::Off)).await;
    let mut events = run.events_with(StreamOptions::new().resume(Resume::auto().max_reconnects(3)));
    events.next().await.unwrap().unwrap();
    server.transport.reply_with(|_| Reply::refused());
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReconnectsExhausted);
    assert_eq!(
        (
            error.cursor().unwrap().as_u64(),
            error.run_id().unwrap().as_str()
        ),
        (Some(1), "run_1")
    );
    assert!(events.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_the_server_sends_again_is_delivered_once() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::json(&run("run_1", "queued", 0)));
    for pages in [&[1, 2][..], &[1, 2, 3], &[3, 4]] {
        let events: Vec<Value> = pages.iter().map(|n| event(*n, "agent.message")).collect();
        transport.reply(Reply::json(&page(&events)));
        transport.reply(Reply::json(&run("run_1", "completed", 4)));
    }
    let run = started(&plain(&transport), request()).await;
    assert_eq!(sequences(&drain(run.events()).await.0), [1, 2, 3, 4]);
}
