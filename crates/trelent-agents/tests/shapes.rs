//! The form of every request over real HTTP on the loopback, and a decoded answer.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]
#![allow(clippy::large_futures, reason = "those of the mock server")]

use std::time::Duration;

use httpmock::Method::{DELETE, GET, POST, PUT};
use httpmock::MockServer;
use serde_json::{Value, json};
use trelent_agents::{
    Client, ClientOptions, CodexHarnessSpec, CreateRunOptions, EventData, EventType, HarnessKind,
    HttpConfig, ResumeRunOptions, RunSecretBinding, RunStatus, S3Exporter, SecretsProvider,
    SharedWorkspaceExporter, SharedWorkspaceImporter, TokenRequest,
};

#[path = "support/rig.rs"]
mod rig;

use rig::{checkpoint_json, run_json, secret_json, token_json};

/// A server with a token endpoint, and a client with credentials; both below a prefix.
async fn served() -> (MockServer, Client) {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method(POST)
                .path("/agent/token")
                .header("content-type", "application/json")
                .header_missing("authorization")
                .json_body(json!({
                    "client_id": rig::CLIENT_ID,
                    "client_secret": rig::CLIENT_SECRET,
                    "scope": "AgentOrchestrator:*",
                }));
            then.status(200).json_body(token_json());
        })
        .await;
    let client = Client::with_options(
        server.url("/agent//"),
        ClientOptions::new().credentials(rig::CLIENT_ID, rig::CLIENT_SECRET),
    )
    .unwrap();
    (server, client)
}

/// Expects one request and answers it.
macro_rules! expect {
    ($server:expr, $status:expr, $answer:expr, |$when:ident| $conditions:expr) => {
        $server
            .mock_async(|$when, then| {
                let _ = $conditions.header("authorization", "Bearer planted-token");
                then.status($status).json_body($answer);
            })
            .await
    };
}

fn no_body(when: httpmock::When) -> httpmock::When {
    when.header_missing("content-type")
        .is_true(|request| request.body_ref().is_empty())
}

#[tokio::test]
async fn health() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            no_body(when.method(GET).path("/health"))
                .header_missing("authorization")
                .header("accept", "application/json")
                .header(
                    "user-agent",
                    concat!("trelent-agents-rust/", env!("CARGO_PKG_VERSION")),
                );
            then.status(200)
                .json_body(json!({"status": "ok", "version": "1"}));
        })
        .await;
    let client = Client::with_options(
        server.base_url(),
        ClientOptions::new().credentials("id", "secret"),
    )
    .unwrap();
    let health = client.health().await.unwrap();
    assert_eq!(health.status, "ok");
    assert_eq!(health.extra["version"], "1");
    mock.assert_async().await;
}

#[tokio::test]
async fn tokens_create() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(POST)
                .path("/token")
                .header_missing("authorization")
                .json_body(json!({"client_id": "id", "client_secret": "s", "scope": ""}));
            then.status(200).json_body(json!({
                "access_token": "t", "token_type": "Bearer", "expires_in": "60", "scope": "x"}));
        })
        .await;
    let client = Client::new(server.base_url()).unwrap();
    let token = client
        .tokens()
        .create(&TokenRequest::new("id", "s", ""))
        .await
        .unwrap();
    assert_eq!((token.access_token.as_str(), token.expires_in), ("t", 60));
    mock.assert_async().await;
}

#[tokio::test]
async fn sandboxes_list() {
    let (server, client) = served().await;
    let mock = expect!(
        server,
        200,
        json!([{"name": "a", "tags": ["latest", "v1"]}, {"name": "b", "tags": []}]),
        |when| no_body(when.method(GET).path("/agent/sandboxes"))
    );
    let images = client.sandboxes().list().await.unwrap();
    assert_eq!(images[0].name, "a");
    assert_eq!(images[0].tags, ["latest", "v1"]);
    assert_eq!(images.len(), 2);
    mock.assert_async().await;
}

