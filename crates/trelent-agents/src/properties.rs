//! What holds for anything the server sends, with input of the kind that matters; at the end, what was found
//! once.

use std::time::{Duration, SystemTime};

use agent_core::fuzzing::reversed;
use properties::{check, damaged, json, object, text};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{CommonEvent, EventData, EventType, fuzzing, parse_timestamp};

/// A payload for each of the types.
fn payload() -> impl Strategy<Value = Value> {
    let usage =
        json!({"input_tokens": 1, "output_tokens": 2, "cached_input_tokens": 3, "cost_usd": 0.5});
    let blocks = json!([
        {"type": "text", "text": "é\n"},
        {"type": "tool_use", "tool_call_id": "c", "name": "n", "input": {"b": [1], "a": null}},
        {"type": "thinking", "text": ""},
        {"type": "image", "url": "u", "size": {"y": 2, "x": 1}},
        {"text": "of no type"},
    ]);
    let known = vec![
        json!({"type": "session.started", "tools": ["a", "b"]}),
        json!({"type": "session.started"}),
        json!({"type": "session.completed", "exit_code": -1, "usage": usage, "error": null}),
        json!({"type": "turn.started", "turn_id": "t"}),
        json!({"type": "turn.completed", "turn_id": "t", "usage": usage}),
        json!({"type": "turn.failed", "turn_id": "t", "error": "e"}),
        json!({"type": "message.started", "message_id": "m", "role": "assistant"}),
        json!({"type": "message.delta", "message_id": "m", "content_index": 0, "delta": {"type": "text", "text": "t"}}),
        json!({"type": "message.completed", "message_id": "m", "content": blocks}),
        json!({"type": "reasoning.started", "reasoning_id": "r"}),
        json!({"type": "reasoning.delta", "reasoning_id": "r", "text": "t"}),
        json!({"type": "reasoning.completed", "reasoning_id": "r", "text": "t"}),
        json!({"type": "tool_call.started", "tool_call_id": "c", "name": "n", "kind": "new_kind"}),
        json!({"type": "tool_call.input_delta", "tool_call_id": "c", "partial_json": "{\"a\":"}),
        json!({"type": "tool_call.input_complete", "tool_call_id": "c", "input": {"a": 1}}),
        json!({"type": "tool_call.output_delta", "tool_call_id": "c", "text": "t"}),
        json!({"type": "tool_call.completed", "tool_call_id": "c", "output": "o", "exit_code": 0}),
        json!({"type": "error", "code": "c", "message": "m", "recoverable": true}),
    ];
    prop::sample::select(known)
}

/// Adds fields that this version does not know.
fn with_unknown(value: Value, unknown: Map<String, Value>) -> Value {
    let Value::Object(mut fields) = value else {
        panic!("not an object: {value}")
    };
    for (key, value) in unknown {
        fields.insert(format!("x_{key}"), value);
    }
    Value::Object(fields)
}

/// A valid event: known or of a new type, with unknown fields.
fn event() -> impl Strategy<Value = Value> {
    let new = (text(), object())
        .prop_map(|(name, fields)| with_unknown(json!({"type": format!("new.{name}")}), fields));
    let data = prop_oneof![3 => (payload(), object()).prop_map(|(data, more)| with_unknown(data, more)), 1 => new];
    let envelope = (
        any::<Option<u64>>(),
        prop::sample::select(&["ts", "timestamp"][..]),
        any::<bool>(),
        prop::option::of(text()),
        prop::option::of(object()),
    );
    (data, envelope, object()).prop_map(|(mut data, (seq, ts, outside, id, raw), more)| {
        let mut whole = json!({
            "event_id": id, "raw": raw, "harness": {"kind": "codex", "model": "m"}, "version": "v1",
        });
        whole[ts] = "2026-04-16T12:00:00Z".into();
        if let Some(seq) = seq {
            whole["seq"] = seq.into();
        }
        if outside {
            whole["type"] = data["type"].take();
            data.as_object_mut().unwrap().remove("type");
        }
        whole["data"] = data;
        with_unknown(whole, more)
    })
}

#[test]
fn a_valid_event_is_read_whatever_the_order_of_its_keys() {
    check(1_500, &event(), |whole| {
        let read = |text: &str| CommonEvent::from_json(text).unwrap();
        let (one, other) = (whole.to_string(), reversed(&whole));
        let (one, mut other) = (read(&one), read(&other));
        assert_eq!(other.raw_json(), reversed(&whole));
        other.raw_json = one.raw_json.clone();
        assert_eq!(one, other);

        let known = !matches!(one.data, EventData::Unknown { .. });
        let name = whole["data"]["type"].as_str().or(whole["type"].as_str());
        assert_eq!(Some(one.event_type.as_str()), name);
        assert_eq!(known, EventType::KNOWN.contains(&one.event_type.as_str()));
        fuzzing::event(&whole.to_string());
    });
}

