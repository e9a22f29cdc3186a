//! Traces never fail the caller because of the network; what is wrong with an event is an error.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use std::time::{Duration, SystemTime};

use agent_core::testing::{Reply, ScriptedTransport};
use mentiora_sdk::{ErrorClass, ErrorExt, MentioraClient, TraceEvent, TraceTime, TraceType};
use serde_json::{Value, json};

#[path = "support/rig.rs"]
mod rig;

use rig::{client, config, http, trace};

#[tokio::test(start_paused = true)]
async fn whatever_the_network_does_is_a_result() {
    for (reply, error) in [
        (Reply::refused as fn() -> Reply, "Failed after 4 attempts: "),
        (Reply::broken, "Failed after 4 attempts: "),
        (Reply::silence, "Request timeout after 30000ms"),
        (
            || Reply::status(401).chunk(r#"{"error":{"code":"c","message":"m"}}"#),
            "Client error: Unauthorized: [c] m",
        ),
        (
            || Reply::status(429).header("retry-after", "600"),
            "Rate limited: too many requests",
        ),
        (|| Reply::status(500), "Server error: Internal Server Error"),
        (|| Reply::status(302), "Unexpected response: Found"),
        (
            || Reply::status(200).chunk("x").lost(),
            "Failed after 4 attempts: ",
        ),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply_with(move |_| reply());
        let sent = client(&transport)
            .tracing()
            .unwrap()
            .send_trace(trace())
            .await
            .unwrap();
        assert!(!sent.success);
        assert_eq!(
            (sent.trace_id.as_str(), sent.span_id.as_str()),
            ("trace", "span")
        );
        assert!(
            sent.error.as_deref().unwrap().starts_with(error),
            "{:?}",
            sent.error
        );
    }
    // Also the limit of the whole call.
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::silence());
    let limited = http(&transport).total_timeout(Duration::from_secs(3));
    let client = MentioraClient::new(config(&transport).http(limited)).unwrap();
    let sent = client.tracing().unwrap().send_trace(trace()).await.unwrap();
    assert_eq!(sent.error.as_deref(), Some("Request timeout after 3000ms"));
}

#[tokio::test(start_paused = true)]
async fn any_answer_that_is_no_refusal_is_success() {
    for body in ["", "null", "not json", r#"{"success":false}"#] {
        let transport = ScriptedTransport::new();
        transport.reply(Reply::status(202).chunk(body));
        let sent = client(&transport)
            .tracing()
            .unwrap()
            .send_trace(trace())
            .await
            .unwrap();
        assert_eq!((sent.success, sent.error), (true, None), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_not_valid_is_an_error_and_is_not_sent() {
    type Spoil = fn(&mut TraceEvent);
    let cases: [(Spoil, &str); 6] = [
        (
            |e| e.trace_id.clear(),
            "traceId is required and must be a string",
        ),
        (
            |e| e.span_id.clear(),
            "spanId is required and must be a string",
        ),
        (|e| e.name.clear(), "name is required and must be a string"),
        (
            |e| e.trace_type = TraceType::from("span"),
            "type must be one of: llm, tool, chat, error, custom",
        ),
        (|e| e.start_time = None, "startTime is required"),
        (
            |e| e.start_time = Some(TraceTime::from("")),
            "startTime is required",
        ),
    ];
    let transport = ScriptedTransport::new();
    let tracing = client(&transport).tracing().unwrap();
    for (spoil, expected) in cases {
        let mut event = trace();
        spoil(&mut event);
        let error = tracing.send_trace(event).await.unwrap_err();
        assert_eq!(
            (error.message(), error.class()),
            (expected, ErrorClass::Validation)
        );
    }
    // The first broken rule counts.
    let mut event = trace();
    for (spoil, _) in cases.iter().rev() {
        spoil(&mut event);
        let error = tracing.send_trace(event.clone()).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Validation);
    }
    let error = tracing.send_trace(event).await.unwrap_err();
    assert_eq!(error.message(), "traceId is required and must be a string");
    assert!(transport.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_event_is_one_request_with_every_member() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::status(200));
    let tracing = client(&transport).tracing().unwrap();
    let body = |n: usize| serde_json::from_slice::<Value>(&transport.requests()[n].body).unwrap();

    assert!(tracing.send_trace(trace()).await.unwrap().success);
    let first = body(0);
    let thread = first["thread_id"].as_str().unwrap().to_owned();
    // 1 790 000 000 s since 1970 in hexadecimal milliseconds, then version 7.
    assert_eq!(&thread[..15], "01a0c450-6c00-7", "{thread}");
    let expected = json!({
        "trace_id": "trace", "span_id": "span", "parent_span_id": null, "name": "name", "type": "custom",
        "input": null, "output": null, "start_time": "1970-01-01T00:00:00.000Z", "end_time": null,
        "duration_ms": null, "metadata": null, "tags": [], "error": null, "usage": null, "model": null,
        "provider": null, "thread_id": thread,
    });
    assert_eq!(first, expected);

    for (given, kept) in [
        (" ", false),
        ("\t", false),
        ("\u{feff}\u{a0}", false),
        ("", false),
        (" th ", true),
    ] {
        let event = trace().thread_id(given);
        let n = transport.requests().len();
        assert!(tracing.send_trace(event).await.unwrap().success);
        assert_eq!(body(n)["thread_id"] == given, kept, "{given:?}");
    }

    tracing.flush().await;
    assert_eq!(transport.requests().len(), 6, "flush sends nothing");
    let start = SystemTime::UNIX_EPOCH + Duration::from_millis(1_735_689_600_042);
    let event = TraceEvent::new("t", "s", "n", TraceType::Llm, start)
        .thread_id("th")
        .end_time("tomorrow")
        .input(json!({"camelKey": null}));
    assert!(tracing.send_trace(event).await.unwrap().success);
    let last = body(6);
    assert_eq!(last["start_time"], "2025-01-01T00:00:00.042Z");
    assert_eq!(
        (&last["end_time"], &last["input"]),
        (&json!("tomorrow"), &json!({"camelKey": null}))
    );
}
