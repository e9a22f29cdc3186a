//! The vault against the emulator and over a script: references, presigned URLs, big files, broken downloads.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "a test that can not go on should stop, and its texts are for people"
)]

use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use meistrari_agent_sdk::{
    AgentClient, ApiKeyAuthStrategy, ErrorExt, ErrorKind, HttpConfig, ReferenceFormat,
    ResolvedReference, TimeoutPhase, VaultReference, is_vault_reference,
};
use serde_json::json;

mod support;

use support::{REFERENCE, emulated, scripted, scripted_with};

#[tokio::test]
async fn a_file_comes_back_in_every_form_without_any_credential_at_the_storage() {
    let (emulator, meistrari, client) = emulated().await;
    let reference = meistrari.put_file("a.json", "application/json", "\u{feff}{\"n\": 1}");
    let bytes = client
        .resolve_reference(&reference)
        .header("x-call", "1")
        .await
        .unwrap();
    assert_eq!(&bytes[..3], "\u{feff}".as_bytes(), "untouched");
    let value: serde_json::Value = client.resolve_reference_json(&reference).await.unwrap();
    assert_eq!(value, json!({"n": 1}));
    let mut pieces = client.resolve_reference_stream(&reference).await.unwrap();
    let mut streamed = Vec::new();
    while let Some(piece) = pieces.next().await {
        streamed.extend_from_slice(&piece.unwrap());
    }
    assert_eq!(streamed, bytes);
    assert!(matches!(
        client.resolve_reference_as(&reference, ReferenceFormat::default()).await.unwrap(),
        ResolvedReference::Bytes(again) if again == bytes
    ));
    assert_eq!(emulator.storage().refused_credentials(), 0);
    let requests = emulator.storage().requests();
    assert_eq!(
        (requests.len(), meistrari.vault_requests().len()),
        (4, 4),
        "one of each per call"
    );
    for request in requests {
        let names: Vec<_> = request
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["accept", "host"], "{request:?}");
    }
    assert!(
        client
            .resolve_reference("vault://nope")
            .await
            .unwrap_err()
            .is_not_found()
    );
    // The vault takes no API keys.
    let client = AgentClient::builder(
        meistrari.base_url(),
        ApiKeyAuthStrategy::new(meistrari.api_key()),
    )
    .vault_url(meistrari.vault_url())
    .build()
    .unwrap();
    assert!(
        client
            .resolve_reference(&reference)
            .await
            .unwrap_err()
            .is_unauthorized()
    );
}

