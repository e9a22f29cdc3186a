//! What holds for anything the server sends, with input of the kind that matters; at the end, what was found once.

use properties::{check, damaged, event_stream, json, object, text};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::fuzzing;

/// The data of an event that has everything, and its name.
fn known() -> impl Strategy<Value = (&'static str, Value)> {
    let suggestion = |label: String| json!({"label": label, "message": "m", "more": 1});
    let labels = prop::collection::vec("[a-zé🚀]{0,45}", 0..9);
    let output = prop_oneof![
        Just(json!([{"type": "reasoning"}, {"type": "message", "content": [{"text": "t"}]}])),
        json(),
    ];
    let id = prop_oneof![3 => text().prop_map(Value::from), 1 => json()];
    prop_oneof![
        (text(), any::<i64>(), json()).prop_map(|(id, revision, tag)| (
            "agent.resolved",
            json!({"agent_id": id, "agent_revision": revision, "agent_tag": tag, "thread_id": "t"})
        )),
        text().prop_map(|delta| ("chat.output_text.delta", json!({"delta": delta}))),
        (text(), text()).prop_map(|(name, part)| (
            "chat.tool_call.delta",
            json!({"tool_call_id": "c", "name": name, "arguments_delta": part})
        )),
        (json(), json()).prop_map(|(arguments, result)| (
            "chat.tool_call.result",
            json!({"tool_call_id": "c", "name": "n", "arguments": arguments, "result": result})
        )),
        (id, json(), output, any::<bool>()).prop_map(|(id, status, output, flat)| {
            let chat = json!({"thread_id": id, "status": status, "output": output});
            (
                "chat.completed",
                if flat { chat } else { json!({ "chat": chat }) },
            )
        }),
        labels.prop_map(move |labels| {
            let entries: Vec<_> = labels.into_iter().map(suggestion).collect();
            ("chat.suggestions", json!({ "suggestions": entries }))
        }),
        (json(), json()).prop_map(|(code, text)| ("error", json!({"code": code, "message": text}))),
        json().prop_map(|data| ("message", data)),
    ]
}

/// The same with members that this version does not know.
fn event() -> impl Strategy<Value = (&'static str, Value)> {
    (known(), object()).prop_map(|((name, data), more)| (name, with_unknown(data, more)))
}

/// Adds members of other names; what is no object stays as it is.
fn with_unknown(mut data: Value, more: Map<String, Value>) -> Value {
    if let Value::Object(members) = &mut data {
        members.extend(
            more.into_iter()
                .map(|(key, value)| (format!("x_{key}"), value)),
        );
    }
    data
}

#[test]
fn an_event_is_read_whatever_the_order_and_number_of_its_members() {
    check(800, &event(), |(name, data)| {
        fuzzing::event(name, &data.to_string());
    });
}

#[test]
fn damaged_data_is_an_event_an_error_or_skipped() {
    let name = prop::sample::select(fuzzing::NAMES);
    let data = damaged(event().prop_map(|(_, data)| data.to_string()));
    check(1_000, &(name, data), |(name, data)| {
        fuzzing::event(name, &data);
    });
    let own = event().prop_flat_map(|(name, data)| (Just(name), damaged(Just(data.to_string()))));
    check(1_000, &own, |(name, data)| fuzzing::event(name, &data));
}

#[test]
fn any_text_under_any_name_is_an_event_an_error_or_skipped() {
    check(800, &(text(), text()), |(name, data)| {
        fuzzing::event(&name, &data);
    });
}

#[test]
fn a_stream_is_the_same_however_it_is_cut() {
    let frame =
        event().prop_map(|(name, data)| format!("event: {name}\ndata: {data}\n\n").into_bytes());
    let piece = prop_oneof![3 => frame, 1 => event_stream()];
    let bytes = prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat());
    let lengths = prop::collection::vec(0..40_usize, 1..6);
    check(400, &(bytes, lengths), |(bytes, lengths)| {
        fuzzing::stream(&bytes, &lengths);
    });
}

#[test]
fn any_error_body_gives_its_text_or_none() {
    let inner = prop_oneof![
        2 => (json(), json()).prop_map(|(code, text)| json!({"code": code, "message": text})),
        3 => (text(), text()).prop_map(|(code, text)| json!({"code": code, "message": text})),
        1 => json(),
    ];
    let object = (inner, object()).prop_map(|(inner, mut members)| {
        members.insert("error".to_owned(), inner);
        Value::Object(members).to_string()
    });
    let body = prop_oneof![
        4 => damaged(object).prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    check(1_000, &(300..600_u16, body), |(status, body)| {
        fuzzing::error_body(status, &body);
    });
}

/// The answer of a run, with odd values where they are allowed.
fn run() -> impl Strategy<Value = String> {
    (text(), json(), object()).prop_map(|(output, odd, more)| {
        let call = json!({"tool_call_id": odd, "name": "n", "arguments": odd});
        let whole = json!({
            "thread_id": "t", "agent_id": "a", "agent_revision": 3, "output": output, "status": "completed",
            "trace_id": odd, "agent_tag": odd, "tool_calls": [call], "usage": {"prompt_tokens": odd},
        });
        with_unknown(whole, more).to_string()
    })
}

#[test]
fn any_answer_is_a_result_or_a_known_refusal() {
    check(500, &run(), |body| fuzzing::answer(body.as_bytes()));
    check(1_000, &damaged(run()), |body| {
        fuzzing::answer(body.as_bytes());
    });
}

#[test]
fn any_retry_after_is_a_wait_or_none() {
    let text = prop_oneof!["[ +]?[0-9]{0,20}[.]?[0-9]{0,5}[se]?", text()];
    check(1_000, &text, |text| fuzzing::retry_after(&text));
}
