//! The SDK against the emulator, over HTTP on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use std::time::Duration;

use agent_emulator::{Emulator, Fault, MentioraOptions, MentioraScript};
use mentiora_sdk::{
    AddDocumentsParams, AgentRunParams, AgentRunStatus, AgentStreamEvent, CreateKnowledgeParams,
    DocumentStatus, End, ErrorExt, ErrorKind, ListFilesParams, MentioraClient, MentioraConfig,
    PaginationOptions, TraceEvent, TraceType, UpdateKnowledgeParams, UploadFileParams,
};
use serde_json::json;

async fn start() -> (Emulator, MentioraClient) {
    let emulator = Emulator::builder()
        .pace(Duration::ZERO)
        .start()
        .await
        .unwrap();
    let mentiora = emulator.mentiora();
    let config = MentioraConfig::server(mentiora.api_key()).base_url(mentiora.base_url());
    let client = MentioraClient::new(config).unwrap();
    (emulator, client)
}

fn ask(message: &str) -> AgentRunParams {
    AgentRunParams::tag("production", message)
}

#[tokio::test]
async fn agents_are_found_by_tag_and_by_id_and_threads_go_on() {
    let (emulator, client) = start().await;
    let agents = client.agents();
    let first = agents.run(ask("One")).await.unwrap();
    assert_eq!(
        (first.agent_id.as_str(), first.agent_revision),
        ("agt_emulator", 3)
    );
    assert_eq!(first.agent_tag.as_deref(), Some("production"));
    assert_eq!(first.status, AgentRunStatus::Completed);
    assert_eq!(first.tool_calls[0].name, "recall");
    assert_eq!(first.usage.unwrap().prompt_tokens, Some(1));

    let newest = AgentRunParams::agent_id("agt_emulator", "Two").thread_id(&first.thread_id);
    let second = agents.run(newest).await.unwrap();
    assert_eq!((second.agent_revision, second.agent_tag), (4, None));
    assert!(
        second.output.contains("Before that you said “One”"),
        "{}",
        second.output
    );
    let old = AgentRunParams::agent_id("agt_emulator", "Three").revision(1);
    assert_eq!(agents.run(old).await.unwrap().agent_revision, 1);
    assert_eq!(
        emulator.mentiora().thread(&first.thread_id).unwrap(),
        ["One", "Two"]
    );

    for (params, code) in [
        (AgentRunParams::tag("nobody", "x"), "agent_not_found"),
        (
            AgentRunParams::agent_id("agt_nobody", "x"),
            "agent_not_found",
        ),
        (
            AgentRunParams::agent_id("agt_emulator", "x").revision(9),
            "revision_not_found",
        ),
        (ask("x").thread_id("thr_nowhere"), "thread_not_found"),
    ] {
        let error = agents.run(params.clone()).await.unwrap_err();
        assert_eq!(
            (error.status(), error.server_code()),
            (Some(404), Some(code))
        );
        assert!(
            error.message().starts_with("Client error: Not Found: ["),
            "{error}"
        );
        let error = agents.stream(params).next().await.unwrap().unwrap_err();
        assert!(
            error
                .message()
                .starts_with("Stream request failed: Not Found: ["),
            "{error}"
        );
    }
    assert_eq!(emulator.mentiora().runs().len(), 3);
}

#[tokio::test]
async fn a_stream_has_every_type_of_event() {
    let (emulator, client) = start().await;
    let mut events = client.agents().stream(ask("Hello"));
    let mut types = Vec::new();
    let mut text = String::new();
    let mut output = String::new();
    while let Some(event) = events.next().await {
        let event = event.unwrap();
        types.push(event.event_type());
        match event {
            AgentStreamEvent::OutputTextDelta(event) => text.push_str(&event.delta),
            AgentStreamEvent::ChatCompleted(event) => output = event.output,
            AgentStreamEvent::Suggestions(event) => assert_eq!(event.suggestions.len(), 6),
            _ => {}
        }
    }
    assert_eq!(text, output);
    types.dedup();
    let expected = [
        "agent_resolved",
        "custom",
        "tool_call_delta",
        "tool_call_result",
        "output_text_delta",
        "chat_completed",
        "suggestions",
    ];
    assert_eq!(types, expected);
    assert_eq!(events.end(), Some(End::Terminal));
    assert_eq!(emulator.mentiora().open_streams(), 0);
}

