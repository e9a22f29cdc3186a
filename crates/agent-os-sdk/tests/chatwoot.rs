//! Chatwoot: what it sees, and how it fails.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can not go on should stop"
)]

use std::error::Error as _;

use agent_core::testing::{Reply, ScriptedTransport};
use agent_os_sdk::{ChatwootErrorCode, ClientOptions, ErrorExt, ErrorKind, RetryPolicy};
use serde_json::json;

#[path = "support/rig.rs"]
mod rig;

use rig::{SECRET, client, credential, header, with};

#[tokio::test(start_paused = true)]
async fn chatwoot_sees_its_token_and_nothing_of_agent_os() {
    let transport = ScriptedTransport::new();
    transport.reply(credential());
    transport.reply(Reply::json(&json!({"id": 1})));
    let options = ClientOptions::new()
        .token(SECRET)
        .header("x-workspace", "w")
        .headers(|| vec![("x-trace".to_owned(), "t".to_owned())]);
    let client = with(&transport, options);
    client
        .chatwoot()
        .create_inbox("cr", &json!({}))
        .header("authorization", "Bearer other")
        .header("x-call", "c")
        .idempotency_key("k")
        .await
        .unwrap();
    let requests = transport.requests();
    assert_eq!(header(&requests[0], "authorization"), Some("Bearer other"));
    let direct = &requests[1];
    assert_eq!(direct.uri, "http://127.0.0.1:7/api/v1/accounts/3/inboxes");
    assert_eq!(header(direct, "api_access_token"), Some("cw-s3cr3t"));
    assert_eq!(header(direct, "content-type"), Some("application/json"));
    assert_eq!(direct.body, "{}");
    let mut names: Vec<_> = direct.headers.keys().map(ToString::to_string).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["accept", "api_access_token", "content-type", "user-agent"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_chatwoot_token_follows_no_redirect_to_another_origin() {
    let transport = ScriptedTransport::new();
    transport.reply(credential());
    transport.reply(Reply::status(302).header("location", "http://evil.example/"));
    let error = client(&transport)
        .chatwoot()
        .list_inboxes("cr")
        .await
        .unwrap_err();
    assert_eq!(error.chatwoot_code(), Some(&ChatwootErrorCode::ApiError));
    assert_eq!(error.message(), "Chatwoot API error: Found");
    assert_eq!(transport.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn chatwoot_fails_in_the_originals_words() {
    let direct = async |reply: Reply| {
        let transport = ScriptedTransport::new();
        transport.reply(credential());
        transport.reply_with(move |_| reply.clone());
        client(&transport)
            .chatwoot()
            .list_inboxes("cr")
            .retry(RetryPolicy::none())
            .await
    };
    let html = Reply::status(502)
        .header("content-type", "text/html")
        .chunk("<html>");
    let error = direct(html).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Some("API_ERROR"), "Chatwoot API error: Bad Gateway")
    );
    let coded = Reply::status(400)
        .header("content-type", "application/json")
        .chunk(r#"{"code":"X","error":"no"}"#);
    let error = direct(coded).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Some("X"), "no"));
    assert!(error.chatwoot_code().is_some());
    let error = direct(Reply::refused()).await.unwrap_err();
    assert_eq!(
        (error.code(), error.kind()),
        (Some("UNKNOWN_ERROR"), ErrorKind::Transport)
    );
    let error = direct(Reply::json(&json!({"other": []})))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(direct(Reply::json(&json!([1]))).await.unwrap(), [json!(1)]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_discovery_keeps_its_reason() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::json(
        &json!({"data": {"url": "http://127.0.0.1:7", "api_key": "k"}}),
    ));
    transport.reply(Reply::status(401));
    let error = client(&transport)
        .chatwoot()
        .get_inbox_url("cr")
        .await
        .unwrap_err();
    assert_eq!(
        error.chatwoot_code(),
        Some(&ChatwootErrorCode::AccountIdMissing)
    );
    assert!(error.source().unwrap().to_string().contains("401"));
}
