//! How to test code that uses the SDK against a mock server, here `httpmock`; and the shape of every request.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "a test that can not go on should stop, and its texts are for people"
)]
#![allow(clippy::large_futures, reason = "httpmock's own")]

use httpmock::{Method, Mock, MockServer, Then, When};
use meistrari_agent_sdk::{
    AgentClient, AgentInput, ApiKeyAuthStrategy, DataTokenAuthStrategy, ErrorExt,
    ExecuteAgentRequest, SessionStatus, SessionStreamEvent, SessionWebhookConfig,
    SessionWebhookEventType, UpdateAgentModelRequest,
};
use serde_json::{Value, json};

/// A client of the mock server, which is API and vault at once.
fn client(server: &MockServer) -> AgentClient {
    AgentClient::builder(server.base_url(), DataTokenAuthStrategy::new("dt"))
        .vault_url(server.base_url())
        .build()
        .unwrap()
}

/// What every request to the API has.
fn asked(when: When, method: Method, path: &str) -> When {
    when.method(method)
        .path(path)
        .header("x-data-token", "dt")
        .header("accept", "application/json")
        .header_missing("authorization")
        .header_missing("x-compatibility-date")
}

/// A request without a body.
fn plain(when: When, method: Method, path: &str) -> When {
    asked(when, method, path)
        .header_missing("content-type")
        .is_true(|request| request.body_ref().is_empty())
}

async fn executes(server: &MockServer, body: Value) -> Mock<'_> {
    server
        .mock_async(|when, then| {
            asked(when, Method::POST, "/v4/agents/execute")
                .header("content-type", "application/json")
                .json_body(body);
            answers(then, json!({"success": true, "sessionId": "ses_1"}));
        })
        .await
}

fn answers(then: Then, body: Value) {
    then.status(200).json_body(body);
}

#[tokio::test]
async fn an_execution_is_one_object_with_what_was_given_and_nothing_else() {
    let server = MockServer::start_async().await;
    let hook = SessionWebhookConfig::new("https://example.com/hook")
        .events([SessionWebhookEventType::SessionCompleted])
        .secret("whsec_1");
    for (request, body) in [
        (
            ExecuteAgentRequest::start(" acme ", "bot", "hi\n"),
            json!({"organizationName": " acme ", "repository": "bot", "message": "hi\n"}),
        ),
        (
            ExecuteAgentRequest::continue_session("ses/1", "next")
                .input(AgentInput::new("vault://x", "x.txt"))
                .environment_variable("K", "")
                .webhook(hook),
            json!({
                "sessionId": "ses/1", "message": "next",
                "inputs": [{"vaultRef": "vault://x", "filename": "x.txt"}],
                "environmentVariables": {"K": ""},
                "webhooks": [{
                    "url": "https://example.com/hook", "events": ["session.completed"], "secret": "whsec_1",
                }],
            }),
        ),
        (
            ExecuteAgentRequest::recover(".."),
            json!({"sessionId": "..", "recover": true}),
        ),
        (
            ExecuteAgentRequest::recover("s")
                .message("")
                .inputs([])
                .environment_variables([] as [(String, String); 0])
                .webhooks([]),
            json!({
                "sessionId": "s", "recover": true, "message": "", "inputs": [], "environmentVariables": {},
                "webhooks": [],
            }),
        ),
    ] {
        let mock = executes(&server, body).await;
        let answer = client(&server).execute_agent(request).await.unwrap();
        assert_eq!(answer.into_session_id().unwrap(), "ses_1");
        mock.assert_async().await;
        mock.delete_async().await;
    }
}

#[tokio::test]
async fn a_stream_asks_for_events_behind_the_cursor() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(Method::GET)
                .path("/v4/sessions/ses_1")
                .query_param("cursor", "0")
                .header("accept", "text/event-stream")
                .header("x-data-token", "dt")
                .header_missing("content-type")
                .header_missing("last-event-id");
            then.status(200).body(
                "data: {\"kind\":\"result\",\"status\":\"waiting_messages\",\"result\":1,\"nextCursor\":3}\n\n",
            );
        })
        .await;
    let mut stream = client(&server)
        .stream_session("ses_1", Some(0))
        .await
        .unwrap();
    match stream.next().await.unwrap().unwrap() {
        SessionStreamEvent::Result(result) => {
            assert_eq!(result.status, Some(SessionStatus::WaitingMessages));
        }
        other => panic!("{other:?}"),
    }
    assert!(stream.next().await.is_none());
    mock.assert_async().await;
}

