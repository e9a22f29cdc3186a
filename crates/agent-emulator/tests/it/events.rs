//! The event stream: what is in it, that it replays, follows and closes.

use std::collections::BTreeSet;
use std::time::Duration;

use agent_emulator::Script;
use serde_json::{Value, json};

use crate::client::open;
use crate::shapes::{BLOCKS, EVENTS, TOOL_KINDS, check_event};
use crate::support::{builder, create, event, start, start_with};

#[tokio::test]
async fn a_standard_run_has_every_type_of_event_in_a_sensible_order() {
    let api = start().await;
    let run = api.run("hi").await;
    let events = api.events(&run).await;
    assert!(events.iter().all(check_event));
    let seen: BTreeSet<_> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        seen,
        EVENTS.iter().map(|(name, ..)| *name).collect(),
        "all 17, and no other"
    );
    let seqs: Vec<_> = events
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<_>>());
    let ids: BTreeSet<_> = events
        .iter()
        .map(|event| event["event_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), events.len());
    for event in &events {
        assert_eq!(event["run_id"], run);
        assert_eq!(
            event["harness"],
            json!({"kind": "claude_code", "model": "claude-sonnet-4-6"})
        );
        assert_eq!(event["harness_session_id"], events[0]["harness_session_id"]);
        assert_eq!(event["raw"], json!(null));
    }
    brackets(&events);
    let blocks: BTreeSet<_> = all(&events, "message.completed")
        .iter()
        .flat_map(|data| data["content"].as_array().unwrap())
        .map(|block| block["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        blocks,
        BLOCKS.iter().map(|(name, _)| *name).collect(),
        "all kinds of content"
    );
    assert!(
        TOOL_KINDS
            .iter()
            .any(|kind| all(&events, "tool_call.started")[0]["kind"] == *kind)
    );
    assert_eq!(all(&events, "error")[0]["recoverable"], true);
    let usage = &all(&events, "session.completed")[0]["usage"];
    assert_eq!(usage.as_object().unwrap().len(), 4);
}

/// The data of all events of a type.
fn all<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events
        .iter()
        .map(|event| &event["data"])
        .filter(|data| data["type"] == kind)
        .collect()
}

/// What starts also ends; deltas are the pieces of the whole.
fn brackets(events: &[Value]) {
    assert_eq!(events[0]["type"], "session.started");
    assert_eq!(events.last().unwrap()["type"], "session.completed");
    for (start, ends, key) in [
        (
            "turn.started",
            &["turn.completed", "turn.failed"][..],
            "turn_id",
        ),
        ("message.started", &["message.completed"], "message_id"),
        (
            "reasoning.started",
            &["reasoning.completed"],
            "reasoning_id",
        ),
        (
            "tool_call.started",
            &["tool_call.completed"],
            "tool_call_id",
        ),
    ] {
        let started: Vec<_> = all(events, start)
            .iter()
            .map(|data| data[key].clone())
            .collect();
        let ended: Vec<_> = events
            .iter()
            .map(|event| &event["data"])
            .filter(|data| ends.iter().any(|end| data["type"] == *end))
            .map(|data| data[key].clone())
            .collect();
        assert_eq!(started, ended, "{start}");
    }
    for message in all(events, "message.completed") {
        let pieces: String = all(events, "message.delta")
            .iter()
            .filter(|data| data["message_id"] == message["message_id"])
            .map(|data| data["delta"]["text"].as_str().unwrap())
            .collect();
        let blocks = message["content"].as_array().unwrap();
        let at = blocks
            .iter()
            .position(|block| block["type"] == "text")
            .unwrap();
        assert_eq!(blocks[at]["text"], pieces);
        assert!(
            all(events, "message.delta")
                .iter()
                .filter(|data| data["message_id"] == message["message_id"])
                .all(|data| data["content_index"] == at)
        );
    }
    let thought: String = all(events, "reasoning.delta")
        .iter()
        .map(|data| data["text"].as_str().unwrap())
        .collect();
    assert_eq!(all(events, "reasoning.completed")[0]["text"], thought);
    let input: String = all(events, "tool_call.input_delta")
        .iter()
        .map(|data| data["partial_json"].as_str().unwrap())
        .collect();
    assert_eq!(
        serde_json::from_str::<Value>(&input).unwrap(),
        all(events, "tool_call.input_complete")[0]["input"]
    );
    let output: String = all(events, "tool_call.output_delta")
        .iter()
        .map(|data| data["text"].as_str().unwrap())
        .collect();
    assert_eq!(all(events, "tool_call.completed")[0]["output"], output);
}

#[tokio::test]
async fn every_subscription_replays_everything() {
    let api = start().await;
    let run = api.run("hi").await;
    let first = api.events(&run).await;
    assert_eq!(first, api.events(&run).await);
    assert_eq!(first, api.trelent.run(&run).unwrap().events);
}

#[tokio::test]
async fn a_stream_follows_live_and_closes_when_the_run_is_over() {
    let api = start().await;
    let run = api.run("emulate:held").await;
    let mut early = api.subscribe(&run).await;
    let mut events = Vec::new();
    for _ in 0..10 {
        events.push(event(&early.next().await.unwrap().unwrap()));
    }
    assert!(api.trelent.run(&run).unwrap().held);
    let mut late = api.subscribe(&run).await;
    assert_eq!(event(&late.next().await.unwrap().unwrap()), events[0]);
    assert_eq!(api.trelent.open_streams(), 2);
    assert!(api.trelent.release(&run));
    while let Some(chunk) = early.next().await.unwrap() {
        events.push(event(&chunk));
    }
    assert_eq!(events, api.events(&run).await);
    assert_eq!(api.status(&run).await, "completed");
    assert!(!api.trelent.release(&run) && !api.trelent.release("gone"));
}

#[tokio::test]
async fn a_cancel_reaches_open_streams() {
    let api = start().await;
    let run = api.run("emulate:silent").await;
    let mut stream = api.subscribe(&run).await;
    assert_eq!(
        event(&stream.next().await.unwrap().unwrap())["type"],
        "session.started"
    );
    api.ok("POST", &format!("/runs/{run}/cancel"), None).await;
    let last = event(&stream.next().await.unwrap().unwrap());
    assert_eq!(
        (&last["type"], &last["data"]["error"]),
        (&json!("session.completed"), &json!("cancelled"))
    );
    assert_eq!(stream.next().await.unwrap(), None);
}

#[tokio::test]
async fn a_client_that_leaves_is_noticed() {
    let api = start().await;
    let run = api.run("emulate:silent").await;
    let mut stream = api.subscribe(&run).await;
    stream.next().await.unwrap().unwrap();
    assert_eq!(api.trelent.open_streams(), 1);
    drop(stream);
    while api.trelent.open_streams() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_filled_with_heartbeats() {
    let api = start_with(builder().heartbeat(Duration::from_secs(7))).await;
    let run = api.run("emulate:silent").await;
    let mut stream = api.subscribe(&run).await;
    event(&stream.next().await.unwrap().unwrap());
    for _ in 0..3 {
        assert_eq!(stream.next().await.unwrap().unwrap(), b": heartbeat\n\n");
    }
    let later = api.ok("POST", "/runs", Some(&create(json!({})))).await;
    let seconds: u32 = later["created_at"].as_str().unwrap()[17..19]
        .parse()
        .unwrap();
    assert!((21..28).contains(&seconds), "{later}");
}

#[tokio::test(start_paused = true)]
async fn events_come_at_the_pace_that_was_set() {
    let pace = Duration::from_millis(100);
    let api = start_with(builder().pace(pace)).await;
    let events = api.run("hi").await;
    let events = api.events(&events).await;
    assert!(events.len() > 17);
    assert_eq!(events[0]["ts"].as_str().unwrap()[17..], *"00.300000Z");
    assert_eq!(events[1]["ts"].as_str().unwrap()[17..], *"00.400000Z");
}

#[tokio::test]
async fn scripts_are_told_as_they_are() {
    let api = start().await;
    let odd = [
        json!({"type": "stream.started"}),
        json!({"type": "session.started", "tools": ["x"], "more": {"a": [1, null, "\n\u{2028}é"]}}),
        json!({"type": "never.seen", "n": 1.5}),
    ];
    api.trelent
        .next_run(Script::new().events(odd.clone()).fails("broken"));
    let run = api.run("hi").await;
    let events = api.events(&run).await;
    let data: Vec<_> = events.iter().map(|event| event["data"].clone()).collect();
    assert_eq!(data, odd);
    assert_eq!(api.status(&run).await, "failed");
    let next = api.run("hi").await;
    assert_eq!(
        api.status(&next).await,
        "completed",
        "a script is for one run"
    );
}

#[tokio::test]
async fn a_newer_server_sends_what_nobody_knows() {
    let api = start().await;
    let run = api.run("emulate:newer").await;
    let events = api.events(&run).await;
    let unknown: Vec<_> = events
        .iter()
        .filter(|event| !check_event(event))
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        unknown,
        ["stream.started", "structured_output", "stream.ended"]
    );
    assert_eq!(all(&events, "tool_call.started")[0]["kind"], "file_read");
}

#[tokio::test]
async fn a_run_without_events_gives_an_empty_stream() {
    let api = start().await;
    let run = api.run("emulate:empty").await;
    let mut stream = api.subscribe(&run).await;
    let content_type = (
        "content-type".to_owned(),
        "text/event-stream; charset=utf-8".to_owned(),
    );
    assert!(stream.headers.contains(&content_type));
    assert_eq!(stream.next().await.unwrap(), None);
}

#[tokio::test]
async fn a_subscription_asks_for_events_and_for_no_resumption() {
    let api = start().await;
    let run = api.run("hi").await;
    let url = format!("{}/runs/{run}/events", api.trelent.base_url());
    let bearer = api.bearer();
    let auth = ("authorization", bearer.as_str());
    let events = ("accept", "text/event-stream");
    for (headers, status) in [
        (vec![auth, events], 200),
        (
            vec![
                auth,
                ("accept", "application/json, text/event-stream;q=0.9"),
            ],
            200,
        ),
        (vec![auth], 406),
        (vec![auth, ("accept", "application/json")], 406),
        (vec![auth, events, ("last-event-id", "3")], 400),
        (vec![events], 401),
    ] {
        let answer = open("GET", &url, &headers, None).await.unwrap();
        assert_eq!(answer.status, status, "{headers:?}");
    }
}
