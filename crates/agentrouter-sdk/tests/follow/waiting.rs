//! Waiting for a run: how long, and what comes of it.

use std::sync::{Arc, Mutex};

use agent_core::testing::{Reply, ScriptedTransport};
use agentrouter_sdk::{CreateAndWaitRequest, ErrorExt, RetryPolicy};
use serde_json::json;
use tokio::time::Instant;

use crate::rig::{client, page, run};
use crate::server::{MS, Server, drain, request, sequences, started};

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_too_long_is_a_typed_error_behind_all_events() {
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.message")
        .event(MS(1000), 2, "agent.message");
    let limited = request().max_wait(MS(2500));
    let run = started(&client(&server.transport), limited).await;
    // The clock of a stream begins with its first read.
    tokio::time::advance(MS(60_000)).await;
    let start = Instant::now();
    let (events, error, end) = drain(run.events()).await;
    let error = error.unwrap();
    assert_eq!((sequences(&events), end), (vec![1, 2], None));
    assert!(error.is_wait_timeout() && error.is_agent_router_error());
    assert_eq!(
        error.message(),
        "Run did not reach a terminal state before maxWaitMs"
    );
    assert_eq!(
        error.details().unwrap(),
        &json!({"runId": "run_1", "status": "running"})
    );
    assert_eq!(
        (error.status_code(), error.cursor().unwrap().as_u64()),
        (None, Some(2))
    );
    assert_eq!(error.run_id().unwrap(), "run_1");
    assert_eq!(start.elapsed(), MS(3000), "over by at most one interval");
    // The result's began when the handle was made: one poll, and the end.
    let before = server.requests();
    assert!(run.final_result().await.unwrap_err().is_wait_timeout());
    assert_eq!(server.requests(), before + 2);
}

#[tokio::test(start_paused = true)]
async fn a_terminal_run_whose_last_event_never_comes_does_not_hang() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|request| match request.uri.path() {
        path if path.ends_with("/events") => Reply::json(&page(&[])),
        _ => Reply::json(&run("run_1", "completed", 9)),
    });
    let run = started(&client(&transport), request().max_wait(MS(5000))).await;
    let (_, error, _) = drain(run.events()).await;
    assert!(error.unwrap().is_wait_timeout());
    let error = run.final_result().await.unwrap_err();
    assert_eq!(error.details().unwrap()["status"], "completed");
}

#[tokio::test(start_paused = true)]
async fn the_result_is_there_after_reading_and_does_no_harm_unread() {
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.response")
        .over(MS(2000), "completed");
    let run = started(&client(&server.transport), request()).await;
    let created = server.requests();
    let never_awaited = run.final_result();
    drop(never_awaited);
    let forgotten = run.clone();
    drop(forgotten.events());
    assert_eq!(server.requests(), created);
    let (texts, ..) = drain(run.text_stream()).await;
    assert_eq!(texts, ["text 1"]);
    let result = run.final_result().await.unwrap();
    assert_eq!(
        (
            result.status.as_str(),
            result.text.as_str(),
            result.last_event_seq()
        ),
        ("completed", "done", 1)
    );
    // It needs no stream to be read at all.
    assert_eq!(run.final_result().await.unwrap(), result);
    // And moves into a task together with the streams.
    let task = tokio::spawn(async move { run.final_result().await.map(|result| result.id) });
    assert_eq!(task.await.unwrap().unwrap(), "run_1");
}

#[tokio::test(start_paused = true)]
async fn waiting_in_one_call_follows_the_same_rules_and_tells_every_event() {
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.message")
        .event(MS(1500), 2, "agent.message")
        .over(MS(1500), "failed");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let request = CreateAndWaitRequest::new("t")
        .on_event(move |event| sink.lock().unwrap().push(event.sequence));
    let waited = client(&server.transport)
        .create_run_and_wait(request)
        .retry(RetryPolicy::default())
        .await
        .unwrap();
    assert_eq!(
        (waited.run.status.as_str(), waited.last_event_seq()),
        ("failed", 2)
    );
    assert_eq!(*seen.lock().unwrap(), [1, 2]);
}
