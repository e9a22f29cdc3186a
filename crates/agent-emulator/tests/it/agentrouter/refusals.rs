//! What is refused, and faults.

use agent_emulator::Fault;
use serde_json::json;

use super::{refused, start};
use crate::client::{self};

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
