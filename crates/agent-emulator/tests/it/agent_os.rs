//! Agent OS over raw HTTP, and the Chatwoot beside it.

use std::time::Duration;

use agent_emulator::{AgentOsHandle, AgentOsOptions, AgentOsScript, Emulator, Fault, Positions};
use serde_json::{Value, json};

use crate::client::{self, Answer, Stream};
use crate::support::builder;

struct Api {
    emulator: Emulator,
    handle: AgentOsHandle,
    bearer: String,
}

async fn start() -> Api {
    start_with(AgentOsOptions::new()).await
}

async fn start_with(options: AgentOsOptions) -> Api {
    let emulator = builder().agent_os(options).start().await.unwrap();
    let handle = emulator.agent_os();
    let bearer = format!("Bearer {}", handle.token());
    Api {
        emulator,
        handle,
        bearer,
    }
}

impl Api {
    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.call_with(method, path, &[], body).await
    }

    async fn call_with(
        &self,
        method: &str,
        path: &str,
        extra: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let url = format!("{}/v1/api{path}", self.handle.base_url());
        let mut headers = vec![("authorization", self.bearer.as_str())];
        headers.extend(extra);
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        client::send_json(method, &url, &headers, body).await
    }

    async fn ok(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answer = self.call(method, path, body).await;
        assert!(answer.status < 300, "{method} {path}: {}", answer.text());
        answer.json()
    }

    /// Id and attempt of a new run with this script.
    async fn run(&self, script: AgentOsScript) -> (String, String) {
        let agent = self
            .ok("POST", "/agents", Some(&json!({"name": "a"})))
            .await;
        self.handle.next_run(script);
        let body = json!({"agent_id": agent["id"], "input": {"message": "hi"}});
        let run = self.ok("POST", "/runs", Some(&body)).await;
        let run = run["run_id"].as_str().unwrap().to_owned();
        let shown = self.ok("GET", &format!("/runs/{run}"), None).await;
        let attempt = shown["current_attempt_id"].as_str().unwrap().to_owned();
        (run, attempt)
    }

    async fn stream(&self, run: &str, attempt: &str, after: &str, last: Option<&str>) -> Stream {
        let base = self.handle.base_url();
        let query = format!("attemptId={attempt}&afterSeq={after}");
        let url = format!("{base}/v1/api/runs/{run}/events/stream?{query}");
        let mut headers = vec![
            ("authorization", self.bearer.as_str()),
            ("accept", "text/event-stream"),
        ];
        headers.extend(last.map(|last| ("last-event-id", last)));
        client::open("GET", &url, &headers, None).await.unwrap()
    }
}

/// Ids of all frames to the end.
async fn ids(mut stream: Stream) -> Vec<u64> {
    let mut ids = Vec::new();
    while let Some(chunk) = stream.next().await.unwrap() {
        let text = String::from_utf8(chunk).unwrap();
        let id = text
            .strip_prefix("id: ")
            .and_then(|rest| rest.lines().next());
        ids.push(id.unwrap().parse().unwrap());
    }
    ids
}

fn four_events() -> AgentOsScript {
    AgentOsScript::new()
        .event("RUN_STARTED", json!({}))
        .event("NODE_STARTED", json!({"node": "plan"}))
        .event("NODE_FINISHED", json!({"node": "plan"}))
        .completes(json!({"ok": true}))
}

