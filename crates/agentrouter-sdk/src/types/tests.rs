//! What servers of other versions send survives.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{
    Artifact, CloseRunResult, ContinueRunResult, ConversationId, Run, RunEvent, RunEventPage,
    RunSession, RunTurnsResult,
};
use crate::{ResolvedRuntimeSelection, RuntimeSelection};

/// Everything that was read is written again.
#[track_caller]
fn survives<T: DeserializeOwned + Serialize>(json: &Value) {
    let text = json.to_string();
    let value: T = serde_json::from_str(&text).unwrap();
    let again = serde_json::to_value(&value).unwrap();
    for (key, expected) in json.as_object().unwrap() {
        assert_eq!(&again[key], expected, "{key}");
    }
    let twice: T = serde_json::from_value(again.clone()).unwrap();
    assert_eq!(serde_json::to_value(&twice).unwrap(), again);
}

fn run() -> Value {
    json!({
        "id": "run_1", "status": "hibernating", "runtime": {"kind": "codex", "mode": "turbo", "new": [1]},
        "task": "t", "input": {"task": "t", "new": 1}, "lastEventSeq": 9_007_199_254_740_993_u64,
        "conversationId": "run_0", "sessionId": null, "queuedAt": "q", "failure": {"code": "c", "new": {}},
        "newField": {"deep": [null, 1.5]},
    })
}

#[test]
fn unknown_fields_and_values_of_resources_are_kept() {
    survives::<Run>(&run());
    survives::<RunSession>(&json!({
        "run": run(), "eventCursor": {"lastEventSeq": 3, "new": 1},
        "response": {"text": "t", "parts": [{"type": "image", "text": "", "url": "u"}], "new": 1},
        "artifactManifest": {"status": "new", "x": 1}, "artifacts": {"items": [], "new": true}, "new": "n",
    }));
    survives::<Artifact>(&json!({
        "id": "a", "runId": "r", "kind": "hologram", "r2Key": "k", "contentType": "x/y", "sizeBytes": 1,
        "sha256": "00", "metadata": {"a": 1}, "createdAt": "c", "new": 1,
    }));
    survives::<RunTurnsResult>(&json!({
        "conversationId": "c", "new": 1,
        "items": [{"id": "t", "runId": "r", "turnNumber": 1, "prompt": "p", "createdAt": "c", "new": 1}],
    }));
    survives::<ContinueRunResult>(
        &json!({"runId": "r", "turnNumber": 2, "conversationId": "c", "new": 1}),
    );
    survives::<CloseRunResult>(
        &json!({"closed": true, "conversationId": "c", "reclaimed": false, "new": 1}),
    );
}

