use serde_json::json;

use super::*;
use crate::error::{ErrorClass, ErrorExt};

/// The event of a frame as JSON, or the error's class and text.
fn read(name: &str, data: &str) -> Result<Option<Value>, (ErrorClass, String)> {
    match decode(name, data) {
        Ok(event) => Ok(event.map(|event| serde_json::to_value(event).unwrap())),
        Err(error) => Err((error.class(), error.message().to_owned())),
    }
}

fn event(name: &str, data: &Value) -> Value {
    event_of(name, &data.to_string())
}

fn event_of(name: &str, data: &str) -> Value {
    read(name, data).unwrap().unwrap()
}

#[test]
fn done_is_no_event_under_any_name_and_only_when_it_is_exact() {
    for name in ["message", "chat.completed", "agent.resolved", "x"] {
        assert_eq!(read(name, "[DONE]"), Ok(None));
    }
    for data in ["[DONE] ", " [DONE]", "[done]", "", "{", "{} x"] {
        let (class, text) = read("x", data).unwrap_err();
        assert_eq!(class, ErrorClass::Validation, "{data:?}");
        assert!(text.starts_with("Failed to parse stream event: "), "{text}");
    }
    assert_eq!(event("message", &json!("[DONE]"))["data"], "[DONE]");
}

#[test]
fn known_names_with_what_they_need_missing_are_malformed() {
    let whole = [
        (
            "agent.resolved",
            json!({"agent_id": "a", "agent_revision": 1, "thread_id": "t"}),
        ),
        ("chat.output_text.delta", json!({"delta": ""})),
        (
            "chat.tool_call.delta",
            json!({"tool_call_id": "c", "name": "n", "arguments_delta": ""}),
        ),
        (
            "chat.tool_call.result",
            json!({"tool_call_id": "c", "name": "n"}),
        ),
    ];
    for (name, data) in &whole {
        assert!(read(name, &data.to_string()).unwrap().is_some());
        let mut broken = vec![json!(null), json!(7), json!([]), json!("x"), json!({})];
        for key in data.as_object().unwrap().keys() {
            for wrong in [json!(null), json!(false), json!([])] {
                let mut one = data.clone();
                one[key] = wrong;
                broken.push(one);
            }
            let mut one = data.clone();
            one.as_object_mut().unwrap().remove(key);
            broken.push(one);
        }
        for data in broken {
            let text = format!("Malformed {name} event: {data}");
            assert_eq!(
                read(name, &data.to_string()),
                Err((ErrorClass::Network, text))
            );
        }
    }
}

