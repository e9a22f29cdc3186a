//! What holds for anything the server sends, with input of the kind that matters; at the end, what was found once.

use properties::{check, damaged, event_stream, json, object, text};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fuzzing;

fn status() -> impl Strategy<Value = Value> {
    prop_oneof![
        6 => prop::sample::select(&["pending", "running", "completed", "failed", "cancelled", "waiting_messages"][..])
            .prop_map(Value::from),
        1 => text().prop_map(Value::from),
        1 => json(),
    ]
}

fn cursor() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (0..100_i64).prop_map(Value::from),
        1 => Just(Value::Null),
        1 => "[0-9]{0,22}".prop_map(Value::from),
        1 => json(),
    ]
}

/// An event of each kind, with every field that some kind has, and others.
fn event() -> impl Strategy<Value = Value> {
    let kind = prop_oneof![
        8 => prop::sample::select(&["status", "steps", "result", "error"][..]).prop_map(Value::from),
        1 => text().prop_map(Value::from),
        1 => json(),
    ];
    let fields = (
        prop::option::weighted(0.9, kind),
        prop::option::weighted(0.6, status()),
        prop::option::weighted(0.8, cursor()),
        prop::option::weighted(0.4, json()),
        prop::option::weighted(0.4, json()),
        prop::option::weighted(0.4, json()),
    );
    (fields, object()).prop_map(|(fields, mut event)| {
        let (kind, status, cursor, steps, result, error) = fields;
        for (name, value) in [
            ("kind", kind),
            ("status", status),
            ("nextCursor", cursor),
            ("steps", steps),
            ("result", result),
            ("error", error),
        ] {
            if let Some(value) = value {
                event.insert(name.to_owned(), value);
            }
        }
        Value::Object(event)
    })
}

/// Names that frames have.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(&["", "message", "status", "steps", "result", "error"][..])
            .prop_map(str::to_owned),
        text(),
    ]
}

#[test]
fn an_event_is_read_and_written_back_whatever_its_fields_are() {
    check(1_000, &(event(), name()), |(event, name)| {
        fuzzing::event(&event.to_string(), &name);
    });
}

#[test]
fn a_damaged_event_is_an_event_or_an_error_that_keeps_it() {
    let broken = damaged(event().prop_map(|event| event.to_string()));
    check(1_000, &(broken, name()), |(text, name)| {
        fuzzing::event(&text, &name);
    });
    let other = prop_oneof![text(), json().prop_map(|value| value.to_string())];
    check(400, &(other, name()), |(text, name)| {
        fuzzing::event(&text, &name);
    });
}

#[test]
fn a_stream_gives_the_same_wherever_it_is_cut_and_nothing_behind_its_end() {
    let block = (
        event(),
        prop::sample::select(&["\n\n", "\r\n\r\n", "\r\r", "\n"][..]),
    )
        .prop_map(|(event, end)| format!("data: {event}{end}").into_bytes());
    let blocks = prop::collection::vec(block, 0..8).prop_map(|blocks| blocks.concat());
    let bytes = prop_oneof![3 => blocks, 1 => event_stream()];
    let lengths = prop::collection::vec(1..40_usize, 1..5);
    check(400, &(bytes, lengths), |(bytes, lengths)| {
        fuzzing::stream(&bytes, &lengths);
    });
}

#[test]
fn any_answer_is_read_and_written_back() {
    let file =
        (json(), json(), json(), object()).prop_map(|(content, encoding, size, mut file)| {
            file.insert("content".into(), content);
            file.insert("encoding".into(), encoding);
            file.insert("size".into(), size);
            Value::Object(file)
        });
    let answer = (event(), json(), json(), object()).prop_map(|(event, one, two, mut answer)| {
        for (name, value) in [
            ("success", &one),
            ("sessionId", &two),
            ("eventType", &two),
            ("error", &event),
            ("status", &two),
            ("message", &one),
            ("spans", &one),
        ] {
            answer.insert(name.to_owned(), value.clone());
        }
        Value::Object(answer)
    });
    let tree = prop::collection::vec((text(), json()), 0..4).prop_map(|files| {
        let files: Vec<_> = files
            .into_iter()
            .map(|(path, size)| json!({"path": path, "size": size}))
            .collect();
        json!({"tree": files})
    });
    let value = prop_oneof![file, answer, tree, json()];
    let text = damaged(value.prop_map(|value| value.to_string()));
    check(1_000, &text, |text| fuzzing::answer(&text));
}