#[test]
fn an_event_is_the_record_as_it_is_stored() {
    let record = json!({
        "runId": "r", "sequence": 18_446_744_073_709_551_615_u64, "type": "quantum.entangled",
        "providerEventType": "x", "source": "s", "visibility": "secret", "payload": {"a": [1, {"b": null}]},
        "artifactRef": {"artifactId": "a", "r2Key": "k", "new": 1}, "isTruncated": true, "createdAt": "c",
        "auditHash": "h",
    });
    survives::<RunEvent>(&record);
    // The text itself, to the byte: order, spaces, spelling of numbers.
    let text = r#"{ "type":"x", "sequence" : 1,"payload":{"n":1.0e2, "ä":"\u00e4"} }"#;
    let event = RunEvent::from_json(text).unwrap();
    assert_eq!(event.raw_json(), text);
    let page = format!(r#"{{"nextAfterSeq":1,"cursor":"new","items":[{text}]}}"#);
    let page: RunEventPage = serde_json::from_str(&page).unwrap();
    assert_eq!(page.items[0].raw_json(), text);
    assert_eq!(page.extra["cursor"], "new");
    assert_eq!(page.items[0].cursor().as_u64(), Some(1));
    for bad in [
        "",
        "[]",
        "null",
        "{}",
        r#"{"sequence":-1,"type":"x"}"#,
        r#"{"sequence":1}"#,
        r#"{"type":"x","sequence":"1"}"#,
    ] {
        assert!(RunEvent::from_json(bad).is_err(), "{bad}");
    }
    assert!(serde_json::from_str::<RunEventPage>(r#"{"nextAfterSeq":1}"#).is_err());
}

#[test]
fn a_server_that_leaves_out_what_says_nothing_is_read() {
    let run: Run = serde_json::from_str(r#"{"id":"run_1","status":"completed"}"#).unwrap();
    assert_eq!((run.last_event_seq, run.runtime.kind()), (0, ""));
    assert_eq!(run.conversation(), "run_1");
    let event = RunEvent::from_json(r#"{"sequence":1,"type":"x","payload":null}"#).unwrap();
    assert_eq!(event.payload, json!({}));
    // It is written back as it is stored, unless somebody gave it content.
    assert_eq!(
        serde_json::to_value(&event).unwrap()["payload"],
        Value::Null
    );
    let mut filled = event.clone();
    filled.payload = json!({"text": "t"});
    assert_eq!(
        serde_json::to_value(&filled).unwrap()["payload"]["text"],
        "t"
    );
    let bare = RunEvent::from_json(r#"{"sequence":1,"type":"x"}"#).unwrap();
    assert_eq!(serde_json::to_value(&bare).unwrap()["payload"], json!({}));
    assert_eq!(bare, event, "by content");
    assert!(serde_json::from_str::<Run>(r#"{"status":"completed"}"#).is_err());
}

#[test]
fn numbers_and_keys_mean_what_they_mean_on_the_web() {
    let text =
        r#"{"type":"x","sequence":1,"sequence":2.0,"payload":{"n":1e999},"isTruncated":false}"#;
    let page = format!(r#"{{"items":null,"items":[{text}],"nextAfterSeq":2e0,"more":1e999}}"#);
    let page: RunEventPage = serde_json::from_str(&page).unwrap();
    let event = RunEvent::from_json(text).unwrap();
    assert_eq!((event.sequence, page.next_after_seq), (2, 2));
    assert_eq!(event.payload, json!({"n": null}));
    assert_eq!(page.items, [event]);
    assert_eq!(page.items[0].raw_json(), text, "to the byte");
}

#[test]
fn what_is_null_in_a_selection_is_not_chosen() {
    for (json, written) in [
        (
            json!({"kind": "codex", "mode": null, "model": null}),
            json!({"kind": "codex"}),
        ),
        (
            json!({"kind": "claude_code", "permissionMode": "plan", "model": null}),
            json!({"kind": "claude_code", "permissionMode": "plan"}),
        ),
    ] {
        let selection: RuntimeSelection = serde_json::from_value(json).unwrap();
        assert!(!matches!(selection, RuntimeSelection::Other(_)));
        assert_eq!(serde_json::to_value(&selection).unwrap(), written);
    }
}

#[test]
fn runtimes_of_any_kind_survive_in_both_directions() {
    for json in [
        json!({"kind": "codex"}),
        json!({"kind": "codex", "mode": "read_only", "model": "m"}),
        json!({"kind": "claude_code", "permissionMode": "dontAsk"}),
        json!({"kind": "gemini", "mode": 7}),
        json!({"kind": "codex", "mode": 7}),
        json!({"kind": "codex", "mode": "x", "effort": "high"}),
        json!({"mode": "x"}),
    ] {
        let selection: RuntimeSelection = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&selection).unwrap(), json);
        let resolved: ResolvedRuntimeSelection = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(serde_json::to_value(&resolved).unwrap(), json);
    }
    let continuable = |json: Value| {
        serde_json::from_value::<ResolvedRuntimeSelection>(json)
            .unwrap()
            .is_continuable()
    };
    for mode in ["default", "read_only", "full_access"] {
        assert!(continuable(json!({"kind": "codex", "mode": mode})));
    }
    assert!(!continuable(
        json!({"kind": "codex", "mode": "auto_review"})
    ));
    assert!(!continuable(
        json!({"kind": "claude_code", "permissionMode": "default"})
    ));
}

#[test]
fn ids_are_texts_on_the_wire_and_types_in_the_program() {
    let conversation = ConversationId::from_first_run("run_1");
    assert_eq!(conversation.first_run(), "run_1");
    assert_eq!(serde_json::to_string(&conversation).unwrap(), r#""run_1""#);
    assert_eq!(format!("{conversation:>7}"), "  run_1");
}
