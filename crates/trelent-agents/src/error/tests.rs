use serde_json::{Value, json};

use super::{ApiErrorClass, ErrorExt, LocSegment, no_scope_left, read, read_token_refusal};
use agent_core::{Error, ErrorKind};

#[test]
fn every_row_of_the_table_of_error_bodies() {
    let complaint = json!({"loc": ["body", "imports", 0, "data"], "msg": "bad", "type": "t"});
    let two = json!({"detail": [complaint, {"loc": [], "msg": "m", "type": ""}]}).to_string();
    let object = r#" { "detail" : { "z" : [ 1 , { } , [ ] , "a b" ], "a" : -1.5 , "é\n" : null, "t": true } } "#;
    let shape =
        r#"{"detail": [{"loc": ["body"], "msg": "m", "type": "t"}, {"loc": "body", "msg": "m"}]}"#;
    let unreadable = |body: &str| format!("Failed to parse error response: {body}");
    // Status, body, text of the message, items of a 422.
    for (status, body, expected, items) in [
        // 422 with a list of complaints, or none.
        (
            422,
            two.as_str(),
            "body.imports.0.data: bad; : m".to_owned(),
            2,
        ),
        (422, r#"{"detail": []}"#, "Validation error".into(), 0),
        (422, "{}", "Validation error".into(), 0),
        (422, r#"{"detail": null}"#, "Validation error".into(), 0),
        // 422 with something else.
        (422, r#"{"detail": "no"}"#, "no".into(), 0),
        (422, r#"{"detail": ["no"]}"#, r#"["no"]"#.into(), 0),
        (
            422,
            r#"{"detail": [[["body"], "msg", "type"]]}"#,
            r#"[[["body"],"msg","type"]]"#.into(),
            0,
        ),
        (
            422,
            shape,
            r#"[{"loc":["body"],"msg":"m","type":"t"},{"loc":"body","msg":"m"}]"#.into(),
            0,
        ),
        // 404.
        (404, "", "Not found".into(), 0),
        (404, "{}", "Not found".into(), 0),
        (404, r#"{"detail": null, "x": 1}"#, "Not found".into(), 0),
        (404, r#"{"detail": "gone"}"#, "gone".into(), 0),
        // Any other status without a detail: the body as it is.
        (400, r#"{"error": "x"} "#, r#"{"error": "x"} "#.into(), 0),
        (500, r#"{"detail":null}"#, r#"{"detail":null}"#.into(), 0),
        // Any status with a detail.
        (400, r#"{"detail": "é\n\"x\""}"#, "é\n\"x\"".into(), 0),
        (409, r#"{"detail": ""}"#, String::new(), 0),
        (500, r#"{"detail": "a\ud83d"}"#, "a\u{FFFD}".into(), 0),
        (500, r#"{"detail": 7}"#, "7".into(), 0),
        (500, r#"{"detail": false}"#, "false".into(), 0),
        (
            503,
            object,
            r#"{"z":[1,{},[],"a b"],"a":-1.5,"é\n":null,"t":true}"#.into(),
            0,
        ),
        (401, r#"{"detail": "a", "detail": "b"}"#, "b".into(), 0),
        // A byte order mark does not make it something else.
        (409, "\u{FEFF}{\"detail\": \"taken\"}", "taken".into(), 0),
        (404, "\u{FEFF}{}", "Not found".into(), 0),
        (400, "\u{FEFF}{}", "\u{FEFF}{}".into(), 0),
        (404, "\u{FEFF}", unreadable("\u{FEFF}"), 0),
        // What is no JSON object.
        (502, "<html>", unreadable("<html>"), 0),
        (503, "", unreadable(""), 0),
        (422, "", unreadable(""), 0),
        (404, " ", unreadable(" "), 0),
        (404, "[]", unreadable("[]"), 0),
        (422, "\"x\"", unreadable("\"x\""), 0),
        (500, "null", unreadable("null"), 0),
        (500, r#"{"detail": "x""#, unreadable(r#"{"detail": "x""#), 0),
        (302, "moved", unreadable("moved"), 0),
    ] {
        let parts = read(status, body);
        assert_eq!(
            parts.message,
            format!("HTTP {status}: {expected}"),
            "{status} {body}"
        );
        assert_eq!(parts.errors.len(), items, "{status} {body}");
        let class = match status {
            404 => ApiErrorClass::NotFound,
            422 => ApiErrorClass::Validation,
            _ => ApiErrorClass::Api,
        };
        assert_eq!(parts.class, class, "{status} {body}");
        match parts.detail {
            Value::String(text) => assert_eq!(text, expected),
            other => assert_eq!(
                other,
                serde_json::from_str::<Value>(&expected).unwrap(),
                "{body}"
            ),
        }
    }
}

#[test]
fn a_body_nested_without_end_is_no_danger() {
    let deep = format!(
        "{{\"detail\": {}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(
        read(500, &deep)
            .message
            .starts_with("HTTP 500: Failed to parse")
    );
}

#[test]
fn a_refused_exchange_shows_the_raw_body_whatever_its_status() {
    for status in [400, 404, 422] {
        let parts = read_token_refusal(status, r#"{"detail": "bad"}"#);
        assert_eq!(parts.class, ApiErrorClass::Api);
        assert_eq!(
            parts.message,
            format!(r#"HTTP {status}: Token request failed: {{"detail": "bad"}}"#)
        );
        assert_eq!(
            parts.detail,
            json!(r#"Token request failed: {"detail": "bad"}"#)
        );
    }
    assert_eq!(
        no_scope_left(&["a", "b"]).message,
        "HTTP 401: No valid scope found. Tried: a, b"
    );
}

#[test]
fn the_view_is_found_on_the_shared_error() {
    let body = r#"{"detail": [{"loc": ["body", 3], "msg": "m", "type": "missing"}]}"#;
    let error = Error::new(ErrorKind::Api, "").with_view(read(422, body));
    assert!(error.is_validation());
    assert_eq!(error.detail(), Some(&json!("body.3: m")));
    let [item] = error.validation_errors() else {
        panic!("one item")
    };
    assert_eq!(
        item.loc,
        [LocSegment::Key("body".into()), LocSegment::Index(3)]
    );
    assert_eq!(item.error_type, "missing");
    assert_eq!(
        serde_json::to_value(item).unwrap(),
        json!({"loc": ["body", 3], "msg": "m", "type": "missing"})
    );

    let other = Error::invalid_argument("x");
    assert!(!other.is_validation() && other.validation_errors().is_empty());
    assert_eq!((other.detail(), other.api_class()), (None, None));
}
