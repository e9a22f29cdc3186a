//! Answers that are not quite as documented: nothing is lost over them that can be read.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use agent_core::testing::{Reply, ScriptedTransport};
use agentrouter_sdk::{
    AgentRunResult, CreateAndWaitRequest, ErrorKind, ListRunEventsQuery, ListRunsQuery,
    RunActionDecisionRequest, StreamAgentCreateRequest, StreamRunOptions, stream_agent,
};
use serde_json::{Value, json};

#[path = "support/rig.rs"]
mod rig;

use rig::{OPERATIONS, client, event, page, plain, run, session};

/// A text that was cut by UTF-16 units in the middle of a character, as the server cuts long ones.
const HALF: &str = r"cut \ud83d";
/// What can be read of it.
const READ: &str = "cut \u{FFFD}";

/// Puts a text that was cut in the place of every `HALF`.
fn cut(value: &Value) -> String {
    value.to_string().replace("HALF", HALF)
}

/// The bytes of a text, with one that is no text in the place of every `X`.
fn broken_at_x(text: &str) -> Vec<u8> {
    let broken = |byte| if byte == b'X' { 0xFF } else { byte };
    text.bytes().map(broken).collect()
}

fn answer(value: &Value) -> Reply {
    Reply::status(200).chunk(cut(value))
}

fn cut_event(sequence: u64) -> Value {
    let mut event = event(sequence, "agent.response");
    event["payload"]["text"] = "HALF".into();
    event["payloadHash"] = "HALF".into();
    event
}

fn cut_run(status: &str, last: u64) -> Value {
    let mut run = run("run_1", status, last);
    run["task"] = "HALF".into();
    run
}

fn cut_session() -> Value {
    let mut session = session("run_1", "completed", 2);
    session["run"]["task"] = "HALF".into();
    session["response"]["text"] = "HALF".into();
    session
}

/// A server whose texts are all cut.
fn cutting() -> ScriptedTransport {
    let transport = ScriptedTransport::new();
    transport.reply_with(|request| {
        let path = request.uri.path();
        let query = request.uri.query().unwrap_or_default();
        match path.rsplit('/').next().unwrap_or_default() {
            "runs" if request.method == "GET" => {
                answer(&json!({"items": [cut_run("completed", 2)]}))
            }
            "runs" => answer(&cut_run("queued", 0)),
            "events" if query.starts_with("afterSeq=2") => answer(&page(&[])),
            "events" => answer(&page(&[cut_event(1), cut_event(2)])),
            "session" => answer(&cut_session()),
            "approve" => answer(&cut_event(1)),
            "turns" => answer(&json!({"conversationId": "run_1", "items": [
                {"id": "t", "runId": "run_1", "turnNumber": 1, "prompt": "HALF"},
            ]})),
            "stream" => {
                let frame = |n| format!("id: {n}\ndata: {}\n\n", cut(&cut_event(n)));
                Reply::events().chunk(frame(1) + &frame(2))
            }
            _ => answer(&cut_run("completed", 2)),
        }
    });
    transport
}

#[tokio::test(start_paused = true)]
async fn a_text_that_was_cut_within_a_character_costs_that_character_only() {
    let transport = cutting();
    let client = plain(&transport);
    assert_eq!(client.create_run("t").await.unwrap().task, READ);
    assert_eq!(client.get_run("run_1").await.unwrap().task, READ);
    let runs = client.list_runs(ListRunsQuery::new()).await.unwrap();
    assert_eq!(runs.items[0].task, READ);
    let turns = client.get_run_turns("run_1").await.unwrap();
    assert_eq!(turns.items[0].prompt, READ);

    let decision = RunActionDecisionRequest::new("run_1", "action_1", "sha256:abc");
    let decided = client.approve_run_action(decision).await.unwrap();
    let query = ListRunEventsQuery::new();
    let listed = client.list_run_events("run_1", query).await.unwrap();
    let mut events = vec![decided];
    events.extend(listed.items);
    let mut snapshot = client.stream_run("run_1", StreamRunOptions::new());
    while let Some(event) = snapshot.next().await {
        events.push(event.unwrap());
    }
    let run = stream_agent(&client, StreamAgentCreateRequest::new("t"))
        .await
        .unwrap();
    let mut followed = run.events();
    while let Some(event) = followed.next().await {
        events.push(event.unwrap());
    }
    assert_eq!(events.len(), 7);
    for (event, sequence) in events.iter().zip([1, 1, 2, 1, 2, 1, 2]) {
        assert_eq!(event.sequence, sequence);
        assert_eq!(event.payload["text"], READ);
        assert_eq!(event.extra["payloadHash"], READ);
        assert_eq!(event.raw_json(), cut(&cut_event(sequence)), "as it came");
    }
    let mut texts = run.text_stream();
    assert_eq!(texts.next().await.unwrap().unwrap(), READ);
    assert_eq!(run.final_result().await.unwrap().text, READ);
    let waited = client.create_run_and_wait("t").await.unwrap();
    assert_eq!(AgentRunResult::from(waited).text, READ);
}

