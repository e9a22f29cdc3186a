//! Decisions and conversations.

use std::time::Duration;

use agent_emulator::AgentRouterScript;
use serde_json::json;

use super::{Api, refused, start, text};
use crate::support::builder;

#[tokio::test]
async fn a_manual_run_waits_for_the_decision_about_its_own_action() {
    let api = start().await;
    for (decision, other, status) in [
        ("approve", "deny", "completed"),
        ("deny", "approve", "failed"),
    ] {
        let id = api
            .create(json!({"task": "t", "approvalMode": "manual"}))
            .await;
        let events = api.events(&id).await;
        let request = events.last().unwrap();
        assert_eq!(request["type"], "approval.requested");
        assert_eq!(
            api.get(&format!("/v1/runs/{id}")).await.json()["status"],
            "running"
        );
        assert_eq!(
            api.router.run(&id).unwrap().waits_for,
            Some(text(&request["payload"]["actionId"]))
        );
        let (action, digest) = (
            text(&request["payload"]["actionId"]),
            &request["payload"]["actionDigest"],
        );
        let path = |what: &str| format!("/v1/runs/{id}/actions/{action}/{what}");

        let wrong = api
            .post(&path(decision), &json!({"actionDigest": "sha256:other"}))
            .await;
        refused(&wrong, 409, "action_digest_mismatch");
        let details = &wrong.json()["error"]["details"];
        assert_eq!(
            details,
            &json!({"expected": digest, "received": "sha256:other"})
        );
        let body = json!({"actionDigest": digest, "reason": "why not"});
        let unknown = api
            .post(&format!("/v1/runs/{id}/actions/none/approve"), &body)
            .await;
        refused(&unknown, 409, "approval_not_requested");
        for bad in [
            json!({}),
            json!({"actionDigest": "md5:0000000"}),
            json!({"actionDigest": digest, "reason": ""}),
        ] {
            refused(
                &api.post(&path(decision), &bad).await,
                400,
                "validation_error",
            );
        }
        assert_eq!(api.events(&id).await.len(), events.len(), "still waiting");

        let decided = api.post(&path(decision), &body).await.json();
        assert_eq!(
            (&decided["type"], &decided["source"]),
            (&json!("approval.decided"), &json!("api"))
        );
        assert_eq!(decided["payload"]["reason"], "why not");
        assert_eq!(
            api.post(&path(decision), &body).await.json(),
            decided,
            "no second decision"
        );
        refused(
            &api.post(&path(other), &body).await,
            409,
            "approval_already_decided",
        );
        let run = api.get(&format!("/v1/runs/{id}")).await.json();
        assert_eq!(run["status"], status);
    }
    let id = api
        .create(json!({"task": "t", "approvalMode": "block"}))
        .await;
    let run = api.get(&format!("/v1/runs/{id}")).await.json();
    assert_eq!(
        (&run["status"], &run["failure"]["code"]),
        (&json!("failed"), &json!("policy_denied"))
    );
}

#[tokio::test]
async fn a_conversation_has_turns_until_it_is_closed() {
    let api = start().await;
    let first = api
        .create(json!({"task": "one", "runtime": {"kind": "codex", "mode": "read_only"}}))
        .await;
    let path = |id: &str, what: &str| format!("/v1/runs/{id}/{what}");
    let turns = api.get(&path(&first, "turns")).await.json();
    assert_eq!(turns["items"][0]["id"], first.as_str(), "an implicit turn");
    let said = api
        .post(&path(&first, "messages"), &json!({"message": "two"}))
        .await;
    assert_eq!(said.status, 202);
    let said = said.json();
    let second = text(&said["runId"]);
    assert_eq!(
        (&said["turnNumber"], &said["conversationId"]),
        (&json!(2), &json!(first))
    );
    let run = api
        .get(&path(&second, "")[..path(&second, "").len() - 1])
        .await
        .json();
    assert_eq!(
        (&run["conversationId"], &run["runtime"]["mode"]),
        (&json!(first), &json!("read_only"))
    );
    // Any turn's id is taken, and given back.
    let third = api
        .post(
            &path(&second, "messages"),
            &json!({"message": "emulate:silent"}),
        )
        .await
        .json();
    assert_eq!(
        (&third["turnNumber"], &third["conversationId"]),
        (&json!(3), &json!(second))
    );
    refused(
        &api.post(&path(&first, "messages"), &json!({"message": "x"}))
            .await,
        409,
        "run_busy",
    );
    refused(
        &api.post(&path(&first, "messages"), &json!({"message": ""}))
            .await,
        400,
        "validation_error",
    );
    let turns = api.get(&path(&second, "turns")).await.json();
    let numbers: Vec<_> = turns["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["turnNumber"].clone())
        .collect();
    assert_eq!(numbers, [1, 2, 3]);
    for _ in 0..2 {
        let closed = api.post(&path(&first, "close"), &json!({})).await.json();
        assert_eq!(
            closed,
            json!({"closed": true, "conversationId": first, "reclaimed": false})
        );
    }
    refused(
        &api.post(&path(&first, "messages"), &json!({"message": "x"}))
            .await,
        409,
        "session_closed",
    );

    let claude = api
        .create(json!({"task": "t", "runtime": {"kind": "claude_code"}}))
        .await;
    assert_eq!(api.router.run(&claude).unwrap().status, "completed");
    refused(
        &api.post(&path(&claude, "messages"), &json!({"message": "x"}))
            .await,
        409,
        "run_not_continuable",
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_is_continuable_one_pace_after_its_end_and_events_still_come() {
    let pace = Duration::from_secs(1);
    let emulator = builder().pace(pace).start().await.unwrap();
    let router = emulator.agentrouter();
    let api = Api { emulator, router };
    api.router.next_run(AgentRouterScript::new());
    let id = api.create(json!({"task": "t"})).await;
    let mut seen = Vec::new();
    for _ in 0..5 {
        let run = api.router.run(&id).unwrap();
        seen.push((run.status, run.events.len()));
        tokio::time::advance(pace).await;
    }
    assert_eq!(
        seen,
        [
            ("queued", 0),
            ("starting", 0),
            ("running", 0),
            ("completed", 1),
            ("completed", 2)
        ]
    );
}
