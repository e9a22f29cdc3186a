//! Meistrari: sessions, their streams and files, the vault.

use agent_emulator::{Emulator, Fault, MeistrariHandle, MeistrariOptions, TurnScript};
use serde_json::{Value, json};

use crate::client::{self, Answer, Stream};
use crate::support::builder;

pub(crate) struct Api {
    pub(crate) emulator: Emulator,
    pub(crate) meistrari: MeistrariHandle,
}

pub(crate) async fn start() -> Api {
    start_with(MeistrariOptions::new()).await
}

pub(crate) async fn start_with(options: MeistrariOptions) -> Api {
    let emulator = builder().meistrari(options).start().await.unwrap();
    Api {
        meistrari: emulator.meistrari(),
        emulator,
    }
}

impl Api {
    async fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let url = format!("{}{path}", self.meistrari.base_url());
        client::send_json(method, &url, headers, body).await
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let mut headers = vec![("x-data-token", self.meistrari.data_token())];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        self.raw(method, path, &headers, body).await
    }

    pub(crate) async fn execute(&self, body: Value) -> Answer {
        self.call("POST", "/v4/agents/execute", Some(&body)).await
    }

    /// A new session; its id.
    pub(crate) async fn session(&self, message: &str) -> String {
        let answer = self.execute(first(message)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        assert_eq!(answer["success"], true);
        answer["sessionId"].as_str().unwrap().to_owned()
    }

    async fn open(&self, session: &str, query: &str) -> Stream {
        let url = format!("{}/v4/sessions/{session}{query}", self.meistrari.base_url());
        let headers = [
            ("x-data-token", self.meistrari.data_token()),
            ("accept", "text/event-stream"),
        ];
        client::open("GET", &url, &headers, None).await.unwrap()
    }

    pub(crate) async fn events(&self, session: &str, query: &str) -> Vec<Value> {
        let mut stream = self.open(session, query).await;
        assert_eq!(stream.status, 200);
        let mut events = Vec::new();
        while let Some(chunk) = stream.next().await.unwrap() {
            events.push(event(&chunk));
        }
        events
    }
}

pub(crate) fn first(message: &str) -> Value {
    json!({"organizationName": "acme", "repository": "support-bot", "message": message})
}

fn event(chunk: &[u8]) -> Value {
    let text = std::str::from_utf8(chunk).unwrap();
    let data = text
        .strip_prefix("data: ")
        .and_then(|text| text.strip_suffix("\n\n"));
    serde_json::from_str(data.unwrap()).unwrap()
}

fn next(session: &str, message: &str) -> Value {
    json!({"sessionId": session, "message": message})
}

