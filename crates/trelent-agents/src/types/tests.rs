use agent_core::sdk::read_json_text;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;

fn decode<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_str(&value.to_string()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

fn refuses<T: DeserializeOwned>(value: &Value) -> bool {
    serde_json::from_str::<T>(&value.to_string()).is_err()
}

fn run() -> Value {
    json!({
        "run_id": "r", "sandbox": "s", "harness": {"kind": "codex", "model": "m"},
        "status": "pending", "created_at": "2026-04-16T12:00:00Z",
    })
}

fn with(mut object: Value, key: &str, value: Value) -> Value {
    object[key] = value;
    object
}

fn without(mut object: Value, key: &str) -> Value {
    object.as_object_mut().unwrap().remove(key);
    object
}

#[test]
fn only_the_required_fields_of_a_run_are_required() {
    let minimal: RunData = decode(&run());
    assert_eq!(minimal.prompt, None);
    assert!(minimal.file_outputs.is_empty() && minimal.extra.is_empty());
    for key in ["run_id", "sandbox", "harness", "status", "created_at"] {
        assert!(refuses::<RunData>(&without(run(), key)), "without {key}");
        assert!(
            refuses::<RunData>(&with(run(), key, Value::Null)),
            "{key}: null"
        );
    }
    for key in [
        "parent_run_id",
        "parent",
        "id",
        "prompt",
        "started_at",
        "completed_at",
        "result",
        "file_outputs",
        "error",
        "workflow_ids",
    ] {
        let got: RunData = decode(&with(run(), key, Value::Null));
        assert_eq!(got, minimal, "{key}: null");
    }
}

#[test]
fn a_run_is_read_from_either_names_and_written_with_its_own() {
    for (id, parent) in [
        (json!({"run_id": "r"}), json!({"parent_run_id": "p"})),
        (json!({"id": "r"}), json!({"parent": "p"})),
        (
            json!({"run_id": "r", "id": "r"}),
            json!({"parent_run_id": "p", "parent": "p"}),
        ),
        (
            json!({"run_id": "r", "id": 7}),
            json!({"parent_run_id": "p", "parent": {"run_id": "p"}}),
        ),
    ] {
        let mut value = without(run(), "run_id");
        for part in [id, parent] {
            let fields = part.as_object().unwrap().clone();
            value.as_object_mut().unwrap().extend(fields);
        }
        let run: RunData = decode(&value);
        assert_eq!((run.id.as_str(), run.parent.as_deref()), ("r", Some("p")));
        let written = serde_json::to_value(&run).unwrap();
        assert_eq!(
            (&written["id"], &written["parent"]),
            (&json!("r"), &json!("p"))
        );
        assert_eq!(written.get("run_id"), None);
        assert_eq!(decode::<RunData>(&written), run);
    }
}

#[test]
fn times_of_a_run_can_be_read() {
    let run: RunData = decode(&with(run(), "started_at", json!("2026-04-16T12:00:01.5")));
    let started = run.started_time().unwrap().unwrap();
    let wait = started.duration_since(run.created_time().unwrap()).unwrap();
    assert_eq!(wait.as_millis(), 1500);
    assert_eq!(run.completed_time().unwrap(), None);
}

#[test]
fn the_agents_workflow_has_two_names() {
    for value in [
        json!({"infra": "i", "agent": "a"}),
        json!({"infra": "i", "harness": "a"}),
        json!({"infra": "i", "agent": "a", "harness": "b"}),
        json!({"infra": "i", "agent": "a", "harness": {"kind": "codex"}}),
    ] {
        let ids: WorkflowIds = decode(&value);
        assert_eq!((ids.infra.as_str(), ids.agent.as_str()), ("i", "a"));
    }
    assert!(refuses::<WorkflowIds>(&json!({"infra": "i"})));
}

/// Adds an unknown field, and expects it to come back.
fn keeps<T: DeserializeOwned + Serialize>(value: Value) {
    let value = with(value, "brand_new", json!({"a": [1, null]}));
    let written = serde_json::to_value(decode::<T>(&value)).unwrap();
    assert_eq!(written["brand_new"], value["brand_new"], "{value}");
    decode::<T>(&written);
}

#[test]
fn unknown_fields_of_every_resource_are_kept_and_written_back() {
    keeps::<RunData>(run());
    keeps::<HarnessInfo>(json!({"kind": "codex", "model": "m"}));
    keeps::<RunResult>(json!({"run_id": "r", "status": "done"}));
    keeps::<FileOutput>(json!({"delivery": "s3", "files": []}));
    keeps::<OutputFile>(json!({"path": "p"}));
    keeps::<WorkflowIds>(json!({"infra": "i", "agent": "a"}));
    keeps::<RunStatusResponse>(json!({"run_id": "r", "status": "running"}));
    keeps::<CancelRunResponse>(json!({"status": "cancelling"}));
    keeps::<HealthResponse>(json!({"status": "ok"}));
    keeps::<RegistrySandbox>(json!({"name": "n", "tags": []}));
    keeps::<DeleteSecretResponse>(json!({"status": "deleted"}));
    keeps::<TokenResponse>(
        json!({"access_token": "t", "token_type": "Bearer", "expires_in": 1, "scope": ""}),
    );
    keeps::<SecretResponse>(json!({
        "id": "1", "name": "n", "provider": "aws", "created_at": "", "updated_at": "",
    }));
    keeps::<CheckpointResponse>(json!({
        "checkpoint_id": "c", "index": 0, "layer_sha": "", "s3_path": "", "created_at": "",
    }));
}

/// Checks the known texts, and that another one survives.
fn survives<T: DeserializeOwned + Serialize + AsRef<str>>(known: &[&str], texts: &[&str]) {
    assert_eq!(known, texts);
    for text in known.iter().chain(&["brand_new", "", "Pending"]) {
        let value: T = decode(&json!(text));
        assert_eq!(value.as_ref(), *text);
        assert_eq!(serde_json::to_value(&value).unwrap(), json!(text));
    }
    assert!(refuses::<T>(&Value::Null) && refuses::<T>(&json!(1)));
}

#[test]
fn unknown_values_of_every_enumeration_survive() {
    survives::<RunStatus>(
        RunStatus::KNOWN,
        &[
            "pending",
            "starting",
            "running",
            "completed",
            "failed",
            "timeout",
            "cancelled",
        ],
    );
    survives::<HarnessKind>(HarnessKind::KNOWN, &["claude_code", "codex", "gemini"]);
    survives::<SecretsProvider>(SecretsProvider::KNOWN, &["aws", "gcp", "object_storage"]);
    survives::<crate::ToolKind>(
        crate::ToolKind::KNOWN,
        &[
            "command_execution",
            "file_change",
            "mcp_tool",
            "web_search",
            "plan_update",
            "other",
        ],
    );
    assert_eq!(crate::EventType::KNOWN.len(), 17);
    survives::<crate::EventType>(crate::EventType::KNOWN, crate::EventType::KNOWN);
    assert_ne!(
        crate::ToolKind::from("other"),
        crate::ToolKind::Unknown("other".into())
    );
}

#[test]
fn four_statuses_are_the_end() {
    let terminal: Vec<&str> = RunStatus::KNOWN
        .iter()
        .copied()
        .filter(|text| RunStatus::from(*text).is_terminal())
        .collect();
    assert_eq!(terminal, ["completed", "failed", "timeout", "cancelled"]);
    assert!(!RunStatus::from("brand_new").is_terminal());
}

#[test]
fn seconds_may_come_as_text() {
    let token = |seconds: Value| json!({"access_token": "hush", "token_type": "Bearer", "expires_in": seconds, "scope": "s"});
    for (seconds, expected) in [
        (json!(3600), 3600),
        (json!("3600"), 3600),
        (json!("-1"), -1),
        (json!(3600.0), 3600),
        (json!(0), 0),
        (json!(-5), -5),
    ] {
        let token: TokenResponse = decode(&token(seconds));
        assert_eq!(token.expires_in, expected);
        assert!(serde_json::to_value(&token).unwrap()["expires_in"].is_i64());
    }
    for bad in [
        Value::Null,
        json!("soon"),
        json!(""),
        json!(1.5),
        json!(1e300),
        json!(u64::MAX),
    ] {
        assert!(refuses::<TokenResponse>(&token(bad)));
    }
    for key in ["access_token", "token_type", "expires_in", "scope"] {
        assert!(
            refuses::<TokenResponse>(&without(token(json!(1)), key)),
            "{key}"
        );
    }
}

#[test]
fn debug_shows_no_secret() {
    let request = TokenRequest::new("me", "hush-1", "scope");
    let response: TokenResponse = decode(&json!({
        "access_token": "hush-2", "token_type": "Bearer", "expires_in": "1", "scope": "s",
        "refresh_token": "hush-3",
    }));
    let shown = format!("{request:?} {request:#?} {response:?} {response:#?}");
    assert!(!shown.contains("hush"), "{shown}");
    assert!(shown.contains("me") && shown.contains("Bearer") && shown.contains("refresh_token"));
    assert_eq!(
        serde_json::to_value(&request).unwrap(),
        json!({"client_id": "me", "client_secret": "hush-1", "scope": "scope"})
    );
}

#[test]
fn debug_shows_no_query_of_a_presigned_address() {
    let run: RunData = decode(&with(
        run(),
        "file_outputs",
        json!([{"delivery": "s3", "files": [
            {"path": "a", "presigned_url": "https://h/a?sig=hush"}, {"path": "b"},
        ]}]),
    ));
    let checkpoint: CheckpointResponse = decode(&json!({
        "checkpoint_id": "c", "index": 0, "layer_sha": "", "s3_path": "", "created_at": "",
        "download_url": "https://h/c?sig=hush",
    }));
    let shown = format!("{run:?} {checkpoint:?}");
    assert!(!shown.contains("hush"), "{shown}");
    assert!(shown.contains("https://h/a?[redacted]") && shown.contains("https://h/c?[redacted]"));
    let url = &run.file_outputs[0].files[0].presigned_url;
    assert_eq!(url.as_deref(), Some("https://h/a?sig=hush"));
}

#[test]
fn chat_history_is_made_of_objects() {
    let checkpoint = |history: Value| {
        json!({
            "checkpoint_id": "c", "index": 0, "layer_sha": "", "s3_path": "", "created_at": "",
            "chat_history": history,
        })
    };
    let got: CheckpointResponse = decode(&checkpoint(json!([{}, {"role": "user"}])));
    assert_eq!(got.chat_history.unwrap()[1]["role"], "user");
    for bad in [
        json!(["text"]),
        json!([null]),
        json!([[]]),
        json!({}),
        json!("x"),
    ] {
        assert!(refuses::<CheckpointResponse>(&checkpoint(bad)));
    }
}

#[test]
fn secrets_of_a_run_are_names_or_whole_bindings() {
    let written = |spec: RunSecretSpec| serde_json::to_value(spec).unwrap();
    assert_eq!(written("openai".into()), json!("openai"));
    assert_eq!(
        written(RunSecretBinding::new("db").into()),
        json!({"name": "db", "env_var": null, "mount": false})
    );
    assert_eq!(
        written(
            RunSecretBinding::new("db")
                .env_var("DB_URL")
                .mount(true)
                .into()
        ),
        json!({"name": "db", "env_var": "DB_URL", "mount": true})
    );
}

#[test]
fn a_whole_number_is_one_however_it_is_written() {
    let read = |index: &str| {
        read_json_text::<CheckpointResponse>(&format!(
            r#"{{"index": {index}, "checkpoint_id": "c", "layer_sha": "", "s3_path": "", "created_at": ""}}"#
        ))
    };
    for (index, expected) in [("3", 3), ("3.0", 3), ("3e0", 3), ("-0", 0), ("0.12e2", 12)] {
        assert_eq!(read(index).unwrap().index, expected, "{index}");
    }
    for index in ["3.5", "\"3\"", "1e30", "true", "null"] {
        assert!(read(index).is_err(), "{index}");
    }
}
