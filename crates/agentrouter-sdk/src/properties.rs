//! What holds for anything the server sends, with input of the kind that matters; at the end, what was found
//! once.

use agent_core::fuzzing::reversed;
use properties::{check, damaged, json, object, text};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{RunEventType, fuzzing};

/// A type that means something, or any.
fn kind() -> impl Strategy<Value = String> {
    let known = prop::sample::select(RunEventType::KNOWN).prop_map(str::to_owned);
    prop_oneof![6 => known, 1 => text()]
}

/// A payload with the members that parts are made of, each mostly a text.
fn payload() -> impl Strategy<Value = Value> {
    let value = || prop_oneof![4 => text().prop_map(Value::from), 1 => json()];
    let keys = vec![
        "actionId",
        "actionDigest",
        "actionName",
        "decision",
        "message",
        "reason",
        "signal",
        "status",
        "summary",
        "text",
        "reasoning",
        "stdout",
    ];
    let members = prop::collection::btree_map(prop::sample::select(keys), value(), 0..10);
    let decision = prop::option::of(prop::sample::select(
        &["approved", "denied", "Approved"][..],
    ));
    let name = prop::option::of(value());
    (members, decision, name, object()).prop_map(|(members, decision, name, more)| {
        let mut payload: Map<String, Value> = more;
        payload.extend(
            members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value)),
        );
        if let Some(decision) = decision {
            payload.insert("decision".to_owned(), decision.into());
        }
        if let Some(name) = name {
            payload.insert("action".to_owned(), json!({"name": name}));
        }
        payload.into()
    })
}

/// An event as the server sends it, with members that this version does not know.
fn event() -> impl Strategy<Value = Value> {
    let payload = prop_oneof![8 => payload(), 1 => Just(Value::Null), 1 => json()];
    let reference = prop_oneof![
        3 => Just(Value::Null),
        1 => Just(json!({"artifactId": "a", "r2Key": "k", "new": 1})),
        1 => Just(json!({})),
    ];
    let sequence = prop_oneof![0..20_u64, any::<u64>()];
    (
        kind(),
        sequence,
        payload,
        reference,
        any::<Option<bool>>(),
        object(),
    )
        .prop_map(|(kind, sequence, payload, reference, truncated, more)| {
            let mut whole = json!({
                "runId": "run_1", "sequence": sequence, "type": kind, "source": "worker",
                "visibility": "public", "payload": payload, "artifactRef": reference,
                "isTruncated": truncated, "createdAt": "2026-06-13T10:00:05.250Z",
            });
            for (key, value) in more {
                whole[format!("x_{key}")] = value;
            }
            whole
        })
}

#[test]
fn an_event_is_read_whatever_the_order_of_its_keys_and_keeps_every_member() {
    check(800, &event(), |whole| {
        fuzzing::event(&whole.to_string());
        fuzzing::event(&reversed(&whole));
    });
}

#[test]
fn a_damaged_event_is_an_event_or_an_error() {
    let text = event().prop_map(|whole| whole.to_string());
    check(1_500, &damaged(text), |text| fuzzing::event(&text));
}

#[test]
fn any_json_and_any_text_is_an_event_or_an_error() {
    let text = prop_oneof![text(), json().prop_map(|value| value.to_string())];
    check(500, &text, |text| fuzzing::event(&text));
}

#[test]
fn a_page_gives_each_new_event_once_and_in_order() {
    let page = (prop::collection::vec(event(), 0..8), object()).prop_map(|(items, mut more)| {
        more.insert("items".to_owned(), items.into());
        Value::from(more).to_string()
    });
    let body =
        prop_oneof![3 => page.boxed(), 1 => damaged(json().prop_map(|v| v.to_string())).boxed()];
    check(500, &(body, 0..20_u64), |(body, cursor)| {
        fuzzing::page(body.as_bytes(), cursor);
    });
}

#[test]
fn any_error_body_is_read_or_is_an_error_without_words() {
    let member = || prop_oneof![3 => text().prop_map(Value::from), 1 => json()];
    let envelope =
        (member(), member(), json(), object()).prop_map(|(code, message, details, mut more)| {
            let error = json!({"code": code, "message": message, "details": details});
            more.insert("error".to_owned(), error);
            Value::from(more).to_string()
        });
    let body = prop_oneof![
        4 => damaged(envelope).prop_map(String::into_bytes),
        1 => json().prop_map(|value| json!({"error": value}).to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    check(1_500, &body, |body| fuzzing::error_body(&body));
}

#[test]
fn what_was_found_stays_mended() {
    // Half of a character, where the server cut a text, made the event and the error unreadable.
    fuzzing::event(r#"{"sequence":1,"type":"agent.message","payload":{"text":"\ud83d"}}"#);
    fuzzing::error_body(br#"{"error":{"code":"run_busy","message":"\ud83d"}}"#);
    // A whole number is one however it is written.
    for sequence in ["1.0", "-0", "1e3", "1.5", "-1.0", "1e20"] {
        fuzzing::event(&format!(
            r#"{{"sequence":{sequence},"type":"x","more":1.0}}"#
        ));
    }
    // A page that names an event twice gave it twice.
    fuzzing::page(
        br#"{"items":[{"sequence":2,"type":"a"},{"sequence":1,"type":"a"},{"sequence":2,"type":"a"}]}"#,
        0,
    );
}
