//! How to test code that uses the SDK against a mock server, here `httpmock`; and the shape of the main requests.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail tests")]
#![allow(clippy::large_futures, reason = "httpmock's own")]

use agentrouter_sdk::{
    ActionApprovalMode, AgentRouterClient, AgentRouterOptions, CreateRunRequest,
    RunActionDecisionRequest, agentrouter, claude_code,
};
use httpmock::{Method, MockServer};
use serde_json::json;

fn client(server: &MockServer) -> AgentRouterClient {
    agentrouter(AgentRouterOptions::new("key").base_url(server.base_url())).unwrap()
}

#[tokio::test]
async fn a_run_is_created_with_four_keys_and_a_header() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(Method::POST)
                .path("/v1/runs")
                .header("authorization", "Bearer key")
                .header("content-type", "application/json")
                .header("idempotency-key", "k")
                .json_body(json!({
                    "task": "t", "runtime": {"kind": "claude_code"}, "approvalMode": "manual", "metadata": {"a": [1]},
                }));
            then.status(201)
                .json_body(json!({"id": "run_1", "status": "queued"}));
        })
        .await;
    let request = CreateRunRequest::new("t")
        .runtime(claude_code())
        .approval_mode(ActionApprovalMode::Manual)
        .metadata_entry("a", json!([1]))
        .idempotency_key("k");
    let run = client(&server).create_run(request).await.unwrap();
    assert_eq!(run.id, "run_1");
    mock.assert_async().await;
}

#[tokio::test]
async fn a_decision_names_the_action_in_the_path_and_the_digest_in_the_body() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(Method::POST)
                .path("/v1/runs/run_1/actions/action_1/deny")
                .json_body(json!({"actionDigest": "sha256:abc"}));
            then.status(200).json_body(
                json!({"runId": "run_1", "sequence": 7, "type": "approval.decided", "payload": {}}),
            );
        })
        .await;
    let decision = RunActionDecisionRequest::new("run_1", "action_1", "sha256:abc");
    let event = client(&server).deny_run_action(decision).await.unwrap();
    assert_eq!(event.sequence, 7);
    mock.assert_async().await;
}
