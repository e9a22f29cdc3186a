//! The vendor AgentRouter over raw HTTP.

use std::time::Duration;

use agent_emulator::{AgentRouterHandle, AgentRouterOptions, AgentRouterScript, Emulator, Fault};
use serde_json::{Value, json};

use crate::client::{self, Answer};
use crate::support::builder;

struct Api {
    emulator: Emulator,
    router: AgentRouterHandle,
}

async fn start() -> Api {
    let emulator = builder().start().await.unwrap();
    let router = emulator.agentrouter();
    Api { emulator, router }
}

impl Api {
    async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let url = format!("{}{path}", self.router.base_url());
        let body = (!body.is_empty()).then_some(body);
        client::send(method, &url, headers, body).await
    }

    async fn get(&self, path: &str) -> Answer {
        let bearer = format!("Bearer {}", self.router.api_key());
        self.raw("GET", path, &[("authorization", &bearer)], b"")
            .await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, body, &[]).await
    }

    async fn post_with(&self, path: &str, body: &Value, more: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {}", self.router.api_key());
        let mut headers = vec![
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        headers.extend(more);
        self.raw("POST", path, &headers, body.to_string().as_bytes())
            .await
    }

    /// Creates a run and gives its id.
    async fn create(&self, body: Value) -> String {
        let created = self.post("/v1/runs", &body).await;
        assert_eq!(created.status, 201, "{}", created.text());
        text(&created.json()["id"])
    }

    async fn events(&self, run: &str) -> Vec<Value> {
        let page = self
            .get(&format!("/v1/runs/{run}/events?afterSeq=0&limit=500"))
            .await;
        page.json()["items"].as_array().unwrap().clone()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn types(events: &[Value]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect()
}

#[track_caller]
fn refused(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let error = &answer.json()["error"];
    assert_eq!(error["code"], code, "{error}");
    assert!(error["message"].is_string(), "{error}");
}

#[tokio::test]
async fn health_needs_no_key_and_everything_else_the_right_one() {
    let api = start().await;
    assert_eq!(
        api.raw("GET", "/healthz", &[], b"").await.json(),
        json!({"ok": true})
    );
    for headers in [
        &[][..],
        &[("authorization", "Bearer wrong")],
        &[("authorization", "Basic x")],
    ] {
        refused(
            &api.raw("GET", "/v1/runs", headers, b"").await,
            401,
            "unauthorized",
        );
    }
    let nowhere = api.get("/v1/nothing").await;
    assert_eq!(nowhere.status, 404);
    assert_eq!(nowhere.json()["error"], "Not Found");
    assert_eq!(api.get("/v1/runs").await.json(), json!({"items": []}));
}

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
async fn bodies_and_queries_are_read_strictly() {
    let api = start().await;
    for (body, code) in [
        (json!({}), "validation_error"),
        (json!({"task": ""}), "validation_error"),
        (json!({"task": "  "}), "validation_error"),
        (json!({"task": 1}), "validation_error"),
        (json!({"task": "x".repeat(120_001)}), "validation_error"),
        (json!({"task": "t", "afterSeq": 1}), "validation_error"),
        (
            json!({"task": "t", "approvalMode": "maybe"}),
            "validation_error",
        ),
        (json!({"task": "t", "metadata": null}), "validation_error"),
        (
            json!({"task": "t", "runtime": {"kind": "gemini"}}),
            "validation_error",
        ),
        (
            json!({"task": "t", "runtime": {"kind": "codex", "permissionMode": "plan"}}),
            "validation_error",
        ),
        (
            json!({"task": "t", "runtime": {"kind": "codex", "model": "a b"}}),
            "validation_error",
        ),
        (
            json!({"task": "t", "runtime": {"kind": "claude_code", "permissionMode": "dont_ask"}}),
            "validation_error",
        ),
        (
            json!({"task": "t", "tools": []}),
            "unsupported_tool_configuration",
        ),
        (
            json!({"task": "t", "repoUrl": "x"}),
            "unsupported_workspace_attachment",
        ),
        (json!([]), "validation_error"),
    ] {
        refused(&api.post("/v1/runs", &body).await, 400, code);
    }
    let bearer = format!("Bearer {}", api.router.api_key());
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    refused(
        &api.raw("POST", "/v1/runs", &headers, b"{").await,
        400,
        "bad_request",
    );
    let large = format!("{{\"task\":\"{}\"}}", "x".repeat(1 << 20));
    refused(
        &api.raw("POST", "/v1/runs", &headers, large.as_bytes())
            .await,
        413,
        "bad_request",
    );
    for query in [
        "status=running2",
        "limit=0",
        "limit=101",
        "limit=x",
        "page=1",
        "limit=1&limit=2",
    ] {
        refused(
            &api.get(&format!("/v1/runs?{query}")).await,
            400,
            "validation_error",
        );
    }
    let id = api.create(json!({"task": "t"})).await;
    for query in ["limit=501", "limit=0", "afterSeq=-1", "afterSeq=x"] {
        refused(
            &api.get(&format!("/v1/runs/{id}/events?{query}")).await,
            400,
            "validation_error",
        );
    }
    for path in ["cancel", "close"] {
        let extra = api
            .post(&format!("/v1/runs/{id}/{path}"), &json!({"x": 1}))
            .await;
        refused(&extra, 400, "validation_error");
    }
    for path in ["", "/session", "/events", "/turns", "/artifacts"] {
        refused(
            &api.get(&format!("/v1/runs/none{path}")).await,
            404,
            "run_not_found",
        );
    }
}

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
async fn pages_and_snapshots_hold_five_hundred_events() {
    let api = start().await;
    let id = api.create(json!({"task": "emulate:long"})).await;
    let mut after = 0;
    let mut sizes = Vec::new();
    loop {
        let page = api
            .get(&format!("/v1/runs/{id}/events?afterSeq={after}&limit=500"))
            .await
            .json();
        sizes.push(page["items"].as_array().unwrap().len());
        after = page["nextAfterSeq"].as_u64().unwrap();
        if sizes.last() == Some(&0) {
            break;
        }
    }
    assert_eq!((sizes, after), (vec![500, 500, 202, 0], 1202));
    let frames = api.get(&format!("/v1/runs/{id}/stream?afterSeq=700")).await;
    assert_eq!(
        frames.header("content-type"),
        Some("text/event-stream; charset=utf-8")
    );
    let frames = frames.text();
    assert!(
        frames.starts_with("id: 701\nevent: agent.progress\ndata: {"),
        "{}",
        &frames[..80]
    );
    assert_eq!(frames.matches("\n\n").count(), 500);
    for nothing in [
        format!("/v1/runs/{id}/stream?afterSeq=9999"),
        "/v1/runs/none/stream".to_owned(),
    ] {
        assert_eq!(
            api.get(&nothing).await.text(),
            "event: heartbeat\ndata: {}\n\n"
        );
    }
}

#[tokio::test]
async fn artifacts_are_what_their_records_say() {
    let api = start().await;
    api.router
        .next_run(AgentRouterScript::new().artifact("workspace_patch", "p", &b"abc"[..]));
    let id = api.create(json!({"task": "t"})).await;
    let items = api.get(&format!("/v1/runs/{id}/artifacts")).await.json()["items"].clone();
    let kinds: Vec<_> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| text(&item["kind"]))
        .collect();
    assert_eq!(
        kinds,
        ["workspace_patch", "session_events", "session_manifest"]
    );
    assert_eq!(items[0]["sizeBytes"], 3);
    assert_eq!(
        items[0]["sha256"],
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    let path = |artifact: &str| format!("/v1/runs/{id}/artifacts/{artifact}/download");
    let file = api.get(&path(&text(&items[0]["id"]))).await;
    assert_eq!(
        (file.body.as_slice(), file.header("content-type")),
        (&b"abc"[..], Some("text/x-patch"))
    );
    refused(&api.get(&path("none")).await, 404, "artifact_not_found");

    let options = AgentRouterOptions::new()
        .artifact_store(false)
        .api_key("ar_given");
    let emulator = builder().agentrouter(options).start().await.unwrap();
    let router = emulator.agentrouter();
    let api = Api { emulator, router };
    assert_eq!(api.router.api_key(), "ar_given");
    refused(
        &api.get("/v1/runs/r/artifacts/a/download").await,
        501,
        "artifact_download_unconfigured",
    );
}

#[tokio::test]
async fn faults_strike() {
    let api = start().await;
    api.router.refuse_next(429, "slow_down", Some(7));
    let refusal = api.get("/v1/runs").await;
    refused(&refusal, 429, "slow_down");
    assert_eq!(refusal.header("retry-after"), Some("7"));
    let id = api.create(json!({"task": "t"})).await;
    api.emulator
        .faults()
        .push(Fault::cut_stream(2).vendor("agentrouter"));
    let bearer = format!("Bearer {}", api.router.api_key());
    let url = format!("{}/v1/runs/{id}/stream", api.router.base_url());
    let mut stream = client::open("GET", &url, &[("authorization", &bearer)], None)
        .await
        .unwrap();
    assert!(stream.next().await.unwrap().is_some());
    assert!(stream.next().await.unwrap().is_some());
    stream.next().await.unwrap_err();

    api.router.lose_answers(1);
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let url = format!("{}/v1/runs", api.router.base_url());
    let body = json!({"task": "t"}).to_string();
    let mut lost = client::open("POST", &url, &headers, Some(body.as_bytes()))
        .await
        .unwrap();
    lost.next().await.unwrap_err();
    assert_eq!(api.router.runs().len(), 2, "carried out all the same");
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
