//! The recorded conversations in `tests/vectors`, as far as they concern what needs no connection: every answer is
//! decoded, every event, every error body, and every request body is built.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::{ApiErrorClass, read, read_token_refusal};
use crate::events::{Decoded, decode_event};
use crate::types::{
    CancelRunResponse, CheckpointResponse, DeleteSecretResponse, HealthResponse, RegistrySandbox,
    RunData, RunStatusResponse, SecretResponse, TokenResponse,
};

mod bodies;

/// All vectors of some groups.
fn load(groups: &[&str]) -> Vec<Value> {
    groups
        .iter()
        .flat_map(|group| {
            let path = format!("{}/tests/vectors/{group}.json", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(path).unwrap();
            serde_json::from_str::<Vec<Value>>(&text).unwrap()
        })
        .collect()
}

const ALL: &[&str] = &[
    "auth",
    "checkpoints",
    "client",
    "connectors",
    "events",
    "run_object",
    "runs_create",
    "runs_read",
    "sandboxes",
    "secrets_beyond_seed",
    "tokens",
];

/// What differs: keys that `expected` does not have are free, null is as absent, numbers compare by value.
fn difference(expected: &Value, got: &Value, at: &str) -> Option<String> {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => {
            expected.iter().find_map(|(key, value)| {
                let other = got.get(key).unwrap_or(&Value::Null);
                difference(value, other, &format!("{at}.{key}"))
            })
        }
        (Value::Array(expected), Value::Array(got)) if expected.len() == got.len() => expected
            .iter()
            .zip(got)
            .enumerate()
            .find_map(|(index, (e, g))| difference(e, g, &format!("{at}[{index}]"))),
        (Value::Number(expected), Value::Number(got)) if expected.as_f64() == got.as_f64() => None,
        _ if expected == got => None,
        _ => Some(format!("{at}: expected {expected}, got {got}")),
    }
}

fn name(vector: &Value) -> &str {
    vector["name"].as_str().unwrap()
}

/// The text of an answer.
fn text(response: &Value) -> String {
    if let Some(chunks) = response["chunks"].as_array() {
        return chunks.iter().map(|c| c.as_str().unwrap()).collect();
    }
    match &response["body"] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        json => json.to_string(),
    }
}

/// The data of all complete frames. Enough of SSE for what is recorded.
fn frames(stream: &str) -> Vec<String> {
    let stream = stream.trim_start_matches('\u{feff}');
    let stream = stream.replace("\r\n", "\n").replace('\r', "\n");
    let mut blocks: Vec<&str> = stream.split("\n\n").collect();
    blocks.pop();
    blocks
        .iter()
        .map(|block| {
            let lines = block.split('\n').filter_map(|line| {
                let value = line.strip_prefix("data:")?;
                Some(value.strip_prefix(' ').unwrap_or(value))
            });
            lines.collect::<Vec<_>>().join("\n")
        })
        .collect()
}

#[test]
fn every_recorded_stream_decodes_to_its_events() {
    let mut streams = 0;
    for vector in load(&["events"]) {
        let response = vector["exchanges"]
            .as_array()
            .and_then(|exchanges| exchanges.last())
            .map_or(&Value::Null, |exchange| &exchange["response"]);
        if response["status"] != 200 {
            continue;
        }
        let expected = vector["expect"]["events"].as_array().unwrap();
        let mut got: Vec<Value> = Vec::new();
        for frame in frames(&text(response)) {
            match decode_event(&frame) {
                Decoded::Skip => {}
                Decoded::Event { event, .. } => {
                    assert_eq!(event.raw_json(), frame);
                    got.push(serde_json::to_value(&event).unwrap());
                }
                Decoded::Malformed(error) => {
                    assert_eq!(error.kind(), crate::ErrorKind::Decode);
                    got.push(json!({"error": {"kind": "decode"}}));
                }
            }
        }
        if let Some(close_after) = vector["args"]["close_after"].as_u64() {
            got.truncate(usize::try_from(close_after).unwrap());
        }
        let difference = difference(&json!(expected), &json!(got), "events");
        assert_eq!(difference, None, "{}", name(&vector));
        streams += 1;
    }
    assert!(streams >= 50, "{streams}");
}

