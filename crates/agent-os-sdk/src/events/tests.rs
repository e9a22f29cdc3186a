//! Tables of the rules.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::{Value, json};

use super::*;
use crate::sse::SseEvent;

fn narrow(name: &str, id: Option<&str>, data: Value) -> Option<FollowEvent> {
    let mut event = SseEvent::new(data).event(name);
    event.id = id.map(str::to_owned);
    narrow_follow_event(&event, UNIX_EPOCH + Duration::from_millis(1))
}

#[test]
fn a_number_comes_from_the_data_else_from_digits_of_the_own_id() {
    for (id, seq, expected) in [
        (Some("9"), json!(4), 4),
        (Some("9"), json!(4.0), 4),
        (Some("9"), json!(4.5), 9),
        (Some("9"), json!(-1), 9),
        (Some("9"), json!("4"), 9),
        (Some("9"), Value::Null, 9),
        (Some("007"), Value::Null, 7),
        (Some("12abc"), Value::Null, -1),
        (Some("+1"), Value::Null, -1),
        (Some(" 1"), Value::Null, -1),
        (Some(""), Value::Null, -1),
        (Some("99999999999999999999"), Value::Null, -1),
        (None, Value::Null, -1),
        (
            None,
            json!(9_007_199_254_740_993_i64),
            9_007_199_254_740_993,
        ),
    ] {
        let event = narrow("run_event", id, json!({"seq": seq})).unwrap();
        assert_eq!(event.seq, expected, "{id:?} {seq}");
    }
}

#[test]
fn the_envelope_wins_and_what_it_hides_stays_in_the_raw_data() {
    let data = json!({
        "seq": 1, "type": "A", "attempt_id": "att", "timestamp": "t",
        "payload": {"type": "inner", "attempt_id": "old", "node": "n", "x": 1},
    });
    let event = narrow("run_event", None, data.clone()).unwrap();
    let payload = json!({"type": "A", "attempt_id": "att", "node": "n", "x": 1});
    assert_eq!(json!(event.payload), payload);
    assert_eq!(
        (event.event_type(), event.attempt_id()),
        (Some("A"), Some("att"))
    );
    assert_eq!(event.node.as_deref(), Some("n"));
    assert_eq!(
        serde_json::from_str::<Value>(event.raw_json().unwrap()).unwrap(),
        data
    );

    let data = json!({"payload": {"attempt_id": "inner"}});
    let event = narrow("run_event", None, data).unwrap();
    assert_eq!(
        json!(event.payload),
        json!({"type": "UNKNOWN", "attempt_id": "inner"})
    );
    assert_eq!(event.timestamp, "1970-01-01T00:00:00.001Z");
    let event = narrow("run_event", None, json!({"type": "A", "payload": [1, 2]})).unwrap();
    assert_eq!(json!(event.payload), json!({"type": "A"}));
}

#[test]
fn data_that_is_nothing_has_no_payload_and_kinds_that_are_unknown_are_left_out() {
    for data in [Value::Null, json!(""), json!(0), json!(false)] {
        let event = narrow("run_event", Some("3"), data).unwrap();
        assert_eq!((event.seq, event.payload), (3, None));
    }
    let event = narrow("run_event", Some("3"), json!("text")).unwrap();
    assert_eq!(json!(event.payload), json!({"type": "UNKNOWN"}));
    assert_eq!(narrow("telemetry", Some("3"), json!({"seq": 1})), None);
    for (data, expected) in [
        (json!({"seq": 1, "type": "X"}), true),
        (json!({"seq": -1, "type": "X"}), true),
        (json!({"seq": "1", "type": "X"}), false),
        (json!({"seq": 1}), false),
        (json!([1]), false),
    ] {
        assert_eq!(
            narrow("message", None, data.clone()).is_some(),
            expected,
            "{data}"
        );
    }
    let event = narrow("close", None, json!({"payload": 7, "node": "n"})).unwrap();
    assert_eq!((event.payload, event.node.as_deref()), (None, Some("n")));
}

#[test]
fn three_types_end_a_run_in_any_case_of_letters() {
    for (text, expected) in [
        ("RUN_FINISHED", true),
        ("run_Failed", true),
        ("run_cancelled", true),
        ("RUN_CANCELED", false),
        ("RUN_COMPLETED", false),
        ("", false),
    ] {
        assert_eq!(ends_run(text), expected, "{text}");
    }
}

#[test]
fn a_written_event_can_be_read_again() {
    let data = json!({"seq": 1, "type": "A", "payload": {"n": 1}, "new": true});
    let event = narrow("run_event", None, data).unwrap();
    let text = serde_json::to_string(&event).unwrap();
    let again: FollowEvent = serde_json::from_str(&text).unwrap();
    assert_eq!(again.payload, event.payload);
    assert!(again.raw_json().unwrap().contains("new"));

    let event: FollowEvent = serde_json::from_value(json!({"type": "close"})).unwrap();
    let written = json!({"type": "close", "seq": -1, "timestamp": "", "payload": null});
    assert_eq!(json!(event), written);
}
