//! Sessions of several turns against the emulator: cursors, conflicts, recovery, cancelling, resuming.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "a test that can not go on should stop, and its texts are for people"
)]

use agent_emulator::{Fault, TurnScenario, TurnScript};
use meistrari_agent_sdk::{
    AgentInput, Cursor, Error, ErrorExt, ErrorKind, ExecuteAgentRequest, ExecuteAgentResponse,
    Resume, Sent, SessionStatus, SessionStreamEvent, StreamSessionOptions, UpdateAgentModelRequest,
};
use serde_json::json;

mod support;

/// What a refusal without a reason says.
const NOT_ACCEPTED: &str = "Agent execution was not accepted";

use support::{all, emulated, events, session, start};

fn cursors(events: &[SessionStreamEvent]) -> Vec<Option<i64>> {
    events.iter().map(SessionStreamEvent::next_cursor).collect()
}

#[tokio::test]
async fn the_cursor_is_kept_across_turns_and_only_newer_events_come() {
    let (_emulator, meistrari, client) = emulated().await;
    let id = session(&client, "one").await;
    let mut first = client.stream_session(&id, None::<i64>).await.unwrap();
    let seen = events(&mut first).await;
    assert_eq!(
        cursors(&seen),
        [None, Some(2), Some(3), Some(4), Some(5), Some(6)]
    );
    assert_eq!(first.end(), Some(meistrari_agent_sdk::End::Terminal));

    let next = ExecuteAgentRequest::continue_session(&id, "two")
        .input(AgentInput::new("vault://x", "x.txt"))
        .environment_variable("SECRET", "value");
    client
        .execute_agent(next)
        .await
        .unwrap()
        .into_session_id()
        .unwrap();
    let mut second = client.stream_session(&id, first.cursor()).await.unwrap();
    assert_eq!(second.cursor(), first.cursor(), "before anything came");
    let newer = events(&mut second).await;
    assert_eq!(
        cursors(&newer),
        [None, Some(8), Some(9), Some(10), Some(11), Some(12)]
    );
    match newer.last().unwrap() {
        SessionStreamEvent::Result(result) => {
            assert!(result.is_waiting());
            assert_eq!(result.result["text"], "You said: two");
        }
        other => panic!("{other:?}"),
    }
    let view = meistrari.session(&id).unwrap();
    assert_eq!(view.environment, ["SECRET"]);
    assert_eq!(view.inputs, [("x.txt".to_owned(), "vault://x".to_owned())]);
    // Every request was well formed in the emulator's strict eyes.
    assert!(
        meistrari
            .requests()
            .iter()
            .all(|request| request.status == Some(200))
    );
}

#[tokio::test]
async fn waiting_messages_with_its_result_is_the_only_state_to_continue_from() {
    let (_emulator, meistrari, client) = emulated().await;
    let again = |id: &str| client.execute_agent(ExecuteAgentRequest::continue_session(id, "again"));
    let held = session(&client, "emulate:held").await;
    let busy = again(&held).await.unwrap_err();
    assert!(busy.is_conflict() && busy.is_fetch_error());
    assert_eq!((busy.sent(), busy.attempts()), (Sent::Yes, 1));
    assert_eq!(
        busy.as_fetch_error().unwrap().json().unwrap()["error"],
        "Session is running"
    );
    assert!(meistrari.release(&held));
    again(&held).await.unwrap().into_session_id().unwrap();
    for scenario in ["emulate:single", "emulate:fail"] {
        let id = session(&client, scenario).await;
        assert!(again(&id).await.unwrap_err().is_conflict(), "{scenario}");
        let recovered = client
            .execute_agent(ExecuteAgentRequest::recover(&id))
            .await
            .unwrap();
        assert_eq!(recovered.into_session_id().unwrap(), id, "{scenario}");
        again(&id).await.unwrap();
    }
    let gone = again("nope").await.unwrap_err();
    assert!(gone.is_not_found());
}

#[tokio::test]
async fn what_is_not_accepted_is_a_value_that_can_be_made_an_error() {
    let (_emulator, _, client) = emulated().await;
    let answer = client
        .execute_agent(start("emulate:refused"))
        .await
        .unwrap();
    assert!(!answer.success);
    let error = answer.into_session_id().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Operation);
    assert_eq!(error.message(), "Agent repository not found");
}

