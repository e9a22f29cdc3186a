//! No secret is shown.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test that can not go on should stop"
)]

use agent_core::testing::{Reply, ScriptedTransport};
use agent_os_sdk::{ClientOptions, RequestOptions, RetryPolicy};
use serde_json::json;

#[path = "support/rig.rs"]
mod rig;

use rig::{SECRET, with};

#[tokio::test(start_paused = true)]
async fn no_secret_is_shown() {
    let transport = ScriptedTransport::new();
    let shown = |things: &[&dyn std::fmt::Debug]| {
        things
            .iter()
            .map(|thing| format!("{thing:?}"))
            .collect::<String>()
    };
    let options = || {
        ClientOptions::new()
            .token(SECRET)
            .header("x-key", SECRET)
            .headers(|| vec![("x-p".to_owned(), SECRET.to_owned())])
    };
    let client = with(&transport, options());
    let raw = RequestOptions::new()
        .header("x-key", SECRET)
        .body(&json!({"password": SECRET}));
    let mut text = shown(&[
        &options(),
        &client,
        &client.runs(),
        &raw,
        &client.chatwoot(),
    ]);

    let secrets = json!({
        "id": "cr", "values": {"api_key": SECRET}, "Values": {"k": SECRET}, "data": {"api_access_token": SECRET},
        "publicConfig": {"url": "http://127.0.0.1:7", "account_id": 1},
    });
    transport
        .reply(Reply::json(&secrets))
        .reply(Reply::json(&secrets));
    let credential = client.credentials().get("cr", true).await.unwrap();
    let config = client.chatwoot().get_config("cr").await.unwrap();
    assert_eq!(config.api_access_token.expose(), SECRET);
    text += &shown(&[&credential, &config]);

    // A body that can not be read holds it too.
    transport.reply(Reply::json(&json!({"values": SECRET})));
    let error = client.credentials().get("cr", true).await.unwrap_err();
    text += &format!("{error} {error:?}");
    transport
        .reply(Reply::json(&secrets))
        .reply(Reply::refused());
    let call = client
        .chatwoot()
        .list_inboxes("cr")
        .retry(RetryPolicy::none());
    let error = call.await.unwrap_err();
    text += &format!("{error} {error:?}");
    assert!(!text.contains(SECRET), "{text}");
}
