//! Errors speak the words of the vendor's client.

use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use mentiora_sdk::{ErrorClass, ErrorExt, TimeoutPhase};

use crate::rig::{OPERATIONS, client, params};

#[tokio::test(start_paused = true)]
async fn texts_are_the_vendors() {
    for (op, reply, expected) in [
        (
            "agents.run",
            Reply::broken as fn() -> Reply,
            "Failed after 1 attempts: ",
        ),
        ("agents.run", Reply::refused, "Failed after 4 attempts: "),
        ("files.get", Reply::broken, "Failed after 4 attempts: "),
        ("agents.stream", Reply::broken, "Stream request failed: "),
        ("agents.stream", Reply::refused, "Stream request failed: "),
        ("files.download", Reply::broken, "Network error: "),
        (
            "agents.run",
            Reply::silence,
            "Request timeout after 30000ms",
        ),
        (
            "agents.stream",
            Reply::silence,
            "Request timeout after 30000ms",
        ),
        (
            "files.download",
            Reply::silence,
            "Request timeout after 30000ms",
        ),
        (
            "files.get",
            || Reply::status(200).chunk("{").open(),
            "Request timeout after 30000ms",
        ),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply_with(move |_| reply());
        let op = OPERATIONS.iter().find(|row| row.name == op).unwrap();
        let error = (op.call)(&client(&transport)).await.unwrap_err();
        let exact = expected.ends_with("ms");
        let fits = error.message().starts_with(expected) && (!exact || error.message() == expected);
        assert!(fits, "{}: {}", op.name, error.message());
        assert_eq!(error.class(), ErrorClass::Network);
        assert_eq!(error.status(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_calls_own_limit_is_the_one_in_the_text() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::silence());
    let call = client(&transport)
        .agents()
        .run(params())
        .timeout(Duration::from_millis(1500));
    let error = call.await.unwrap_err();
    assert_eq!(error.message(), "Request timeout after 1500ms");
    let call = client(&transport)
        .agents()
        .run(params())
        .total_timeout(Duration::from_secs(7));
    let error = call.await.unwrap_err();
    assert_eq!(error.message(), "Request timeout after 7000ms");
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
}
