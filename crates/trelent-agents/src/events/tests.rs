use serde_json::{Value, json};

use super::*;
use crate::ErrorKind;

mod spelling;

fn event(text: &str) -> CommonEvent {
    CommonEvent::from_json(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn malformed(text: &str) -> (Option<u64>, Error) {
    match decode_event(text) {
        Decoded::Malformed(error) => {
            let seq = error.details().and_then(|whole| whole["seq"].as_u64());
            (seq, error)
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn what_is_no_json_is_skipped() {
    for text in [
        "",
        " ",
        "ping",
        "[DONE]",
        "{",
        "{\"seq\": 1",
        "{\"seq\": 1, \"ts\": \"t\", \"data\": {\"type\": \"turn.started\", \"turn_id\": \"t\"}",
        // The first thing wrong is a field, but it is not JSON either.
        "{\"seq\": \"x\", garbage",
        "{\"seq\": 1}}",
        "{\"seq\": 01}",
        "{'seq': 1}",
    ] {
        assert!(matches!(decode_event(text), Decoded::Skip), "{text}");
        let error = CommonEvent::from_json(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
    }
}

#[test]
fn json_that_is_no_event_is_one_decode_error() {
    for (text, seq, words) in [
        ("[]", None, "expected an object"),
        ("1", None, "expected an object"),
        ("null", None, "expected an object"),
        ("\"x\"", None, "expected an object"),
        // Arrays that have what a struct has, in its order.
        (
            r#"[1, "t", null, null, {"type": "x"}, null, null, null, null, null, null]"#,
            None,
            "invalid type: sequence, expected an object",
        ),
        (
            r#"{"ts": "t", "data": {"type": "message.delta", "message_id": "m", "content_index": 0, "delta": ["text", "x"]}}"#,
            None,
            "(message.delta): invalid type: sequence, expected an object",
        ),
        (
            r#"{"ts": "t", "data": {"type": "session.completed", "exit_code": 0, "usage": [1, 2, 3, 4]}}"#,
            None,
            "(session.completed): invalid type: sequence, expected an object",
        ),
        (
            r#"{"ts": "t", "data": {"type": "turn.completed", "turn_id": "t", "usage": [1, 2, 3, 4]}}"#,
            None,
            "(turn.completed): invalid type: sequence, expected an object",
        ),
        ("{}", None, "missing field `timestamp`"),
        (r#"{"ts": "t"}"#, None, "missing field `data`"),
        (
            r#"{"seq": 3, "ts": "t", "type": "turn.started", "data": null}"#,
            Some(3),
            "event 3 (turn.started): missing field `data`",
        ),
        (
            r#"{"ts": "t", "data": []}"#,
            None,
            "invalid type: sequence, expected an object",
        ),
        (r#"{"ts": "t", "data": {}}"#, None, "missing field `type`"),
        (
            r#"{"ts": "t", "data": {"type": null}}"#,
            None,
            "missing field `type`",
        ),
        (
            r#"{"ts": "t", "data": {"type": 5}, "type": "error"}"#,
            None,
            "(error): invalid type: integer `5`",
        ),
        (
            r#"{"ts": "t", "data": {"a": 1, "type": 5}, "type": "error"}"#,
            None,
            "type is not a string",
        ),
        (
            r#"{"seq": 9, "ts": "t", "data": {"type": "turn.failed", "turn_id": "t"}}"#,
            Some(9),
            "event 9 (turn.failed): missing field `error`",
        ),
        (
            r#"{"ts": "t", "data": {"turn_id": 1, "type": "turn.started"}}"#,
            None,
            "(turn.started): invalid type: integer `1`",
        ),
        (
            r#"{"ts": "t", "type": "turn.started", "data": {}}"#,
            None,
            "missing field `turn_id`",
        ),
        (
            r#"{"seq": -1, "ts": "t", "data": {"type": "x"}}"#,
            None,
            "(x): invalid value: integer `-1`",
        ),
        (
            r#"{"ts": 1, "data": {"type": "x"}}"#,
            None,
            "invalid type: integer `1`",
        ),
        (
            r#"{"ts": "t", "raw": 1, "data": {"type": "x"}}"#,
            None,
            "expected a map",
        ),
        (
            r#"{"ts": "t", "data": {"type": "message.completed", "message_id": "m", "content": ["x"]}}"#,
            None,
            "expected an object",
        ),
    ] {
        let (got, error) = malformed(text);
        assert_eq!(got, seq, "{text}");
        assert_eq!(error.kind(), ErrorKind::Decode, "{text}");
        assert!(
            error.message().contains(words),
            "{text}: {}",
            error.message()
        );
        let whole: Option<Value> = serde_json::from_str(text).ok();
        assert_eq!(error.details(), whole.as_ref(), "{text}");
    }
}

#[test]
fn an_error_quotes_little_of_a_large_event() {
    let text = format!(r#"{{"ts": "t", "data": "{}"}}"#, "é".repeat(1_000_000));
    assert!(malformed(&text).1.message().len() < 1000);
}

#[test]
fn nesting_without_end_is_an_error_and_no_danger() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    malformed(&deep);
    malformed(&format!(
        r#"{{"ts": "t", "data": {{"type": "x", "a": {deep}}}}}"#
    ));
}

#[test]
fn both_spellings_of_the_envelope_are_understood() {
    let vendor = r#"{"seq": 4, "ts": "T", "data": {"type": "turn.started", "turn_id": "t"}}"#;
    let seed = r#"{"seq": 4, "timestamp": "T", "type": "turn.started", "data": {"turn_id": "t"}}"#;
    let reversed =
        r#"{"data": {"turn_id": "t"}, "type": "turn.started", "timestamp": "T", "seq": 4}"#;
    let both = r#"{"seq": 4, "ts": "T", "timestamp": "U", "type": "error", "data": {"turn_id": "t", "type": "turn.started"}}"#;
    // What else a server may call by a name that it does not need for this.
    let other = r#"{"seq": 4, "ts": "T", "timestamp": 5, "type": ["x"], "data": {"turn_id": "t", "type": "turn.started"}}"#;
    for text in [vendor, seed, reversed, both, other] {
        let event = event(text);
        assert_eq!((event.seq, event.timestamp.as_str()), (4, "T"), "{text}");
        assert_eq!(event.event_type, EventType::TurnStarted);
        assert!(
            matches!(&event.data, EventData::TurnStarted(turn) if turn.turn_id == "t"),
            "{text}"
        );
        assert_eq!(event.raw_json(), text);
        assert_eq!(
            serde_json::to_value(&event).unwrap(),
            json!({
                "seq": 4, "timestamp": "T", "type": "turn.started",
                "data": {"type": "turn.started", "turn_id": "t"}, "version": "v1",
                "event_id": null, "run_id": null, "harness": null, "harness_session_id": null,
                "raw": null,
            })
        );
    }
}

#[test]
fn an_event_of_unknown_type_needs_nothing_but_its_type() {
    for (text, seq, time, data) in [
        (r#"{"type": "ping"}"#, 0, "", json!({"type": "ping"})),
        (
            r#"{"type": "ping", "seq": 3, "ts": "T", "data": null}"#,
            3,
            "T",
            json!({"type": "ping"}),
        ),
        (
            r#"{"type": "error", "data": {"type": "ping", "a": 1}}"#,
            0,
            "",
            json!({"type": "ping", "a": 1}),
        ),
        (
            r#"{"type": "ping", "data": {"a": 1}}"#,
            0,
            "",
            json!({"type": "ping", "a": 1}),
        ),
    ] {
        let event = event(text);
        assert_eq!(event.event_type, EventType::Unknown("ping".into()));
        assert_eq!((event.seq, event.timestamp.as_str()), (seq, time), "{text}");
        assert_eq!(serde_json::to_value(&event.data).unwrap(), data, "{text}");
        assert_eq!(event.raw_json(), text);
        assert!(event.time().is_err());
    }
    for text in [
        r#"{"type": "error"}"#,
        r#"{"type": "error", "ts": "T"}"#,
        r#"{"data": {"type": "turn.started", "turn_id": "t"}}"#,
        r#"{"type": "ping", "data": {"type": "turn.started", "turn_id": "t"}}"#,
    ] {
        assert!(
            malformed(text).1.message().contains("missing field"),
            "{text}"
        );
    }
}

#[test]
fn null_is_as_absent_where_there_is_a_default() {
    let empty = event(
        r#"{"seq": null, "ts": "T", "version": null, "event_id": null, "run_id": null, "raw": null,
            "harness": null, "harness_session_id": null, "type": null,
            "data": {"type": "session.completed", "exit_code": 1, "usage":
                {"input_tokens": null, "output_tokens": null, "cost_usd": null}, "error": null}}"#,
    );
    assert_eq!((empty.seq, empty.version.as_str()), (0, "v1"));
    assert_eq!(empty.usage(), Some(&Usage::default()));
    assert_eq!(empty.session_completed().unwrap().exit_code, 1);

    let data = |text: &str| event(&format!(r#"{{"ts": "T", "data": {text}}}"#)).data;
    for role in ["", r#", "role": null"#, r#", "role": "assistant""#] {
        let EventData::MessageStarted(message) = data(&format!(
            r#"{{"type": "message.started", "message_id": "m"{role}}}"#
        )) else {
            panic!()
        };
        assert_eq!(message.role, "assistant");
    }
    for kind in ["", r#""type": null, "#, r#""type": "text", "#] {
        let EventData::MessageDelta(message) = data(&format!(
            r#"{{"type": "message.delta", "message_id": "m", "content_index": 0, "delta": {{{kind}"text": "x"}}}}"#
        )) else {
            panic!()
        };
        assert_eq!(message.delta.delta_type, "text");
    }
    for input in ["", r#", "input": null"#, r#", "input": {}"#] {
        let EventData::ToolCallInputComplete(call) = data(&format!(
            r#"{{"type": "tool_call.input_complete", "tool_call_id": "c"{input}}}"#
        )) else {
            panic!()
        };
        assert!(call.input.is_empty());
    }
    let EventData::Error(error) =
        data(r#"{"type": "error", "code": "c", "message": "m", "recoverable": null}"#)
    else {
        panic!()
    };
    assert!(!error.recoverable);
}

#[test]
fn unknown_events_are_kept_whole() {
    for (name, fields) in [
        ("stream.started", json!({})),
        ("stream.ended", json!({"reason": "done"})),
        (
            "structured_output",
            json!({"output": {"a": [1, {"b": null}]}, "error": null}),
        ),
        ("Turn.Started", json!({"turn_id": "t"})),
        ("", json!({"x": 1.5})),
    ] {
        let mut inside = fields.clone();
        inside["type"] = json!(name);
        for text in [
            format!(r#"{{"ts": "T", "data": {inside}}}"#),
            format!(r#"{{"ts": "T", "type": "error", "data": {inside}}}"#),
            format!(
                r#"{{"ts": "T", "type": {}, "data": {fields}}}"#,
                json!(name)
            ),
        ] {
            let event = event(&text);
            assert_eq!(event.event_type, EventType::Unknown(name.into()));
            let EventData::Unknown { event_type, data } = &event.data else {
                panic!("{text}")
            };
            assert_eq!(event_type, name);
            for (key, value) in fields.as_object().unwrap() {
                assert_eq!(data.get(key), Some(value));
            }
            let written = serde_json::to_value(&event).unwrap();
            assert_eq!(written["data"], inside, "{text}");
            assert_eq!(written["type"], name);
        }
    }
}

#[test]
fn unknown_values_within_known_events_survive() {
    let text = r#"{"ts": "T", "version": "v9", "harness": {"kind": "new", "model": "m", "x": 1},
        "data": {"type": "tool_call.started", "tool_call_id": "c", "name": "n", "kind": "file_read"}}"#;
    let event = event(text);
    let EventData::ToolCallStarted(call) = &event.data else {
        panic!()
    };
    assert_eq!(call.kind, ToolKind::Unknown("file_read".into()));
    let written = serde_json::to_value(&event).unwrap();
    assert_eq!(written["version"], "v9");
    assert_eq!(
        written["harness"],
        json!({"kind": "new", "model": "m", "x": 1})
    );
    assert_eq!(written["data"]["kind"], "file_read");
}

#[test]
fn content_blocks_of_unknown_kinds_are_kept_whole() {
    let content = json!([
        {"type": "text", "text": "a"},
        {"type": "image", "url": "u", "deep": {"type": "text"}},
        {"text": "without type"},
        {"tool_call_id": "c", "name": "n", "type": "tool_use", "input": {"k": 1}},
        {"type": "thinking", "text": "hm"},
        {},
    ]);
    let text = json!({
        "ts": "T",
        "data": {"type": "message.completed", "message_id": "m", "content": content},
    });
    let event = event(&text.to_string());
    let EventData::MessageCompleted(message) = &event.data else {
        panic!()
    };
    let kinds: Vec<_> = message
        .content
        .iter()
        .map(ContentBlock::block_type)
        .collect();
    let expected = ["text", "image", "", "tool_use", "thinking", ""];
    assert_eq!(
        kinds,
        expected.map(|kind| Some(kind).filter(|kind| !kind.is_empty()))
    );
    assert_eq!(message.content[0].text(), Some("a"));
    let written = serde_json::to_value(&event).unwrap();
    assert_eq!(written["data"]["content"], content);

    // A known kind without its fields is an error of the event.
    let broken = r#"{"ts": "T", "data": {"type": "message.completed", "message_id": "m", "content": [{"type": "text"}]}}"#;
    assert!(
        malformed(broken)
            .1
            .message()
            .contains("missing field `text`")
    );
}

/// One event of each type.
fn samples() -> Vec<Value> {
    [
        json!({"type": "session.started", "tools": ["Bash"]}),
        json!({"type": "session.completed", "exit_code": -1, "usage": {"input_tokens": 1, "output_tokens": 2,
            "cached_input_tokens": 3, "cost_usd": 0.5}, "error": "e"}),
        json!({"type": "turn.started", "turn_id": "t"}),
        json!({"type": "turn.completed", "turn_id": "t", "usage": null}),
        json!({"type": "turn.failed", "turn_id": "t", "error": "e"}),
        json!({"type": "message.started", "message_id": "m", "role": "assistant"}),
        json!({"type": "message.delta", "message_id": "m", "content_index": 2,
            "delta": {"type": "text", "text": "é\u{1F680}\n"}}),
        json!({"type": "message.completed", "message_id": "m", "content": []}),
        json!({"type": "reasoning.started", "reasoning_id": "r"}),
        json!({"type": "reasoning.delta", "reasoning_id": "r", "text": "x"}),
        json!({"type": "reasoning.completed", "reasoning_id": "r", "text": "x"}),
        json!({"type": "tool_call.started", "tool_call_id": "c", "name": "n", "kind": "other"}),
        json!({"type": "tool_call.input_delta", "tool_call_id": "c", "partial_json": "{\"a"}),
        json!({"type": "tool_call.input_complete", "tool_call_id": "c", "input": {"a": 1}}),
        json!({"type": "tool_call.output_delta", "tool_call_id": "c", "text": "x"}),
        json!({"type": "tool_call.completed", "tool_call_id": "c", "output": "o", "exit_code": 7}),
        json!({"type": "error", "code": "c", "message": "m", "recoverable": true}),
    ]
    .into()
}

#[test]
fn every_type_decodes_wherever_its_name_stands_and_is_written_back() {
    assert_eq!(samples().len(), EventType::KNOWN.len());
    for (data, name) in samples().iter().zip(EventType::KNOWN) {
        let mut fields = data.clone();
        fields.as_object_mut().unwrap().remove("type");
        let inner = fields.to_string();
        let inner = &inner[1..inner.len() - 1];
        let first = format!(r#"{{"ts": "T", "data": {{"type": "{name}", {inner}}}}}"#);
        let last = format!(r#"{{"ts": "T", "data": {{{inner}, "type": "{name}"}}}}"#);
        let beside = format!(r#"{{"data": {fields}, "ts": "T", "type": "{name}"}}"#);
        for text in [first, last, beside] {
            let event = event(&text);
            assert_eq!(event.event_type, *name);
            assert_eq!(event.data.event_type(), event.event_type);
            assert!(!matches!(event.data, EventData::Unknown { .. }), "{text}");
            assert_eq!(
                &serde_json::to_value(&event).unwrap()["data"],
                data,
                "{text}"
            );
        }
    }
}

#[test]
fn a_missing_field_never_panics_and_a_cut_event_is_never_one() {
    for data in samples() {
        let text = json!({"seq": 1, "ts": "T", "data": data}).to_string();
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            assert!(
                matches!(decode_event(&text[..cut]), Decoded::Skip),
                "{text}"
            );
        }
        for key in data.as_object().unwrap().keys() {
            for value in [None, Some(Value::Null), Some(json!({})), Some(json!([[]]))] {
                let mut data = data.clone();
                match value {
                    None => drop(data.as_object_mut().unwrap().remove(key)),
                    Some(value) => data[key] = value,
                }
                let text = json!({"seq": 1, "ts": "T", "data": data}).to_string();
                assert!(!matches!(decode_event(&text), Decoded::Skip), "{text}");
            }
        }
    }
}

#[test]
fn short_ways_to_what_is_asked_most() {
    let events: Vec<CommonEvent> = samples()
        .iter()
        .map(|data| event(&json!({"ts": "1970-01-01T00:00:01Z", "data": data}).to_string()))
        .collect();
    let texts: Vec<&str> = events.iter().filter_map(CommonEvent::text_delta).collect();
    assert_eq!(texts, ["é\u{1F680}\n"]);
    let used: Vec<_> = events.iter().filter_map(CommonEvent::usage).collect();
    assert_eq!(used.len(), 1);
    let time = events[0].time().unwrap();
    assert_eq!(
        time.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs(),
        1
    );
}