#[tokio::test]
async fn wrong_tokens_paths_queries_and_bodies_are_refused_in_the_vendors_form() {
    let api = start().await;
    let url = format!("{}/v1/api/me", api.handle.base_url());
    let answer = client::send("GET", &url, &[("authorization", "Bearer no")], None).await;
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (401, json!("UNAUTHORIZED"))
    );
    assert_eq!(client::send("GET", &url, &[], None).await.status, 401);
    for (method, path, body, status) in [
        ("GET", "/nothing", None, 404),
        ("PUT", "/agents", None, 405),
        ("GET", "/agents?page=2", None, 400),
        ("GET", "/agents?limit=x", None, 400),
        ("GET", "/credentials/none?includeValues=yes", None, 400),
        ("GET", "/agents/none", None, 404),
        (
            "POST",
            "/agents",
            Some(json!({"name": "a", "colour": 1})),
            422,
        ),
        ("POST", "/agents", Some(json!({"name": ""})), 422),
        ("POST", "/agents", Some(json!([])), 400),
        ("POST", "/runs", Some(json!({"agent_id": "none"})), 404),
        (
            "POST",
            "/runs",
            Some(json!({"agent_id": "x", "thread": {"thread_id": 1}})),
            422,
        ),
    ] {
        let answer = api.call(method, path, body.as_ref()).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        assert!(answer.json()["code"].is_string(), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_key_is_good_once_and_its_repetition_names_what_was_made() {
    let api = start().await;
    let key = [("idempotency-key", "k1")];
    let body = json!({"name": "a", "metadata": {"x": 1}});
    let first = api.call_with("POST", "/agents", &key, Some(&body)).await;
    assert_eq!(first.status, 201);
    let again = api.call_with("POST", "/agents", &key, Some(&body)).await;
    assert_eq!(again.status, 409);
    assert_eq!(again.json()["agent_id"], first.json()["id"]);
    assert_eq!(api.ok("GET", "/agents", None).await["total"], 1);
}

#[tokio::test]
async fn bundles_are_opaque_and_only_an_agents_own_goes_live() {
    let api = start().await;
    let agent = api.ok("POST", "/agents", Some(&json!({"name": "a"}))).await;
    let path = format!("/agents/{}", agent["id"].as_str().unwrap());
    let bundle = json!({"anything": [1, 2]});
    let bundle = api
        .ok("POST", &format!("{path}/bundles"), Some(&bundle))
        .await;
    assert_eq!(bundle["content"], json!({"anything": [1, 2]}));
    let live = json!({"live_bundle_id": bundle["id"], "metadata": null});
    assert_eq!(
        api.ok("PATCH", &path, Some(&live)).await["live_bundle_id"],
        bundle["id"]
    );
    let other = api
        .call("PATCH", &path, Some(&json!({"live_bundle_id": "bun_x"})))
        .await;
    assert_eq!(other.status, 422);
    assert_eq!(api.call("DELETE", &path, None).await.status, 204);
    assert_eq!(api.call("GET", &path, None).await.status, 404);
}

#[tokio::test]
async fn secret_values_come_only_when_asked_for() {
    let api = start().await;
    let body = json!({"name": "cw", "type": "chatwoot", "values": {"api_key": "s"}, "publicConfig": {"url": "u"}});
    let made = api.ok("POST", "/credentials", Some(&body)).await;
    assert!(made.get("values").is_none());
    let path = format!("/credentials/{}", made["id"].as_str().unwrap());
    let without = api
        .ok("GET", &format!("{path}?includeValues=false"), None)
        .await;
    assert!(without.get("values").is_none());
    let with = api
        .ok("GET", &format!("{path}?includeValues=true"), None)
        .await;
    assert_eq!(with["values"], json!({"api_key": "s"}));
}

#[tokio::test]
async fn triggers_are_listed_by_agent() {
    let api = start().await;
    let agent = api.ok("POST", "/agents", Some(&json!({"name": "a"}))).await;
    let id = agent["id"].as_str().unwrap();
    let body = json!({"agent_id": id, "type": "chatwoot", "config": {"credential_id": "cr_1"}});
    api.ok("POST", "/triggers", Some(&body)).await;
    let found = api
        .ok("GET", &format!("/triggers?agent_id={id}"), None)
        .await;
    assert_eq!(found["items"][0]["config"]["credential_id"], "cr_1");
    let none = api.ok("GET", "/triggers?agent_id=other", None).await;
    assert_eq!(none["items"], json!([]));
}

#[tokio::test]
async fn a_ledger_is_read_page_by_page_behind_a_position() {
    let api = start().await;
    let (run, attempt) = api.run(four_events()).await;
    let path = format!("/runs/{run}/events?attemptId={attempt}");
    let page = api
        .ok("GET", &format!("{path}&afterSeq=1&limit=2"), None)
        .await;
    let seqs: Vec<_> = page["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["seq"].clone())
        .collect();
    assert_eq!(seqs, [json!(2), json!(3)]);
    assert_eq!(
        (
            &page["next_after_seq"],
            &page["has_more"],
            &page["latest_seq"]
        ),
        (&json!(3), &json!(true), &json!(4))
    );
    let end = api
        .ok("GET", &format!("{path}&afterSeq=4&limit=2"), None)
        .await;
    assert_eq!(
        (&end["next_after_seq"], &end["has_more"]),
        (&json!(null), &json!(false))
    );
    assert_eq!(
        api.call("GET", &format!("/runs/{run}/events?attemptId="), None)
            .await
            .status,
        400
    );
    let other = api
        .call("GET", &format!("/runs/{run}/events?attemptId=att_x"), None)
        .await;
    assert_eq!(other.json()["code"], "ATTEMPT_NOT_FOUND");
    let checkpoints = api
        .ok("GET", &format!("/runs/{run}/checkpoints"), None)
        .await;
    assert_eq!(checkpoints["items"][0]["seq"], 3);
}

#[tokio::test]
async fn a_stream_begins_where_the_chosen_rule_says() {
    for (positions, expected) in [
        (Positions::AfterSeq, vec![3, 4]),
        (Positions::AfterSeqInclusive, vec![2, 3, 4]),
        (Positions::LastEventId, vec![4]),
        (Positions::LastEventIdInclusive, vec![3, 4]),
        (Positions::Larger, vec![4]),
        (Positions::Ignored, vec![1, 2, 3, 4]),
    ] {
        let api = start_with(AgentOsOptions::new().positions(positions)).await;
        let (run, attempt) = api.run(four_events()).await;
        let stream = api.stream(&run, &attempt, "2", Some("3")).await;
        assert_eq!(ids(stream).await, expected, "{positions:?}");
    }
    let api = start_with(
        AgentOsOptions::new()
            .positions(Positions::Ignored)
            .first_seq(0),
    )
    .await;
    let (run, attempt) = api.run(four_events()).await;
    assert_eq!(
        ids(api.stream(&run, &attempt, "0", None).await).await,
        [0, 1, 2, 3]
    );
}

#[tokio::test]
async fn a_stream_is_live_tells_of_trouble_and_can_be_cut() {
    let api = start().await;
    let script = AgentOsScript::new()
        .event("RUN_STARTED", json!({}))
        .trouble(json!({"message": "hiccup"}))
        .wait_for_human()
        .event("MORE", json!({}))
        .fails(json!("no"));
    let (run, attempt) = api.run(script).await;
    let mut stream = api.stream(&run, &attempt, "0", None).await;
    let mut next = async || String::from_utf8(stream.next().await.unwrap().unwrap()).unwrap();
    assert!(next().await.starts_with("id: 1\nevent: run_event\ndata: {"));
    assert!(next().await.starts_with("id: 2\nevent: error\n"));
    assert_eq!(api.handle.run(&run).unwrap().status, "waiting_for_human");
    assert!(api.handle.release(&run));
    assert!(next().await.contains("MORE"));
    assert!(next().await.contains("RUN_FAILED"));

    api.emulator
        .faults()
        .push(Fault::cut_stream(1).vendor("agent-os"));
    let mut stream = api.stream(&run, &attempt, "0", None).await;
    assert!(stream.next().await.unwrap().is_some());
    assert!(stream.next().await.is_err());
}

#[tokio::test]
async fn a_retry_begins_another_attempt_with_its_own_ledger() {
    let api = start().await;
    let script = AgentOsScript::new()
        .event("A", json!({}))
        .retry()
        .hold()
        .completes(json!(1));
    let (run, second) = api.run(script).await;
    let view = api.handle.run(&run).unwrap();
    assert_eq!(view.attempts.len(), 2);
    assert_eq!(view.attempts[1].0, second);
    let first = view.attempts[0].0.clone();
    assert_eq!(ids(api.stream(&run, &first, "0", None).await).await, [1, 2]);
    assert!(api.handle.cancel(&run));
    assert_eq!(ids(api.stream(&run, &second, "0", None).await).await, [1]);
    assert_eq!(
        api.ok("GET", &format!("/runs/{run}"), None).await["status"],
        "cancelled"
    );
}

#[tokio::test]
async fn waiting_answers_once_the_run_is_over() {
    let api = start().await;
    let agent = api.ok("POST", "/agents", Some(&json!({"name": "a"}))).await;
    let body = json!({"agent_id": agent["id"], "input": {"message": "hi"}});
    let run = api.ok("POST", "/runs/wait", Some(&body)).await;
    assert_eq!(run["status"], "completed");
    assert_eq!(run["output"], json!({"answer": "You said: hi"}));
}

#[tokio::test(start_paused = true)]
async fn a_silent_stream_has_heartbeats() {
    let builder = builder().heartbeat(Duration::from_secs(5));
    let emulator = builder.start().await.unwrap();
    let handle = emulator.agent_os();
    let bearer = format!("Bearer {}", handle.token());
    let api = Api {
        emulator,
        handle,
        bearer,
    };
    let (run, attempt) = api.run(AgentOsScript::new().hold()).await;
    let mut stream = api.stream(&run, &attempt, "0", None).await;
    let beat = stream.next().await.unwrap().unwrap();
    assert!(beat.starts_with(b"event: heartbeat\ndata: {\"timestamp\":"));
}

#[tokio::test]
async fn chatwoot_keeps_inboxes_and_refuses_what_is_not_for_it() {
    let api = start().await;
    let chatwoot = api.handle.chatwoot();
    let token = [
        ("api_access_token", chatwoot.token()),
        ("content-type", "application/json"),
    ];
    let call = async |method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>| {
        let url = format!("{}{path}", chatwoot.url());
        client::send_json(method, &url, headers, body.as_ref()).await
    };
    let profile = call("GET", "/api/v1/profile", &token[..1], None)
        .await
        .json();
    assert_eq!(profile["accounts"][0]["id"], chatwoot.account_id());
    let path = "/api/v1/accounts/7/inboxes";
    let made = call("POST", path, &token, Some(json!({"name": "Support"})))
        .await
        .json();
    assert_eq!(made["id"], 2);
    assert_eq!(
        call("POST", path, &token, Some(json!({"name": ""})))
            .await
            .status,
        422
    );
    let list = call("GET", path, &token, None).await.json();
    assert_eq!(list["payload"].as_array().unwrap().len(), 2);
    let one = format!("{path}/2");
    let changed = call("PATCH", &one, &token, Some(json!({"name": "N"})))
        .await
        .json();
    assert_eq!(changed["name"], "N");
    assert_eq!(
        call("GET", &format!("{one}/metrics"), &token, None)
            .await
            .status,
        404
    );
    assert_eq!(call("DELETE", &one, &token, None).await.status, 200);
    assert_eq!(call("GET", &one, &token, None).await.status, 404);

    assert_eq!(call("GET", path, &[], None).await.status, 401);
    assert_eq!(chatwoot.leaks(), 0);
    let leak = [token[0], ("authorization", "Bearer x")];
    assert_eq!(call("GET", path, &leak, None).await.status, 400);
    let leak = [token[0], ("x-workspace", "w")];
    assert_eq!(call("GET", path, &leak, None).await.status, 400);
    assert_eq!(chatwoot.leaks(), 2);
    chatwoot.redirect_to(Some("http://127.0.0.1:9/"));
    let moved = call("GET", path, &token, None).await;
    assert_eq!(
        (moved.status, moved.header("location")),
        (302, Some("http://127.0.0.1:9/"))
    );
}
