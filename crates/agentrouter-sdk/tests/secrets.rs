//! What is shown and logged holds no secret. Alone in its program: what another thread logs first, without anybody
//! listening, `tracing` may take for uninteresting everywhere.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use std::io::Write;
use std::sync::{Arc, Mutex};

use agent_core::testing::{Reply, ScriptedTransport};
use agentrouter_sdk::{StreamOptions, StreamRunOptions};
use serde_json::json;

#[path = "support/rig.rs"]
mod rig;

use rig::{DEFAULT_HEADER, FAILURES, KEY, MakeReply, OPERATIONS, all_of, no_secret, planted};

/// Everything that is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_shown_or_logged_by_any_operation_in_any_failure() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing_subscriber::util::SubscriberInitExt::set_default(subscriber);
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
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
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
