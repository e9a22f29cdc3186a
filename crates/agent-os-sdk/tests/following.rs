//! Following a run, starting one, waiting for an event: how it ends, and what an end says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can not go on should stop"
)]

use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use agent_os_sdk::{CreateRun, ErrorExt, ErrorKind, FollowOptions, RetryPolicy, WaitForOptions};
use serde_json::json;

#[path = "support/rig.rs"]
mod rig;

use rig::{client, run};

#[tokio::test(start_paused = true)]
async fn errors_of_a_started_run_name_it() {
    let starts = || {
        let transport = ScriptedTransport::new();
        transport.reply(Reply::json(&run()));
        transport
    };
    let start = async |transport: &ScriptedTransport| {
        let options = FollowOptions::new().max_reconnects(1);
        let client = client(transport);
        let stream = client
            .runs()
            .create_and_stream(CreateRun::new("a"), options);
        stream.retry(RetryPolicy::none()).await.unwrap()
    };
    // Asking for the attempt fails, there is none, the stream is refused, it breaks again and again, it is no stream.
    let attempt = json!({"current_attempt_id": "att"});
    let cases: [(ErrorKind, Vec<Reply>); 6] = [
        (ErrorKind::Api, vec![Reply::status(404)]),
        (ErrorKind::Operation, vec![Reply::json(&run())]),
        (ErrorKind::Decode, vec![Reply::json(&json!(1)).chunk("x")]),
        (
            ErrorKind::Api,
            vec![Reply::json(&attempt), Reply::status(401)],
        ),
        (
            ErrorKind::ReconnectsExhausted,
            vec![Reply::json(&attempt), Reply::refused(), Reply::status(503)],
        ),
        (
            ErrorKind::Protocol,
            vec![Reply::json(&attempt), Reply::json(&json!({}))],
        ),
    ];
    for (kind, replies) in cases {
        let transport = starts();
        for reply in replies {
            transport.reply(reply);
        }
        let mut stream = start(&transport).await;
        assert_eq!(stream.run_id(), "run_1");
        let error = stream.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.run_id(), Some("run_1"), "{kind:?}");
        assert!(stream.next().await.is_none());
        assert_eq!(error.is_no_attempt(), kind == ErrorKind::Operation);
        if kind == ErrorKind::ReconnectsExhausted {
            assert_eq!(error.last_failure().unwrap().status(), Some(503));
        }
        if kind == ErrorKind::Protocol {
            assert_eq!(error.answer_status(), Some(200));
            assert_eq!(error.answer_content_type(), Some("application/json"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_retry_after_ends_following_with_that_answer() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::status(429).header("retry-after", "61"));
    let mut events = client(&transport)
        .runs()
        .follow("r", "a", FollowOptions::new());
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(
        (error.status(), error.retry_after()),
        (Some(429), Some(Duration::from_secs(61)))
    );

    let transport = ScriptedTransport::new();
    transport.reply(Reply::status(503).header("retry-after", "20"));
    transport.reply(Reply::status(204));
    let mut events = client(&transport)
        .runs()
        .follow("r", "a", FollowOptions::new());
    assert!(events.next().await.is_none());
    let requests = transport.requests();
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn waiting_for_an_event_ends_in_time_and_closes_the_connection() {
    let transport = ScriptedTransport::new();
    let event = "event: run_event\ndata: {\"seq\":1,\"type\":\"X\",\"timestamp\":\"t\"}\n\n";
    transport.reply(Reply::refused());
    transport.reply(Reply::events().chunk(event).open());
    let options = WaitForOptions::new().timeout(Duration::from_secs(9));
    let start = tokio::time::Instant::now();
    let wait = client(&transport)
        .runs()
        .wait_for("r", "a", |_| false, options);
    let error = wait.await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(error.cursor().unwrap().as_u64(), Some(1));
    assert_eq!(start.elapsed(), Duration::from_secs(9));
    assert_eq!(transport.open_exchanges(), 0);

    let wait = client(&transport)
        .runs()
        .wait_for("r", "", |_| true, options);
    let error = wait.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(
        error.message(),
        "attemptId is required for run event streaming"
    );
    assert_eq!(transport.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_stream_at_any_point_closes_it_and_sends_nothing_more() {
    let event = |seq| {
        format!("event: run_event\ndata: {{\"seq\":{seq},\"type\":\"X\",\"timestamp\":\"t\"}}\n\n")
    };
    for taken in 0..3 {
        let transport = ScriptedTransport::new();
        transport.reply(
            Reply::events()
                .chunk(event(1) + &event(2) + &event(3))
                .open(),
        );
        let mut events = client(&transport)
            .runs()
            .follow("r", "a", FollowOptions::new());
        for _ in 0..taken {
            events.next().await.unwrap().unwrap();
        }
        drop(events);
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(transport.open_exchanges(), 0);
        assert_eq!(transport.requests().len(), usize::from(taken > 0));
    }
}