#[test]
fn a_damaged_event_is_an_event_an_error_or_skipped() {
    let text = prop_oneof![
        event().prop_map(|whole| whole.to_string()),
        event().prop_map(|whole| reversed(&whole)),
    ];
    check(3_000, &damaged(text), |text| fuzzing::event(&text));
}

#[test]
fn any_json_and_any_text_is_an_event_an_error_or_skipped() {
    let text = prop_oneof![text(), json().prop_map(|value| value.to_string())];
    check(1_500, &text, |text| fuzzing::event(&text));
}

#[test]
fn any_error_body_keeps_its_text() {
    let complaint = (
        prop::collection::vec(
            prop_oneof![
                text().prop_map(Value::from),
                any::<i64>().prop_map(Value::from)
            ],
            0..3,
        ),
        text(),
    )
        .prop_map(|(loc, msg)| json!({"loc": loc, "msg": msg, "type": "t"}));
    let detail = prop_oneof![
        json(),
        prop::collection::vec(complaint, 0..3).prop_map(Value::from),
    ];
    let object = (detail, object()).prop_map(|(detail, mut fields)| {
        fields.insert("detail".to_owned(), detail);
        Value::Object(fields).to_string()
    });
    let body = prop_oneof![
        4 => damaged(object).prop_map(String::into_bytes),
        1 => json().prop_map(|value| value.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    let status = prop_oneof![Just(404), Just(422), 300..600_u16];
    check(3_000, &(status, body), |(status, body)| {
        fuzzing::error_body(status, &body);
    });
}

/// The calendar of days since 1970, by walking: slow and plain.
fn date(days: u64) -> (u64, u64, u64) {
    let (mut year, mut left) = (1970, days);
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while left >= 365 + u64::from(leap(year)) {
        left -= 365 + u64::from(leap(year));
        year += 1;
    }
    for (month, length) in (1..).zip([
        31,
        28 + u64::from(leap(year)),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ]) {
        if left < length {
            return (year, month, left + 1);
        }
        left -= length;
    }
    panic!("a year is over after its months")
}

#[test]
fn every_timestamp_is_read_in_every_zone() {
    // Until the year 9999, without its last day: zones reach over the end.
    let input = (
        86_400..253_402_214_400_u64,
        0..1_000_000_000_u32,
        -1439..1440_i64,
    );
    check(1_000, &input, |(seconds, nanos, zone)| {
        let local = seconds.saturating_add_signed(zone * 60);
        let (year, month, day) = date(local / 86_400);
        let (hour, minute, second) = (local / 3600 % 24, local / 60 % 60, local % 60);
        let (sign, zone) = (if zone < 0 { '-' } else { '+' }, zone.abs());
        let text = format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{nanos:09}{sign}{:02}:{:02}",
            zone / 60,
            zone % 60
        );
        let expected = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
        assert_eq!(parse_timestamp(&text).unwrap(), expected, "{text}");
    });
}

#[test]
fn a_damaged_timestamp_is_a_time_or_an_error() {
    let digits = "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{0,12})?)?([Zz]|[+-][0-9]{2}:?[0-9]{0,2})?";
    check(2_000, &damaged(digits), |text| fuzzing::timestamp(&text));
    check(500, &text(), |text| fuzzing::timestamp(&text));
}

#[test]
fn what_was_found_stays_mended() {
    // The details of an event that can not be read were missing, and the words about it were about half a character.
    let text = r#"{"seq": 3, "ts": "\ud83d", "data": 1}"#;
    fuzzing::event(text);
    let error = CommonEvent::from_json(text).unwrap_err();
    assert_eq!(
        error.details(),
        Some(&json!({"seq": 3, "ts": "\u{FFFD}", "data": 1}))
    );
    assert!(
        error
            .message()
            .starts_with("event 3: invalid type: integer `1`"),
        "{error}"
    );

    // They were missing as well when the event holds what no `Value` can.
    let text = r#"{"ts": "t", "data": 1, "more": 1e400}"#;
    fuzzing::event(text);
    let error = CommonEvent::from_json(text).unwrap_err();
    assert_eq!(
        error.details(),
        Some(&json!({"ts": "t", "data": 1, "more": null}))
    );

    // The type of an event that names two was the first, and what was written of it had the last.
    fuzzing::event(r#"{"ts":"T","data":{"type":"x","a":1,"type":"y"}}"#);

    // A refusal behind a byte order mark is read as well.
    fuzzing::error_body(
        409,
        "\u{FEFF}{\"detail\":[{\"loc\":[\"a\",0],\"msg\":\"b\"}]}".as_bytes(),
    );

    // A number of the envelope that is whole, but has a fraction, makes those of the data plain too.
    fuzzing::event(r#"{"seq":1.0,"ts":"T","data":{"type":"x","y":3.0}}"#);
}