#[tokio::test]
async fn calls_about_a_session_have_no_body() {
    let server = MockServer::start_async().await;
    let mut mocks = Vec::new();
    for (method, path, body) in [
        (
            Method::POST,
            "/v4/sessions/s/cancel",
            json!({"success": true}),
        ),
        (Method::GET, "/v4/sessions/s/timeline", json!({"spans": []})),
        (Method::GET, "/v4/sessions/s/files", json!({"tree": []})),
        (
            Method::GET,
            "/v4/sessions/s/files/out/a.md",
            json!({"content": "x"}),
        ),
    ] {
        let mock = server.mock_async(|when, then| {
            plain(when, method, path);
            answers(then, body);
        });
        mocks.push(mock.await);
    }
    let client = client(&server);
    client.cancel_session("s").await.unwrap();
    client.fetch_timeline("s").await.unwrap();
    client.list_session_files("s").await.unwrap();
    client.fetch_session_file("s", "/out/a.md").await.unwrap();
    for mock in mocks {
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn a_model_is_put_with_the_repository_in_the_path_alone() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            asked(when, Method::PUT, "/v4/agents/team%2Fbot/model")
                .header("content-type", "application/json")
                .json_body(json!({"model": "m", "commitMessage": ""}));
            answers(then, json!({"success": true, "commitHash": "abc"}));
        })
        .await;
    let request = UpdateAgentModelRequest::new("team/bot", "m").commit_message("");
    let answer = client(&server).update_agent_model(request).await.unwrap();
    assert_eq!(answer.commit_hash.as_deref(), Some("abc"));
    mock.assert_async().await;
}

#[tokio::test]
async fn a_reference_is_two_requests_and_the_second_has_nothing_of_ours() {
    let server = MockServer::start_async().await;
    let url = server.url("/store/o?X-Amz-Signature=a%2Bb&n=1");
    let vault = server
        .mock_async(|when, then| {
            when.method(Method::GET)
                .path("/files/f-1")
                .header("x-data-token", "dt")
                .header("x-compatibility-date", "2025-05-19")
                .header("accept", "application/json");
            answers(then, json!({"url": url, "expiresAt": "x", "metadata": 7}));
        })
        .await;
    let store = server
        .mock_async(|when, then| {
            when.method(Method::GET)
                .path("/store/o")
                .query_param("X-Amz-Signature", "a+b")
                .header_missing("x-data-token")
                .header_missing("x-compatibility-date")
                .header_missing("user-agent")
                .header_missing("authorization");
            then.status(200).body("file");
        })
        .await;
    let bytes = client(&server).resolve_reference("vault://f-1").await;
    assert_eq!(bytes.unwrap(), "file");
    vault.assert_async().await;
    store.assert_async().await;
}

#[tokio::test]
async fn a_refusal_is_told_as_the_vendors_client_tells_it() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(Method::POST)
                .path("/v4/sessions/s/cancel")
                .header("authorization", "Bearer key")
                .header_missing("x-data-token");
            then.status(409)
                .json_body(json!({"error": "Session is not running"}));
        })
        .await;
    let auth = ApiKeyAuthStrategy::new("key");
    let client = AgentClient::builder(server.base_url(), auth)
        .build()
        .unwrap();
    let error = client.cancel_session("s").await.unwrap_err();
    let url = server.url("/v4/sessions/s/cancel");
    assert_eq!(
        error.as_fetch_error().unwrap().to_string(),
        format!(
            "Failed to POST {url}: 409 Conflict:\n{{\n  \"error\": \"Session is not running\"\n}}"
        )
    );
    mock.assert_async().await;
}
