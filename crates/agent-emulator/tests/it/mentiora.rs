//! Mentiora: agents, threads, streams, refusals, traces, files, knowledge. The shapes are those of the vendor's API
//! reference, written out here.

use std::time::Duration;

use agent_emulator::{EmulatedAgent, Emulator, MentioraHandle, MentioraOptions, MentioraScript};
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
        let body = body.map(ToString::to_string);
        let url = format!("{}{path}", self.url);
        client::send(method, &url, headers, body.as_deref().map(str::as_bytes)).await
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

#[tokio::test]
async fn a_run_has_every_member_of_the_reference() {
    let api = start().await;
    let run = api.expect(200, "POST", RUN, Some(&ask("Hello"))).await;
    let keys: Vec<_> = run
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "agent_id",
        "agent_revision",
        "agent_tag",
        "output",
        "status",
        "thread_id",
        "tool_calls",
        "trace_id",
        "usage",
    ];
    assert_eq!(keys, expected);
    assert_eq!(run["agent_revision"], 3);
    assert_eq!(run["agent_tag"], "production");
    assert_eq!(run["status"], "completed");
    let call = &run["tool_calls"][0];
    assert!(
        call["tool_call_id"].is_string() && call["arguments"].is_object(),
        "{call}"
    );
    assert_eq!(run["usage"]["prompt_tokens"], 1);

    let mut next = ask("Again");
    next["thread_id"] = run["thread_id"].clone();
    let second = api.expect(200, "POST", RUN, Some(&next)).await;
    assert_eq!(second["thread_id"], run["thread_id"]);
    let thread = api.mentiora.thread(run["thread_id"].as_str().unwrap());
    assert_eq!(thread.unwrap(), ["Hello", "Again"]);
}

