//! A started emulator with a token, and the calls that most tests make.

use std::time::{Duration, SystemTime};

use agent_emulator::{Emulator, EmulatorBuilder, TrelentHandle};
use serde_json::{Value, json};

use crate::client::{self, Answer, Stream};

pub(crate) const ALL: &str = "AgentOrchestrator:*";

pub(crate) struct Api {
    pub(crate) emulator: Emulator,
    pub(crate) trelent: TrelentHandle,
    pub(crate) token: String,
}

/// A builder whose runs take no time and whose clock starts at 2026-04-16T12:00:00Z.
pub(crate) fn builder() -> EmulatorBuilder {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_776_340_800);
    Emulator::builder().pace(Duration::ZERO).start_time(start)
}

pub(crate) async fn start() -> Api {
    start_with(builder()).await
}

pub(crate) async fn start_with(builder: EmulatorBuilder) -> Api {
    let emulator = builder.start().await.unwrap();
    let trelent = emulator.trelent();
    let mut api = Api {
        emulator,
        trelent,
        token: String::new(),
    };
    api.token = api.token_for(ALL).await;
    api
}

impl Api {
    /// POST /token with the right credentials.
    pub(crate) async fn exchange(&self, scope: &str) -> Answer {
        let body = json!({
            "client_id": self.trelent.client_id(), "client_secret": self.trelent.client_secret(), "scope": scope,
        });
        self.raw(
            "POST",
            "/token",
            &[("content-type", "application/json")],
            Some(&body),
        )
        .await
    }

    /// A token for `scope`; empty when it is not granted.
    pub(crate) async fn token_for(&self, scope: &str) -> String {
        let answer = self.exchange(scope).await;
        answer.json()["access_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Exactly this request, without credentials.
    pub(crate) async fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let url = format!("{}{path}", self.trelent.base_url());
        client::send_json(method, &url, headers, body).await
    }

    /// An authorized call, with a JSON body if there is one.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let bearer = self.bearer();
        let mut headers = vec![("authorization", bearer.as_str())];
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        self.raw(method, path, &headers, body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    /// A call that has to succeed.
    pub(crate) async fn ok(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answer = self.call(method, path, body).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text());
        answer.json()
    }

    /// A new run; its id.
    pub(crate) async fn run(&self, prompt: &str) -> String {
        self.run_with(&create(json!({"prompt": prompt}))).await
    }

    pub(crate) async fn run_with(&self, body: &Value) -> String {
        id(&self.ok("POST", "/runs", Some(body)).await)
    }

    pub(crate) async fn status(&self, run: &str) -> String {
        let answer = self.ok("GET", &format!("/runs/{run}/status"), None).await;
        answer["status"].as_str().unwrap().to_owned()
    }

    /// Subscribes to a run.
    pub(crate) async fn subscribe(&self, run: &str) -> Stream {
        let url = format!("{}/runs/{run}/events", self.trelent.base_url());
        let bearer = self.bearer();
        let headers = [
            ("authorization", bearer.as_str()),
            ("accept", "text/event-stream"),
        ];
        client::open("GET", &url, &headers, None).await.unwrap()
    }

    /// All events of a run that ends.
    pub(crate) async fn events(&self, run: &str) -> Vec<Value> {
        let mut stream = self.subscribe(run).await;
        assert_eq!(stream.status, 200);
        let mut events = Vec::new();
        while let Some(chunk) = stream.next().await.unwrap() {
            events.push(event(&chunk));
        }
        events
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

/// The body of POST /runs, with some keys of its own.
pub(crate) fn create(own: Value) -> Value {
    let mut body = json!({
        "sandbox": "my-sandbox:latest",
        "prompt": "hi",
        "harness": {"kind": "claude_code", "model": "claude-sonnet-4-6"},
        "workdir": null,
        "timeout_seconds": 3600,
        "import_connectors": [],
        "export_connectors": [],
        "secrets": [],
    });
    merge(&mut body, own);
    body
}

/// The body of POST /runs/{id}/resume, with some keys of its own.
pub(crate) fn fork(own: Value) -> Value {
    let mut body = json!({
        "prompt": "go on",
        "workdir": null,
        "timeout_seconds": 3600,
        "import_connectors": [],
        "export_connectors": [],
        "secrets": [],
    });
    merge(&mut body, own);
    body
}

fn merge(body: &mut Value, own: Value) {
    if let (Value::Object(body), Value::Object(own)) = (body, own) {
        body.extend(own);
    }
}

pub(crate) fn id(run: &Value) -> String {
    run["run_id"].as_str().unwrap().to_owned()
}

/// The JSON of one chunk, which holds exactly one event.
pub(crate) fn event(chunk: &[u8]) -> Value {
    let text = std::str::from_utf8(chunk).unwrap();
    let lines: Vec<_> = text
        .strip_suffix("\n\n")
        .expect("a blank line at the end")
        .split('\n')
        .collect();
    let [id, name, data] = lines[..] else {
        panic!("not three lines: {text}");
    };
    let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(id, format!("id: {}", data["seq"]));
    assert_eq!(name, format!("event: {}", data["type"].as_str().unwrap()));
    data
}