#[tokio::test(start_paused = true)]
async fn an_error_keeps_its_code_and_details_though_its_text_was_cut() {
    let body = json!({"error": {"code": "run_busy", "message": "HALF", "details": {"at": "HALF"}}});
    let cut_body = || Reply::status(409).chunk(cut(&body));
    let marked = [b"\xEF\xBB\xBF".as_slice(), body.to_string().as_bytes()].concat();
    let broken = broken_at_x(&body.to_string().replace("HALF", "XX"));
    for (reply, message) in [
        (cut_body(), READ),
        (Reply::status(409).chunk(marked), "HALF"),
        (Reply::status(409).chunk(broken), "\u{FFFD}\u{FFFD}"),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply(reply);
        let error = plain(&transport).get_run("run_1").await.unwrap_err();
        assert_eq!((error.code(), error.message()), (Some("run_busy"), message));
        assert_eq!(error.details(), Some(&json!({"at": message})));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_read_as_the_web_reads_json() {
    let json = run("run_1", "completed", 1).to_string();
    let bytes = json.as_bytes();
    let broken = broken_at_x(&json.replace(r#""task":"t""#, r#""task":"X""#));
    for (name, reply, task) in [
        ("no type", Reply::status(200).chunk(json.clone()), "t"),
        (
            "another type",
            Reply::status(200)
                .header("content-type", "text/html")
                .chunk(json.clone()),
            "t",
        ),
        (
            "another status",
            Reply::status(299).chunk(json.clone()),
            "t",
        ),
        (
            "spaces around",
            Reply::status(200).chunk(format!("\r\n\t {json} \n")),
            "t",
        ),
        (
            "a byte order mark",
            Reply::status(200).chunk([b"\xEF\xBB\xBF", bytes].concat()),
            "t",
        ),
        (
            "bytes that are no text",
            Reply::status(200).chunk(broken),
            "\u{FFFD}",
        ),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply(reply);
        let read = plain(&transport).get_run("run_1").await;
        assert_eq!(
            read.unwrap_or_else(|e| panic!("{name}: {e}")).task,
            task,
            "{name}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_the_value_is_an_error_about_decoding() {
    for op in OPERATIONS {
        if op.is_stream() || op.name == "download_artifact" {
            continue;
        }
        for (name, reply) in [
            ("no content", Reply::status(204)),
            ("empty", Reply::status(200)),
            ("null", Reply::status(200).chunk("null")),
            ("a text", Reply::status(200).chunk("\"run_1\"")),
            ("a list", Reply::status(200).chunk("[]")),
            ("two values", Reply::status(200).chunk("{} {}")),
            ("half", Reply::status(200).chunk("{\"id\":")),
            (
                "an error",
                Reply::status(200).chunk(r#"{"error":{"code":"c"}}"#),
            ),
        ] {
            let transport = ScriptedTransport::new();
            transport.reply(reply);
            let error = (op.call)(&client(&transport)).await.unwrap_err();
            let what = format!("{}, {name}: {error}", op.name);
            assert_eq!(error.kind(), ErrorKind::Decode, "{what}");
            assert_eq!((error.status(), error.code()), (None, None), "{what}");
            assert_eq!(transport.requests().len(), 1, "{what}: not repeated");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_null_is_as_one_that_is_absent() {
    let nulls = |keys: &[&str], mut value: Value| {
        for key in keys {
            value[*key] = Value::Null;
        }
        value
    };
    let null_run = nulls(
        &[
            "runtime",
            "task",
            "input",
            "lastEventSeq",
            "conversationId",
            "sessionId",
            "queuedAt",
            "startedAt",
            "failure",
        ],
        json!({"id": "run_1", "status": "completed"}),
    );
    let null_event = nulls(
        &[
            "runId",
            "source",
            "visibility",
            "payload",
            "artifactRef",
            "isTruncated",
            "createdAt",
            "providerEventType",
        ],
        json!({"sequence": 1, "type": "run.completed"}),
    );
    let null_artifact = nulls(
        &[
            "runId",
            "kind",
            "r2Key",
            "contentType",
            "sizeBytes",
            "sha256",
            "metadata",
            "createdAt",
        ],
        json!({"id": "a"}),
    );
    let (shown, items) = (null_run.clone(), json!({"items": [null_artifact]}));
    let transport = ScriptedTransport::new();
    transport.reply_with(move |request| {
        Reply::json(&match request.uri.path().rsplit('/').next().unwrap_or_default() {
            "events" => json!({"items": [null_event], "nextAfterSeq": null}),
            "session" => json!({
                "run": shown, "eventCursor": null, "response": null, "artifactManifest": null, "artifacts": null,
            }),
            "artifacts" => items.clone(),
            "turns" => json!({"conversationId": "run_1", "items": [
                {"id": "t", "runId": "run_1", "turnNumber": 1, "prompt": null, "createdAt": null},
            ]}),
            _ => shown.clone(),
        })
    });
    let client = plain(&transport);
    let request = CreateAndWaitRequest::new("t");
    let session = client.create_run_and_wait(request).await.unwrap();
    assert_eq!((session.last_event_seq(), session.response), (0, None));
    assert!(session.artifacts.items.is_empty());
    assert_eq!(session.run.conversation(), "run_1");
    let query = ListRunEventsQuery::new();
    let listed = client.list_run_events("run_1", query).await.unwrap();
    assert_eq!(listed.items[0].payload, json!({}));
    let artifacts = client.list_run_artifacts("run_1").await.unwrap();
    assert_eq!(artifacts.items[0].size_bytes, 0);
    assert_eq!(
        client.get_run_turns("run_1").await.unwrap().items[0].prompt,
        ""
    );
}
