//! Runs: their fields and their way, keys, cancelling, holding.

use agent_emulator::AgentRouterScript;
use serde_json::json;

use super::{refused, start, text, types};

#[tokio::test(start_paused = true)]
async fn a_run_has_every_documented_field_and_goes_its_way() {
    let api = start().await;
    let body = json!({
        "task": "  Fix it  ", "runtime": {"kind": "codex", "model": "gpt-4o"}, "metadata": {"a": 1},
    });
    let created = api.post("/v1/runs", &body).await;
    assert_eq!(created.status, 201);
    let run = created.json();
    let id = text(&run["id"]);
    let runtime = json!({"kind": "codex", "mode": "default", "model": "gpt-4o"});
    assert_eq!(run["status"], "queued");
    assert_eq!(run["task"], "Fix it");
    assert_eq!(
        run["input"],
        json!({"task": "Fix it", "runtime": runtime, "metadata": {"a": 1}})
    );
    assert_eq!(
        (&run["conversationId"], &run["sessionId"]),
        (&json!(id), &json!(null))
    );
    assert_eq!(
        (&run["runtime"], &run["lastEventSeq"]),
        (&runtime, &json!(0))
    );
    assert_eq!(run["queuedAt"], "2026-04-16T12:00:00.000Z");

    let events = api.events(&id).await;
    let kinds = types(&events);
    assert_eq!(
        kinds[..6],
        [
            "run.claimed",
            "sandbox.created",
            "credential_boundary.verified",
            "action.proposed",
            "policy.evaluated",
            "execution.started",
        ]
    );
    assert_eq!(
        kinds[kinds.len() - 2..],
        ["run.completed", "sandbox.parked"]
    );
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event["sequence"], index + 1);
        assert_eq!(event["runId"], id.as_str());
        for key in ["type", "source", "visibility", "createdAt"] {
            assert!(event[key].is_string(), "{event}");
        }
        assert!(
            event["payload"].is_object() && event["isTruncated"].is_boolean(),
            "{event}"
        );
    }
    let run = api.get(&format!("/v1/runs/{id}")).await.json();
    assert_eq!(run["status"], "completed");
    assert_eq!(run["lastEventSeq"], events.len());
    assert!(run["completedAt"].is_string());

    let session = api.get(&format!("/v1/runs/{id}/session")).await.json();
    assert_eq!(session["run"], run);
    assert_eq!(session["eventCursor"]["lastEventSeq"], events.len());
    assert_eq!(session["response"]["text"], "Done: Fix it");
    assert_eq!(session["artifactManifest"]["status"], "available");
    assert_eq!(
        session["artifacts"],
        api.get(&format!("/v1/runs/{id}/artifacts")).await.json()
    );
}

#[tokio::test]
async fn an_idempotency_key_makes_one_run_and_is_bound_to_its_body() {
    let api = start().await;
    let key = [("idempotency-key", "k 1")];
    let body = json!({"task": "t"});
    let first = api.post_with("/v1/runs", &body, &key).await;
    let again = api
        .post_with("/v1/runs", &json!({"task": " t "}), &key)
        .await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(again.json()["status"], "completed", "the run as it is now");
    let other = api.post_with("/v1/runs", &json!({"task": "u"}), &key).await;
    refused(&other, 409, "idempotency_conflict");
    assert_eq!(api.router.runs().len(), 1);
    api.router.keep_keys_in_progress(1);
    refused(
        &api.post_with("/v1/runs", &body, &key).await,
        409,
        "idempotency_in_progress",
    );
    assert_eq!(api.post_with("/v1/runs", &body, &key).await.status, 200);
    assert_eq!(
        api.create(body.clone()).await,
        api.router.runs()[1].id,
        "no key, another run"
    );
}

#[tokio::test]
async fn cancelling_ends_what_a_worker_has_and_leaves_the_rest_alone() {
    let api = start().await;
    let id = api.create(json!({"task": "emulate:silent"})).await;
    assert_eq!(
        api.get(&format!("/v1/runs/{id}")).await.json()["status"],
        "running"
    );
    let cancelled = api
        .post(&format!("/v1/runs/{id}/cancel"), &json!({}))
        .await
        .json();
    assert_eq!(cancelled["status"], "cancelling");
    let run = api.get(&format!("/v1/runs/{id}")).await.json();
    assert_eq!(
        (&run["status"], &run["failure"]["code"]),
        (&json!("failed"), &json!("run_cancelled"))
    );
    let again = api
        .post(&format!("/v1/runs/{id}/cancel"), &json!({}))
        .await
        .json();
    assert_eq!(again, run);
    for (task, status, last) in [
        ("emulate:cancelled", "cancelled", "run.cancelled"),
        ("emulate:fail", "failed", "run.failed"),
    ] {
        let id = api.create(json!({"task": task})).await;
        assert_eq!(types(&api.events(&id).await).last(), Some(&last));
        assert_eq!(api.router.run(&id).unwrap().status, status);
    }
}

#[tokio::test]
async fn a_held_run_goes_on_when_it_is_released() {
    let api = start().await;
    api.router.next_run(
        AgentRouterScript::new()
            .event("a", json!({}))
            .hold()
            .event("b", json!({})),
    );
    let id = api.create(json!({"task": "t"})).await;
    assert_eq!(types(&api.events(&id).await), ["a"]);
    assert!(api.router.run(&id).unwrap().held);
    assert!(api.router.release(&id) && !api.router.release(&id));
    assert_eq!(
        types(&api.events(&id).await),
        ["a", "b", "run.completed", "sandbox.parked"]
    );
}
