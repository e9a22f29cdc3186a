use serde_json::{Value, json};

use super::*;

fn event(value: &Value) -> SessionStreamEvent {
    SessionStreamEvent::from_json(&value.to_string()).unwrap()
}

#[test]
fn events_are_written_back_as_they_came() {
    for value in [
        json!({"kind": "status", "status": "running", "nextCursor": 1, "sandboxId": "x"}),
        json!({"kind": "status", "status": "hibernating"}),
        json!({"kind": "status", "status": 5, "nextCursor": 2}),
        json!({"kind": "steps", "steps": [{"id": 1}], "status": "unknown here"}),
        json!({"kind": "result", "status": "completed", "result": null}),
        json!({"kind": "result", "result": {"a": [1.5]}, "nextCursor": 12.5}),
        json!({"kind": "error", "error": "boom", "code": 7}),
        json!({"kind": "error", "error": ["odd"], "nextCursor": 3}),
        json!({"kind": "timeline", "events": [], "nextCursor": "9"}),
        json!({"nextCursor": 1}),
    ] {
        let event = event(&value);
        assert_eq!(serde_json::to_value(&event).unwrap(), value);
        let again: SessionStreamEvent = serde_json::from_value(value).unwrap();
        assert_eq!(again, event);
    }
}

#[test]
fn a_kind_that_is_no_text_gives_way_to_the_frames_name_and_is_written_back_once() {
    let event = decode::from_text(r#"{"kind":5,"status":"running"}"#, "status").unwrap();
    assert_eq!(event.kind(), "status");
    let written = serde_json::to_string(&event).unwrap();
    assert_eq!(written.matches("\"kind\"").count(), 1, "{written}");
    assert_eq!(event.extra()["kind"], 5);
}

#[test]
fn half_a_character_loses_no_event() {
    let event = SessionStreamEvent::from_json(
        r#"{"kind":"steps","steps":["cut \ud83d",{"\udc00":1}],"nextCursor":4}"#,
    );
    match event.unwrap() {
        SessionStreamEvent::Steps(event) => {
            assert_eq!(event.steps, [json!("cut \u{fffd}"), json!({"\u{fffd}": 1})]);
            assert_eq!(event.next_cursor, Some(4));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_can_not_be_read_is_kept_with_the_error() {
    let deep = format!(r#"{{"kind":"steps","steps":{}"s3cret"}}"#, "[".repeat(200));
    for text in [
        "oops s3cret",
        "[1]",
        r#"{"kind":"s3cret","n":01e400}"#,
        &deep,
    ] {
        let error = SessionStreamEvent::from_json(text).unwrap_err();
        assert_eq!(error.details(), Some(&json!(text)));
        assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    }
}

#[test]
fn a_number_beyond_all_numbers_loses_no_event() {
    let text = r#"{"kind":"steps","steps":[1e400,"1e400"],"nextCursor":-1e400,"more":"\ud83d"}"#;
    let event = SessionStreamEvent::from_json(text).unwrap();
    assert_eq!((event.kind(), event.next_cursor()), ("steps", None));
    assert_eq!(event.extra()["more"], "\u{fffd}");
    match event {
        SessionStreamEvent::Steps(event) => assert_eq!(event.steps, [json!(null), json!("1e400")]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_error_event_says_why_in_one_of_four_ways() {
    for (value, why) in [
        (json!({"kind": "error", "error": "a"}), "a"),
        (json!({"kind": "error", "error": {"message": "b"}}), "b"),
        (json!({"kind": "error", "message": "c"}), "c"),
        (json!({"kind": "error"}), r#"{"kind":"error"}"#),
    ] {
        match event(&value) {
            SessionStreamEvent::Error(event) => assert_eq!(event.error, why),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn no_text_makes_the_decoder_panic_and_objects_are_always_events() {
    let mut state = 7_u64;
    let pieces = [
        "{",
        "}",
        "\"kind\"",
        ":",
        ",",
        "\"status\"",
        "\"error\"",
        "null",
        "[",
        "]",
        "1",
        "1e400",
        "\"\\ud800\"",
        "\"nextCursor\"",
        "-9223372036854775809",
        "\"result\"",
        " ",
        "\u{0}",
        "é",
    ];
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..8 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            text += pieces[usize::try_from(state >> 33).unwrap() % pieces.len()];
        }
        let object = serde_json::from_str::<Extra>(&text).is_ok();
        assert_eq!(
            SessionStreamEvent::from_json(&text).is_ok(),
            object,
            "{text}"
        );
    }
}
