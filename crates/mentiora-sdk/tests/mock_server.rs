//! How to test code that uses the SDK against a mock server, here `httpmock`; and the shape of every resource's
//! requests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can not go on should stop"
)]
#![allow(clippy::large_futures, reason = "httpmock's own")]

use std::time::SystemTime;

use httpmock::{Method, Mock, MockServer};
use mentiora_sdk::{
    AddDocumentsParams, AgentRunParams, AgentStreamEvent, CreateKnowledgeParams, End,
    ListFilesParams, MentioraClient, MentioraConfig, ModelParams, PaginationOptions, TraceEvent,
    TraceType, UpdateKnowledgeParams, UploadFileParams,
};
use serde_json::{Value, json};

fn client(server: &MockServer) -> MentioraClient {
    let base = format!("http://localhost:{}", server.port());
    MentioraClient::new(MentioraConfig::server("key").base_url(base)).unwrap()
}

/// A request with this body, or without one if it is null, and its answer.
async fn takes<'a>(
    server: &'a MockServer,
    method: Method,
    path: &str,
    body: Value,
    answer: Value,
) -> Mock<'a> {
    server
        .mock_async(|when, then| {
            let when = when.method(method).path(path);
            let when = when.header("authorization", "Bearer key");
            // As the vendor's client has it, with a body and without.
            let when = when.header("content-type", "application/json");
            if body.is_null() {
                when.is_true(|request| request.body_ref().is_empty());
            } else {
                when.json_body(body);
            }
            then.status(200).json_body(answer);
        })
        .await
}

#[tokio::test]
async fn a_run_is_one_object_with_what_was_given() {
    let server = MockServer::start_async().await;
    let mock = takes(
        &server,
        Method::POST,
        "/api/v1/agents/run",
        json!({
            "message": "Hi", "stream": false, "tag": "production", "thread_id": "thr_1",
            "model_params": {"temperature": 0.5}, "metadata": {"ticket": 7}
        }),
        json!({
            "thread_id": "thr_1", "agent_id": "agt_1", "agent_revision": 3, "output": "Hello",
            "status": "completed"
        }),
    )
    .await;
    let params = AgentRunParams::tag("production", "Hi")
        .thread_id("thr_1")
        .model_params(ModelParams::new().temperature(0.5))
        .metadata("ticket", 7);
    let result = client(&server).agents().run(params).await.unwrap();
    assert_eq!(
        (result.output.as_str(), result.agent_revision),
        ("Hello", 3)
    );
    mock.assert_async().await;
}

#[tokio::test]
async fn a_stream_asks_for_events_and_gives_them() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(Method::POST)
                .path("/api/v1/agents/run")
                .header("accept", "text/event-stream")
                .json_body(json!({"message": "Hi", "stream": true, "agent_id": "agt_1"}));
            then.status(200)
                .header("content-type", "text/event-stream")
                .body("event: chat.output_text.delta\ndata: {\"delta\": \"Hello\"}\n\n");
        })
        .await;
    let mut events = client(&server)
        .agents()
        .stream(AgentRunParams::agent_id("agt_1", "Hi"));
    let event = events.next().await.unwrap().unwrap();
    assert!(matches!(event, AgentStreamEvent::OutputTextDelta(text) if text.delta == "Hello"));
    assert!(events.next().await.is_none());
    assert_eq!(events.end(), Some(End::ServerClosed));
    mock.assert_async().await;
}

fn file() -> Value {
    json!({
        "file_id": "f1", "filename": "a", "mime_type": "text/plain", "size": 3,
        "created_at": "c", "updated_at": "u"
    })
}

