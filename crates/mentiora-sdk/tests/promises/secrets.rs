//! Secrets stay secret, and each mode sends its own.

use agent_core::testing::{Reply, ScriptedTransport};
use mentiora_sdk::{Error, MentioraClient, MentioraConfig, UploadFileParams};
use properties::{LevelFilter, Log};

use crate::rig::{BASE, KEY, OPERATIONS, client, config, http};

const SECRETS: [&str; 6] = [
    KEY,
    "planted-publishable",
    "planted-identity",
    "planted-new-identity",
    "planted-message",
    "planted-content",
];

#[tokio::test(start_paused = true)]
async fn no_secret_is_shown_by_anything() {
    let (log, _guard) = Log::listen(LevelFilter::TRACE);

    let mut shown = Vec::new();
    let transport = ScriptedTransport::new();
    let browser = || {
        MentioraConfig::browser("planted-publishable")
            .identity_token("planted-identity")
            .get_identity_token(|| async { Ok::<_, Error>("planted-new-identity") })
            .base_url("http://remote.example")
            .debug(true)
            .http(http(&transport))
    };
    let server = || {
        config(&transport)
            .debug(true)
            .base_url("http://remote.example")
    };
    for config in [server(), browser()] {
        shown.push(format!("{config:?}"));
        let client = MentioraClient::new(config).unwrap();
        shown.push(format!(
            "{client:?} {:?} {:?}",
            client.agents(),
            client.files()
        ));
        for op in OPERATIONS {
            if op.name == "tracing.send_trace" && client.tracing().is_err() {
                continue;
            }
            for reply in [
                op.good(),
                Reply::status(401).chunk("{}"),
                Reply::status(500),
                Reply::broken(),
                Reply::status(200).chunk("{"),
                Reply::silence(),
            ] {
                transport.reply_with(move |_| reply.clone());
                if let Err(error) = (op.call)(&client).await {
                    shown.push(format!("{error} {error:?} {error:#?}"));
                    let mut cause: &dyn std::error::Error = &error;
                    while let Some(next) = cause.source() {
                        shown.push(format!("{next} {next:?}"));
                        cause = next;
                    }
                }
            }
        }
    }
    for key in ["planted-api-key\n", "planted-api-key\u{0}"] {
        let error = MentioraClient::new(MentioraConfig::server(key)).unwrap_err();
        assert_eq!(
            error.message(),
            "apiKey contains characters that cannot be sent in a header"
        );
        shown.push(format!("{error} {error:?}"));
    }
    let upload = UploadFileParams::new("n", "planted-content", "text/plain");
    shown.push(format!("{upload:?}"));
    shown.push(log.text());
    let logged = shown.last().unwrap();
    assert!(logged.contains("agents.run") && logged.contains("credentials go over plain http"));
    for text in &shown {
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_mode_sends_its_own_headers_and_no_other() {
    for op in OPERATIONS {
        let transport = ScriptedTransport::new();
        let reply = op.good();
        transport.reply_with(move |_| reply.clone());
        (op.call)(&client(&transport)).await.unwrap();
        let headers = transport.requests()[0].headers.clone();
        assert_eq!(
            headers["authorization"],
            format!("Bearer {KEY}"),
            "{}",
            op.name
        );
        assert!(!headers.contains_key("x-publishable-key"));
        let agent = headers["user-agent"].to_str().unwrap();
        assert_eq!(
            agent,
            concat!("mentiora-sdk-rust/", env!("CARGO_PKG_VERSION"))
        );
        let kind = headers
            .get("content-type")
            .map(|kind| kind.to_str().unwrap());
        let expected = (op.name != "files.download").then_some("application/json");
        assert_eq!(kind, expected, "{}", op.name);
        assert_eq!(headers["accept"] == "text/event-stream", op.is_stream());

        if op.name == "tracing.send_trace" {
            continue;
        }
        let config = MentioraConfig::browser("pk")
            .base_url(BASE)
            .http(http(&transport));
        (op.call)(&MentioraClient::new(config.clone()).unwrap())
            .await
            .unwrap();
        let config = config.identity_token("");
        (op.call)(&MentioraClient::new(config.clone()).unwrap())
            .await
            .unwrap();
        let config = config.identity_token("who");
        (op.call)(&MentioraClient::new(config).unwrap())
            .await
            .unwrap();
        for (n, request) in transport.requests()[1..].iter().enumerate() {
            assert_eq!(request.headers["x-publishable-key"], "pk");
            assert!(!request.headers.contains_key("authorization"));
            assert_eq!(
                request.headers.contains_key("x-identity-token"),
                n == 2,
                "{}",
                op.name
            );
        }
    }
}
