//! The control API: what programs in other languages see of the vendors and do to them.

use agent_emulator::Emulator;
use serde_json::{Value, json};

use crate::client::{Answer, send};
use crate::support::{builder, create, start};

/// How a run of a vendor is made: its name in paths, the path below, a header and a body.
type Maker = (&'static str, &'static str, (&'static str, String), Value);

async fn post(url: &str, header: (&str, &str), body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), header];
    let body = body.to_string();
    send("POST", url, &headers, Some(body.as_bytes())).await
}

async fn makers(emulator: &Emulator) -> Vec<Maker> {
    let bearer = |token: &str| ("authorization", format!("Bearer {token}"));
    let url = emulator.url();
    let trelent = emulator.trelent();
    let exchange = json!({
        "client_id": trelent.client_id(), "client_secret": trelent.client_secret(), "scope": "AgentOrchestrator:*",
    });
    let token = post(
        &format!("{url}/trelent/token"),
        ("accept", "*/*"),
        &exchange,
    )
    .await;
    let token = token.json()["access_token"].as_str().unwrap().to_owned();
    let agent_os = bearer(emulator.agent_os().token());
    let agents = format!("{url}/agent-os/v1/api/agents");
    let agent = post(
        &agents,
        (agent_os.0, &agent_os.1),
        &json!({"name": "helper"}),
    )
    .await;
    let data_token = emulator.meistrari().data_token().to_owned();
    vec![
        ("trelent", "/runs", bearer(&token), create(json!({}))),
        (
            "meistrari",
            "/v4/agents/execute",
            ("x-data-token", data_token),
            crate::meistrari::first("hi"),
        ),
        (
            "agentrouter",
            "/v1/runs",
            bearer(emulator.agentrouter().api_key()),
            json!({"task": "hi"}),
        ),
        (
            "mentiora",
            "/api/v1/agents/run",
            bearer(emulator.mentiora().api_key()),
            json!({"tag": "production", "message": "hi", "stream": false}),
        ),
        (
            "agent-os",
            "/v1/api/runs",
            agent_os,
            json!({"agent_id": agent.json()["id"], "input": {"message": "hi"}}),
        ),
    ]
}

#[tokio::test]
async fn runs_of_every_vendor_are_scripted_listed_and_released_over_http() {
    let emulator = builder().start().await.unwrap();
    for (vendor, path, header, body) in makers(&emulator).await {
        let control = format!("{}/_control/{vendor}", emulator.url());
        let act = async |action: &str, body: Value| {
            let url = format!("{control}/{action}");
            post(&url, ("accept", "*/*"), &body).await
        };
        let unknown = act("next-run", json!({"scenario": "none"})).await;
        assert_eq!(unknown.status, 400, "{vendor}");
        let why = unknown.text();
        assert!(why.contains("there are standard, "), "{vendor}: {why}");
        let queued = act("next-run", json!({"scenario": "held"})).await;
        assert_eq!(queued.status, 200, "{vendor}: {}", queued.text());

        // Mentiora answers when the run is over, so that both go on at a time.
        let url = format!("{}/{vendor}{path}", emulator.url());
        let created = post(&url, (header.0, &header.1), &body);
        let released = async {
            for _ in 0..1000 {
                let runs = send("GET", &format!("{control}/runs"), &[], None).await;
                if let Some(id) = runs.json()["runs"][0]["id"].as_str() {
                    return act("release", json!({"id": id})).await;
                }
            }
            panic!("{vendor}: no run was made")
        };
        let (created, released) = tokio::join!(created, released);
        assert!(created.status < 300, "{vendor}: {}", created.text());
        assert_eq!(released.json(), json!({"released": true}), "{vendor}");
        let nobody = act("release", json!({"id": "none"})).await;
        assert_eq!(nobody.json(), json!({"released": false}), "{vendor}");
    }
}

#[tokio::test]
async fn a_script_is_written_and_tokens_are_expired_over_http() {
    let api = start().await;
    let control = format!("{}/_control/trelent", api.emulator.url());
    let json_type = [("content-type", "application/json")];
    let post = async |action: &str, body: &str| {
        let url = format!("{control}/{action}");
        send("POST", &url, &json_type, Some(body.as_bytes())).await
    };
    let script = json!({
        "steps": [
            {"event": {"type": "session.started", "tools": []}},
            "hold",
            {"wait_ms": 0},
            {"write_file": {"path": "/a.txt", "content": "A"}},
            {"event": {"type": "session.completed", "exit_code": 1}},
        ],
        "ends": {"failed": "no luck"},
    });
    let queued = post("next-run", &script.to_string()).await;
    assert_eq!(
        (queued.status, queued.json()),
        (200, json!({"queued": true}))
    );
    post("next-run", r#"{"scenario": "empty"}"#).await;
    let run = api.run("hi").await;
    assert_eq!(api.status(&run).await, "running");
    let body = json!({"id": run}).to_string();
    assert_eq!(
        post("release", &body).await.json(),
        json!({"released": true})
    );
    assert_eq!(api.status(&run).await, "failed");
    assert_eq!(
        post("release", &body).await.json(),
        json!({"released": false})
    );
    let view = api.trelent.run(&run).unwrap();
    assert_eq!(
        (view.events.len(), view.files.contains_key("/a.txt")),
        (2, true)
    );
    let empty = api.run("hi").await;
    assert_eq!(api.trelent.run(&empty).unwrap().events.len(), 0);

    assert_eq!(
        post("expire-tokens", "{}").await.json(),
        json!({"expired": 1})
    );
    assert_eq!(api.get("/runs").await.status, 401);
    let asked = send("GET", &format!("{control}/requests"), &[], None).await;
    let asked = asked.json();
    assert_eq!(asked["count"], api.trelent.request_count());
    let last = &asked["requests"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["path"], &last["status"]),
        (&json!("/runs"), &json!(401))
    );

    for (action, body) in [
        ("release", "{}"),
        ("release", r#"{"id": "none", "run_id": "none"}"#),
        ("next-run", "{}"),
        ("next-run", r#"{"scenario": "none"}"#),
        ("next-run", r#"{"scenario": "empty", "more": 1}"#),
        ("next-run", r#"{"steps": ["stop"]}"#),
        ("next-run", r#"{"steps": [], "ends": "well"}"#),
        ("expire-tokens", r#"{"all": true}"#),
    ] {
        assert_eq!(post(action, body).await.status, 400, "{action} {body}");
    }
    assert_eq!(post("nothing", "{}").await.status, 404);
    let untyped = send("POST", &format!("{control}/expire-tokens"), &[], None).await;
    assert_eq!(untyped.status, 415);
    let nobody = format!("{}/_control/nobody/requests", api.emulator.url());
    assert_eq!(send("GET", &nobody, &[], None).await.status, 404);
}