#[test]
fn an_answer_without_a_usable_id_is_not_accepted() {
    for (answer, expected) in [
        (json!({"success": true, "sessionId": "s"}), Ok("s")),
        (json!({"sessionId": "s"}), Ok("s")),
        (
            json!({"success": false, "sessionId": "s"}),
            Err(NOT_ACCEPTED),
        ),
        (json!({"success": true}), Err(NOT_ACCEPTED)),
        (json!({"success": true, "sessionId": ""}), Err(NOT_ACCEPTED)),
        (
            json!({"success": true, "sessionId": " "}),
            Err(NOT_ACCEPTED),
        ),
        (json!({"success": true, "sessionId": 7}), Err(NOT_ACCEPTED)),
        (json!({"success": false, "error": ""}), Err(NOT_ACCEPTED)),
        (
            json!({"success": false, "error": {"message": "no"}}),
            Err("no"),
        ),
    ] {
        let read: ExecuteAgentResponse = serde_json::from_value(answer.clone()).unwrap();
        let id = read.into_session_id();
        let id = id.as_deref().map_err(Error::message);
        assert_eq!(id, expected, "{answer}");
    }
}

#[tokio::test]
async fn a_failed_turn_ends_with_an_error_event_and_nothing_behind_it() {
    let (_emulator, _, client) = emulated().await;
    let id = session(&client, "emulate:fail").await;
    let mut stream = client.stream_session(&id, None::<i64>).await.unwrap();
    let seen = events(&mut stream).await;
    assert!(
        matches!(seen.last(), Some(SessionStreamEvent::Error(event)) if event.error == "Sandbox crashed")
    );
}

#[tokio::test]
async fn cancelling_aborts_the_turn_and_the_stream_ends() {
    let (_emulator, meistrari, client) = emulated().await;
    let id = session(&client, "emulate:silent").await;
    let mut stream = client.stream_session(&id, None::<i64>).await.unwrap();
    for _ in 0..2 {
        stream.next().await.unwrap().unwrap();
    }
    let answer = client.cancel_session(&id).await.unwrap();
    assert_eq!(
        (answer.success, answer.message.as_deref()),
        (true, Some("Message cancelled"))
    );
    let rest = events(&mut stream).await;
    assert!(matches!(rest.last(), Some(SessionStreamEvent::Result(result)) if result.is_waiting()));
    assert!(client.cancel_session(&id).await.unwrap_err().is_conflict());

    // Dropping a stream closes it and cancels nothing.
    let id = session(&client, "emulate:held").await;
    let mut stream = client.stream_session(&id, None::<i64>).await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    assert_eq!(meistrari.session(&id).unwrap().status, "running");
}