#[tokio::test]
async fn a_stream_is_one_frame_per_chunk_in_the_vendors_order() {
    let api = start().await;
    let mut stream = api
        .stream(&json!({"message": "Hi", "tag": "staging", "stream": true}))
        .await;
    assert_eq!(stream.status, 200);
    let kind = stream
        .headers
        .iter()
        .find(|(name, _)| name == "content-type");
    assert_eq!(kind.unwrap().1, "text/event-stream; charset=utf-8");
    let mut names = Vec::new();
    let mut text = String::new();
    let mut last = Vec::new();
    while let Some(chunk) = stream.next().await.unwrap() {
        last.clone_from(&chunk);
        if chunk.starts_with(b"data: [DONE]") {
            continue;
        }
        let (name, data) = frame(&chunk);
        match name.as_str() {
            "agent.resolved" => {
                assert_eq!(
                    (&data["agent_revision"], &data["agent_tag"]),
                    (&json!(4), &json!("staging"))
                );
            }
            "chat.output_text.delta" => text.push_str(data["delta"].as_str().unwrap()),
            "chat.completed" => {
                let message = &data["chat"]["output"][1];
                assert_eq!(message["content"][0]["text"], text);
                assert!(data["chat"]["thread_id"].is_string());
            }
            _ => {}
        }
        names.push(name);
    }
    names.dedup();
    let expected = [
        "agent.resolved",
        "agent.thinking",
        "chat.tool_call.delta",
        "chat.tool_call.result",
        "chat.output_text.delta",
        "chat.completed",
        "chat.suggestions",
    ];
    assert_eq!(names, expected);
    assert_eq!(last, b"data: [DONE]\n\n");
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_refused_in_the_vendors_envelope() {
    let api = start().await;
    let with = |own: Value| {
        let mut body = ask("x");
        body.as_object_mut()
            .unwrap()
            .extend(own.as_object().unwrap().clone());
        body
    };
    let without = |key: &str| {
        let mut body = ask("x");
        body.as_object_mut().unwrap().remove(key);
        body
    };
    for (body, status, code) in [
        (without("message"), 400, "invalid_request"),
        (with(json!({"message": " "})), 400, "invalid_request"),
        (with(json!({"message": 7})), 400, "invalid_request"),
        (without("tag"), 400, "invalid_request"),
        (without("stream"), 400, "invalid_request"),
        (
            with(json!({"agent_id": "agt_emulator"})),
            400,
            "invalid_request",
        ),
        (with(json!({"tag": "Production"})), 400, "invalid_request"),
        (with(json!({"tag": ""})), 400, "invalid_request"),
        (with(json!({"thread_id": null})), 400, "invalid_request"),
        (with(json!({"revision": 1.5})), 400, "invalid_request"),
        (with(json!({"metadata": []})), 400, "invalid_request"),
        (with(json!({"threadId": "x"})), 400, "invalid_request"),
        (
            with(json!({"model_params": {"temperature": 2.1}})),
            400,
            "invalid_request",
        ),
        (
            with(json!({"model_params": {"max_tokens": 0}})),
            400,
            "invalid_request",
        ),
        (
            with(json!({"model_params": {"maxTokens": 1}})),
            400,
            "invalid_request",
        ),
        (with(json!({"stream": true})), 400, "invalid_request"),
        (
            with(json!({"message": "emulate:nonsense"})),
            400,
            "invalid_request",
        ),
        (with(json!({"tag": "nobody"})), 404, "agent_not_found"),
        (with(json!({"revision": 9})), 404, "revision_not_found"),
        (
            with(json!({"thread_id": "thr_nowhere"})),
            404,
            "thread_not_found",
        ),
    ] {
        let refusal = api.expect(status, "POST", RUN, Some(&body)).await;
        assert_eq!(refusal["error"]["code"], code, "{body}: {refusal}");
        assert!(refusal["error"]["message"].is_string());
        assert_eq!(refusal.as_object().unwrap().len(), 1);
    }
    assert!(api.mentiora.runs().is_empty());
    let whole = with(json!({
        "revision": 1, "thread_id": "", "model_id": "", "end_user_id": "", "metadata": {"a": null},
        "model_params": {"temperature": 0, "max_tokens": 1, "seed": -1},
    }));
    api.expect(200, "POST", RUN, Some(&whole)).await;
    assert_eq!(api.mentiora.runs()[0].agent_revision, 1);
    for (method, path, status) in [
        ("GET", RUN, 405),
        ("POST", "/api/v2/agents/run", 404),
        ("GET", "/", 404),
    ] {
        let refusal = api.expect(status, method, path, None).await;
        assert!(refusal["error"]["code"].is_string());
    }
}

#[tokio::test]
async fn exactly_one_good_key_is_needed() {
    let options = MentioraOptions::new()
        .api_key("sk")
        .publishable_key("pk")
        .identity_tokens(["jwt"]);
    let api = start_with(options).await;
    let json = ("content-type", "application/json");
    for (headers, status, code) in [
        (vec![], 401, "missing_api_key"),
        (vec![("authorization", "Bearer no")], 401, "invalid_api_key"),
        (vec![("authorization", "sk")], 401, "invalid_api_key"),
        (
            vec![("authorization", "Bearer sk"), ("x-publishable-key", "pk")],
            400,
            "invalid_request",
        ),
        (
            vec![("authorization", "Bearer sk"), ("x-identity-token", "jwt")],
            400,
            "invalid_request",
        ),
        (
            vec![("x-publishable-key", "no"), ("x-identity-token", "jwt")],
            401,
            "invalid_publishable_key",
        ),
        (vec![("x-publishable-key", "pk")], 401, "token_expired"),
        (
            vec![("x-publishable-key", "pk"), ("x-identity-token", "old")],
            401,
            "token_expired",
        ),
        (vec![("authorization", "Bearer sk")], 200, ""),
        (
            vec![("x-publishable-key", "pk"), ("x-identity-token", "jwt")],
            200,
            "",
        ),
    ] {
        let mut headers = headers;
        headers.push(json);
        let answer = api.raw("POST", RUN, &headers, Some(&ask("x"))).await;
        assert_eq!(answer.status, status, "{headers:?}: {}", answer.text());
        if status != 200 {
            assert_eq!(answer.json()["error"]["code"], code, "{headers:?}");
        }
    }
    let traces = [
        json,
        ("x-publishable-key", "pk"),
        ("x-identity-token", "jwt"),
    ];
    let answer = api
        .raw("POST", "/api/v1/traces", &traces, Some(&json!({})))
        .await;
    assert_eq!(answer.status, 401, "traces are for servers");
}

#[tokio::test]
async fn holds_refusals_and_scripts_do_what_they_say() {
    let agent = EmulatedAgent::new("agt_x").tag("only", 1);
    let api = start_with(MentioraOptions::new().agents([agent])).await;
    let ask = json!({"message": "x", "tag": "only", "stream": true});

    api.mentiora
        .refuse_next(429, "rate_limited", "slow", Some("2"));
    let refused = api.stream(&ask).await;
    assert_eq!(refused.status, 429);
    assert!(
        refused
            .headers
            .contains(&("retry-after".to_owned(), "2".to_owned()))
    );

    let script = MentioraScript::new()
        .text("a")
        .hold()
        .wait(Duration::from_millis(1))
        .raw("event: chat.output_text.delta\ndata: {\"del");
    api.mentiora.next_run(script.ends_without_completion());
    let mut stream = api.stream(&ask).await;
    stream.next().await.unwrap().unwrap();
    assert_eq!(
        frame(&stream.next().await.unwrap().unwrap()).1,
        json!({"delta": "a"})
    );
    let run = &api.mentiora.runs()[0];
    assert_eq!(api.mentiora.open_streams(), 1);
    assert!(!api.mentiora.release("run_nowhere") && api.mentiora.release(&run.id));
    let last = stream.next().await.unwrap().unwrap();
    assert_eq!(&last[..], b"event: chat.output_text.delta\ndata: {\"del");
    assert!(stream.next().await.unwrap().is_none());
}

#[tokio::test]
async fn traces_need_every_member() {
    let api = start().await;
    let whole = json!({
        "trace_id": "t", "span_id": "s", "parent_span_id": null, "name": "n", "type": "llm", "input": null,
        "output": null, "start_time": "2025-01-01T00:00:00.000Z", "end_time": null, "duration_ms": null,
        "metadata": null, "tags": [], "error": null, "usage": null, "model": null, "provider": null,
        "thread_id": "th",
    });
    api.expect(201, "POST", "/api/v1/traces", Some(&whole))
        .await;
    assert_eq!(api.mentiora.traces(), std::slice::from_ref(&whole));
    for key in whole.as_object().unwrap().keys() {
        let mut less = whole.clone();
        less.as_object_mut().unwrap().remove(key);
        api.expect(400, "POST", "/api/v1/traces", Some(&less)).await;
    }
    for own in [
        json!({"extra": 1}),
        json!({"type": "span"}),
        json!({"tags": null}),
        json!({"name": null}),
    ] {
        let mut other = whole.clone();
        other
            .as_object_mut()
            .unwrap()
            .extend(own.as_object().unwrap().clone());
        api.expect(400, "POST", "/api/v1/traces", Some(&other))
            .await;
    }
    assert_eq!(api.mentiora.traces().len(), 1);
}

#[tokio::test]
async fn files_and_knowledge_keep_their_state() {
    let api = start().await;
    let files = "/api/v1/files";
    let upload = json!({"filename": "a.txt", "content": "aGk=", "mime_type": "text/plain"});
    let id = api.expect(201, "POST", files, Some(&upload)).await["file_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut bad = upload.clone();
    bad["content"] = "aGk".into();
    api.expect(400, "POST", files, Some(&bad)).await;
    let file = format!("{files}/{id}");
    let metadata = api.expect(200, "GET", &file, None).await;
    assert_eq!(
        (&metadata["size"], &metadata["description"]),
        (&json!(2), &Value::Null)
    );
    let content = api.call("GET", &format!("{file}/content"), None).await;
    assert_eq!(
        (content.body.as_slice(), content.header("content-type")),
        (&b"hi"[..], Some("text/plain"))
    );
    let list = api
        .expect(200, "GET", "/api/v1/files?query=none", None)
        .await;
    assert_eq!(
        list,
        json!({"object": "list", "data": [], "total_count": 0})
    );
    let list = api
        .expect(200, "GET", "/api/v1/files?offset=0&count=1", None)
        .await;
    assert_eq!(
        (&list["data"][0], &list["total_count"]),
        (&metadata, &json!(1))
    );
    api.expect(400, "GET", "/api/v1/files?count=501", None)
        .await;
    api.expect(400, "GET", "/api/v1/files?limit=1", None).await;

    let bases = "/api/v1/knowledge";
    let base = api
        .expect(201, "POST", bases, Some(&json!({"name": "n"})))
        .await;
    let base = format!("{bases}/{}", base["knowledge_id"].as_str().unwrap());
    let documents = format!("{base}/documents");
    api.expect(
        404,
        "POST",
        &documents,
        Some(&json!({"file_ids": ["file_x"]})),
    )
    .await;
    let added = api
        .expect(201, "POST", &documents, Some(&json!({"file_ids": [id]})))
        .await;
    let document = format!(
        "{documents}/{}",
        added["documents"][0]["document_id"].as_str().unwrap()
    );
    assert_eq!(
        api.expect(200, "GET", &document, None).await["status"],
        "READY"
    );
    let details = api.expect(200, "GET", &base, None).await;
    assert_eq!(
        (
            &details["document_count"],
            &details["status_counts"]["READY"]
        ),
        (&json!(1), &json!(1))
    );
    let renamed = api
        .expect(
            200,
            "PUT",
            &base,
            Some(&json!({"name": "m", "description": "d"})),
        )
        .await;
    assert_eq!(
        (&renamed["name"], &renamed["description"]),
        (&json!("m"), &json!("d"))
    );
    assert_eq!(
        api.expect(409, "DELETE", &file, None).await["error"]["code"],
        "conflict"
    );
    api.expect(200, "DELETE", &document, None).await;
    api.expect(404, "DELETE", &document, None).await;
    assert_eq!(
        api.expect(200, "DELETE", &file, None).await,
        json!({"deleted": true})
    );
    api.expect(404, "GET", &file, None).await;
    api.expect(200, "DELETE", &base, None).await;
    api.expect(404, "GET", &base, None).await;
}
