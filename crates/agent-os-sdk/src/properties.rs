//! What holds for anything the server sends, with input of the kind that matters; at the end, what was found once.

use properties::{check, damaged, event_stream, json, object, text};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::wire::chatwoot as places;
use crate::{FollowEventType, SseEvent, fuzzing, narrow_follow_event};

/// The data of an event: with all fields, some of them odd or absent, and unknown ones.
fn data() -> impl Strategy<Value = Value> {
    let kind = prop_oneof![
        prop::sample::select(&["NODE", "RUN_FINISHED", "run_failed", "Run_Cancelled"][..])
            .prop_map(Value::from),
        json(),
    ];
    let seq = prop_oneof![3 => (0..20_u64).prop_map(Value::from), 1 => json()];
    let fields = (
        prop::option::of(seq),
        prop::option::of(kind),
        prop::option::of(json()),
        prop::option::of(prop_oneof![2 => object().prop_map(Value::Object), 1 => json()]),
        prop::option::of(json()),
    );
    (fields, object()).prop_map(|((seq, kind, timestamp, payload, node), mut whole)| {
        for (name, value) in [
            ("seq", seq),
            ("type", kind),
            ("timestamp", timestamp),
            ("payload", payload),
            ("attempt_id", node.clone()),
            ("node", node),
        ] {
            whole.extend(value.map(|value| (name.to_owned(), value)));
        }
        Value::Object(whole)
    })
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(
        &[
            "run_event",
            "run_event",
            "heartbeat",
            "close",
            "error",
            "message",
            "new",
        ][..],
    )
}

/// Frames as a server sends them.
fn frames() -> impl Strategy<Value = String> {
    let id = prop_oneof![(0..20_u64).prop_map(|id| id.to_string()), "[ -~]{0,6}"];
    let frame = (name(), prop::option::of(id), data()).prop_map(|(name, id, data)| {
        let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
        format!("{id}event: {name}\ndata: {data}\n\n")
    });
    prop::collection::vec(frame, 0..6).prop_map(|frames| frames.concat())
}

#[test]
fn any_stream_is_read_as_events() {
    check(500, &frames(), |stream| fuzzing::events(stream.as_bytes()));
    check(500, &damaged(frames()), |stream| {
        fuzzing::events(stream.as_bytes());
    });
    check(300, &event_stream(), |stream| fuzzing::events(&stream));
}

#[test]
fn an_event_is_what_its_fields_say() {
    check(1_000, &(name(), data()), |(name, data)| {
        let event = SseEvent::new(data.clone()).event(name);
        let narrowed = narrow_follow_event(&event, std::time::UNIX_EPOCH);
        let unnamed = data["seq"].as_i64().is_some() && data["type"].is_string();
        let Some(narrowed) = narrowed else {
            assert!(name == "new" || name == "message", "{name} is lost");
            return;
        };
        if let Some(seq) = data["seq"].as_i64() {
            assert_eq!(narrowed.seq, seq.max(-1));
        }
        if let Some(timestamp) = data["timestamp"].as_str() {
            assert_eq!(narrowed.timestamp, timestamp);
        }
        let run_event = name == "run_event" || unnamed && name == "message";
        if run_event {
            assert_eq!(narrowed.kind, FollowEventType::RunEvent);
            let kind = data["type"].as_str().unwrap_or("UNKNOWN");
            assert_eq!(narrowed.event_type(), Some(kind));
            let mut payload = match &data["payload"] {
                Value::Object(payload) => payload.clone(),
                _ => Map::new(),
            };
            assert_eq!(
                narrowed.node.as_deref(),
                payload.get("node").and_then(Value::as_str)
            );
            payload.insert("type".to_owned(), kind.into());
            if data["attempt_id"].is_string() {
                payload.insert("attempt_id".to_owned(), data["attempt_id"].clone());
            }
            assert_eq!(narrowed.payload, Some(payload));
        } else if name != "message" {
            assert_eq!(narrowed.payload.as_ref(), data["payload"].as_object());
            assert_eq!(narrowed.node.as_deref(), data["node"].as_str());
        }
    });
}

