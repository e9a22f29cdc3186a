//! No secret is shown, whatever happens.

use agent_core::testing::{Reply, ScriptedTransport};
use properties::{LevelFilter, Log};
use serde_json::json;
use trelent_agents::{
    Client, ClientOptions, Error, ErrorExt, ErrorKind, StreamOptions, TokenRequest,
};

use crate::ids::{ById, unit};
use crate::rig::{
    self, BASE, CLIENT_ID, CLIENT_SECRET, MakeReply, OPERATIONS, TOKEN, anonymous, healthy,
};
use crate::send_safety::FAILURES;

pub(crate) const HEADER_VALUE: &str = "planted-header-value";
pub(crate) const CALL_HEADER_VALUE: &str = "planted-call-header";

pub(crate) fn assert_no_secret(text: &str, place: &str) {
    assert!(!text.contains("planted"), "{place}: {text}");
}

/// An error with all that is behind it.
pub(crate) fn all_of(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n{:?}", error.details());
    let views = (error.detail(), error.validation_errors());
    text.extend([format!("{views:?}")]);
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.extend([format!("\n{cause}\n{cause:?}")]);
        source = cause.source();
    }
    text
}

pub(crate) fn with_planted_headers(transport: &ScriptedTransport) -> Client {
    let http = rig::http(transport).header("x-api-key", HEADER_VALUE);
    let options = ClientOptions::new()
        .credentials(CLIENT_ID, CLIENT_SECRET)
        .http(http);
    assert_no_secret(&format!("{options:?}"), "options");
    Client::with_options(BASE, options).unwrap()
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_shown_or_logged_by_any_operation_in_any_failure() {
    let (log, _guard) = Log::listen(LevelFilter::TRACE);
    // Besides the usual failures: answers of a wrong form that hold secrets, and servers that repeat what they got.
    let echoes: [MakeReply; 7] = [
        || Reply::json(&json!("planted-token")),
        || Reply::json(&json!({"access_token": "planted-token", "token_type": 5})),
        || Reply::json(&json!([{"planted-secret-value": "planted-secret-value"}])),
        || Reply::json(&json!({"status": {"planted": 1}, "run_id": "planted-token"})),
        || {
            Reply::status(422).chunk(
                json!({"detail": [{"loc": ["body"], "msg": "bad", "type": "t",
                    "input": {"client_secret": CLIENT_SECRET, "value": "planted-secret-value"}}]})
                .to_string(),
            )
        },
        || Reply::status(307).header("location", "http://planted-user:planted-pass@localhost:1/"),
        || {
            Reply::status(200)
                .header("content-type", "application/json")
                .chunk("planted-token")
        },
    ];
    for op in OPERATIONS {
        let replies = FAILURES
            .iter()
            .map(|failure| failure.reply)
            .chain(echoes)
            .enumerate();
        for (index, reply) in replies {
            let name = format!("{}, failure {index}", op.name);
            let transport = op.failing(move |_| reply());
            let client = with_planted_headers(&transport);
            assert_no_secret(&format!("{client:?}"), "client");
            match (op.call)(client.clone()).await {
                Ok(()) => {}
                Err(error) => assert_no_secret(&all_of(&error), &name),
            }
            assert_no_secret(&format!("{client:?}"), "client with a token");
            if op.name != "health"
                && op.name != "tokens.create"
                && !op.requests(&transport).is_empty()
            {
                let sent = &op.requests(&transport)[0].headers;
                assert_eq!(sent["x-api-key"], HEADER_VALUE, "{name}");
                assert_eq!(sent["authorization"], format!("Bearer {TOKEN}"), "{name}");
            }
            // The same failure of the exchange, which never has the value of a secret to repeat.
            let transport = ScriptedTransport::new();
            transport.reply_with(move |_| reply());
            if let Err(error) = (op.call)(with_planted_headers(&transport)).await {
                let shown = all_of(&error).replace("planted-secret-value", "");
                assert_no_secret(&shown, &format!("exchange for {name}"));
            }
        }
    }
    let logged = log.text();
    assert!(logged.contains("runs.create"), "the log is captured");
    assert_no_secret(&logged, "log");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_repeats_a_secret_in_its_complaint_does_not_get_it_into_the_error() {
    let secret = "planted \"quoted\" se\\cret";
    let calls: [(&str, ById); 3] = [
        ("tokens.create", |c, s| {
            unit(c.tokens().create(&TokenRequest::new("id", s, "x")))
        }),
        ("secrets.create", |c, s| unit(c.secrets().create("KEY", s))),
        ("secrets.update", |c, s| unit(c.secrets().update("KEY", s))),
    ];
    for (status, body) in [
        (400, json!({"detail": format!("no: {secret}")}).to_string()),
        (400, format!("not JSON: {secret}")),
        (422, json!({"detail": {"input": secret}}).to_string()),
        (
            422,
            json!({"detail": [{"loc": [secret], "msg": secret, "type": secret}]}).to_string(),
        ),
        (500, json!({"got": secret}).to_string()),
        (
            400,
            json!({"detail": secret})
                .to_string()
                .replace(' ', "\\u0020"),
        ),
        (404, json!({"detail": [secret]}).to_string()),
    ] {
        for (name, call) in calls {
            let reply = Reply::status(status).chunk(body.clone());
            let transport = ScriptedTransport::new();
            transport.reply_with(move |_| reply.clone());
            let error = call(&anonymous(&transport), secret).await.unwrap_err();
            assert_no_secret(&all_of(&error), name);
            assert!(error.message().contains("****"), "{name}: {error}");
            assert_eq!(error.status(), Some(status));
        }
        // Its own secret is not all that a request holds.
        let reply = Reply::status(status).chunk(format!("{body} tok-123"));
        let transport = ScriptedTransport::new();
        transport.reply(Reply::json(&json!({
            "access_token": "tok-123", "token_type": "bearer", "expires_in": 600, "scope": "*",
        })));
        transport.reply(reply);
        let options = rig::options(&transport).credentials("id", "secret");
        let client = Client::with_options(BASE, options).unwrap();
        let error = client.secrets().create("KEY", secret).await.unwrap_err();
        assert_no_secret(&all_of(&error), "secrets.create");
        assert!(!all_of(&error).contains("tok-123"), "{error}");
        // The exchange that the client makes by itself.
        let reply = Reply::status(status).chunk(body.clone());
        let transport = ScriptedTransport::new();
        transport.reply_with(move |_| reply.clone());
        let options = rig::options(&transport).credentials("id", secret);
        let client = Client::with_options(BASE, options).unwrap();
        let error = client.runs().get("run_1").await.unwrap_err();
        assert_no_secret(&all_of(&error), "exchange");
        assert!(
            error
                .message()
                .starts_with(&format!("HTTP {status}: Token request failed: "))
        );
        assert!(error.message().contains("****"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_streams_and_requests_show_no_secret() {
    let transport = ScriptedTransport::new();
    transport.reply_with(healthy);
    let client = with_planted_headers(&transport);
    let run = client.runs().get("run_1").await.unwrap();
    for text in [
        format!(
            "{:?}",
            client.runs().get("x").header("x-k", CALL_HEADER_VALUE)
        ),
        format!(
            "{:?}",
            client.secrets().create("KEY", "planted-secret-value")
        ),
        format!(
            "{:?}",
            client.secrets().update("KEY", "planted-secret-value")
        ),
        format!("{:?}", client.runs()),
        format!("{:?}", client.tokens()),
        format!("{:?}", client.secrets()),
        format!("{:?}", client.sandboxes()),
        format!("{run:?}"),
        serde_json::to_string(&run).unwrap(),
        format!("{:?}", run.wait()),
        format!("{:?}", run.subscribe()),
        format!("{:?}", TokenRequest::new("id", "planted-secret", "s")),
        format!(
            "{:?}",
            client
                .clone()
                .runs()
                .subscribe_with("x", StreamOptions::new().header("x-k", CALL_HEADER_VALUE))
        ),
    ] {
        assert_no_secret(&text, "debug");
    }
    // Headers that can not be sent are refused without their value.
    let error = client
        .runs()
        .get("x")
        .header("x-k", "planted\nvalue")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_no_secret(&all_of(&error), "header");
}