#[test]
fn any_refusal_has_the_vendors_text_and_no_signature() {
    let body = prop_oneof![
        3 => json().prop_map(|value| value.to_string().into_bytes()),
        2 => damaged(json().prop_map(|value| value.to_string())).prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..60),
    ];
    check(800, &(300..600_u16, body), |(status, body)| {
        fuzzing::error_body(status, &body);
    });
    let quoted = ("[a-zA-Z0-9]{16,24}", "[a-zA-Z0-9]{16,24}", text());
    check(400, &quoted, |(one, two, around)| {
        let query = format!("X-Amz-Credential={one}&X-Amz-Signature={two}&n=1");
        let body = format!("{around}{two}{one}{around}{query}{two}");
        fuzzing::presigned(&query, body.as_bytes());
    });
    check(200, &(text(), text()), |(query, body)| {
        fuzzing::presigned(&query, body.as_bytes());
    });
}

#[test]
fn any_text_is_a_harmless_reference_or_none() {
    let id = prop_oneof![
        "[a-fA-F0-9]{64}",
        "[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}",
        "[A-Za-z0-9._~-]{1,20}",
        text(),
    ];
    let reference = (
        prop::sample::select(&["vault://", "VAULT://", "vault:/", ""][..]),
        id,
    )
        .prop_map(|(scheme, id)| format!("{scheme}{id}"));
    let reference = prop_oneof![reference.clone(), damaged(reference)].boxed();
    check(1_000, &reference, |text| fuzzing::reference(&text));
    let many = prop::collection::vec(prop_oneof![reference, text()], 0..5);
    check(400, &many, |texts| fuzzing::reference(&texts.concat()));
}

#[test]
fn no_url_of_a_webhook_names_this_machine_or_a_private_network() {
    let v4 = any::<u32>().prop_map(|n| std::net::Ipv4Addr::from_bits(n).to_string());
    let near = prop::sample::select(
        &[
            "127", "10", "192.168", "172.16", "169.254", "0", "100.64", "255.255",
        ][..],
    );
    let near = (near, "[0-9]{1,3}").prop_map(|(net, rest)| format!("{net}.{rest}"));
    let v6 = any::<u128>().prop_map(|n| format!("[{}]", std::net::Ipv6Addr::from_bits(n)));
    let inside = (
        prop::sample::select(&["::ffff:", "::", "64:ff9b::"][..]),
        any::<u32>(),
    )
        .prop_map(|(net, n)| format!("[{net}{}]", std::net::Ipv4Addr::from_bits(n)));
    let name = prop_oneof![
        "[a-z]{0,8}\\.?(localhost|local|internal)\\.?",
        any::<u32>().prop_map(|n| n.to_string()),
        any::<u32>().prop_map(|n| format!("0x{n:x}")),
        text(),
    ];
    let host = prop_oneof![v4, near, v6, inside, name];
    let url = (
        prop::sample::select(&["https://", "https://u:p@", "HTTPS:", "http://"][..]),
        host,
    )
        .prop_map(|(scheme, host)| format!("{scheme}{host}/hook"));
    check(1_500, &url, |url| fuzzing::webhook_url(&url));
    check(400, &damaged(url), |url| fuzzing::webhook_url(&url));
}

#[cfg(feature = "webhooks")]
#[test]
fn a_signature_holds_for_its_body_and_secret_alone() {
    let input = (
        prop::collection::vec(any::<u8>(), 0..40),
        prop_oneof![text(), "(sha256=)?[0-9a-fA-F]{64}", "[A-Za-z0-9+/]{43}="],
        text(),
    );
    check(400, &input, |(body, signature, secret)| {
        fuzzing::webhook_signature(&body, &signature, &secret);
    });
}