#[tokio::test]
async fn a_cut_stream_is_an_error_with_the_cursor_and_goes_on_from_it() {
    let (emulator, meistrari, client) = emulated().await;
    for scenario in [
        TurnScenario::Standard,
        TurnScenario::Sparse,
        TurnScenario::Newer,
    ] {
        meistrari.next_turn(scenario);
        let id = session(&client, "go").await;
        let whole = meistrari.session(&id).unwrap().events;
        for cut in 0..whole.len() {
            emulator
                .faults()
                .push(Fault::cut_stream(cut).vendor("meistrari"));
            let mut stream = client.stream_session(&id, None::<i64>).await.unwrap();
            let mut items = all(&mut stream).await;
            let expected = whole[..cut]
                .iter()
                .rev()
                .find_map(|event| event["nextCursor"].as_i64());
            assert_eq!(
                stream.cursor().and_then(Cursor::as_i64),
                expected,
                "{scenario:?} {cut}"
            );
            // Behind a terminal status a break is the end.
            if let Some(Err(error)) = items.last() {
                assert_eq!(error.kind(), ErrorKind::Interrupted);
                assert_eq!(error.cursor().and_then(Cursor::as_i64), expected);
                items.pop();
            } else {
                assert_eq!(
                    whole[cut - 1]["status"],
                    "waiting_messages",
                    "{scenario:?} {cut}"
                );
            }
            assert_eq!(items.len(), cut, "{scenario:?}");
            let from = usize::try_from(expected.unwrap_or(0)).unwrap();
            let mut rest = client.stream_session(&id, expected).await.unwrap();
            let rest = events(&mut rest).await;
            assert_eq!(rest.len(), whole.len() - from, "{scenario:?} {cut}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_may_resume_does_so_and_marks_what_may_be_a_repeat() {
    let (emulator, meistrari, client) = emulated().await;
    for scenario in [TurnScenario::Standard, TurnScenario::Sparse] {
        meistrari.next_turn(scenario);
        let id = session(&client, "go").await;
        let whole = meistrari.session(&id).unwrap().events;
        // Also between the status that ends the turn and its result.
        for cut in 0..whole.len() {
            emulator
                .faults()
                .push(Fault::cut_stream(cut).vendor("meistrari"));
            let options = StreamSessionOptions::new().resume(
                Resume::auto().backoff(std::time::Duration::ZERO, std::time::Duration::ZERO),
            );
            let mut stream = client.stream_session(&id, options).await.unwrap();
            let seen = events(&mut stream).await;
            assert_eq!(stream.reconnects(), 1);
            let from = whole[..cut]
                .iter()
                .rev()
                .find_map(|event| event["nextCursor"].as_u64())
                .unwrap_or(0);
            let from = usize::try_from(from).unwrap();
            let marks: Vec<_> = seen.iter().map(SessionStreamEvent::may_repeat).collect();
            let mut expected = vec![false; cut + whole.len() - from];
            expected[cut] = cut > from;
            assert_eq!(marks, expected, "{scenario:?} cut after {cut}");
            // Without the repeats it is the whole, each once, in order.
            let kept: Vec<_> = seen[..from]
                .iter()
                .chain(&seen[cut..])
                .map(|e| serde_json::to_value(e).unwrap())
                .collect();
            let whole: Vec<_> = whole.iter().map(without_null).collect();
            assert_eq!(kept, whole, "{scenario:?} cut after {cut}");
        }
    }
}

fn without_null(event: &serde_json::Value) -> serde_json::Value {
    let mut event = event.clone();
    if event["nextCursor"].is_null() {
        event.as_object_mut().unwrap().remove("nextCursor");
    }
    event
}

#[tokio::test]
async fn a_newer_servers_events_and_states_come_through() {
    let (_emulator, meistrari, client) = emulated().await;
    let script = TurnScript::new()
        .event(json!({"kind": "timeline", "x": {"y": [1]}}))
        .event(json!({"kind": "status", "status": "hibernating", "since": "now"}))
        .completes(json!(null));
    meistrari.next_turn(script);
    let id = session(&client, "go").await;
    let mut stream = client.stream_session(&id, Some(2)).await.unwrap();
    let seen = events(&mut stream).await;
    assert_eq!(seen[0].kind(), "timeline");
    assert_eq!(seen[0].extra()["x"], json!({"y": [1]}));
    match &seen[1] {
        SessionStreamEvent::Status(event) => {
            assert_eq!(event.status, SessionStatus::Other("hibernating".into()));
            assert_eq!(event.extra["since"], "now");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn timeline_files_and_model() {
    let (_emulator, meistrari, client) = emulated().await;
    let id = session(&client, "hi").await;
    let timeline = client.fetch_timeline(&id).await.unwrap();
    assert_eq!(timeline.status, Some(SessionStatus::WaitingMessages));
    assert_eq!((timeline.spans.len(), &timeline.prompt), (2, &json!("hi")));
    let tree = client.list_session_files(&id).await.unwrap().tree;
    assert_eq!(tree[0].path, "output/answer.md");
    let text = client
        .fetch_session_file(&id, "/output/answer.md")
        .await
        .unwrap();
    assert_eq!(text.text(), Some("# Answer\n\nhi\n"));
    let binary = client.fetch_session_file(&id, &tree[1].path).await.unwrap();
    assert_eq!(&binary.bytes().unwrap()[..], [0, 159, 146, 150, 255]);
    let request = UpdateAgentModelRequest::new("team/bot", "gpt-9").commit_message("");
    let answer = client.update_agent_model(request).await.unwrap();
    let commit = meistrari.commits().remove(0);
    assert_eq!(answer.commit_hash, Some(commit.hash));
    assert_eq!(
        (commit.repository.as_str(), commit.message.as_str()),
        ("team/bot", "")
    );
}
