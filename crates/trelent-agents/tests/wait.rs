//! Waiting for a run, and its last words.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use serde_json::json;
use tokio::time::Instant;
use trelent_agents::agent_core::TimeoutPhase;
use trelent_agents::{ErrorKind, Limit, Run, RunStatus};

#[path = "support/rig.rs"]
mod rig;

use rig::{anonymous, completed, framed, healthy, line, lines, run_json, status_json};

const STATUS: &str = "GET /runs/run_1/status";
const RUN: &str = "GET /runs/run_1";

/// A run whose status is asked for: the answers, the last of them for ever.
async fn run(answers: Vec<Reply>) -> (Run, ScriptedTransport) {
    let transport = ScriptedTransport::new();
    let asked = AtomicUsize::new(0);
    let gets = AtomicUsize::new(0);
    transport.reply_with(move |request| match line(request).as_str() {
        STATUS => {
            let n = asked.fetch_add(1, Ordering::SeqCst);
            answers[n.min(answers.len() - 1)].clone()
        }
        RUN if gets.fetch_add(1, Ordering::SeqCst) > 0 => {
            Reply::json(&run_json("run_1", "completed"))
        }
        _ => healthy(request),
    });
    let run = rig::a_run(&anonymous(&transport)).await.unwrap();
    (run, transport)
}

fn is(status: &str) -> Reply {
    Reply::json(&status_json(status))
}

#[tokio::test(start_paused = true)]
async fn waiting_asks_every_two_seconds_and_gives_the_whole_run() {
    let (run, transport) = run(vec![is("pending"), is("starting"), is("new"), is("failed")]).await;
    let start = Instant::now();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let progress = Arc::clone(&seen);
    let done = run
        .wait()
        .on_progress(move |now| progress.lock().unwrap().push(now.status.to_string()))
        .await
        .unwrap();
    assert_eq!(done.status, RunStatus::Completed);
    assert_eq!(start.elapsed(), Duration::from_secs(6));
    assert_eq!(
        *seen.lock().unwrap(),
        ["pending", "starting", "new", "failed"]
    );
    assert_eq!(
        lines(&transport),
        [RUN, STATUS, STATUS, STATUS, STATUS, RUN]
    );
    // What comes back is a run like any other.
    done.get_status().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn every_terminal_status_ends_the_waiting_at_once() {
    for status in ["completed", "failed", "timeout", "cancelled"] {
        let (run, transport) = run(vec![is(status)]).await;
        let start = Instant::now();
        run.wait().await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO, "{status}");
        assert_eq!(lines(&transport), [RUN, STATUS, RUN], "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_interval_is_the_users() {
    let (run, transport) = run(vec![is("running"), is("running"), is("completed")]).await;
    let start = Instant::now();
    run.wait()
        .poll_interval(Duration::from_secs(30))
        .await
        .unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(60));
    assert_eq!(transport.requests().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_too_long_is_a_typed_error_and_leaves_the_run_alone() {
    let (run, transport) = run(vec![is("running")]).await;
    let start = Instant::now();
    let error = run
        .wait()
        .timeout(Duration::from_secs(61))
        .await
        .unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(61));
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    assert_eq!(error.operation(), "run.wait");
    assert_eq!(
        error.to_string(),
        "run.wait: the run was not over within 61000 ms, its last status was running"
    );
    assert!(transport.requests().iter().all(|r| r.method == "GET"));
    assert_eq!(transport.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_limit_also_ends_a_question_that_hangs() {
    let (run, transport) = run(vec![Reply::silence()]).await;
    let start = Instant::now();
    let error = run
        .wait()
        .timeout(Duration::from_secs(3))
        .await
        .unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(3));
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(
        error.to_string(),
        "run.wait: the run was not over within 3000 ms, its status was never read"
    );
    assert_eq!(transport.open_exchanges(), 0);
    // Off is no limit; the questions have theirs.
    let error = run.wait().timeout(Limit::Off).await.unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Attempt));
}

#[tokio::test(start_paused = true)]
async fn limits_and_intervals_of_zero_are_refused_and_cost_no_request() {
    let (run, transport) = run(vec![is("running")]).await;
    for wait in [
        run.wait().timeout(Duration::ZERO),
        run.wait().poll_interval(Duration::ZERO),
    ] {
        let error = wait.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        assert_eq!(error.operation(), "run.wait");
    }
    assert_eq!(lines(&transport), [RUN]);
}

#[tokio::test(start_paused = true)]
async fn a_passing_failure_of_a_question_does_not_end_the_waiting_and_a_lasting_one_does() {
    let passing = vec![
        is("running"),
        Reply::status(503),
        Reply::broken(),
        is("running"),
        Reply::status(429).header("retry-after", "7"),
        is("completed"),
    ];
    let (at_hand, transport) = run(passing).await;
    at_hand.wait().await.unwrap();
    assert_eq!(lines(&transport).iter().filter(|l| *l == STATUS).count(), 6);

    for (reply, requests, kind) in [
        (Reply::status(503), 3, ErrorKind::Api),
        (Reply::status(404), 1, ErrorKind::Api),
        (Reply::refused(), 3, ErrorKind::Transport),
        (Reply::json(&json!({"status": 7})), 1, ErrorKind::Decode),
    ] {
        let (run, transport) = run(vec![reply]).await;
        let error = run.wait().await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.operation(), "runs.get_status");
        assert_eq!(transport.requests().len(), requests + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_sends_nothing_until_it_is_awaited_and_shows_no_client() {
    let (run, transport) = run(vec![is("completed")]).await;
    let wait = run.wait();
    let shown = format!("{wait:?}");
    assert!(shown.contains("run_1") && shown.len() < 200, "{shown}");
    drop(wait);
    assert_eq!(lines(&transport), [RUN]);
}

fn message(seq: u64, blocks: &serde_json::Value) -> String {
    framed(
        &json!({"seq": seq, "ts": "t", "data": {"type": "message.completed",
        "message_id": "m", "content": blocks}}),
    )
}

async fn text_of(stream: String) -> Result<Option<String>, trelent_agents::Error> {
    let transport = ScriptedTransport::new();
    transport.reply_with(move |request| {
        if line(request) == "GET /runs/run_1/events" {
            Reply::events().chunk(stream.clone())
        } else {
            healthy(request)
        }
    });
    rig::a_run(&anonymous(&transport))
        .await
        .unwrap()
        .text()
        .await
}

#[tokio::test(start_paused = true)]
async fn the_text_of_a_run_is_its_last_complete_message() {
    let first = message(0, &json!([{"type": "text", "text": "first"}]));
    let last = message(
        1,
        &json!([
            {"type": "thinking", "text": "hm"},
            {"type": "text", "text": "the "},
            {"type": "tool_use", "tool_call_id": "t", "name": "n"},
            {"type": "text", "text": "end"},
        ]),
    );
    for (stream, expected) in [
        (format!("{first}{last}{}", completed(2)), Some("the end")),
        (format!("{first}{}", completed(2)), Some("first")),
        (completed(2), None),
    ] {
        assert_eq!(text_of(stream).await.unwrap().as_deref(), expected);
    }
    let error = text_of(format!("{first}{}{}", rig::malformed("x"), completed(2)))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
}