#[test]
fn every_recorded_error_body_gives_its_message_and_detail() {
    let mut errors = 0;
    for vector in load(ALL) {
        let expected = &vector["expect"]["error"];
        let Some(status) = expected["status"].as_u64() else {
            continue;
        };
        let exchange = vector["exchanges"].as_array().unwrap().last().unwrap();
        assert_eq!(exchange["response"]["status"], status, "{}", name(&vector));
        let status = u16::try_from(status).unwrap();
        let body = text(&exchange["response"]);
        let refused = vector["operation"] != "tokens.create"
            && exchange["request"]["path"]
                .as_str()
                .unwrap()
                .ends_with("/token");
        let parts = if refused {
            read_token_refusal(status, &body)
        } else {
            read(status, &body)
        };
        let got = json!({
            "kind": match parts.class {
                ApiErrorClass::Api => "api",
                ApiErrorClass::NotFound => "not_found",
                ApiErrorClass::Validation => "validation",
            },
            "status": status,
            "message": parts.message,
            "detail": parts.detail,
            "errors": parts.errors,
        });
        assert_eq!(
            difference(expected, &got, "error"),
            None,
            "{}",
            name(&vector)
        );
        errors += 1;
    }
    assert!(errors >= 40, "{errors}");
}

/// Decodes an answer and writes it again.
fn again<T: DeserializeOwned + Serialize>(body: &str) -> Option<Value> {
    let value: T = serde_json::from_str(body).ok()?;
    Some(serde_json::to_value(value).unwrap())
}

/// As [`again`], with the type that belongs to an operation.
fn answer(operation: &str, body: &str) -> Option<Value> {
    match operation {
        "client.health" => again::<HealthResponse>(body),
        "tokens.create" => again::<TokenResponse>(body),
        "sandboxes.list" => again::<Vec<RegistrySandbox>>(body),
        "runs.create" | "runs.get" | "run.fork" | "run.refresh" => again::<RunData>(body),
        "runs.list" => again::<Vec<RunData>>(body),
        "runs.get_status" => again::<RunStatusResponse>(body),
        "runs.cancel" => again::<CancelRunResponse>(body),
        "runs.get_checkpoint_chain" => again::<Vec<CheckpointResponse>>(body),
        "runs.get_checkpoint" => again::<CheckpointResponse>(body),
        "secrets.create" | "secrets.update" | "secrets.get" => again::<SecretResponse>(body),
        "secrets.list" => again::<Vec<SecretResponse>>(body),
        "secrets.delete" => again::<DeleteSecretResponse>(body),
        other => panic!("operation {other}"),
    }
}

#[test]
fn every_recorded_answer_decodes_to_its_value_or_fails_to() {
    let mut answers = 0;
    for vector in load(ALL) {
        let operation = vector["operation"].as_str().unwrap();
        let Some(exchange) = vector["exchanges"].as_array().unwrap().last() else {
            continue;
        };
        let response = &exchange["response"];
        if response["status"]
            .as_u64()
            .is_none_or(|status| status >= 300)
            || operation.ends_with(".subscribe")
            || operation == "run.fields"
            || vector["expect"]["error"]["kind"] == "invalid_argument"
        {
            continue;
        }
        let got = answer(operation, &text(response));
        let expect = &vector["expect"];
        if expect["error"]["kind"] == "decode" {
            assert_eq!(got, None, "{}", name(&vector));
        } else if expect.get("ok").is_some() {
            let got = got.unwrap_or_else(|| panic!("{} does not decode", name(&vector)));
            let difference = difference(&expect["ok"], &got, "ok");
            assert_eq!(difference, None, "{}", name(&vector));
        } else {
            continue;
        }
        answers += 1;
    }
    assert!(answers >= 60, "{answers}");
}
