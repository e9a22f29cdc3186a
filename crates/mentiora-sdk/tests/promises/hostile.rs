//! Answers of any size and with any members.

use agent_core::testing::{Reply, ScriptedTransport};
use mentiora_sdk::{AgentStreamEvent, ErrorClass, ErrorExt, ErrorKind, MentioraClient};
use serde_json::json;

use crate::rig;
use crate::rig::{OPERATIONS, client, config, delta, http, params, run_json};

#[tokio::test(start_paused = true)]
async fn sizes_are_capped() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::json(&json!({"x": "y".repeat(1000)})));
    let small = http(&transport).max_body_bytes(100).max_event_bytes(100);
    let client = MentioraClient::new(config(&transport).http(small)).unwrap();
    for op in OPERATIONS {
        if op.is_stream() || op.name == "tracing.send_trace" {
            continue;
        }
        let error = (op.call)(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{}", op.name);
        assert_eq!(error.class(), ErrorClass::Network);
    }
    let big = delta(&"x".repeat(1000));
    transport.reply_with(move |_| Reply::events().chunk(delta("a")).chunk(big.clone()).open());
    let mut events = client.agents().stream(params());
    assert!(matches!(
        events.next().await,
        Some(Ok(AgentStreamEvent::OutputTextDelta(_)))
    ));
    assert_eq!(
        events.next().await.unwrap().unwrap_err().kind(),
        ErrorKind::TooLarge
    );
    assert!(events.next().await.is_none());
    assert_eq!(transport.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn unknown_members_are_kept_and_unknown_values_pass() {
    let transport = ScriptedTransport::new();
    let mut run = run_json();
    run["new_member"] = json!({"a": 1});
    let mut document = rig::document_json();
    document["status"] = json!("SLEEPING");
    document["new_member"] = json!(1);
    transport
        .reply(Reply::json(&run))
        .reply(Reply::json(&document));
    let client = client(&transport);
    let run = client.agents().run(params()).await.unwrap();
    assert_eq!(run.extra["new_member"], json!({"a": 1}));
    assert_eq!(
        serde_json::to_value(&run).unwrap()["new_member"],
        json!({"a": 1})
    );
    let document = client.knowledge().get_document("k", "d").await.unwrap();
    assert_eq!(document.status, "SLEEPING");
    assert_eq!(document.extra["new_member"], 1);
}
