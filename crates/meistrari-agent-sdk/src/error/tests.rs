use agent_core::error::ErrorResponse;
use bytes::Bytes;
use http::{Method, StatusCode};

use super::*;

fn response(status: u16, url: &str, body: impl Into<Bytes>) -> ErrorResponse {
    ErrorResponse {
        method: Method::GET,
        url: url.to_owned(),
        status: StatusCode::from_u16(status).unwrap(),
        reason: "as the server says".to_owned(),
        headers: HeaderMap::new(),
        body: body.into(),
        truncated: false,
    }
}

fn error(status: u16, url: &str, body: impl Into<Bytes>) -> Error {
    let response = response(status, url, body);
    refusal(&response, Error::new(ErrorKind::Api, "")).with_response(response)
}

#[test]
fn the_text_shows_the_body_in_its_own_key_order_whatever_serde_json_was_built_with() {
    let error = error(
        409,
        "http://h/x?cursor=1",
        r#"{"z":[],"a":{"é":"\u00e9","b":[1,{}]}}"#,
    );
    let lines = [
        "Failed to GET http://h/x?cursor=1: 409 Conflict:",
        "{",
        "  \"z\": [],",
        "  \"a\": {",
        "    \"é\": \"é\",",
        "    \"b\": [",
        "      1,",
        "      {}",
        "    ]",
        "  }",
        "}",
    ];
    assert_eq!(error.message(), lines.join("\n"));
    let refused = error.as_fetch_error().unwrap();
    assert_eq!(refused.to_string(), error.message());
    assert_eq!((refused.status(), refused.method()), (409, "GET"));
    assert!(is_fetch_error(&error) && !error.is_validation() && !error.is_retryable());
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
}

#[test]
fn what_is_no_json_is_shown_as_it_came_and_nothing_as_nothing() {
    for (body, shown) in [
        ("", ""),
        ("<b>", "<b>"),
        ("{\"a\":", "{\"a\":"),
        ("\"x\"", "\"x\""),
        ("\u{feff}[1]", "[\n  1\n]"),
        ("\u{feff}x", "x"),
    ] {
        let error = error(500, "http://h/", body);
        let expected = format!("Failed to GET http://h/: 500 Internal Server Error:\n{shown}");
        assert_eq!(error.message(), expected);
    }
    assert_eq!(
        error(599, "http://h/", "x").message(),
        "Failed to GET http://h/: 599 :\nx"
    );
}

#[test]
fn what_is_shown_as_json_is_given_as_json() {
    for (body, shown, value) in [
        (
            "\u{feff}{\"a\": 1}",
            "{\n  \"a\": 1\n}",
            serde_json::json!({"a": 1}),
        ),
        (
            r#"["\uD83D!"]"#,
            "[\n  \"\\ud83d!\"\n]",
            serde_json::json!(["\u{fffd}!"]),
        ),
    ] {
        let error = error(400, "http://h/", body);
        let refused = error.as_fetch_error().unwrap();
        let message = refused.message();
        assert_eq!(message.split_once('\n').unwrap().1, shown);
        assert_eq!(refused.json(), Some(value));
    }
}

#[test]
fn hostile_bodies_make_no_hostile_texts() {
    let deep = "[".repeat(60_000);
    assert!(error(500, "http://h/", deep).message().len() < 61_000);
    let long = "é".repeat(wire::MAX_ERROR_TEXT);
    assert!(error(500, "http://h/", long).message().len() < wire::MAX_ERROR_TEXT + 100);
    let binary: &[u8] = &[0xff, 0xfe, 0, b'x'];
    error(500, "http://h/", binary).message();
}

#[test]
fn passing_are_408_429_and_the_gateways_errors() {
    for status in 300..=599 {
        let expected = matches!(status, 408 | 429 | 500 | 502 | 503 | 504);
        assert_eq!(
            error(status, "http://h/", "").is_retryable(),
            expected,
            "{status}"
        );
    }
}

#[test]
fn the_query_of_a_presigned_url_is_in_no_part_of_the_error_even_if_the_host_quotes_it() {
    let url = "https://s3.example/o?X-Amz-Signature=c0ffee0123456789%2Bab&X-Amz-Expires=900";
    let body = "<Error>c0ffee0123456789+ab or c0ffee0123456789%2Bab in \
                X-Amz-Signature=c0ffee0123456789%2Bab&X-Amz-Expires=900</Error>";
    let error = without_signature(error(403, url, body));
    let refused = error.as_fetch_error().unwrap();
    assert_eq!(refused.url(), "https://s3.example/o");
    let shown = format!("{error} {error:?} {refused} {refused:?} {}", refused.url());
    assert!(!shown.contains("c0ffee"), "{shown}");
    assert!(shown.contains("403 Forbidden"), "{shown}");
}