#[tokio::test]
async fn a_big_file_is_streamed_to_a_file_that_is_whole_or_not_there() {
    let (_emulator, meistrari, client) = emulated().await;
    let content: Vec<u8> = (0..40_u32 << 20)
        .map(|n| n.to_le_bytes()[n as usize % 3])
        .collect();
    let reference = meistrari.put_file("big.bin", "application/octet-stream", content.clone());
    let error = client.resolve_reference(&reference).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big.bin");
    let saved = client
        .resolve_reference_stream(&reference)
        .await
        .unwrap()
        .save(&path)
        .await
        .unwrap();
    assert_eq!(saved, content.len() as u64);
    assert!(std::fs::read(&path).unwrap() == content);

    // A download that breaks leaves what was there, and nothing beside it.
    let transport = ScriptedTransport::new();
    transport.reply(Reply::json(
        &json!({"url": "https://storage.example.com/o?s=1"}),
    ));
    transport.reply(Reply::status(200).chunk(vec![7; 1 << 20]).lost());
    let client = scripted(&transport);
    let error = client
        .resolve_reference_stream(REFERENCE)
        .await
        .unwrap()
        .save(&path)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(std::fs::read(&path).unwrap() == content);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_vault_says_must_be_a_web_address() {
    for answer in [
        json!({}),
        json!([]),
        json!({"url": null}),
        json!({"url": "/relative"}),
        json!({"url": "file:///etc/passwd"}),
        json!({"url": "data:,x"}),
        json!({"url": 5}),
        json!({"url": "https://"}),
        json!({"url": "https://user:password@storage.example.com/o"}),
        json!({"url": "https://user@storage.example.com/o"}),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply(Reply::json(&answer));
        let error = scripted(&transport)
            .resolve_reference(REFERENCE)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{answer}");
        assert_eq!(transport.requests().len(), 1);
    }
    // Its query goes as it was given, and storage may send elsewhere.
    let transport = ScriptedTransport::new();
    transport.reply(Reply::json(
        &json!({"url": "https://s.example/a%2Fb?X=%2b+%2B&Y", "metadata": 7}),
    ));
    transport.reply(Reply::status(302).header("location", "http://other.example/c"));
    transport.reply(Reply::status(200).chunk("ok"));
    let bytes = scripted(&transport)
        .resolve_reference(REFERENCE)
        .await
        .unwrap();
    assert_eq!(bytes, "ok");
    let urls: Vec<_> = transport
        .requests()
        .iter()
        .map(|r| r.uri.to_string())
        .collect();
    assert_eq!(
        urls[1..],
        [
            "https://s.example/a%2Fb?X=%2b+%2B&Y",
            "http://other.example/c"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_download_may_take_longer_than_a_call_but_not_be_silent() {
    let answer = json!({"url": "https://s.example/o"});
    let transport = ScriptedTransport::new();
    let client = scripted(&transport);
    let slow = || {
        let minute = Duration::from_secs(60);
        let reply = Reply::status(200).chunk("[1").wait(minute).chunk(",2");
        reply.wait(minute).chunk("]")
    };
    for _ in 0..2 {
        transport.reply(Reply::json(&answer)).reply(slow());
    }
    assert_eq!(client.resolve_reference(REFERENCE).await.unwrap(), "[1,2]");
    let json: Vec<u8> = client.resolve_reference_json(REFERENCE).await.unwrap();
    assert_eq!(json, [1, 2]);
    // The caller's own limit for the whole call stands above it.
    transport.reply(Reply::json(&answer)).reply(slow());
    let call = client.resolve_reference(REFERENCE);
    let error = call
        .total_timeout(Duration::from_secs(90))
        .await
        .unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    transport
        .reply(Reply::json(&answer))
        .reply(Reply::status(200).chunk("x").open());
    let error = client.resolve_reference(REFERENCE).await.unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Idle));
}

#[tokio::test(start_paused = true)]
async fn a_silent_download_is_an_error() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::json(&json!({"url": "https://s.example/o"})));
    transport.reply(Reply::status(200).chunk("x").open());
    let client = scripted_with(
        &transport,
        HttpConfig::new().idle_timeout(Duration::from_secs(30)),
    );
    let mut pieces = client.resolve_reference_stream(REFERENCE).await.unwrap();
    assert_eq!(pieces.next().await.unwrap().unwrap(), "x");
    assert!(pieces.next().await.unwrap().unwrap_err().is_timeout());
    assert!(pieces.next().await.is_none());
}

#[tokio::test]
async fn no_trick_with_a_reference_reaches_another_path() {
    let transport = ScriptedTransport::new();
    let client = scripted(&transport);
    let long = format!("vault://{}", "a".repeat(513));
    for trick in [
        "",
        "vault://",
        "vault:",
        "vault:/x",
        "x",
        "vault://.",
        "vault://..",
        "vault://../files/x",
        "vault://a/b",
        "vault://a\\b",
        "vault://a?b",
        "vault://a#b",
        "vault://a%2fb",
        "vault://%2e%2e",
        "vault://a b",
        " vault://a",
        "vault://a ",
        "vault://a\n",
        "vault://é",
        "vault://a;b",
        "vault://a@b",
        "vault://a:b",
        "https://vault/a",
        "vаult://a",
        "vault://a\u{0}",
        &long,
    ] {
        let error = client.resolve_reference(trick).await.unwrap_err();
        assert!(error.is_invalid_reference(), "{trick:?}");
        assert_eq!(error.reference(), Some(trick));
        assert!(
            trick.len() < 12 || !error.to_string().contains(trick),
            "it may be a signed URL"
        );
        assert!(!is_vault_reference(trick));
    }
    assert!(transport.requests().is_empty());
    for good in [
        "vault://a",
        "VAULT://A-b_c.d~1",
        "vault://...",
        &long[..520],
    ] {
        let reference = VaultReference::parse(good).unwrap();
        assert_eq!(reference.file_id(), &good[8..]);
        assert_eq!(reference.to_string(), format!("vault://{}", &good[8..]));
    }
    let none = AgentClient::builder(support::BASE, ApiKeyAuthStrategy::new("k"))
        .vault_url("")
        .build()
        .unwrap();
    let error = none
        .resolve_reference("not even a reference")
        .await
        .unwrap_err();
    assert_eq!(
        error.message(),
        "vaultUrl is required to resolve vault references"
    );
}
