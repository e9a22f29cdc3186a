//! The vendor AgentRouter over raw HTTP.

mod reading;
mod refusals;
mod runs;
mod turns;

use agent_emulator::{AgentRouterHandle, Emulator};
use serde_json::Value;

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
