//! JSON means the same however it is written.

use super::*;

#[test]
fn half_a_character_does_not_lose_the_event() {
    let text = r#"{"ts": "T", "data": {"type": "message.delta", "message_id": "m", "content_index": 0,
        "delta": {"type": "text", "text": "a\ud83d"}}}"#;
    let event = event(text);
    assert_eq!(event.text_delta(), Some("a\u{FFFD}"));
    assert_eq!(event.raw_json(), text);
    malformed(r#"{"ts": "\ud83d"}"#);
}

#[test]
fn a_number_is_whole_however_it_is_written() {
    let text = r#"{"seq": 1e3, "ts": "T", "data": {"type": "session.completed", "exit_code": -0,
        "usage": {"input_tokens": 1.2e1, "output_tokens": 3.0, "cached_input_tokens": 4.0}}}"#;
    let done = event(text);
    assert_eq!(done.seq, 1000);
    assert_eq!(done.session_completed().unwrap().exit_code, 0);
    let usage = done.usage().unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens), (12, 3));
    assert_eq!(usage.cached_input_tokens, Some(4));

    let data = |text: &str| event(&format!(r#"{{"seq": -0, "ts": "T", "data": {text}}}"#)).data;
    for data in [
        data(r#"{"type": "tool_call.completed", "tool_call_id": "c", "exit_code": -2.0}"#),
        data(r#"{"exit_code": -2.0, "type": "tool_call.completed", "tool_call_id": "c"}"#),
    ] {
        assert!(matches!(data, EventData::ToolCallCompleted(call) if call.exit_code == Some(-2)));
    }
    // Beside the data stands its type: the fields were collected.
    let beside = event(
        r#"{"ts": "T", "type": "session.completed", "data": {"exit_code": 1.0, "usage": {"input_tokens": 2.0}}}"#,
    );
    assert_eq!(beside.session_completed().unwrap().exit_code, 1);
    assert_eq!(beside.usage().unwrap().input_tokens, 2);
    let delta = data(
        r#"{"type": "message.delta", "message_id": "m", "content_index": 2.0, "delta": {"text": "x"}}"#,
    );
    assert!(matches!(delta, EventData::MessageDelta(message) if message.content_index == 2));

    let highest = event(r#"{"seq": 18446744073709551615, "ts": "T", "data": {"type": "x"}}"#);
    assert_eq!(highest.seq, u64::MAX);
    for text in [
        r#"{"seq": 1.5, "ts": "T", "data": {"type": "x"}}"#,
        r#"{"seq": 18446744073709551616, "ts": "T", "data": {"type": "x"}}"#,
        r#"{"seq": 1e300, "ts": "T", "data": {"type": "x"}}"#,
        r#"{"seq": "1", "ts": "T", "data": {"type": "x"}}"#,
        r#"{"ts": "T", "data": {"type": "session.completed", "exit_code": 0.5}}"#,
        r#"{"ts": "T", "data": {"type": "session.completed", "exit_code": null}}"#,
    ] {
        assert!(malformed(text).1.message().contains("invalid"), "{text}");
    }
}

#[test]
fn of_a_key_that_comes_twice_the_last_counts() {
    let text = r#"{"seq": 1, "ts": "t", "seq": 2, "ts": "T",
        "data": {"type": "turn.started", "turn_id": "t", "turn_id": "\ud83d"}}"#;
    let event = event(text);
    assert_eq!((event.seq, event.timestamp.as_str()), (2, "T"));
    assert!(matches!(&event.data, EventData::TurnStarted(turn) if turn.turn_id == "\u{FFFD}"));
    assert_eq!(event.raw_json(), text);
}

#[test]
fn an_escaped_type_is_the_same_type() {
    let event = event(r#"{"ts": "T", "data": {"\u0074ype": "turn\u002estarted", "turn_id": "t"}}"#);
    assert_eq!(event.event_type, EventType::TurnStarted);
}