#[tokio::test]
async fn runs_create_with_nothing_but_image_and_prompt() {
    let (server, client) = served().await;
    let mock = expect!(server, 201, run_json("run_9", "pending"), |when| when
        .method(POST)
        .path("/agent/runs")
        .header("content-type", "application/json")
        .json_body(json!({
            "sandbox": "my-sandbox:latest", "prompt": "hi",
            "harness": {"kind": "claude_code", "model": "claude-sonnet-4-6"},
            "workdir": null, "timeout_seconds": 3600,
            "import_connectors": [], "export_connectors": [], "secrets": []})));
    let run = client
        .runs()
        .create(CreateRunOptions::new("my-sandbox:latest", "hi"))
        .await
        .unwrap();
    assert_eq!(run.id, "run_9");
    assert_eq!(run.status, RunStatus::Pending);
    assert_eq!(run.harness.kind, HarnessKind::ClaudeCode);
    mock.assert_async().await;
}

#[tokio::test]
async fn runs_create_with_everything() {
    let (server, client) = served().await;
    let mock = expect!(server, 202, run_json("run_9", "starting"), |when| when
        .method(POST)
        .path("/agent/runs")
        .json_body(json!({
            "sandbox": "image", "prompt": "päth \"quoted\"\n",
            "harness": {"kind": "codex", "model": "mini"},
            "workdir": "/work", "timeout_seconds": 61,
            "import_connectors": [
                {"source": {"target": "shared_drive", "name": "W", "subpath": "in"}}],
            "export_connectors": [
                {"source": {"target": "run_snapshot", "include": ["/**"], "exclude": [],
                    "run_id": null},
                 "drain": {"target": "s3_dump", "bucket": "b", "prefix": ""}},
                {"source": {"target": "shared_drive", "name": "W", "directory": null},
                 "drain": {"target": "s3_dump", "bucket": null, "prefix": "p/"}}],
            "secrets": ["A", {"name": "B", "env_var": "VAR", "mount": true}]})));
    let options = CreateRunOptions::new("image", "päth \"quoted\"\n")
        .harness(CodexHarnessSpec::new().model("mini"))
        .workdir(" /work ")
        .timeout(Duration::from_millis(60_001))
        .import(SharedWorkspaceImporter::new("W").subpath("in"))
        .export(S3Exporter::new().bucket("b").path(""))
        .export(SharedWorkspaceExporter::new("W").path("p/"))
        .secret("A")
        .secret(RunSecretBinding::new("B").env_var("VAR").mount(true));
    let run = client.runs().create(options).await.unwrap();
    assert_eq!(run.status, RunStatus::Starting);
    mock.assert_async().await;
}

