//! What a run leaves to read: pages and snapshots of events, artifacts.

use agent_emulator::{AgentRouterOptions, AgentRouterScript};
use serde_json::json;

use super::{Api, refused, start, text};
use crate::support::builder;

#[tokio::test]
async fn pages_and_snapshots_hold_five_hundred_events() {
    let api = start().await;
    let id = api.create(json!({"task": "emulate:long"})).await;
    let mut after = 0;
    let mut sizes = Vec::new();
    loop {
        let page = api
            .get(&format!("/v1/runs/{id}/events?afterSeq={after}&limit=500"))
            .await
            .json();
        sizes.push(page["items"].as_array().unwrap().len());
        after = page["nextAfterSeq"].as_u64().unwrap();
        if sizes.last() == Some(&0) {
            break;
        }
    }
    assert_eq!((sizes, after), (vec![500, 500, 202, 0], 1202));
    let frames = api.get(&format!("/v1/runs/{id}/stream?afterSeq=700")).await;
    assert_eq!(
        frames.header("content-type"),
        Some("text/event-stream; charset=utf-8")
    );
    let frames = frames.text();
    assert!(
        frames.starts_with("id: 701\nevent: agent.progress\ndata: {"),
        "{}",
        &frames[..80]
    );
    assert_eq!(frames.matches("\n\n").count(), 500);
    for nothing in [
        format!("/v1/runs/{id}/stream?afterSeq=9999"),
        "/v1/runs/none/stream".to_owned(),
    ] {
        assert_eq!(
            api.get(&nothing).await.text(),
            "event: heartbeat\ndata: {}\n\n"
        );
    }
}

#[tokio::test]
async fn artifacts_are_what_their_records_say() {
    let api = start().await;
    api.router
        .next_run(AgentRouterScript::new().artifact("workspace_patch", "p", &b"abc"[..]));
    let id = api.create(json!({"task": "t"})).await;
    let items = api.get(&format!("/v1/runs/{id}/artifacts")).await.json()["items"].clone();
    let kinds: Vec<_> = items
        .as_array()
        .unwrap()
        .iter()
        .map(|item| text(&item["kind"]))
        .collect();
    assert_eq!(
        kinds,
        ["workspace_patch", "session_events", "session_manifest"]
    );
    assert_eq!(items[0]["sizeBytes"], 3);
    assert_eq!(
        items[0]["sha256"],
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    let path = |artifact: &str| format!("/v1/runs/{id}/artifacts/{artifact}/download");
    let file = api.get(&path(&text(&items[0]["id"]))).await;
    assert_eq!(
        (file.body.as_slice(), file.header("content-type")),
        (&b"abc"[..], Some("text/x-patch"))
    );
    refused(&api.get(&path("none")).await, 404, "artifact_not_found");

    let options = AgentRouterOptions::new()
        .artifact_store(false)
        .api_key("ar_given");
    let emulator = builder().agentrouter(options).start().await.unwrap();
    let router = emulator.agentrouter();
    let api = Api { emulator, router };
    assert_eq!(api.router.api_key(), "ar_given");
    refused(
        &api.get("/v1/runs/r/artifacts/a/download").await,
        501,
        "artifact_download_unconfigured",
    );
}
