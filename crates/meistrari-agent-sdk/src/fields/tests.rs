use serde_json::json;

use super::*;

fn fields(value: Value) -> Fields<'static> {
    match value {
        Value::Object(map) => map.into(),
        _ => Extra::new().into(),
    }
}

#[test]
fn a_position_is_a_whole_number_or_digits() {
    for (value, expected) in [
        (json!(0), Some(0)),
        (json!(-5), Some(-5)),
        (json!(12.0), Some(12)),
        (json!("12"), Some(12)),
        (json!(i64::MAX), Some(i64::MAX)),
        (json!(u64::MAX), None),
        (json!(1e300), None),
        (json!(1.5), None),
        (json!("-5"), None),
        (json!(""), None),
        (json!(" 1"), None),
        (json!("99999999999999999999"), None),
        (json!(true), None),
        (json!(null), None),
    ] {
        assert_eq!(cursor(&value), expected, "{value}");
    }
}

#[test]
fn what_has_another_type_is_absent_and_kept() {
    let mut read = fields(json!({"a": 1, "b": null, "c": "x", "size": -1}));
    assert_eq!(read.string("a"), None);
    assert_eq!(read.string("b"), None);
    assert_eq!(read.string("c").as_deref(), Some("x"));
    assert_eq!(read.size("size"), None);
    assert_eq!(Value::Object(read.rest()), json!({"a": 1, "size": -1}));
}

#[test]
fn an_error_is_a_text_a_message_or_json_in_the_servers_order() {
    let error = |text: &str| Fields::parse(text).unwrap().error();
    assert_eq!(error(r#"{"error":"x"}"#).as_deref(), Some("x"));
    assert_eq!(
        error(r#"{"error":{"code":1,"message":"m"}}"#).as_deref(),
        Some("m")
    );
    assert_eq!(
        error(r#"{"error": {"z": 1, "a": [2]}}"#).as_deref(),
        Some(r#"{"z":1,"a":[2]}"#)
    );
    for none in [
        r#"{"error":null}"#,
        r#"{"error":5}"#,
        r#"{"error":["x"]}"#,
        "{}",
    ] {
        assert_eq!(error(none), None, "{none}");
    }
}

#[test]
fn success_is_what_the_server_says_or_else_that_there_is_no_error() {
    let outcome = |value| fields(value).outcome().0;
    assert!(outcome(json!({"success": true, "error": "x"})));
    assert!(!outcome(json!({"success": false})));
    assert!(outcome(json!({})));
    assert!(outcome(json!({"success": "yes"})));
    assert!(!outcome(json!({"error": "x"})));
    assert!(!outcome(json!({"success": null, "error": {}})));
}

#[test]
fn half_a_character_makes_no_answer_unreadable() {
    let mut read = Fields::parse(r#"{"a":"x\ud83d","b":"\ud83d\ude80"}"#).unwrap();
    assert_eq!(read.string("a").as_deref(), Some("x\u{fffd}"));
    assert_eq!(read.string("b").as_deref(), Some("\u{1f680}"));
    assert!(Fields::parse(r#"{"a":"\ud83d""#).is_err());
}