#[tokio::test]
async fn files_are_json_with_their_content_in_base64() {
    let server = MockServer::start_async().await;
    let files = client(&server).files();
    let body = json!({"filename": "a.csv", "content": "YSxi", "mime_type": "text/csv"});
    let upload = takes(
        &server,
        Method::POST,
        "/api/v1/files",
        body,
        json!({"file_id": "f1"}),
    )
    .await;
    let params = UploadFileParams::new("a.csv", "a,b", "text/csv");
    assert_eq!(files.upload(params).await.unwrap().file_id, "f1");
    upload.assert_async().await;

    let list = server
        .mock_async(|when, then| {
            when.method(Method::GET)
                .path("/api/v1/files")
                .query_param("query", "a b")
                .query_param("offset", "5");
            then.status(200)
                .json_body(json!({"data": [file()], "total_count": 6}));
        })
        .await;
    let page = ListFilesParams::new().query("a b").offset(5);
    assert_eq!(files.list(page).await.unwrap().total_count, 6);
    list.assert_async().await;

    let get = takes(
        &server,
        Method::GET,
        "/api/v1/files/f%2F1",
        Value::Null,
        file(),
    )
    .await;
    assert_eq!(files.get("f/1").await.unwrap().size, 3);
    get.assert_async().await;

    let answer = json!({"deleted": true});
    let delete = takes(
        &server,
        Method::DELETE,
        "/api/v1/files/f1",
        Value::Null,
        answer,
    )
    .await;
    assert!(files.delete("f1").await.unwrap().deleted);
    delete.assert_async().await;

    let download = server
        .mock_async(|when, then| {
            when.method(Method::GET).path("/api/v1/files/f1/content");
            then.status(200).body([0, 255]);
        })
        .await;
    assert_eq!(*files.download("f1").await.unwrap(), [0, 255]);
    download.assert_async().await;
}

fn base(name: &str) -> Value {
    json!({
        "knowledge_id": "kb1", "name": name, "document_count": 3, "created_at": "c",
        "updated_at": "u"
    })
}

#[tokio::test]
async fn a_knowledge_base_is_made_renamed_filled_and_deleted() {
    let server = MockServer::start_async().await;
    let knowledge = client(&server).knowledge();
    let path = "/api/v1/knowledge";
    let (sent, made) = (json!({"name": "KB"}), json!({"knowledge_id": "kb1"}));
    let create = takes(&server, Method::POST, path, sent, made).await;
    let params = CreateKnowledgeParams::new("KB");
    assert_eq!(knowledge.create(params).await.unwrap().knowledge_id, "kb1");
    create.assert_async().await;

    let path = "/api/v1/knowledge/kb1";
    let update = takes(
        &server,
        Method::PUT,
        path,
        json!({"name": "new"}),
        base("new"),
    )
    .await;
    let params = UpdateKnowledgeParams::new("kb1", "new");
    assert_eq!(knowledge.update(params).await.unwrap().name, "new");
    update.assert_async().await;

    let documents = "/api/v1/knowledge/kb1/documents";
    let (sent, none) = (json!({"file_ids": ["f1"]}), json!({"documents": []}));
    let add = takes(&server, Method::POST, documents, sent, none).await;
    let params = AddDocumentsParams::new("kb1", ["f1"]);
    assert!(
        knowledge
            .add_documents(params)
            .await
            .unwrap()
            .documents
            .is_empty()
    );
    add.assert_async().await;

    let none = json!({"data": [], "total_count": 0});
    let list = takes(&server, Method::GET, documents, Value::Null, none).await;
    let page = PaginationOptions::new();
    assert_eq!(
        knowledge
            .list_documents("kb1", page)
            .await
            .unwrap()
            .total_count,
        0
    );
    list.assert_async().await;

    let gone = json!({"deleted": true});
    let delete = takes(&server, Method::DELETE, path, Value::Null, gone).await;
    assert!(knowledge.delete("kb1").await.unwrap().deleted);
    delete.assert_async().await;
}

#[tokio::test]
async fn a_trace_is_one_request_with_every_member() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(Method::POST)
                .path("/api/v1/traces")
                .header("authorization", "Bearer key")
                .json_body_includes(
                    json!({
                        "trace_id": "t", "span_id": "s", "name": "n", "type": "llm",
                        "start_time": "1970-01-01T00:00:00.000Z", "end_time": null
                    })
                    .to_string(),
                );
            then.status(200).json_body(json!({"id": "x"}));
        })
        .await;
    let event = TraceEvent::new("t", "s", "n", TraceType::Llm, SystemTime::UNIX_EPOCH);
    let tracing = client(&server).tracing().unwrap();
    assert!(tracing.send_trace(event).await.unwrap().success);
    mock.assert_async().await;
}
