//! Mentiora: agents, threads, streams, refusals, traces, files, knowledge. The shapes are those of the vendor's API
//! reference, written out here.

mod records;
mod refusals;
mod runs;

use agent_emulator::{Emulator, MentioraHandle, MentioraOptions};
use serde_json::{Value, json};

use crate::client::{self, Answer, Stream};
use crate::support::builder;

struct Api {
    _emulator: Emulator,
    mentiora: MentioraHandle,
    url: String,
}

async fn start() -> Api {
    start_with(MentioraOptions::new()).await
}

async fn start_with(options: MentioraOptions) -> Api {
    let emulator = builder().mentiora(options).start().await.unwrap();
    let mentiora = emulator.mentiora();
    // The little client takes addresses, not names.
    let url = mentiora.base_url().replace("localhost", "127.0.0.1");
    Api {
        _emulator: emulator,
        mentiora,
        url,
    }
}

const RUN: &str = "/api/v1/agents/run";

impl Api {
    fn bearer(&self) -> String {
        format!("Bearer {}", self.mentiora.api_key())
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let bearer = self.bearer();
        let mut headers = vec![("authorization", bearer.as_str())];
        if !path.ends_with("/content") {
            headers.push(("content-type", "application/json"));
        }
        self.raw(method, path, &headers, body).await
    }

    async fn raw(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let url = format!("{}{path}", self.url);
        client::send_json(method, &url, headers, body).await
    }

    /// A call that has to be answered with this status.
    async fn expect(&self, status: u16, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answer = self.call(method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        answer.json()
    }

    async fn stream(&self, body: &Value) -> Stream {
        let bearer = self.bearer();
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("accept", "text/event-stream"),
        ];
        let body = body.to_string();
        let url = format!("{}{RUN}", self.url);
        client::open("POST", &url, &headers, Some(body.as_bytes()))
            .await
            .unwrap()
    }
}

fn ask(message: &str) -> Value {
    json!({"message": message, "tag": "production", "stream": false})
}

/// The name and data of one chunk, which holds exactly one frame.
fn frame(chunk: &[u8]) -> (String, Value) {
    let text = std::str::from_utf8(chunk).unwrap();
    let lines: Vec<_> = text.strip_suffix("\n\n").unwrap().split('\n').collect();
    let [name, data] = lines[..] else {
        panic!("not two lines: {text}");
    };
    let data = data.strip_prefix("data: ").unwrap();
    let name = name.strip_prefix("event: ").unwrap();
    (name.to_owned(), serde_json::from_str(data).unwrap())
}
