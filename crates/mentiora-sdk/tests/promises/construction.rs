//! What a client can not be built from, and what it tells a log.

use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use mentiora_sdk::agent_core::PlainHttp;
use mentiora_sdk::{ErrorExt, HttpConfig, MentioraClient, MentioraConfig};
use properties::{LevelFilter, Log};

use crate::rig::{config, delta, params, run_json};

#[test]
fn the_four_refusals_come_in_the_vendors_order() {
    let new = || MentioraConfig::new();
    for (config, expected) in [
        (
            new().api_key("").publishable_key(""),
            "Provide either apiKey (server mode) or publishableKey (browser mode), not both",
        ),
        (new(), "Either apiKey or publishableKey is required"),
        (new().api_key(""), "apiKey must be a non-empty string"),
        (
            new().publishable_key("").base_url("nonsense"),
            "publishableKey must be a non-empty string",
        ),
        (
            new().publishable_key("\r\n"),
            "publishableKey contains characters that cannot be sent in a header",
        ),
        (
            new().publishable_key("k").identity_token("\u{7f}"),
            "identityToken contains characters that cannot be sent in a header",
        ),
        (
            new().api_key("k").base_url("nonsense"),
            "baseUrl is not a valid http(s) URL",
        ),
        (
            new().api_key("k").base_url("ftp://example.com"),
            "baseUrl is not a valid http(s) URL",
        ),
        (
            new().api_key("k").timeout(Duration::ZERO),
            "timeout must not be zero",
        ),
    ] {
        let error = MentioraClient::new(config).unwrap_err();
        assert_eq!(error.message(), expected);
        let view = error.configuration_error().unwrap();
        assert_eq!(
            (view.code(), view.message),
            ("CONFIGURATION_ERROR", expected)
        );
    }
}

#[tokio::test]
async fn the_warning_is_for_an_api_key_to_any_host_but_localhost_by_that_name() {
    for (config, expected) in [
        (
            MentioraConfig::server("k").base_url("http://localhost:3000"),
            0,
        ),
        (
            MentioraConfig::server("k").base_url("http://LOCALHOST/x"),
            0,
        ),
        (
            MentioraConfig::server("k").base_url("http://127.0.0.1:3000"),
            1,
        ),
        (MentioraConfig::server("k").base_url("http://[::1]"), 1),
        (
            MentioraConfig::server("k").base_url("http://localhost.example.com"),
            1,
        ),
        (
            MentioraConfig::server("k").base_url("http://a.localhost"),
            1,
        ),
        (
            MentioraConfig::server("k").base_url("http://example.com"),
            1,
        ),
        (
            MentioraConfig::server("k").base_url("https://example.com"),
            0,
        ),
        (MentioraConfig::server("k"), 0),
        (
            MentioraConfig::browser("k").base_url("http://example.com"),
            0,
        ),
    ] {
        let (log, _guard) = Log::listen(LevelFilter::INFO);
        let text = format!("{config:?}");
        MentioraClient::new(config).unwrap();
        let logged = log.text();
        assert_eq!(logged.matches("WARN").count(), expected, "{text}: {logged}");
    }
    // Strictness is about machines, not names.
    let strict = || HttpConfig::new().plain_http(PlainHttp::Refuse);
    for (config, refused) in [
        (
            MentioraConfig::server("k").base_url("http://example.com"),
            true,
        ),
        (
            MentioraConfig::browser("k").base_url("http://example.com"),
            true,
        ),
        (
            MentioraConfig::server("k").base_url("http://127.0.0.1"),
            false,
        ),
        (
            MentioraConfig::server("k").base_url("http://localhost"),
            false,
        ),
    ] {
        assert_eq!(MentioraClient::new(config.http(strict())).is_err(), refused);
    }
}

#[tokio::test]
async fn debug_logs_calls_without_contents_and_only_when_it_is_on() {
    for debug in [false, true] {
        let (log, _guard) = Log::listen(LevelFilter::INFO);
        let transport = ScriptedTransport::new();
        transport
            .reply(Reply::json(&run_json()))
            .reply(Reply::status(404))
            .reply(Reply::events().chunk(delta("x")));
        let client = MentioraClient::new(config(&transport).debug(debug)).unwrap();
        assert_eq!(client.debug(), debug);
        client.agents().run(params()).await.unwrap();
        client.files().get("f").await.unwrap_err();
        let mut events = client.agents().stream(params());
        while events.next().await.is_some() {}
        let logged = log.text();
        assert_eq!(logged.contains("status=200"), debug, "{logged}");
        assert_eq!(logged.contains("status=404"), debug, "{logged}");
        assert_eq!(logged.contains("closed by the server"), debug, "{logged}");
    }
}