#[test]
fn a_revision_is_a_whole_number_however_it_is_written() {
    let with = |revision: &str| {
        read(
            "agent.resolved",
            &format!(r#"{{"agent_id":"a","agent_revision":{revision},"thread_id":"t"}}"#),
        )
    };
    assert_eq!(with("3.0").unwrap().unwrap()["agentRevision"], 3);
    assert_eq!(with("-1").unwrap().unwrap()["agentRevision"], -1);
    let large = with("1e18").unwrap().unwrap();
    assert_eq!(large["agentRevision"], 1_000_000_000_000_000_000_i64);
    assert!(with("1e19").is_err() && with("9223372036854775808").is_err());
    assert!(with("3.5").is_err() && with("\"3\"").is_err());
}

#[test]
fn a_completion_takes_each_value_from_the_inner_object_first() {
    let cases = [
        (
            json!({"chat": {"thread_id": "in"}, "thread_id": "out", "output": "o"}),
            json!(["in", "completed", "o"]),
        ),
        (
            json!({"chat": {"thread_id": null, "status": null}, "thread_id": "out", "status": "failed"}),
            json!(["out", "failed", ""]),
        ),
        (
            json!({"chat": null, "thread_id": "t"}),
            json!(["t", "completed", ""]),
        ),
        (
            json!({"chat": "text", "thread_id": "t"}),
            json!(["t", "completed", ""]),
        ),
        (
            json!({"thread_id": 42, "status": ""}),
            json!(["42", "completed", ""]),
        ),
        (
            json!({"thread_id": "t", "status": "paused", "output": 3.5}),
            json!(["t", "paused", "3.5"]),
        ),
        (
            json!({"thread_id": "t", "status": 7, "output": true}),
            json!(["t", "7", "true"]),
        ),
        (
            json!({"thread_id": "t", "status": {"a": 1}, "output": {"a": 1}}),
            json!(["t", "{\"a\":1}", "{\"a\":1}"]),
        ),
        (
            json!({"thread_id": "t", "output": []}),
            json!(["t", "completed", ""]),
        ),
        (
            json!({"thread_id": "t", "output": [1, null, {"type": "message"}]}),
            json!(["t", "completed", ""]),
        ),
        (
            json!({"thread_id": "t", "output": [{"type": "message", "content": [{}, {"text": "b"}]}]}),
            json!(["t", "completed", ""]),
        ),
        (
            json!({"thread_id": "t", "output": [{"type": "x"}, {"type": "message", "content": [{"text": "a"}]}]}),
            json!(["t", "completed", "a"]),
        ),
    ];
    for (data, expected) in cases {
        let got = event("chat.completed", &data);
        assert_eq!(
            json!([got["threadId"], got["status"], got["output"]]),
            expected,
            "{data}"
        );
    }
    // Numbers are written as JavaScript writes them.
    for (number, text) in [
        ("3.0", "3"),
        ("-0.0", "0"),
        ("-3.5", "-3.5"),
        ("1e16", "10000000000000000"),
        ("100000000000000000000", "100000000000000000000"),
        ("1e21", "1e+21"),
        ("-1.5e300", "-1.5e+300"),
        ("0.000001", "0.000001"),
        ("1.5e-7", "1.5e-7"),
        ("12345678901234567890", "12345678901234567890"),
        ("123456789012345680000", "123456789012345680000"),
        ("179769.31348623157", "179769.31348623158"),
    ] {
        let data = format!(r#"{{"thread_id":{number},"status":{number},"output":{number}}}"#);
        let got = read("chat.completed", &data).unwrap().unwrap();
        assert_eq!(
            json!([got["threadId"], got["status"], got["output"]]),
            json!([text, text, text]),
            "{number}"
        );
    }
    let missing = (
        ErrorClass::Network,
        "chat_completed event missing required threadId".to_owned(),
    );
    for data in [
        "null",
        "7",
        "[]",
        "{}",
        r#"{"thread_id":""}"#,
        r#"{"thread_id":{}}"#,
        r#"{"thread_id":["t"]}"#,
    ] {
        assert_eq!(read("chat.completed", data), Err(missing.clone()), "{data}");
    }
}

#[test]
fn suggestions_are_filtered_first_and_counted_after() {
    let item = |label: &str| json!({"label": label, "message": "m", "extra": 1});
    let (fits, long) = ("x".repeat(40), "x".repeat(41));
    // A rocket is two UTF-16 units.
    let (rockets, many_rockets) = ("🚀".repeat(20), format!("{}x", "🚀".repeat(20)));
    let entries = json!([
        null, 7, "text", {"label": "no message"}, {"message": "no label"}, {"label": 1, "message": "m"},
        item(&long), item(&many_rockets), item(&fits), item(&rockets), item(""), item("4"), item("5"), item("6"), item("7"),
    ]);
    let got = event("chat.suggestions", &json!({"suggestions": entries}));
    let labels: Vec<_> = got["suggestions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["label"].as_str().unwrap())
        .collect();
    assert_eq!(labels, [fits.as_str(), rockets.as_str(), "", "4", "5", "6"]);
    assert!(got["suggestions"][0].get("extra").is_none());
    assert_eq!(
        event("chat.suggestions", &json!({"suggestions": [null]})),
        json!({"type": "suggestions", "suggestions": []})
    );
    for data in [
        "null",
        "{}",
        "[]",
        "7",
        r#"{"suggestions":{}}"#,
        r#"{"suggestions":null}"#,
    ] {
        assert_eq!(read("chat.suggestions", data), Ok(None), "{data}");
    }
}

#[test]
fn an_error_event_is_never_malformed() {
    for (data, code, message) in [
        (json!({"code": "c", "message": "m"}), "c", "m"),
        (json!({"code": "", "message": ""}), "", ""),
        (json!({"code": 7}), "UNKNOWN", "Unknown error"),
        (json!(null), "UNKNOWN", "Unknown error"),
        (json!([1]), "UNKNOWN", "Unknown error"),
    ] {
        assert_eq!(
            event("error", &data),
            json!({"type": "error", "code": code, "message": message})
        );
    }
}

#[test]
fn other_names_pass_through_untouched() {
    for name in ["message", "agent.Resolved", "chat.new_thing", "Error"] {
        for data in [
            json!(null),
            json!(7),
            json!("x"),
            json!([1, {"a": null}]),
            json!({"type": "error", "z": 1, "a": 2}),
        ] {
            assert_eq!(
                event(name, &data),
                json!({"type": "custom", "event": name, "data": data})
            );
        }
    }
}

#[test]
fn numbers_keep_all_their_digits() {
    for number in [
        "179769.31348623157",
        "0.00032257867342211436",
        "1.2345678901234568e20",
    ] {
        let got = event_of("x", number);
        let exact: f64 = number.parse().unwrap();
        assert_eq!(got["data"].as_f64(), Some(exact), "{number}");
    }
}

#[test]
fn half_characters_lose_no_event() {
    let got = read("chat.output_text.delta", r#"{"delta":"a\ud83d"}"#)
        .unwrap()
        .unwrap();
    assert_eq!(got["delta"], "a\u{fffd}");
    let got = read("chat.output_text.delta", r#"{"delta":"\ud83d\ude80"}"#)
        .unwrap()
        .unwrap();
    assert_eq!(got["delta"], "🚀");
}

#[test]
fn numbers_too_large_for_any_number_lose_no_event() {
    let got = read(
        "chat.output_text.delta",
        r#"{"delta":"-1e999 \"1e999","n":1e999}"#,
    );
    assert_eq!(got.unwrap().unwrap()["delta"], "-1e999 \"1e999");
    let got = event_of("x", r#"{"a":[-1E+999,1e99],"b":"\ud83d 1e999"}"#);
    assert_eq!(
        got["data"],
        json!({"a": [null, 1e99], "b": "\u{fffd} 1e999"})
    );
    for text in [r#"{"a":1e999"#, r#"{"a":1e9999.9}"#, "-", "1e999e"] {
        assert!(read("x", text).is_err(), "{text}");
    }
}

#[test]
fn an_array_is_no_object_whose_members_are_in_order() {
    for (name, data) in [
        ("chat.output_text.delta", r#"["x"]"#),
        ("chat.tool_call.delta", r#"["c","n","a"]"#),
    ] {
        let text = format!("Malformed {name} event: {data}");
        assert_eq!(read(name, data), Err((ErrorClass::Network, text)));
    }
    // The last of members of one name counts, as everywhere in JavaScript.
    let got = event_of("chat.output_text.delta", r#"{"delta":"a","delta":"b"}"#);
    assert_eq!(got["delta"], "b");
}

#[test]
fn the_json_form_has_the_type_first_and_reads_back() {
    for text in [
        r#"{"type":"agent_resolved","agentId":"a","agentRevision":1,"agentTag":"p","threadId":"t"}"#,
        r#"{"type":"agent_resolved","agentId":"a","agentRevision":1,"threadId":"t"}"#,
        r#"{"type":"output_text_delta","delta":"x"}"#,
        r#"{"type":"tool_call_delta","toolCallId":"c","name":"n","argumentsDelta":"{"}"#,
        r#"{"type":"tool_call_result","toolCallId":"c","name":"n","arguments":{},"result":null}"#,
        r#"{"type":"suggestions","suggestions":[{"label":"l","message":"m"}]}"#,
        r#"{"type":"chat_completed","threadId":"t","status":"paused","output":""}"#,
        r#"{"type":"error","code":"c","message":"m"}"#,
        r#"{"type":"custom","event":"x","data":[1]}"#,
    ] {
        let event: AgentStreamEvent = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), text);
        assert!(text.contains(&format!(r#""type":"{}""#, event.event_type())));
    }
}
