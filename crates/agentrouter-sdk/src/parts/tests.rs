//! The mapping beyond the recorded events: what must not reach a part, and what must not break it.

use serde_json::{Value, json};

use super::{AgentStreamPart, answer_text, stream_part};
use crate::types::RunEvent;

fn event(kind: &str, payload: &Value) -> RunEvent {
    let json = json!({
        "runId": "r", "sequence": 1, "type": kind, "source": "codex", "visibility": "public", "payload": payload,
        "isTruncated": false, "createdAt": "t",
    });
    RunEvent::from_json(&json.to_string()).unwrap()
}

/// A part without its event.
fn part(kind: &str, payload: &Value) -> Value {
    let mut part = serde_json::to_value(stream_part(event(kind, payload))).unwrap();
    if let Some(members) = part.as_object_mut() {
        members.remove("event");
    }
    part
}

#[test]
fn payloads_of_any_form_are_taken() {
    for payload in [
        json!(null),
        json!({}),
        json!([]),
        json!("text"),
        json!(7),
        json!({"text": 1}),
    ] {
        for (kind, expected) in [
            (
                "agent.no_progress",
                json!({"type": "no_progress", "signal": "unknown", "text": "Agent may be stuck"}),
            ),
            (
                "policy.evaluated",
                json!({"type": "progress", "text": "Policy evaluated"}),
            ),
            ("run.failed", json!({"type": "error", "text": "Run failed"})),
            (
                "run.completed",
                json!({"type": "done", "status": "completed"}),
            ),
            ("agent.message", json!(null)),
            ("agent.response", json!(null)),
            ("action.proposed", json!(null)),
            ("approval.requested", json!(null)),
            ("approval.decided", json!(null)),
            ("execution.started", json!(null)),
        ] {
            assert_eq!(part(kind, &payload), expected, "{kind} {payload}");
        }
    }
    let bare = RunEvent::from_json(r#"{"sequence":1,"type":"run.cancelled"}"#).unwrap();
    assert!(matches!(stream_part(bare), Some(AgentStreamPart::Done(_))));
}

#[test]
fn types_match_exactly_and_what_is_unknown_gives_no_part() {
    for kind in [
        "Agent.Message",
        "agent.message ",
        "agent.reasoning",
        "agent.thinking",
        "provider.stdout",
        "provider.stderr",
        "agent.completed",
        "run.claimed",
        "sandbox.parked",
        "sandbox.resumed",
        "",
        "run.started",
    ] {
        assert_eq!(
            part(kind, &json!({"text": "t", "message": "m"})),
            Value::Null,
            "{kind}"
        );
    }
}

#[test]
fn hidden_reasoning_reaches_no_part() {
    let kinds = crate::types::RunEventType::KNOWN;
    let payload = json!({
        "actionId": "a", "actionDigest": "d", "decision": "approved", "summary": "s", "text": "t", "message": "m",
        "signal": "x", "reason": "r", "reasoning": "HIDDEN", "thinking": "HIDDEN", "output": "HIDDEN",
        "parts": [{"text": "HIDDEN"}], "action": {"name": "n", "args": {"HIDDEN": "HIDDEN"}}, "command": "HIDDEN",
    });
    let mut parts = 0;
    for kind in kinds {
        let shown = part(kind, &payload).to_string();
        assert!(!shown.contains("HIDDEN"), "{kind}: {shown}");
        parts += usize::from(shown != "null");
    }
    assert_eq!(parts, 20, "of {} types", kinds.len());
}

#[test]
fn texts_fall_back_in_the_documented_order() {
    for (kind, payload, text) in [
        (
            "agent.no_progress",
            json!({"reason": "r", "summary": "s", "message": "m"}),
            "r",
        ),
        (
            "agent.no_progress",
            json!({"reason": "", "summary": "s", "message": "m"}),
            "s",
        ),
        (
            "agent.no_progress",
            json!({"reason": 1, "message": "m"}),
            "m",
        ),
        (
            "agent.progress",
            json!({"summary": "s", "message": "m"}),
            "s",
        ),
        (
            "agent.progress",
            json!({"summary": "", "message": "m"}),
            "m",
        ),
        ("agent.error", json!({"message": "m", "reason": "r"}), "m"),
        ("run.failed", json!({"message": "", "reason": "r"}), "r"),
        (
            "policy.evaluated",
            json!({"decision": "anything"}),
            "Policy anything",
        ),
        (
            "action.proposed",
            json!({"actionId": "a", "actionDigest": "d", "action": {"name": ""}, "actionName": "n"}),
            "Action proposed: n",
        ),
        (
            "approval.requested",
            json!({"actionId": "a", "actionDigest": "d", "action": 7}),
            "Approval requested for runtime action",
        ),
        ("agent.message", json!({"text": "  "}), "  "),
    ] {
        assert_eq!(part(kind, &payload)["text"], text, "{kind} {payload}");
    }
}

#[test]
fn a_part_can_be_stored_and_read_again() {
    let payload = json!({"actionId": "a", "actionDigest": "d", "decision": "denied", "text": "t"});
    for kind in crate::types::RunEventType::KNOWN {
        let Some(part) = stream_part(event(kind, &payload)) else {
            continue;
        };
        let json = serde_json::to_string(&part).unwrap();
        let again: AgentStreamPart = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), json);
        assert_eq!(again, part);
        assert_eq!(again.text(), part.text());
        assert_eq!(again.event().sequence, 1);
    }
}

#[test]
fn the_text_stream_has_answers_only() {
    let text = json!({"text": "t"});
    assert_eq!(
        answer_text(event("agent.response", &text)),
        Some("t".to_owned())
    );
    assert_eq!(answer_text(event("agent.message", &text)), None);
    assert_eq!(
        answer_text(event("agent.response", &json!({"text": ""}))),
        None
    );
}
