//! The two loops that belong to operations: continuing and closing, on virtual time.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use agentrouter_sdk::TimeoutPhase;
use serde_json::{Value, json};
use tokio::time::Instant;

#[path = "support/rig.rs"]
mod rig;

use rig::{client, lines, plain, run};

fn refusal(code: &str) -> Reply {
    Reply::status(409).chunk(json!({"error": {"code": code, "message": "m"}}).to_string())
}

fn closed(reclaimed: bool) -> Value {
    json!({"closed": true, "conversationId": "run_1", "reclaimed": reclaimed})
}

/// The waits between requests of this kind, in milliseconds.
fn waits(transport: &ScriptedTransport, method: &str) -> Vec<u128> {
    let at: Vec<_> = transport
        .requests()
        .iter()
        .filter(|r| r.method == method)
        .map(|r| r.at)
        .collect();
    at.windows(2)
        .map(|pair| (pair[1] - pair[0]).as_millis())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn continuing_is_tried_for_eight_seconds_whatever_the_policy() {
    for make in [client, plain] {
        let transport = ScriptedTransport::new();
        transport.reply_with(|_| refusal("run_not_continuable"));
        let error = make(&transport)
            .continue_run("run_1", "m")
            .await
            .unwrap_err();
        assert_eq!(
            (error.code(), error.attempts()),
            (Some("run_not_continuable"), 11)
        );
        assert_eq!(
            waits(&transport, "POST"),
            [250, 500, 750, 1000, 1000, 1000, 1000, 1000, 1000, 1000]
        );
    }
    for code in ["run_busy", "session_closed", "run_not_found"] {
        let transport = ScriptedTransport::new();
        transport.reply_with(move |_| refusal(code));
        let error = client(&transport)
            .continue_run("run_1", "m")
            .await
            .unwrap_err();
        assert_eq!((error.code(), error.attempts()), (Some(code), 1));
    }
    // The call's own deadline stands above the window.
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| refusal("run_not_continuable"));
    let call = client(&transport)
        .continue_run("run_1", "m")
        .total_timeout(Duration::from_secs(1));
    assert_eq!(
        call.await.unwrap_err().timeout_phase(),
        Some(TimeoutPhase::Total)
    );
}

#[tokio::test(start_paused = true)]
async fn closing_waits_for_the_sandbox_of_a_completed_codex_run_for_thirty_seconds() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|request| {
        if request.method == "POST" {
            Reply::json(&closed(false))
        } else {
            Reply::json(&run("run_1", "completed", 3))
        }
    });
    let start = Instant::now();
    let answer = client(&transport).close_run("run_1").await.unwrap();
    assert!(answer.closed && !answer.reclaimed);
    // 250, 500, 750, then a second each: the first answer at or behind 30 s is the last.
    assert_eq!(start.elapsed(), Duration::from_millis(30_500));
    assert_eq!(waits(&transport, "POST")[..5], [250, 500, 750, 1000, 1000]);

    // What can not be looked at, or has no sandbox to reclaim, is not waited for.
    let others: [fn() -> Reply; 4] = [
        || Reply::status(404),
        || Reply::status(200).chunk("<html>"),
        || Reply::json(&run("run_1", "running", 3)),
        || {
            Reply::json(
                &json!({"id": "run_1", "status": "completed", "runtime": {"kind": "codex", "mode": "auto_review"}}),
            )
        },
    ];
    for look in others {
        let transport = ScriptedTransport::new();
        transport.reply(Reply::json(&closed(false))).reply(look());
        assert!(
            !plain(&transport)
                .close_run("run_1")
                .await
                .unwrap()
                .reclaimed
        );
        assert_eq!(
            lines(&transport),
            ["POST /v1/runs/run_1/close", "GET /v1/runs/run_1"]
        );
    }
    let transport = ScriptedTransport::new();
    transport
        .reply(Reply::json(&closed(false)))
        .reply(Reply::json(&run("run_1", "completed", 3)));
    transport.reply(Reply::json(&closed(true)));
    assert!(
        client(&transport)
            .close_run("run_1")
            .await
            .unwrap()
            .reclaimed
    );
}
