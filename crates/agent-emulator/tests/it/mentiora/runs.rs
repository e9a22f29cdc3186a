//! Runs and their streams, threads, holds, scripts.

use std::time::Duration;

use agent_emulator::{EmulatedAgent, MentioraOptions, MentioraScript};
use serde_json::json;

use super::{RUN, ask, frame, start, start_with};

#[tokio::test]
async fn a_run_has_every_member_of_the_reference() {
    let api = start().await;
    let run = api.expect(200, "POST", RUN, Some(&ask("Hello"))).await;
    let mut keys: Vec<_> = run
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "agent_id",
        "agent_revision",
        "agent_tag",
        "output",
        "status",
        "thread_id",
        "tool_calls",
        "trace_id",
        "usage",
    ];
    // Which order they come in is serde_json's, by its features.
    keys.sort_unstable();
    assert_eq!(keys, expected);
    assert_eq!(run["agent_revision"], 3);
    assert_eq!(run["agent_tag"], "production");
    assert_eq!(run["status"], "completed");
    let call = &run["tool_calls"][0];
    assert!(
        call["tool_call_id"].is_string() && call["arguments"].is_object(),
        "{call}"
    );
    assert_eq!(run["usage"]["prompt_tokens"], 1);

    let mut next = ask("Again");
    next["thread_id"] = run["thread_id"].clone();
    let second = api.expect(200, "POST", RUN, Some(&next)).await;
    assert_eq!(second["thread_id"], run["thread_id"]);
    let thread = api.mentiora.thread(run["thread_id"].as_str().unwrap());
    assert_eq!(thread.unwrap(), ["Hello", "Again"]);
}

#[tokio::test]
async fn a_stream_is_one_frame_per_chunk_in_the_vendors_order() {
    let api = start().await;
    let mut stream = api
        .stream(&json!({"message": "Hi", "tag": "staging", "stream": true}))
        .await;
    assert_eq!(stream.status, 200);
    let kind = stream
        .headers
        .iter()
        .find(|(name, _)| name == "content-type");
    assert_eq!(kind.unwrap().1, "text/event-stream; charset=utf-8");
    let mut names = Vec::new();
    let mut text = String::new();
    let mut last = Vec::new();
    while let Some(chunk) = stream.next().await.unwrap() {
        last.clone_from(&chunk);
        if chunk.starts_with(b"data: [DONE]") {
            continue;
        }
        let (name, data) = frame(&chunk);
        match name.as_str() {
            "agent.resolved" => {
                assert_eq!(
                    (&data["agent_revision"], &data["agent_tag"]),
                    (&json!(4), &json!("staging"))
                );
            }
            "chat.output_text.delta" => text.push_str(data["delta"].as_str().unwrap()),
            "chat.completed" => {
                let message = &data["chat"]["output"][1];
                assert_eq!(message["content"][0]["text"], text);
                assert!(data["chat"]["thread_id"].is_string());
            }
            _ => {}
        }
        names.push(name);
    }
    names.dedup();
    let expected = [
        "agent.resolved",
        "agent.thinking",
        "chat.tool_call.delta",
        "chat.tool_call.result",
        "chat.output_text.delta",
        "chat.completed",
        "chat.suggestions",
    ];
    assert_eq!(names, expected);
    assert_eq!(last, b"data: [DONE]\n\n");
}

#[tokio::test]
async fn holds_refusals_and_scripts_do_what_they_say() {
    let agent = EmulatedAgent::new("agt_x").tag("only", 1);
    let api = start_with(MentioraOptions::new().agents([agent])).await;
    let ask = json!({"message": "x", "tag": "only", "stream": true});

    api.mentiora
        .refuse_next(429, "rate_limited", "slow", Some("2"));
    let refused = api.stream(&ask).await;
    assert_eq!(refused.status, 429);
    assert!(
        refused
            .headers
            .contains(&("retry-after".to_owned(), "2".to_owned()))
    );

    let script = MentioraScript::new()
        .text("a")
        .hold()
        .wait(Duration::from_millis(1))
        .raw("event: chat.output_text.delta\ndata: {\"del");
    api.mentiora.next_run(script.ends_without_completion());
    let mut stream = api.stream(&ask).await;
    stream.next().await.unwrap().unwrap();
    assert_eq!(
        frame(&stream.next().await.unwrap().unwrap()).1,
        json!({"delta": "a"})
    );
    let run = &api.mentiora.runs()[0];
    assert_eq!(api.mentiora.open_streams(), 1);
    assert!(!api.mentiora.release("run_nowhere") && api.mentiora.release(&run.id));
    let last = stream.next().await.unwrap().unwrap();
    assert_eq!(&last[..], b"event: chat.output_text.delta\ndata: {\"del");
    assert!(stream.next().await.unwrap().is_none());
}