#[tokio::test]
async fn a_session_goes_through_turns_and_a_cursor_brings_only_what_is_newer() {
    let api = start().await;
    let id = api.session("one").await;
    let events = api.events(&id, "").await;
    let kinds: Vec<_> = events
        .iter()
        .map(|event| event["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["status", "status", "steps", "steps", "status", "result"]
    );
    assert_eq!(events[0]["status"], "pending");
    assert_eq!(events[0]["nextCursor"], Value::Null);
    assert_eq!(events[1]["status"], "running");
    assert_eq!(events[5]["status"], "waiting_messages");
    assert_eq!(events[5]["nextCursor"], 6);

    assert_eq!(api.events(&id, "?cursor=4").await, events[4..]);
    assert_eq!(api.events(&id, "?cursor=0").await, events);

    assert_eq!(api.execute(next(&id, "two")).await.status, 200);
    let newer = api.events(&id, "?cursor=6").await;
    assert_eq!(newer.first().unwrap()["status"], "pending");
    assert_eq!(newer.last().unwrap()["result"]["text"], "You said: two");
    assert_eq!(newer.last().unwrap()["nextCursor"], 12);
    // Who has everything is told how it stands.
    assert_eq!(
        api.events(&id, "?cursor=12").await,
        [json!({"kind": "status", "status": "waiting_messages", "nextCursor": null})]
    );
    let view = api.meistrari.session(&id).unwrap();
    assert_eq!(view.messages, ["one", "two"]);
}

#[tokio::test]
async fn a_turn_may_begin_only_behind_the_result() {
    let api = start().await;
    let id = api.session("emulate:held").await;
    let busy = api.execute(next(&id, "again")).await;
    assert_eq!(busy.status, 409);
    assert_eq!(
        busy.json(),
        json!({"success": false, "error": "Session is running"})
    );
    let recover = api.execute(json!({"sessionId": id, "recover": true})).await;
    assert_eq!(recover.status, 409);
    assert!(api.meistrari.release(&id));
    assert_eq!(api.execute(next(&id, "again")).await.status, 200);

    let single = api.session("emulate:single").await;
    let over = api.execute(next(&single, "again")).await;
    assert_eq!(over.json()["error"], "Session is completed");
    let failed = api.session("emulate:fail").await;
    assert_eq!(
        api.events(&failed, "").await.last().unwrap()["error"],
        "Sandbox crashed"
    );
    assert_eq!(api.execute(next(&failed, "again")).await.status, 409);
    let recover = json!({"sessionId": failed, "recover": true});
    assert_eq!(api.execute(recover).await.status, 200);
    assert_eq!(
        api.meistrari.session(&failed).unwrap().status,
        "waiting_messages"
    );
}

#[tokio::test]
async fn cancelling_ends_the_turn_and_a_session_of_several_waits_again() {
    let api = start().await;
    let id = api.session("emulate:silent").await;
    let cancel = format!("/v4/sessions/{id}/cancel");
    let mut stream = api.open(&id, "").await;
    for _ in 0..2 {
        stream.next().await.unwrap().unwrap();
    }
    let answer = api.call("POST", &cancel, None).await;
    assert_eq!(
        answer.json(),
        json!({"success": true, "message": "Message cancelled"})
    );
    assert_eq!(
        event(&stream.next().await.unwrap().unwrap())["status"],
        "waiting_messages"
    );
    assert_eq!(
        event(&stream.next().await.unwrap().unwrap())["kind"],
        "result"
    );
    assert!(stream.next().await.unwrap().is_none());
    let again = api.call("POST", &cancel, None).await;
    assert_eq!(again.status, 409);
    assert_eq!(again.json()["error"], "Session is not running");

    let script = TurnScript::new().hold().completes(json!("never"));
    api.meistrari.next_turn(script);
    let single = api.session("one").await;
    api.call("POST", &format!("/v4/sessions/{single}/cancel"), None)
        .await;
    assert_eq!(api.meistrari.session(&single).unwrap().status, "cancelled");
}

#[tokio::test]
async fn files_and_timeline_are_there_once_a_turn_is_over() {
    let api = start().await;
    let id = api.session("hi").await;
    let files = format!("/v4/sessions/{id}/files");
    let tree = api.call("GET", &files, None).await.json();
    assert_eq!(
        tree,
        json!({"tree": [{"path": "output/answer.md", "size": 13}, {"path": "output/chart.bin", "size": 5}]})
    );
    let text = api
        .call("GET", &format!("{files}/output/answer.md"), None)
        .await
        .json();
    assert_eq!(text["encoding"], "raw");
    assert_eq!(text["content"], "# Answer\n\nhi\n");
    let binary = api
        .call("GET", &format!("{files}/output/chart.bin"), None)
        .await
        .json();
    assert_eq!(binary["encoding"], "base64");
    assert_eq!(binary["content"], "AJ+Slv8=");
    assert_eq!(
        api.call("GET", &format!("{files}/nope"), None).await.status,
        404
    );
    let timeline = api
        .call("GET", &format!("/v4/sessions/{id}/timeline"), None)
        .await
        .json();
    assert_eq!(timeline["status"], "waiting_messages");
    assert_eq!(timeline["prompt"], "hi");
    assert_eq!(timeline["spans"].as_array().unwrap().len(), 2);
    assert_eq!(timeline["metrics"]["turns"], 1);
}

#[tokio::test]
async fn a_model_is_changed_by_a_commit() {
    let api = start().await;
    let body = json!({"model": "gpt-9", "commitMessage": "Try it"});
    let answer = api
        .call("PUT", "/v4/agents/a%2Fb/model", Some(&body))
        .await
        .json();
    assert_eq!(answer["success"], true);
    let commit = api.meistrari.commits().remove(0);
    assert_eq!(
        (commit.repository.as_str(), commit.message.as_str()),
        ("a/b", "Try it")
    );
    assert_eq!(answer["commitHash"], commit.hash);
    assert_eq!(commit.hash.len(), 40);
}

#[tokio::test]
async fn requests_that_are_not_as_they_must_be_are_refused() {
    let api = start().await;
    let id = api.session("hi").await;
    let missing = |name: &str| {
        let mut body = first("m");
        body.as_object_mut().unwrap().remove(name);
        body
    };
    let with = |name: &str, value: Value| {
        let mut body = first("m");
        body[name] = value;
        body
    };
    for (body, path) in [
        (missing("organizationName"), "organizationName"),
        (missing("repository"), "repository"),
        (missing("message"), "message"),
        (with("message", json!("  ")), "message"),
        (with("message", json!("emulate:nothing")), "message"),
        (with("surprise", json!(1)), "surprise"),
        (with("message", Value::Null), "message"),
        (with("recover", json!("yes")), "recover"),
        (
            with("inputs", json!([{"vaultRef": "vault://x"}])),
            "inputs[0].filename",
        ),
        (
            with("inputs", json!([{"vaultRef": "x", "filename": "f"}])),
            "inputs[0].vaultRef",
        ),
        (
            with("environmentVariables", json!({"A": 1})),
            "environmentVariables",
        ),
        (json!({"recover": true}), "sessionId"),
        (json!({"sessionId": id}), "message"),
    ] {
        let answer = api.execute(body.clone()).await;
        assert_eq!(answer.status, 400, "{body}");
        assert_eq!(answer.json()["details"][0]["path"], path, "{body}");
    }
    assert_eq!(
        api.execute(next("nope", "m")).await.json(),
        json!({"error": "Session not found"})
    );
    let path = format!("/v4/sessions/{id}/timeline");
    for headers in [
        &[][..],
        &[("x-data-token", "wrong")],
        &[("authorization", "Bearer wrong")],
    ] {
        let answer = api.raw("GET", &path, headers, None).await;
        assert_eq!(
            (answer.status, answer.json()),
            (401, json!({"error": "Unauthorized"}))
        );
    }
    let bearer = format!("Bearer {}", api.meistrari.api_key());
    assert_eq!(
        api.raw("GET", &path, &[("authorization", &bearer)], None)
            .await
            .status,
        200
    );
    assert_eq!(
        api.call("GET", &format!("{path}?x=1"), None).await.status,
        400
    );
    assert_eq!(api.call("GET", &path, Some(&json!({}))).await.status, 400);
    assert_eq!(api.call("DELETE", &path, None).await.status, 405);
    assert_eq!(
        api.call("GET", &format!("/v4/sessions/{id}"), None)
            .await
            .status,
        400,
        "no accept"
    );
    assert_eq!(
        api.call("POST", "/v3/sessions/x/continue", None)
            .await
            .status,
        404
    );
    let refused = api.execute(first("emulate:refused")).await;
    assert_eq!(
        refused.json(),
        json!({"success": false, "error": "Agent repository not found"})
    );
    assert_eq!(api.meistrari.sessions().len(), 1);
}

#[tokio::test]
async fn the_vault_gives_a_presigned_url_on_another_origin() {
    let api = start().await;
    let reference = api.meistrari.put_file("a.txt", "text/plain", "hello");
    let id = reference.strip_prefix("vault://").unwrap();
    assert_eq!(id.len(), 36);
    let url = format!("{}/files/{id}", api.meistrari.vault_url());
    let token = ("x-data-token", api.meistrari.data_token());
    let date = ("x-compatibility-date", "2025-05-19");
    let answer = client::send("GET", &url, &[token, date], None).await.json();
    assert_eq!(answer["metadata"]["originalFileName"], "a.txt");
    assert_eq!(answer["metadata"]["size"], 5);
    let presigned = answer["url"].as_str().unwrap();
    assert!(
        presigned.starts_with(api.emulator.storage().base_url()),
        "{presigned}"
    );
    assert_eq!(
        client::send("GET", presigned, &[], None).await.text(),
        "hello"
    );
    assert_eq!(
        client::send("GET", presigned, &[token], None).await.status,
        400
    );
    assert_eq!(api.emulator.storage().refused_credentials(), 1);

    let bearer = format!("Bearer {}", api.meistrari.api_key());
    let key = ("authorization", bearer.as_str());
    assert_eq!(
        client::send("GET", &url, &[key, date], None).await.status,
        401,
        "no API keys"
    );
    assert_eq!(
        client::send("GET", &url, &[token], None).await.status,
        400,
        "no date"
    );
    let unknown = format!("{}/files/nope", api.meistrari.vault_url());
    assert_eq!(
        client::send("GET", &unknown, &[token, date], None)
            .await
            .status,
        404
    );
    assert_eq!(api.meistrari.vault_requests().len(), 4);

    // Faults find the vault by a name of its own.
    let fault = json!({"fault": "status", "status": 503, "vendor": "vault"}).to_string();
    api.emulator.faults().push_json(&fault).unwrap();
    let answer = client::send("GET", &url, &[token, date], None).await;
    assert_eq!(answer.status, 503);
}

#[tokio::test]
async fn a_cut_stream_breaks_and_is_forgotten_when_the_reader_leaves() {
    let api = start().await;
    api.emulator
        .faults()
        .push(Fault::cut_stream(2).vendor("meistrari"));
    let id = api.session("emulate:held").await;
    let mut stream = api.open(&id, "").await;
    for _ in 0..2 {
        stream.next().await.unwrap().unwrap();
    }
    stream.next().await.expect_err("broken");
    drop(api.open(&id, "").await);
    api.meistrari.release(&id);
    assert_eq!(api.events(&id, "").await.len(), 6);
}
