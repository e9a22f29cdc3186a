//! No secret is shown or logged. Alone in its program: what another thread logs first, without anybody listening,
//! `tracing` may take for uninteresting everywhere.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test that can not go on should stop"
)]

use std::error::Error as _;

use agent_core::testing::{Reply, ScriptedTransport};
use agent_os_sdk::{
    AgentOsClient, ClientOptions, CreateRun, Error, FollowOptions, RequestOptions, RetryPolicy,
    SseOptions,
};
use properties::{LevelFilter, Log};
use serde_json::json;

#[path = "support/operations.rs"]
mod operations;
#[path = "support/rig.rs"]
mod rig;

use operations::{CHATWOOT, OPERATIONS};
use rig::{SECRET, event, header, run, with};

/// A client with secrets wherever one can be.
fn planted(transport: &ScriptedTransport) -> AgentOsClient {
    with(transport, options())
}

fn options() -> ClientOptions {
    ClientOptions::new()
        .token(SECRET)
        .header("x-key", SECRET)
        .headers(|| vec![("x-p".to_owned(), SECRET.to_owned())])
}

/// An error with all that is behind it.
fn all_of(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n{:?}", error.response());
    let mut cause = error.source();
    while let Some(next) = cause {
        text += &format!("\n{next}\n{next:?}");
        cause = next.source();
    }
    text
}

/// Answers whose hidden parts hold a secret.
const ANSWERS: &[fn() -> Reply] = &[
    Reply::refused,
    Reply::broken,
    || Reply::json(&json!({"token": SECRET, "values": [SECRET]})),
    || {
        Reply::status(200)
            .header("set-cookie", SECRET)
            .chunk(SECRET)
    },
    || Reply::json(&json!({})).chunk(SECRET),
    || {
        Reply::status(500)
            .header("x-key", SECRET)
            .chunk(format!("{{\"token\":\"{SECRET}\"}}"))
    },
    || Reply::status(401).header("www-authenticate", SECRET),
    || Reply::status(403).chunk(format!("{{\"message\":\"no right for {SECRET}\"}}")),
    || {
        Reply::status(307).header(
            "location",
            &format!("http://{SECRET}:{SECRET}@localhost:1/?{SECRET}"),
        )
    },
];

/// A credential whose secret is the planted one.
fn secret_credential() -> Reply {
    Reply::json(&json!({
        "id": "cr", "values": {"api_key": SECRET}, "publicConfig": {"url": "http://127.0.0.1:7", "account_id": 3},
    }))
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_shown_or_logged_by_any_operation_in_any_failure() {
    let (log, _guard) = Log::listen(LevelFilter::TRACE);
    let (mut shown, mut failed) = (String::new(), 0);
    for reply in ANSWERS {
        for (op, to_chatwoot) in OPERATIONS
            .iter()
            .map(|op| (op, false))
            .chain(CHATWOOT.iter().map(|op| (op, true)))
        {
            let transport = rig::always(*reply);
            if to_chatwoot {
                transport.reply(secret_credential());
            }
            if let Err(error) = (op.call)(&planted(&transport), "id", SECRET).await {
                shown += &all_of(&error);
                failed += 1;
            }
            let first = &transport.requests()[0];
            assert!(header(first, "authorization").unwrap().ends_with(SECRET));
            assert_eq!(
                (header(first, "x-key"), header(first, "x-p")),
                (Some(SECRET), Some(SECRET))
            );
        }
        // Streams, which reconnect.
        let transport = rig::always(*reply);
        transport.reply(Reply::json(&run()));
        transport.reply(Reply::json(&json!({"current_attempt_id": "att"})));
        transport.reply(Reply::events().chunk(event(1, "X") + "event: odd\ndata: {}\n\n"));
        let options = FollowOptions::new().max_reconnects(2).header("x-h", SECRET);
        let create = CreateRun::new("a")
            .input(json!({"password": SECRET}))
            .idempotency_key(SECRET);
        shown += &format!("{options:?}");
        let call = planted(&transport)
            .runs()
            .create_and_stream(create, options);
        shown += &format!("{call:?}");
        let mut stream = call.await.unwrap();
        shown += &format!("{stream:?}");
        while let Some(item) = stream.next().await {
            if let Err(error) = item {
                shown += &all_of(&error);
                failed += 1;
            }
        }
    }
    assert!(failed > 200, "{failed}");
    assert!(!shown.contains(SECRET), "{shown}");
    let logged = log.text();
    for word in [
        "runs.create",
        "chatwoot.list_inboxes",
        "reconnect",
        "attempt",
        "retry",
    ] {
        assert!(logged.contains(word), "{word} is not logged");
    }
    assert!(!logged.contains(SECRET), "the log shows a secret");
}

#[tokio::test]
async fn credentials_over_plain_http_are_warned_of_by_host_alone() {
    let (log, _guard) = Log::listen(LevelFilter::TRACE);
    let transport = ScriptedTransport::new();
    let build = |url: &str| {
        let mut options = options();
        options.http = options.http.transport(transport.shared());
        AgentOsClient::with_options(url, options).unwrap()
    };
    build("https://agent-os.example.com");
    build("http://127.0.0.1:1");
    assert!(!log.text().contains("plain http"));
    let client = build("http://agent-os.example.com");
    assert!(log.text().contains("plain http") && log.text().contains("agent-os.example.com"));

    let leads =
        json!({"data": {"url": "http://chat.example.com", "api_key": SECRET, "account_id": 1}});
    transport.reply(Reply::json(&leads));
    client.chatwoot().get_config("cr").await.unwrap();
    assert!(log.text().contains("chat.example.com"));
    assert!(!log.text().contains(SECRET));
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_shown_by_debug() {
    let (log, _guard) = Log::listen(LevelFilter::TRACE);
    let transport = ScriptedTransport::new();
    let shown = |things: &[&dyn std::fmt::Debug]| {
        things
            .iter()
            .map(|thing| format!("{thing:?}"))
            .collect::<String>()
    };
    let client = planted(&transport);
    let raw = RequestOptions::new()
        .header("x-key", SECRET)
        .body(&json!({"password": SECRET}));
    let mut text = shown(&[
        &SseOptions::new().header("x-key", SECRET),
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
    let trigger = json!({"type": "t", "config": {"secret": SECRET}, "token": SECRET});
    transport.reply(Reply::json(&trigger));
    text += &shown(&[&client.triggers().get("t").await.unwrap()]);

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
    assert!(!log.text().contains(SECRET));
}
