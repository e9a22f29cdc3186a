//! What fails before anything is sent.

use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use serde_json::json;
use trelent_agents::agent_core::PlainHttp;
use trelent_agents::{Client, ClientOptions, CreateRunOptions, ErrorKind, ResumeRunOptions, Sent};

use crate::rig::{self, BASE, anonymous, authenticated, healthy, lines};
use crate::secrets::{all_of, assert_no_secret};

#[tokio::test(start_paused = true)]
async fn invalid_options_cost_neither_request_nor_token() {
    let transport = ScriptedTransport::new();
    transport.reply_with(healthy);
    let client = authenticated(&transport);
    let run = anonymous(&transport).runs().get("run_1").await.unwrap();
    let create = || CreateRunOptions::new("image", "prompt");
    let fork = ResumeRunOptions::new;
    let range = "timeout_seconds must be between 60 and 86400";
    let empty = "workdir must be non-empty when provided";
    let relative = "workdir must be an absolute path";
    for (create, fork, text) in [
        (
            create().timeout_seconds(59),
            fork().timeout_seconds(59),
            range,
        ),
        (
            create().timeout_seconds(86_401),
            fork().timeout_seconds(86_401),
            range,
        ),
        (
            create().timeout(Duration::ZERO),
            fork().timeout(Duration::ZERO),
            range,
        ),
        (
            create().timeout(Duration::MAX),
            fork().timeout(Duration::MAX),
            range,
        ),
        (create().workdir(" \t"), fork().workdir(" \t"), empty),
        (create().workdir("work"), fork().workdir("work"), relative),
    ] {
        let errors = [
            client.runs().create(create).await.unwrap_err(),
            run.fork("x", fork).await.unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert_eq!(error.message(), text);
            assert_eq!(error.sent(), Sent::Never);
        }
    }
    for call in [
        client.runs().get("x").timeout(Duration::ZERO),
        client.runs().get("x").total_timeout(Duration::ZERO),
        client.runs().get("x").header("x", "a\u{7}b"),
        client.runs().get("x").header("not a name", "v"),
    ] {
        let error = call.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    assert_eq!(transport.requests().len(), 1, "{:?}", lines(&transport));
}

#[cfg(feature = "imports")]
#[tokio::test(start_paused = true)]
async fn an_import_that_can_not_be_read_costs_neither_request_nor_token() {
    use trelent_agents::LocalImporter;

    let transport = ScriptedTransport::new();
    transport.reply_with(healthy);
    let client = authenticated(&transport);
    let run = anonymous(&transport).runs().get("run_1").await.unwrap();
    for (path, kind) in [
        ("/nowhere/at/all", ErrorKind::Io),
        ("", ErrorKind::InvalidArgument),
        ("~", ErrorKind::Io),
    ] {
        let create = CreateRunOptions::new("image", "x").import(LocalImporter::new(path));
        let fork = ResumeRunOptions::new().import(LocalImporter::new(path));
        for (error, operation) in [
            (
                client.runs().create(create).await.unwrap_err(),
                "runs.create",
            ),
            (run.fork("x", fork).await.unwrap_err(), "run.fork"),
        ] {
            assert_eq!(error.kind(), kind, "{path:?}: {error}");
            assert_eq!(error.sent(), Sent::Never);
            assert_eq!(error.operation(), operation);
            assert!(error.message().contains(path));
        }
    }
    assert_eq!(transport.requests().len(), 1);
}

#[test]
fn a_client_that_can_not_work_is_not_built() {
    for url in [
        "",
        "localhost",
        "agents.trelent.com",
        "/api",
        "ftp://h",
        "file:///x",
        "http://",
        "http://h?x=1",
        "https://h/#f",
        "http://user:planted@h",
        "http://h:99999",
        "mailto:a@b",
    ] {
        let error = Client::new(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{url:?}");
        assert_no_secret(&all_of(&error), url);
    }
    let config = trelent_agents::HttpConfig::new;
    for (name, options) in [
        ("timeout", ClientOptions::new().timeout(Duration::ZERO)),
        (
            "attempt",
            ClientOptions::new().http(config().attempt_timeout(Duration::ZERO)),
        ),
        (
            "headers",
            ClientOptions::new().http(config().headers_timeout(Duration::ZERO)),
        ),
        (
            "total",
            ClientOptions::new().http(config().total_timeout(Duration::ZERO)),
        ),
        (
            "connect",
            ClientOptions::new().http(config().connect_timeout(Duration::ZERO)),
        ),
        (
            "idle",
            ClientOptions::new().http(config().idle_timeout(Duration::ZERO)),
        ),
        (
            "header",
            ClientOptions::new().http(config().header("x", "planted\r\ny: z")),
        ),
        (
            "name",
            ClientOptions::new().http(config().header("x y", "v")),
        ),
        (
            "agent",
            ClientOptions::new().http(config().user_agent("a\nb")),
        ),
        (
            "operation",
            ClientOptions::new().http(config().path("runs.nothing", "/x")),
        ),
        (
            "path",
            ClientOptions::new().http(config().path("runs.get", "x/{run_id}")),
        ),
        (
            "host",
            ClientOptions::new().http(config().path("runs.get", "//evil.test/{run_id}")),
        ),
    ] {
        let error = Client::with_options(BASE, options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{name}");
        assert_no_secret(&all_of(&error), name);
    }
    let strict = |url, options: ClientOptions| {
        Client::with_options(url, options.http(config().plain_http(PlainHttp::Refuse)))
    };
    let keys = || ClientOptions::new().credentials("id", "secret");
    assert!(strict("http://api.test", keys()).is_err());
    assert!(strict("http://api.test", ClientOptions::new()).is_ok());
    assert!(strict("http://127.0.0.1:8000", keys()).is_ok());
    assert!(strict("https://api.test", keys()).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_base_url_keeps_its_prefix_and_loses_its_slashes() {
    for (base, expected) in [
        ("http://h", "http://h/health"),
        ("http://h///", "http://h/health"),
        ("https://h/agent/", "https://h/agent/health"),
        ("https://h:8443/a/b//", "https://h:8443/a/b/health"),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply(Reply::json(&json!({"status": "ok"})));
        let client = Client::with_options(base, rig::options(&transport)).unwrap();
        client.health().await.unwrap();
        assert_eq!(transport.requests()[0].uri, expected, "{base}");
    }
}