#[cfg(feature = "imports")]
#[tokio::test]
async fn runs_create_with_a_local_file() {
    use base64::Engine as _;
    use trelent_agents::LocalImporter;

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.txt"), "content").unwrap();
    let (server, client) = served().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(POST).path("/agent/runs").is_true(|request| {
                let body: Value = serde_json::from_slice(request.body_ref()).unwrap();
                let import = &body["import_connectors"][0];
                let data = import["source"]["data"].as_str().unwrap();
                let packed = base64::engine::general_purpose::STANDARD
                    .decode(data)
                    .unwrap();
                import["source"]["target"] == "data_ball"
                    && import["drain"] == json!({"target": "decompress_tarfile"})
                    && packed.starts_with(&[0x1f, 0x8b])
            });
            then.status(200).json_body(run_json("run_9", "pending"));
        })
        .await;
    let options = CreateRunOptions::new("image", "hi").import(LocalImporter::new(folder.path()));
    client.runs().create(options).await.unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn runs_list_with_and_without_an_image() {
    for (sandbox, query) in [
        (None, vec![]),
        (
            Some("my sandbox:l&t=é"),
            vec![("sandbox", "my sandbox:l&t=é")],
        ),
        (Some(""), vec![("sandbox", "")]),
    ] {
        let (server, client) = served().await;
        let wanted: Vec<(String, String)> = query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mock = server
            .mock_async(|when, then| {
                no_body(when.method(GET).path("/agent/runs")).is_true(move |request| {
                    let got: Vec<(String, String)> = request.query_params().into_iter().collect();
                    got == wanted
                });
                then.status(200).json_body(json!([
                    run_json("run_2", "running"),
                    run_json("run_1", "completed")
                ]));
            })
            .await;
        let runs = client.runs().list(sandbox).await.unwrap();
        let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
        assert_eq!(ids, ["run_2", "run_1"], "the server's order");
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn runs_get_and_refresh() {
    let (server, client) = served().await;
    let mock = expect!(server, 200, run_json("run_1", "running"), |when| no_body(
        when.method(GET).path("/agent/runs/run_1")
    ));
    let mut run = client.runs().get("run_1").await.unwrap();
    assert_eq!(run.prompt.as_deref(), Some("hi"));
    assert_eq!(run.workflow_ids.as_ref().unwrap().infra, "wf-1");
    mock.delete_async().await;

    let mut answer = run_json("run_1", "completed");
    answer["prompt"] = Value::Null;
    answer["result"] = json!({"run_id": "run_1", "status": "completed", "output": "done"});
    answer["completed_at"] = json!("2026-04-16T12:01:00Z");
    let mock = expect!(server, 200, answer, |when| no_body(
        when.method(GET).path("/agent/runs/run_1")
    ));
    run.refresh().await.unwrap();
    assert_eq!(run.status, RunStatus::Completed);
    assert_eq!(run.prompt, None, "a null replaces too");
    assert_eq!(run.result.as_ref().unwrap().output.as_deref(), Some("done"));
    mock.delete_async().await;

    // On an error the old state stays.
    let before = run.clone();
    let _mock = expect!(server, 404, json!({"detail": "gone"}), |when| when
        .method(GET)
        .path("/agent/runs/run_1"));
    let error = run.refresh().await.unwrap_err();
    assert_eq!(error.message(), "HTTP 404: gone");
    assert_eq!(run, before);
}

#[tokio::test]
async fn runs_get_status_and_cancel() {
    let (server, client) = served().await;
    let status = expect!(server, 200, rig::status_json("timeout"), |when| no_body(
        when.method(GET).path("/agent/runs/run_1/status")
    ));
    let answer = client.runs().get_status("run_1").await.unwrap();
    assert_eq!(answer.run_id, "run_1");
    assert_eq!(answer.status, RunStatus::Timeout);
    let cancel = expect!(
        server,
        202,
        json!({"status": "cancelling"}),
        |when| no_body(when.method(POST).path("/agent/runs/run_1/cancel"))
    );
    let answer = client.runs().cancel("run_1").await.unwrap();
    assert_eq!(answer.status, "cancelling");
    status.assert_async().await;
    cancel.assert_async().await;
}

#[tokio::test]
async fn checkpoints() {
    let (server, client) = served().await;
    let mut full = checkpoint_json();
    full["download_url"] = json!("https://files.test/layer?signature=x");
    full["chat_history"] = json!([{"role": "user", "content": "hi"}]);
    let chain = expect!(server, 200, json!([full, checkpoint_json()]), |when| {
        no_body(when.method(GET).path("/agent/runs/run_1/checkpoint-chain"))
    });
    let all = client.runs().get_checkpoint_chain("run_1").await.unwrap();
    assert_eq!(all.len(), 2);
    assert_eq!(all[0].chat_history.as_ref().unwrap()[0]["role"], "user");
    assert_eq!(all[1].download_url, None);
    let one = expect!(server, 200, checkpoint_json(), |when| no_body(
        when.method(GET).path("/agent/runs/run_1/checkpoints/ck_1")
    ));
    let checkpoint = client.runs().get_checkpoint("run_1", "ck_1").await.unwrap();
    assert_eq!(
        (checkpoint.index, checkpoint.layer_sha.as_str()),
        (0, "sha256:1")
    );
    chain.assert_async().await;
    one.assert_async().await;
}

#[tokio::test]
async fn run_fork() {
    let (server, client) = served().await;
    let _parent = expect!(server, 200, run_json("run_1", "completed"), |when| when
        .method(GET)
        .path("/agent/runs/run_1"));
    let mut child = run_json("run_2", "pending");
    child["parent_run_id"] = json!("run_1");
    let mock = expect!(server, 200, child, |when| when
        .method(POST)
        .path("/agent/runs/run_1/resume")
        .json_body(json!({
            "prompt": "go on", "workdir": null, "timeout_seconds": 600,
            "import_connectors": [], "export_connectors": [], "secrets": []})));
    let run = client.runs().get("run_1").await.unwrap();
    let child = run
        .fork("go on", ResumeRunOptions::new().timeout_seconds(600))
        .await
        .unwrap();
    assert_eq!(child.id, "run_2");
    assert_eq!(child.parent.as_deref(), Some("run_1"));
    mock.assert_async().await;
    // The child can do what its parent can.
    let grandchild = expect!(server, 200, run_json("run_3", "pending"), |when| when
        .method(POST)
        .path("/agent/runs/run_2/resume"));
    child.fork("more", ResumeRunOptions::new()).await.unwrap();
    grandchild.assert_async().await;
}

#[tokio::test]
async fn runs_subscribe() {
    let (server, client) = served().await;
    let stream = format!(
        "{}{}",
        rig::framed(&json!({
            "version": "v1", "event_id": "ev_1", "run_id": "run_1", "harness_session_id": null,
            "harness": {"kind": "codex", "model": "gpt-5.4"}, "seq": 3,
            "ts": "2026-04-16T12:00:00Z", "raw": null, "type": "turn.started",
            "data": {"type": "turn.started", "turn_id": "t1"}})),
        rig::completed(4),
    );
    let mock = server
        .mock_async(|when, then| {
            no_body(when.method(GET).path("/agent/runs/run_1/events"))
                .header("accept", "text/event-stream")
                .header("authorization", "Bearer planted-token")
                .header_missing("last-event-id");
            then.status(200)
                .header("content-type", "text/event-stream; charset=utf-8")
                .body(stream);
        })
        .await;
    let mut events = client.runs().subscribe("run_1");
    let first = events.next().await.unwrap().unwrap();
    assert_eq!((first.seq, &first.event_type), (3, &EventType::TurnStarted));
    assert_eq!(first.event_id.as_deref(), Some("ev_1"));
    let last = events.next().await.unwrap().unwrap();
    assert!(matches!(&last.data, EventData::SessionCompleted(end) if end.exit_code == 0));
    assert!(events.next().await.is_none());
    mock.assert_async().await;
}

#[tokio::test]
async fn secrets() {
    let (server, client) = served().await;
    let secrets = client.secrets();
    let create = expect!(server, 201, secret_json(), |when| when
        .method(POST)
        .path("/agent/secrets")
        .json_body(json!({"name": "KEY", "value": "v"})));
    let secret = secrets.create("KEY", "v").await.unwrap();
    assert_eq!(secret.provider, SecretsProvider::Aws);
    create.assert_async().await;
    let list = expect!(server, 200, json!([secret_json()]), |when| no_body(
        when.method(GET).path("/agent/secrets")
    ));
    assert_eq!(secrets.list().await.unwrap()[0].name, "KEY");
    list.assert_async().await;
    let get = expect!(server, 200, secret_json(), |when| no_body(
        when.method(GET).path("/agent/secrets/KEY")
    ));
    assert_eq!(secrets.get("KEY").await.unwrap().id, "sec_1");
    get.assert_async().await;
    let update = expect!(server, 200, secret_json(), |when| when
        .method(PUT)
        .path("/agent/secrets/KEY")
        .json_body(json!({"value": "w"})));
    assert_eq!(secrets.update("KEY", "w").await.unwrap().name, "KEY");
    update.assert_async().await;
    let delete = expect!(server, 200, json!({"status": "deleted"}), |when| no_body(
        when.method(DELETE).path("/agent/secrets/KEY")
    ));
    assert_eq!(secrets.delete("KEY").await.unwrap().status, "deleted");
    delete.assert_async().await;
}

#[tokio::test]
async fn headers_paths_and_answers_are_the_users_to_change_and_to_see() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method(GET)
                .path("/v2/r/run_1/state")
                .header("x-tenant", "blue")
                .header("x-call", "1")
                .header("user-agent", "mine/1");
            then.status(200)
                .header("x-request-id", "req_7")
                .json_body(rig::status_json("running"));
        })
        .await;
    let http = HttpConfig::new()
        .header("x-tenant", "blue")
        .user_agent("mine/1")
        .path("runs.get_status", "/v2/r/{run_id}/state");
    let client = Client::with_options(server.base_url(), ClientOptions::new().http(http)).unwrap();
    let answer = client
        .runs()
        .get_status("run_1")
        .header("x-call", "1")
        .with_response()
        .await
        .unwrap();
    assert_eq!(answer.value.status, RunStatus::Running);
    assert_eq!(answer.response.status.as_u16(), 200);
    assert_eq!(answer.response.request_id.as_deref(), Some("req_7"));
    assert_eq!(answer.response.attempts, 1);
    mock.assert_async().await;
}

#[tokio::test]
async fn nobody_there_is_a_transport_error_that_was_never_sent() {
    let client = Client::new("http://127.0.0.1:9").unwrap();
    let error = client
        .health()
        .retry(trelent_agents::RetryPolicy::none())
        .await
        .unwrap_err();
    assert!(error.is_connect());
    assert_eq!(error.sent(), trelent_agents::Sent::Never);
}
