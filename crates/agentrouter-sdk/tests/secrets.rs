//! What is shown and logged holds no secret. Alone in its program: what another thread logs first, without anybody
//! listening, `tracing` may take for uninteresting everywhere.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use agent_core::testing::{Reply, ScriptedTransport};
use agentrouter_sdk::{StreamOptions, StreamRunOptions};
use properties::{LevelFilter, Log};
use serde_json::json;

#[path = "support/rig.rs"]
mod rig;

use rig::{DEFAULT_HEADER, FAILURES, KEY, MakeReply, OPERATIONS, all_of, no_secret, planted};

#[tokio::test(start_paused = true)]
async fn no_secret_is_shown_or_logged_by_any_operation_in_any_failure() {
    let (log, _guard) = Log::listen(LevelFilter::TRACE);
    let odd: [MakeReply; 3] = [
        || Reply::json(&json!({"planted-key": ["planted-value"]})),
        || {
            Reply::status(200)
                .header("content-type", "application/json")
                .chunk("planted")
        },
        || Reply::status(307).header("location", "http://planted:planted@localhost:1/"),
    ];
    for op in OPERATIONS {
        for reply in FAILURES.iter().map(|failure| failure.1).chain(odd) {
            let transport = ScriptedTransport::new();
            transport.reply_with(move |_| reply());
            if let Err(error) = (op.call)(&planted(&transport)).await {
                no_secret(&all_of(&error), op.name);
            }
            let request = &transport.requests()[0];
            assert_eq!(request.headers["authorization"], format!("Bearer {KEY}"));
            assert_eq!(request.headers["x-workspace"], DEFAULT_HEADER);
        }
    }
    let logged = log.text();
    assert!(logged.contains("create_run"), "the log is captured");
    no_secret(&logged, "log");

    let client = planted(&ScriptedTransport::new());
    for text in [
        format!("{:?}", client.get_run("x").header("x-k", "planted")),
        format!(
            "{:?}",
            StreamRunOptions::new().stream(StreamOptions::new().header("x-k", "planted"))
        ),
    ] {
        no_secret(&text, "debug");
    }
}