#[tokio::test]
async fn streams_end_as_their_scripts_say() {
    let (_emulator, client) = start().await;
    for (message, last, end) in [
        ("emulate:fail", "error", Some(End::Terminal)),
        (
            "emulate:incomplete",
            "output_text_delta",
            Some(End::ServerClosed),
        ),
        (
            "emulate:unfinished",
            "output_text_delta",
            Some(End::ServerClosed),
        ),
        ("emulate:empty", "chat_completed", Some(End::Terminal)),
        (
            "emulate:malformed",
            "Malformed chat.output_text.delta event: {\"text\":\"gap\"}",
            None,
        ),
    ] {
        let mut events = client.agents().stream(ask(message));
        let mut seen = String::new();
        while let Some(event) = events.next().await {
            seen = match event {
                Ok(event) => event.event_type().to_owned(),
                Err(error) => error.message().to_owned(),
            };
        }
        assert_eq!((seen.as_str(), events.end()), (last, end), "{message}");
    }
    let failed = client.agents().run(ask("emulate:fail")).await.unwrap();
    assert_eq!(failed.status, AgentRunStatus::Failed);
}

#[tokio::test]
async fn a_cut_is_an_error_behind_the_events_before_it() {
    let (emulator, client) = start().await;
    for after_events in [0, 1, 7] {
        for reset in [false, true] {
            emulator.faults().push(if reset {
                Fault::reset_stream(after_events)
            } else {
                Fault::cut_stream(after_events)
            });
            let mut events = client.agents().stream(ask("Hello"));
            let mut seen = 0;
            let error = loop {
                match events.next().await.unwrap() {
                    Ok(_) => seen += 1,
                    Err(error) => break error,
                }
            };
            assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
            // A reset may overtake what was sent before.
            assert!(
                seen == after_events || reset && seen < after_events,
                "{seen}"
            );
            assert!(events.next().await.is_none());
        }
    }
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    let (emulator, client) = start().await;
    let mut events = client.agents().stream(ask("emulate:held"));
    for _ in 0..5 {
        events.next().await.unwrap().unwrap();
    }
    assert_eq!(emulator.mentiora().open_streams(), 1);
    drop(events);
    while emulator.mentiora().open_streams() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_agent_runs_once_by_default_and_as_often_as_the_vendors_policy_says() {
    let (emulator, client) = start().await;
    let mentiora = emulator.mentiora();
    mentiora.refuse_next(503, "unavailable", "later", None);
    let error = client.agents().run(ask("x")).await.unwrap_err();
    assert_eq!(
        error.message(),
        "Server error: Service Unavailable: [unavailable] later"
    );
    assert_eq!(mentiora.request_count(), 1);

    // What was answered 429 was not done.
    mentiora.refuse_next(429, "rate_limited", "slow down", Some("0.01"));
    client.agents().run(ask("x")).await.unwrap();
    assert_eq!((mentiora.request_count(), mentiora.runs().len()), (3, 1));

    let config = MentioraConfig::server(mentiora.api_key()).base_url(mentiora.base_url());
    let vendor = MentioraClient::new(config.retries(1)).unwrap();
    mentiora.refuse_next(503, "unavailable", "later", None);
    vendor.agents().run(ask("x")).await.unwrap();
    assert_eq!(mentiora.request_count(), 5);
}

#[tokio::test]
async fn browser_mode_renews_its_identity_token() {
    let options = MentioraOptions::new().identity_tokens(["good"]);
    let emulator = Emulator::builder()
        .pace(Duration::ZERO)
        .mentiora(options)
        .start()
        .await
        .unwrap();
    let mentiora = emulator.mentiora();
    let config = MentioraConfig::browser(mentiora.publishable_key())
        .identity_token("stale")
        .get_identity_token(|| async { Ok::<_, std::io::Error>("good") })
        .base_url(mentiora.base_url());
    let client = MentioraClient::new(config).unwrap();
    client.agents().run(ask("x")).await.unwrap();
    assert_eq!(mentiora.request_count(), 2);
    client.agents().run(ask("x")).await.unwrap();
    assert_eq!(mentiora.request_count(), 3);
    mentiora.set_identity_tokens(["other"]);
    let error = client
        .agents()
        .stream(ask("x"))
        .next()
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(error.server_code(), Some("token_expired"));
}

#[tokio::test]
async fn scripts_are_told_as_they_are_written() {
    let (emulator, client) = start().await;
    let script = MentioraScript::new()
        .frame("chat.new_thing", json!([1, null]))
        .text("a")
        .complete()
        .suggest([("l", "m")]);
    emulator.mentiora().next_run(script);
    let mut events = client
        .agents()
        .stream(ask("x").metadata("k", 1).end_user_id("u"));
    let mut all = Vec::new();
    while let Some(event) = events.next().await {
        all.push(serde_json::to_value(event.unwrap()).unwrap());
    }
    assert_eq!(
        all[1],
        json!({"type": "custom", "event": "chat.new_thing", "data": [1, null]})
    );
    assert_eq!(
        all[4]["suggestions"],
        json!([{"label": "l", "message": "m"}])
    );
    let run = emulator.mentiora().runs().pop().unwrap();
    assert_eq!(
        (run.end_user_id.as_deref(), run.streamed),
        (Some("u"), true)
    );
    assert_eq!(run.metadata.unwrap()["k"], 1);
}

#[tokio::test]
async fn files_and_knowledge_from_upload_to_deletion() {
    let (_emulator, client) = start().await;
    let (files, knowledge) = (client.files(), client.knowledge());
    let params = UploadFileParams::new("a b.csv", "col\n1", "text/csv").description("");
    let file = files.upload(params).await.unwrap().file_id;
    let metadata = files.get(&file).await.unwrap();
    assert_eq!(
        (metadata.size, metadata.description.as_deref()),
        (5, Some(""))
    );
    let listed = files
        .list(ListFilesParams::new().query("a b").count(1))
        .await
        .unwrap();
    assert_eq!((listed.data, listed.total_count), (vec![metadata], 1));
    assert_eq!(&files.download(&file).await.unwrap()[..], b"col\n1");
    let mut pieces = files.download_stream(&file).await.unwrap();
    assert_eq!(&pieces.next().await.unwrap().unwrap()[..], b"col\n1");

    let base = knowledge
        .create(CreateKnowledgeParams::new("Mine"))
        .await
        .unwrap()
        .knowledge_id;
    let added = knowledge
        .add_documents(AddDocumentsParams::new(&base, [&file]))
        .await
        .unwrap();
    let document = &added.documents[0].document_id;
    let details = knowledge.get_document(&base, document).await.unwrap();
    assert_eq!(
        (&details.status, details.chunk_count),
        (&DocumentStatus::Ready, Some(1))
    );
    assert_eq!(
        knowledge.get(&base).await.unwrap().status_counts["READY"],
        1
    );
    let renamed = knowledge
        .update(UpdateKnowledgeParams::new(&base, "Ours"))
        .await
        .unwrap();
    assert_eq!((renamed.name.as_str(), renamed.document_count), ("Ours", 1));
    assert_eq!(
        knowledge
            .list(PaginationOptions::new())
            .await
            .unwrap()
            .total_count,
        1
    );
    assert_eq!(
        knowledge
            .list_documents(&base, PaginationOptions::new().offset(1))
            .await
            .unwrap()
            .data,
        []
    );

    let error = files.delete(&file).await.unwrap_err();
    assert_eq!(
        error.message(),
        "Client error: Conflict: [conflict] File is still referenced"
    );
    assert!(
        knowledge
            .delete_document(&base, document)
            .await
            .unwrap()
            .deleted
    );
    assert!(files.delete(&file).await.unwrap().deleted);
    assert!(knowledge.delete(&base).await.unwrap().deleted);
    assert!(files.get(&file).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn traces_arrive() {
    let (emulator, client) = start().await;
    let event = TraceEvent::new("t", "s", "n", TraceType::Tool, "2025-01-01T00:00:00Z").tag("x");
    assert!(
        client
            .tracing()
            .unwrap()
            .send_trace(event)
            .await
            .unwrap()
            .success
    );
    assert_eq!(emulator.mentiora().traces()[0]["tags"], json!(["x"]));
}
