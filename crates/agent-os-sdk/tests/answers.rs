//! Answers: what becomes of each, and of errors.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can not go on should stop"
)]

use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use agent_os_sdk::{
    Agent, ErrorExt, ErrorKind, PaginationParams, PollEvents, RawMethod, RequestOptions, Sent,
    TriggerFilter,
};
use serde_json::{Value, json};

#[path = "support/rig.rs"]
mod rig;

use rig::{agent, always, client};

const JSON: Option<&str> = Some("application/json");

const AGENT: &str = r#"{"id":"a","name":"n"}"#;

/// Status, type and body of an answer; what an untyped call gives, if anything; whether it is an agent.
type Row = (u16, Option<&'static str>, Vec<u8>, Option<Value>, bool);

fn rows() -> Vec<Row> {
    let agent = json!({"id": "a", "name": "n"});
    let deep = "[".repeat(200) + &"]".repeat(200);
    [
        (200, JSON, AGENT.as_bytes(), Some(agent.clone()), true),
        (
            201,
            Some("Application/JSON; charset=utf-8"),
            b"{}",
            Some(json!({})),
            false,
        ),
        (
            200,
            Some("application/vnd.api+json"),
            b"[1]",
            Some(json!([1])),
            false,
        ),
        (
            200,
            Some("application/problem+JSON"),
            b"1",
            Some(json!(1)),
            false,
        ),
        (299, None, AGENT.as_bytes(), Some(agent.clone()), true),
        (200, Some(""), AGENT.as_bytes(), Some(agent.clone()), true),
        (200, None, b"plain", Some(json!("plain")), false),
        (
            200,
            Some("text/plain"),
            AGENT.as_bytes(),
            Some(AGENT.into()),
            false,
        ),
        (200, Some("text/html"), b"<p>", Some(json!("<p>")), false),
        (
            200,
            Some("application/jsonp"),
            b"1",
            Some(json!("1")),
            false,
        ),
        (200, JSON, b"null", Some(Value::Null), false),
        (200, JSON, b"", Some(Value::Null), false),
        (204, JSON, b"", Some(Value::Null), false),
        (204, JSON, b"{}", Some(Value::Null), false),
        (200, Some("text/plain"), b"", Some(Value::Null), false),
        (200, JSON, b"{", None, false),
        (200, JSON, b" ", None, false),
        (200, JSON, deep.as_bytes(), None, false),
        // As the original's runtime reads texts.
        (
            200,
            JSON,
            b"\xEF\xBB\xBF{\"id\":\"\\ud83d\",\"name\":\"\xFF\"}",
            Some(json!({"id": "\u{FFFD}", "name": "\u{FFFD}"})),
            true,
        ),
        (
            200,
            JSON,
            br#"{"seq":18446744073709551615,"n":9007199254740993}"#,
            Some(json!({"seq": u64::MAX, "n": 9_007_199_254_740_993_u64})),
            false,
        ),
    ]
    .map(|(status, kind, body, any, is_agent): (_, _, &[u8], _, _)| {
        (status, kind, body.to_vec(), any, is_agent)
    })
    .to_vec()
}

#[tokio::test(start_paused = true)]
async fn results_and_errors_carry_status_headers_and_request_id() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::json(&agent()).header("x-request-id", "req_9"));
    let answer = client(&transport)
        .agents()
        .get("a")
        .with_response()
        .await
        .unwrap();
    assert_eq!(answer.response.status, 200);
    assert_eq!(answer.response.request_id.as_deref(), Some("req_9"));
    transport.reply(Reply::json(&json!({"id": 7})).header("x-request-id", "req_10"));
    let error = client(&transport).agents().get("a").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.request_id()),
        (ErrorKind::Decode, Some("req_10"))
    );
    assert_eq!(error.answer_status(), Some(200));
    assert_eq!(error.answer_text().as_deref(), Some(r#"{"id":7}"#));
}

/// An answer of this type with this body.
fn answer(status: u16, kind: Option<&str>, body: &[u8]) -> Reply {
    let reply = match kind {
        Some(kind) => Reply::status(status).header("content-type", kind),
        None => Reply::status(status),
    };
    reply.chunk(body.to_vec())
}

#[tokio::test(start_paused = true)]
async fn an_answer_becomes_what_its_type_and_body_say() {
    for (status, kind, body, expected, is_agent) in rows() {
        let shown = String::from_utf8_lossy(&body).into_owned();
        let transport = always(move || answer(status, kind, &body));
        let client = client(&transport);
        let any = client.raw().get("/x", RequestOptions::new()).await;
        match (any, expected) {
            (Ok(any), Some(expected)) => assert_eq!(any, expected, "{shown}"),
            (Err(error), None) => {
                assert_eq!(error.kind(), ErrorKind::Decode, "{shown}");
                assert_eq!(error.answer_status(), Some(status));
                assert_eq!(error.answer_text().as_deref(), Some(&*shown));
                assert_eq!((error.sent(), error.is_retryable()), (Sent::Yes, false));
            }
            (any, expected) => panic!("{shown}: {any:?} is not {expected:?}"),
        }
        match client.agents().get("a").await {
            Ok(_) => assert!(is_agent, "{shown}"),
            Err(error) => {
                assert!(!is_agent, "{shown}: {error}");
                assert_eq!(error.kind(), ErrorKind::Decode, "{shown}");
                assert_eq!(error.answer_status(), Some(status), "{shown}");
            }
        }
        assert!(client.agents().delete("a").await.is_ok() == client.me().get().await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_body_gives_code_and_message_where_it_has_them() {
    for (body, code, message) in [
        (json!({"code": "C", "message": "m"}), Some("C"), Some("m")),
        (
            json!({"error": {"code": "C", "message": "m"}, "code": "no", "message": "no"}),
            Some("C"),
            Some("m"),
        ),
        (
            json!({"error": {}, "code": "no", "message": "no"}),
            None,
            None,
        ),
        (json!({"error": "E", "message": "m"}), Some("E"), Some("m")),
        (json!({"error": "E"}), Some("E"), Some("E")),
        (json!({"error": "E", "code": 7}), Some("E"), Some("E")),
        (
            json!({"message": "", "detail": "d", "title": "t"}),
            None,
            Some("d"),
        ),
        (
            json!({"message": null, "detail": ["d"], "title": "t"}),
            None,
            Some("t"),
        ),
        (
            json!({"error": {"title": "t", "detail": ""}}),
            None,
            Some("t"),
        ),
        (json!({"error": {"error": "E"}}), Some("E"), Some("E")),
        (json!({"error": [1], "message": "m"}), None, Some("m")),
        (json!({"error": null, "code": "C"}), Some("C"), None),
        (json!(["message"]), None, None),
        (json!("text"), None, None),
        (Value::Null, None, None),
        (json!(false), None, None),
    ] {
        let sent = body.to_string();
        let transport = always(move || answer(418, Some("text/weird"), sent.as_bytes()));
        let error = client(&transport).runs().get("r").await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(418)));
        assert_eq!(
            (error.code(), error.server_message()),
            (code, message),
            "{body}"
        );
        assert_eq!(error.details(), Some(&body));
        assert_eq!(error.run_id(), None);
    }
    for (body, details) in [
        (&b""[..], None),
        (b"<h1>Bad", Some(json!("<h1>Bad"))),
        (b"\xFF{", Some(json!("\u{FFFD}{"))),
        (
            br#"{"message":"\ud83d"}"#,
            Some(json!({"message": "\u{FFFD}"})),
        ),
    ] {
        let bytes = body.to_vec();
        let transport = always(move || answer(502, None, &bytes).header("retry-after", "0"));
        let error = client(&transport).runs().get("r").await.unwrap_err();
        assert_eq!(error.details(), details.as_ref());
        assert_eq!(error.retry_after(), Some(Duration::ZERO));
        let text = if details.as_ref().is_some_and(Value::is_object) {
            "\u{FFFD}"
        } else {
            "Bad Gateway"
        };
        assert_eq!(error.message(), text);
    }
}

#[tokio::test(start_paused = true)]
async fn fields_may_be_absent_or_null_and_unknown_ones_are_kept() {
    let full = json!({
        "run_id": "r", "status": "hibernating", "created_at": "t", "latest_seq": 9_007_199_254_740_993_i64,
        "input": {"a": null}, "new": {"deep": [1]},
    });
    let nulls = json!({
        "run_id": "r", "status": "running", "created_at": "t", "agent_id": null, "thread_id": null, "input": null,
        "output": null, "error": null, "current_attempt_id": null, "current_attempt_no": null, "latest_seq": null,
        "started_at": null, "completed_at": null,
    });
    let transport = ScriptedTransport::new();
    transport
        .reply(Reply::json(&full))
        .reply(Reply::json(&nulls));
    let runs = client(&transport).runs();
    assert_eq!(json!(runs.get("r").await.unwrap()), full);
    let run = runs.get("r").await.unwrap();
    assert_eq!(
        (run.agent_id, run.latest_seq, run.input),
        (None, None, None)
    );

    let agent = json!({"id": "a", "name": "n", "last_run_status": null, "metadata": null, "last_run_at": null, "x": 1});
    let trigger = json!({"type": null, "config": null, "x": {"y": 1}});
    let event = json!({"seq": -1, "type": "X", "timestamp": "", "id": null, "attempt_id": null, "payload": null, "x": 1});
    let page = json!({"events": [event], "latest_seq": 0, "has_more": false, "x": 1});
    transport
        .reply(Reply::json(&agent))
        .reply(Reply::json(
            &json!({"items": [trigger], "total": null, "x": 1}),
        ))
        .reply(Reply::json(&page));
    let client = client(&transport);
    assert_eq!(client.agents().get("a").await.unwrap().extra["x"], 1);
    let triggers = client.triggers().list(TriggerFilter::new()).await.unwrap();
    assert_eq!(
        (&triggers.extra["x"], &triggers.items[0].extra["x"]["y"]),
        (&json!(1), &json!(1))
    );
    let page = client
        .runs()
        .events("r", PollEvents::new("a"))
        .await
        .unwrap();
    assert_eq!((page.next_after_seq, page.next_after(4)), (None, 4));
    assert_eq!(
        (&page.extra["x"], &page.events[0].extra["x"]),
        (&json!(1), &json!(1))
    );
}

#[tokio::test(start_paused = true)]
async fn no_data_is_nothing_where_the_type_can_be_nothing() {
    for status in [200, 204] {
        let client = client(&always(move || Reply::status(status)));
        let raw = client.raw();
        let none = raw.typed::<Option<Agent>>(RawMethod::Patch, "/x", RequestOptions::new());
        assert_eq!(none.await.unwrap(), None);
        let unit = raw.typed::<()>(RawMethod::Get, "/x", RequestOptions::new());
        unit.await.unwrap();
        let error = client.agents().get("a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
    }
}

#[tokio::test(start_paused = true)]
async fn json_is_read_as_the_originals_runtime_reads_it() {
    // The last of several equal keys counts, and a whole number is one however it is written.
    let transport = ScriptedTransport::new();
    for body in [
        r#"{"run_id":"q","status":"running","run_id":"r","created_at":"t","latest_seq":1e3,"current_attempt_no":-0}"#,
        r#"{"events":[{"seq":3.0,"seq":4.0,"type":"X","timestamp":"t","payload":{"n":9007199254740993}}],
            "latest_seq":4.0,"next_after_seq":4e0,"has_more":false}"#,
        r#"[{"id":"a","id":"b","name":"n"}]"#,
        r#"{"items":[{"id":"a","id":"b","name":"n"}],"total":1}"#,
    ] {
        transport.reply(answer(200, JSON, body.as_bytes()));
    }
    let client = client(&transport);
    let run = client.runs().get("r").await.unwrap();
    assert_eq!(run.run_id, "r");
    assert_eq!(
        (run.latest_seq, run.current_attempt_no),
        (Some(1000), Some(0))
    );
    let page = client
        .runs()
        .events("r", PollEvents::new("a"))
        .await
        .unwrap();
    assert_eq!(
        (page.events[0].seq, page.latest_seq, page.next_after(0)),
        (4, 4, 4)
    );
    assert_eq!(page.events[0].payload["n"], 9_007_199_254_740_993_u64);
    let page = client.agents().list(PaginationParams::new()).await.unwrap();
    assert_eq!(page.items[0].id, "b");
    let all = client.agents().list_all(PaginationParams::new()).all();
    assert_eq!(all.await.unwrap()[0].id, "b");

    // What is not whole, or has more than 64 bits, does not become a number of an event.
    for seq in ["1.5", "1e19", "-1e300", "\"3\"", "true"] {
        let body = format!(
            r#"{{"events":[{{"seq":{seq},"type":"X","timestamp":"t"}}],"latest_seq":1,"has_more":false}}"#
        );
        transport.reply(answer(200, JSON, body.as_bytes()));
        let error = client
            .runs()
            .events("r", PollEvents::new("a"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{seq}");
        assert_eq!(error.answer_text().as_deref(), Some(&*body));
    }
}
