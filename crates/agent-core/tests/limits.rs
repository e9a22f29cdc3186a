//! Hostile and broken answers: size limits, slow error bodies, and bodies that are not what they should be.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use agent_core::sdk::Request;
use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{ErrorKind, Limit, RetryPolicy, Sent, TimeoutPhase};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use support::{GET, client, client_with, get, secs, timed};

const CAP: usize = 1000;

fn once(reply: Reply) -> ScriptedTransport {
    let wire = ScriptedTransport::new();
    wire.reply(reply);
    wire
}

#[tokio::test(start_paused = true)]
async fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
    let text = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    let whole = |length: usize| Reply::status(200).chunk(text(length));
    let pieces = |length: usize| {
        let text = text(length);
        let mut reply = Reply::status(200);
        for piece in text.as_bytes().chunks(7) {
            reply = reply.chunk(Bytes::copy_from_slice(piece));
        }
        reply
    };
    let declared = |length: usize| whole(length).header("content-length", &length.to_string());
    let rows: [(&str, Reply, bool); 9] = [
        ("whole, at the limit", whole(CAP), true),
        ("whole, above", whole(CAP + 1), false),
        ("pieces, at the limit", pieces(CAP), true),
        ("pieces, above", pieces(CAP + 1), false),
        ("declared, at the limit", declared(CAP), true),
        ("declared, above", declared(CAP + 1), false),
        (
            "declared only",
            Reply::status(200).header("content-length", "1001"),
            false,
        ),
        (
            "declared absurdly",
            whole(10).header("content-length", "99999999999999999999"),
            true,
        ),
        (
            "declared as garbage",
            whole(10).header("content-length", "ten"),
            true,
        ),
    ];
    for (case, reply, fits) in rows {
        let wire = once(reply);
        let result = get(&client_with(&wire, |http| http.max_body_bytes(CAP))).await;
        assert_eq!(result.is_ok(), fits, "{case}: {result:?}");
        if let Err(error) = result {
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{case}");
            assert!(error.message().contains("1000"), "{case}: {error}");
            assert_eq!(
                (error.sent(), error.is_retryable()),
                (Sent::Yes, false),
                "{case}"
            );
        }
        assert_eq!(wire.open_exchanges(), 0, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endless_body_ends_at_the_limit() {
    let mut reply = Reply::status(200);
    for _ in 0..200 {
        reply = reply.chunk(vec![b' '; 10]);
    }
    let wire = once(reply.open());
    let (took, result) = timed(get(&client_with(&wire, |http| http.max_body_bytes(CAP)))).await;
    assert_eq!(result.unwrap_err().kind(), ErrorKind::TooLarge);
    assert!(took < 0.01, "{took}");
}

#[tokio::test(start_paused = true)]
async fn limits_at_the_ends_of_their_range_work() {
    for (cap, fits) in [(0, false), (1, false), (2, true), (usize::MAX, true)] {
        let wire = once(Reply::json(&json!({})));
        let result = get(&client_with(&wire, |http| http.max_body_bytes(cap))).await;
        assert_eq!(result.is_ok(), fits, "limit {cap}: {result:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_body_of_an_error_is_read_up_to_a_mebibyte() {
    const MEBIBYTE: usize = 1 << 20;
    for (length, read, truncated) in [
        (0, 0, false),
        (MEBIBYTE, MEBIBYTE, false),
        (MEBIBYTE + 1, MEBIBYTE, true),
        (3 * MEBIBYTE, MEBIBYTE, true),
    ] {
        let mut reply = Reply::status(422);
        let body = vec![b'x'; length];
        for piece in body.chunks(100_000) {
            reply = reply.chunk(Bytes::copy_from_slice(piece));
        }
        // The limit of successful answers is another one.
        let wire = once(reply);
        let error = get(&client_with(&wire, |http| http.max_body_bytes(10)))
            .await
            .unwrap_err();
        let response = error.response().unwrap();
        assert_eq!(error.status(), Some(422), "{length}");
        assert_eq!(response.body.len(), read, "{length}");
        assert_eq!(response.truncated, truncated, "{length}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_or_broken_error_body_costs_five_seconds_and_never_the_status() {
    let json = r#"{"error":{"code":"bad","message":"no good"}}"#;
    let rows: [(&str, Reply, f64, &str); 5] = [
        (
            "never ends",
            Reply::status(422).chunk(json).open(),
            5.0,
            "no good",
        ),
        (
            "never begins",
            Reply::status(422).open(),
            5.0,
            "Unprocessable Entity",
        ),
        (
            "breaks",
            Reply::status(422).chunk(json).lost(),
            0.0,
            "no good",
        ),
        (
            "breaks at once",
            Reply::status(422).lost(),
            0.0,
            "Unprocessable Entity",
        ),
        (
            "drips",
            Reply::status(422)
                .chunk("{")
                .wait(secs(4))
                .chunk("\"")
                .wait(secs(4))
                .chunk("}"),
            5.0,
            "Unprocessable Entity",
        ),
    ];
    for (case, reply, expected, message) in rows {
        let wire = once(reply);
        let (took, result) = timed(get(&client(&wire))).await;
        let error = result.unwrap_err();
        assert_eq!(
            (error.status(), error.kind()),
            (Some(422), ErrorKind::Api),
            "{case}"
        );
        assert_eq!(error.message(), message, "{case}");
        assert!(error.response().unwrap().truncated, "{case}");
        assert!((took - expected).abs() < 0.01, "{case}: took {took} s");
        assert_eq!(wire.open_exchanges(), 0, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_error_body_keeps_within_the_calls_limits() {
    for (attempt, total) in [
        (Limit::After(secs(2)), Limit::Off),
        (Limit::Off, Limit::After(secs(2))),
    ] {
        let wire = once(Reply::status(422).open());
        let call = get(&client(&wire)).timeout(attempt).total_timeout(total);
        let (took, result) = timed(call).await;
        assert_eq!(result.unwrap_err().status(), Some(422));
        assert!((took - 2.0).abs() < 0.01, "{took}");
    }
}

#[tokio::test(start_paused = true)]
async fn errors_without_readable_bodies_have_the_reason_as_message() {
    let deep = "[".repeat(100_000);
    let rows: [(Reply, &str); 6] = [
        (Reply::status(404), "Not Found"),
        (Reply::status(404).reason("No Such Thing"), "No Such Thing"),
        (Reply::status(404).chunk("<html>"), "Not Found"),
        (Reply::status(404).chunk(vec![0xFF, 0xFE]), "Not Found"),
        (Reply::status(404).chunk(deep), "Not Found"),
        (Reply::status(599), ""),
    ];
    for (reply, expected) in rows {
        let error = get(&client(&once(reply))).await.unwrap_err();
        assert_eq!(error.message(), expected);
    }
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "what decoding fails on")]
struct Thing {
    id: String,
    size: u32,
    #[serde(default)]
    kind: Kind,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Plain,
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_wrong_form_is_a_decode_error_that_tells_where_and_quotes_nothing() {
    let secret = "sk-planted";
    let html = Some("text/html; charset=utf-8");
    let json = Some("application/json");
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let rows: Vec<(Option<&str>, Vec<u8>, &[&str])> = vec![
        (
            html,
            format!("<html>{secret}").into(),
            &["text/html", "line 1"],
        ),
        (
            None,
            format!("<html>{secret}").into(),
            &["not the expected JSON"],
        ),
        (json, Vec::new(), &["no body"]),
        (json, b" ".to_vec(), &["EOF"]),
        (json, format!("{{\"id\": \"{secret}").into(), &["EOF"]),
        (
            json,
            format!("{{\"id\": \"{secret}\"}}").into(),
            &["missing field `size`"],
        ),
        (
            json,
            format!("{{\"size\": \"{secret}\"}}").into(),
            &["wrong type", "line 1"],
        ),
        (json, format!("\"{secret}\"").into(), &["wrong type"]),
        (
            json,
            format!("{{\"id\": \"x\", \"size\": 1, \"kind\": \"{secret}\"}}").into(),
            &["wrong type"],
        ),
        (
            json,
            format!("{{\"id\": \"x\", \"size\": 1}} {secret}").into(),
            &["not JSON"],
        ),
        (json, [secret.as_bytes(), &[0xFF]].concat(), &["not JSON"]),
        (json, deep.into(), &["wrong type"]),
    ];
    for (kind, body, expected) in rows {
        let case = String::from_utf8_lossy(&body)
            .chars()
            .take(60)
            .collect::<String>();
        let mut reply = Reply::status(200).chunk(body).header("x-request-id", "r-1");
        if let Some(kind) = kind {
            reply = reply.header("content-type", kind);
        }
        let wire = once(reply);
        let request = Request::new(&GET).param("id", "1");
        let call = client(&wire).call(request, agent_core::sdk::Response::json::<Thing>);
        let error = call.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{case}");
        assert_eq!((error.sent(), error.attempts()), (Sent::Yes, 1), "{case}");
        assert_eq!(error.request_id(), Some("r-1"), "{case}");
        assert_eq!(error.operation(), "things.get", "{case}");
        let text = error.to_string();
        for part in expected {
            assert!(text.contains(part), "{case}: {part:?} is not in {text:?}");
        }
        let all = format!("{text}{error:?}{:?}", std::error::Error::source(&error));
        assert!(!all.contains(secret), "{case}: the body is quoted: {all}");
    }
}

#[tokio::test(start_paused = true)]
async fn neither_bytes_that_are_no_text_nor_a_byte_order_mark_cost_the_answer() {
    for (body, expected) in [
        (br#"["a\ud83d", "b"]"#.as_slice(), json!(["a\u{FFFD}", "b"])),
        (b"[\"a\xFF\"]", json!(["a\u{FFFD}"])),
        (b"\xEF\xBB\xBF[1]", json!([1])),
    ] {
        let answer = get(&client(&once(Reply::status(200).chunk(body)))).await;
        assert_eq!(answer.unwrap(), expected, "{body:?}");
    }
    for (body, message) in [
        (
            br#"{"error": {"message": "half \ud83d"}}"#.as_slice(),
            "half \u{FFFD}",
        ),
        (b"{\"error\": {\"message\": \"a\xFF\"}}", "a\u{FFFD}"),
        (
            b"\xEF\xBB\xBF{\"error\": {\"message\": \"marked\"}}",
            "marked",
        ),
    ] {
        let error = get(&client(&once(Reply::status(404).chunk(body)))).await;
        assert_eq!(error.unwrap_err().message(), message, "{body:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn json_nested_too_deeply_is_a_typed_error_and_no_overflow() {
    for depth in [100, 200, 1_000_000] {
        let body = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let result = get(&client(&once(Reply::status(200).chunk(body)))).await;
        match result {
            Ok(value) => assert!(depth == 100, "{}", value.is_array()),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Decode, "{depth}");
                assert!(error.message().contains("recursion"), "{error}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_body_keeps_the_request_id() {
    let reply = Reply::status(200)
        .header("request-id", "r-2")
        .chunk("{")
        .lost();
    let call = get(&client(&once(reply))).retry(RetryPolicy::none());
    let error = call.await.unwrap_err();
    assert_eq!(error.request_id(), Some("r-2"));
    assert_eq!(error.kind(), ErrorKind::Transport);
    let reply = Reply::status(200)
        .header("x-request-id", "r-3")
        .chunk("{")
        .open();
    let call = get(&client(&once(reply))).retry(RetryPolicy::none());
    let error = call.await.unwrap_err();
    assert_eq!(error.request_id(), Some("r-3"));
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Attempt));
}

#[tokio::test(start_paused = true)]
async fn answers_in_any_pieces_are_the_same() {
    let value: Value = json!({"text": "ünïcode ✓", "list": [1, 2, 3]});
    let text = value.to_string();
    for size in 1..=text.len() {
        let mut reply = Reply::status(200);
        for piece in text.as_bytes().chunks(size) {
            reply = reply.chunk(Bytes::copy_from_slice(piece)).chunk("");
        }
        assert_eq!(
            get(&client(&once(reply))).await.unwrap(),
            value,
            "pieces of {size}"
        );
    }
}
