//! Checkpoints: the chain of a run and its forks, and one of them with its chat and its files.

use flate2::read::GzDecoder;
use serde_json::json;

use crate::client::send;
use crate::shapes::{CHECKPOINT, FULL_CHECKPOINT, check};
use crate::support::{fork, id, start};

#[tokio::test]
async fn a_chain_grows_over_turns_and_forks() {
    let api = start().await;
    let parent = api.run("hi").await;
    let chain = api
        .ok("GET", &format!("/runs/{parent}/checkpoint-chain"), None)
        .await;
    let chain = chain.as_array().unwrap();
    for checkpoint in chain {
        check(checkpoint, CHECKPOINT);
    }
    assert_eq!(
        chain
            .iter()
            .map(|checkpoint| &checkpoint["index"])
            .collect::<Vec<_>>(),
        [0, 1]
    );
    let child = id(&api
        .ok(
            "POST",
            &format!("/runs/{parent}/resume"),
            Some(&fork(json!({}))),
        )
        .await);
    let longer = api
        .ok("GET", &format!("/runs/{child}/checkpoint-chain"), None)
        .await;
    let longer = longer.as_array().unwrap();
    assert_eq!(longer[..2], chain[..]);
    assert_eq!(
        longer
            .iter()
            .map(|checkpoint| &checkpoint["index"])
            .collect::<Vec<_>>(),
        [0, 1, 2, 3]
    );
    // An inherited checkpoint can be read through the child.
    let inherited = chain[0]["checkpoint_id"].as_str().unwrap();
    api.ok(
        "GET",
        &format!("/runs/{child}/checkpoints/{inherited}"),
        None,
    )
    .await;
}

#[tokio::test]
async fn a_checkpoint_has_the_chat_and_the_files() {
    let api = start().await;
    let run = api.run("hi").await;
    let chain = api
        .ok("GET", &format!("/runs/{run}/checkpoint-chain"), None)
        .await;
    let last = chain[1]["checkpoint_id"].as_str().unwrap();
    let full = api
        .ok("GET", &format!("/runs/{run}/checkpoints/{last}"), None)
        .await;
    check(&full, FULL_CHECKPOINT);
    let chat = full["chat_history"].as_array().unwrap();
    let roles: Vec<_> = chat
        .iter()
        .map(|entry| entry["role"].as_str().unwrap())
        .collect();
    assert_eq!(roles, ["user", "assistant", "tool", "assistant"]);
    assert_eq!(chat[0]["content"], "hi");
    let layer = send("GET", full["download_url"].as_str().unwrap(), &[], None).await;
    assert_eq!(layer.status, 200);
    let mut archive = tar::Archive::new(GzDecoder::new(layer.body.as_slice()));
    let names: Vec<_> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect();
    assert_eq!(names, ["workspace/answer.md"]);
}

#[tokio::test]
async fn there_is_none_before_the_first_turn_is_over() {
    let api = start().await;
    let run = api.run("emulate:held").await;
    assert_eq!(
        api.ok("GET", &format!("/runs/{run}/checkpoint-chain"), None)
            .await,
        json!([])
    );
    let answer = api.get(&format!("/runs/{run}/checkpoints/ck")).await;
    assert_eq!(
        (answer.status, answer.json()),
        (404, json!({"detail": "Checkpoint not found"}))
    );
}