#[test]
fn any_error_body_keeps_its_words() {
    let words = || prop_oneof![text().prop_map(Value::from), json()];
    let names = prop::sample::select(&["code", "message", "detail", "title", "error"][..]);
    let fields = || prop::collection::vec((names.clone(), words()), 0..5);
    let body = (fields(), prop::option::of(fields())).prop_map(|(fields, inner)| {
        let object = |fields: Vec<(&str, Value)>| {
            let fields = fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value));
            Value::Object(fields.collect())
        };
        let mut body = object(fields);
        if let Some(inner) = inner {
            body["error"] = object(inner);
        }
        body.to_string()
    });
    let body = prop_oneof![
        4 => damaged(body).prop_map(String::into_bytes),
        1 => json().prop_map(|value| value.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ];
    check(2_000, &(300..600_u16, body), |(status, body)| {
        fuzzing::error_body(status, &body);
    });
}

#[test]
fn any_credential_and_any_trigger_leads_somewhere_or_says_why_not() {
    const SECTIONS: &[&str] = &["values", "Values", "publicConfig", "PublicConfig", "data"];
    let names: Vec<&str> = [&places::URL[..], &places::ACCOUNT, &places::TOKEN]
        .concat()
        .into_iter()
        .map(|(_, name)| name)
        .collect();
    let value = prop_oneof![
        3 => prop::sample::select(&["https://chat.example", "http://h:1/p//", "ftp://h", "..", "k", ""][..]).prop_map(Value::from),
        1 => text().prop_map(Value::from),
        1 => json(),
    ];
    let place = (
        prop::sample::select(SECTIONS),
        prop::sample::select(names),
        value,
    );
    let credential = prop::collection::vec(place, 0..8).prop_map(|places| {
        let mut credential = json!({});
        for (section, name, value) in places {
            credential[section][name] = value;
        }
        credential.to_string()
    });
    check(1_200, &credential, |text| fuzzing::credential(&text));

    let kind = prop::sample::select(&["chatwoot", "evolution_whatsapp", "my_whatsapp", "cron"][..]);
    let trigger = (
        prop_oneof![4 => kind.prop_map(Value::from), 1 => json()],
        json(),
        json(),
        object(),
    );
    let trigger = trigger.prop_map(|(kind, credential, platform, mut config)| {
        config.insert("credential_id".to_owned(), credential);
        config.insert("chat_platform".to_owned(), platform);
        json!({"type": kind, "config": config})
    });
    let list =
        prop::collection::vec(trigger, 0..4).prop_map(|items| json!({"items": items}).to_string());
    check(600, &damaged(list), |text| fuzzing::credential(&text));
}

/// A resource of every kind at once, with unknown fields and an odd one.
fn resource() -> impl Strategy<Value = Value> {
    const ODD: &[&str] = &[
        "input",
        "agent_id",
        "last_run_status",
        "metadata",
        "total",
        "next_after_seq",
        "config",
        "payload",
    ];
    let odd = prop::option::of((prop::sample::select(ODD), json()));
    (object(), odd, text(), any::<i64>()).prop_map(|(mut fields, odd, text, number)| {
        let event = json!({"seq": number, "type": text, "timestamp": text, "x": fields});
        for (name, value) in [
            ("id", json!(text)),
            ("run_id", json!(text)),
            ("name", json!(text)),
            ("status", json!(text)),
            ("created_at", json!(text)),
            ("latest_seq", json!(number)),
            ("has_more", json!(true)),
            ("events", json!([event])),
        ] {
            fields.insert(name.to_owned(), value);
        }
        fields.extend(odd.map(|(name, value)| (name.to_owned(), value)));
        Value::Object(fields)
    })
}

/// One resource, or several with and without an envelope.
fn answer() -> impl Strategy<Value = String> {
    let several = || prop::collection::vec(resource(), 0..3);
    let page = (several(), object()).prop_map(|(items, mut page)| {
        page.insert("items".to_owned(), items.into());
        Value::Object(page)
    });
    prop_oneof![2 => resource(), 1 => several().prop_map(Value::from), 1 => page]
        .prop_map(|answer| answer.to_string())
}

#[test]
fn what_an_answer_holds_is_written_back() {
    check(500, &answer(), |text| fuzzing::answer(&text));
    check(500, &damaged(answer()), |text| fuzzing::answer(&text));
}
