//! Credentials over plain http: a warning when the client is built, or a refusal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use agent_core::sdk::{Auth, BaseUrl, Pipeline, Setup};
use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{Error, ErrorKind, PlainHttp, SecretString};
use serde_json::json;
use support::broker::Broker;
use support::recorder::Recorder;
use support::{get, setup};
use tracing::Level;

/// How a client may carry a secret.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Secret {
    None,
    Fixed,
    Exchange,
    Header,
}

fn build(base: &str, secret: Secret, rule: PlainHttp) -> Result<Pipeline, Error> {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::json(&json!({"token": "t"})));
    let setup = setup(&wire);
    let auth = match secret {
        Secret::None | Secret::Header => Auth::None,
        Secret::Fixed => Auth::bearer(&SecretString::from("planted")).unwrap(),
        Secret::Exchange => Broker::auth(&["read"]),
    };
    let http = match secret {
        Secret::Header => setup.http.header("x-key", "planted"),
        _ => setup.http,
    };
    Pipeline::new(Setup {
        base: BaseUrl::parse("base_url", base).unwrap(),
        auth,
        http: http.plain_http(rule),
        ..setup
    })
}

const SECRETS: [Secret; 4] = [
    Secret::None,
    Secret::Fixed,
    Secret::Exchange,
    Secret::Header,
];

const ROWS: &[(&str, bool)] = &[
    ("http://toy.test/v1", true),
    ("http://10.0.0.1", true),
    ("http://0.0.0.0:8080", true),
    ("http://[fe80::1]", true),
    ("http://localhost.evil.test", true),
    ("HTTP://TOY.TEST", true),
    ("https://toy.test/v1", false),
    ("https://10.0.0.1", false),
    ("http://localhost:3000", false),
    ("http://LOCALHOST.", false),
    ("http://api.localhost", false),
    ("http://127.0.0.1:8080", false),
    ("http://127.3.2.1", false),
    ("http://[::1]:8080", false),
    ("http://[::ffff:127.0.0.1]", false),
];

#[tokio::test(start_paused = true)]
async fn a_warning_comes_once_when_the_client_is_built_and_only_when_there_is_danger() {
    for &(base, plain) in ROWS {
        for secret in SECRETS {
            let (recorder, _guard) = Recorder::start();
            let client = build(base, secret, PlainHttp::Warn).unwrap();
            let expected = usize::from(plain && secret != Secret::None);
            let warnings = recorder.of_level(Level::WARN);
            assert_eq!(warnings.len(), expected, "{base}, {secret:?}");
            get(&client).await.unwrap();
            get(&client.clone()).await.unwrap();
            let tree = recorder.tree();
            assert_eq!(
                recorder.of_level(Level::WARN).len(),
                expected,
                "{base}, {secret:?}: {tree}"
            );
            assert!(!tree.contains("planted"), "{tree}");
            if let Some(warning) = warnings.first() {
                assert!(
                    warning.name.contains("https"),
                    "it tells what to do: {}",
                    warning.name
                );
                assert_eq!(warning.fields["vendor"], "toy");
                assert!(warning.fields.contains_key("server.address"));
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_asks_for_strictness_gets_an_error_instead() {
    for &(base, plain) in ROWS {
        for secret in SECRETS {
            let (recorder, _guard) = Recorder::start();
            let result = build(base, secret, PlainHttp::Refuse);
            let refused = plain && secret != Secret::None;
            assert_eq!(result.is_err(), refused, "{base}, {secret:?}");
            if let Err(error) = result {
                assert_eq!(error.kind(), ErrorKind::Config);
                assert!(!error.to_string().contains("planted"), "{error}");
            }
            assert!(recorder.of_level(Level::WARN).is_empty(), "{base}");
        }
    }
}
