//! What holds for every operation: sent at most once where once is all it may be, ids that stay in their place,
//! secrets that stay secret, limits that end every call.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use std::future::IntoFuture;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_core::sdk::Safety;
use agent_core::testing::{Reply, ScriptedTransport};
use mentiora_sdk::agent_core::{BoxFuture, PlainHttp};
use mentiora_sdk::ops::OPS;
use mentiora_sdk::{
    AgentRunParams, AgentStreamEvent, Error, ErrorClass, ErrorExt, ErrorKind, HttpConfig, Limit,
    MentioraClient, MentioraConfig, PaginationOptions, RetryPolicy, Sent, TimeoutPhase,
    UpdateKnowledgeParams, UploadFileParams,
};
use serde_json::json;
use tokio::time::Instant;

#[path = "support/rig.rs"]
mod rig;

use rig::{BASE, KEY, OPERATIONS, Operation, client, config, delta, http, params, run_json};

fn safety(op: &Operation) -> Safety {
    OPS.iter().find(|row| row.name == op.name).unwrap().safety
}

// ---- sent twice or not

#[test]
fn the_tables_of_crate_and_tests_are_the_same() {
    let crate_names: Vec<_> = OPS.iter().map(|op| op.name).collect();
    let names: Vec<_> = OPERATIONS.iter().map(|op| op.name).collect();
    assert_eq!(crate_names, names);
    for op in OPERATIONS {
        let expected = match op.name {
            "agents.run"
            | "agents.stream"
            | "files.upload"
            | "knowledge.create"
            | "knowledge.add_documents" => Safety::Unsafe,
            _ => Safety::Safe,
        };
        assert_eq!(safety(op), expected, "{}", op.name);
    }
}

/// A failure, and how often a call is sent with 3 retries: what is safe, what is not, and by the vendor's policy.
struct Failure {
    name: &'static str,
    reply: fn() -> Reply,
    safe: usize,
    once: usize,
    vendor: usize,
    /// The failure lies in a successful answer's body.
    body: bool,
}

const fn failure(name: &'static str, reply: fn() -> Reply, sent: (usize, usize, usize)) -> Failure {
    Failure {
        name,
        reply,
        safe: sent.0,
        once: sent.1,
        vendor: sent.2,
        body: false,
    }
}

const FAILURES: &[Failure] = &[
    failure("no connection", Reply::refused, (4, 4, 4)),
    failure("broken", Reply::broken, (4, 1, 4)),
    failure("silent", Reply::silence, (4, 1, 4)),
    failure("429", || Reply::status(429), (4, 4, 4)),
    failure(
        "429, in a second",
        || Reply::status(429).header("retry-after", "1"),
        (4, 4, 4),
    ),
    failure(
        "429, much later",
        || Reply::status(429).header("retry-after", "61"),
        (1, 1, 1),
    ),
    failure("500", || Reply::status(500), (4, 1, 4)),
    failure(
        "503, later",
        || Reply::status(503).header("retry-after", "61"),
        (4, 1, 4),
    ),
    failure("599", || Reply::status(599), (4, 1, 4)),
    failure("400", || Reply::status(400), (1, 1, 1)),
    failure("401", || Reply::status(401), (1, 1, 1)),
    failure("404", || Reply::status(404), (1, 1, 1)),
    failure("408", || Reply::status(408), (1, 1, 1)),
    failure("425", || Reply::status(425), (1, 1, 1)),
    failure(
        "302",
        || Reply::status(302).header("location", "http://localhost:1/"),
        (1, 1, 1),
    ),
    Failure {
        body: true,
        ..failure("cut", || Reply::status(200).chunk("{").lost(), (4, 1, 4))
    },
    Failure {
        body: true,
        ..failure("stuck", || Reply::status(200).chunk("{").open(), (4, 1, 4))
    },
    Failure {
        body: true,
        ..failure("empty", || Reply::status(200), (1, 1, 1))
    },
    Failure {
        body: true,
        ..failure("HTML", || Reply::status(200).chunk("<html>"), (1, 1, 1))
    },
];

#[tokio::test(start_paused = true)]
async fn what_may_not_be_sent_twice_is_not_unless_the_vendors_policy_is_asked_for() {
    for op in OPERATIONS {
        for failure in FAILURES {
            let formless = matches!(failure.name, "empty" | "HTML");
            if failure.body && op.is_stream() || formless && !op.reads_json() {
                continue;
            }
            let never_again = op.is_stream() || op.name == "files.download";
            for vendor in [false, true] {
                let name = format!("{}, {}, vendor's policy: {vendor}", op.name, failure.name);
                let transport = ScriptedTransport::new();
                transport.reply_with(|_| (failure.reply)());
                let config = config(&transport);
                let config = if vendor { config.retries(3) } else { config };
                let error = (op.call)(&MentioraClient::new(config).unwrap())
                    .await
                    .unwrap_err();
                let expected = match (vendor, safety(op)) {
                    _ if never_again => 1,
                    (true, _) => failure.vendor,
                    (false, Safety::Safe) => failure.safe,
                    (false, _) => failure.once,
                };
                assert_eq!(transport.requests().len(), expected, "{name}: {error}");
                assert_eq!(transport.open_exchanges(), 0, "{name}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_repeated_with_retries_off() {
    for op in OPERATIONS {
        for failure in FAILURES {
            let formless = matches!(failure.name, "empty" | "HTML");
            if failure.body && op.is_stream() || formless && !op.reads_json() {
                continue;
            }
            for off in [true, false] {
                let transport = ScriptedTransport::new();
                transport.reply_with(|_| (failure.reply)());
                let config = if off {
                    config(&transport).retries(0)
                } else {
                    config(&transport).http(http(&transport).retry(RetryPolicy::none()))
                };
                (op.call)(&MentioraClient::new(config).unwrap())
                    .await
                    .unwrap_err();
                assert_eq!(
                    transport.requests().len(),
                    1,
                    "{}, {}",
                    op.name,
                    failure.name
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_may_have_landed_says_so() {
    for (reply, sent) in [
        (Reply::refused as fn() -> Reply, Sent::Never),
        (Reply::broken, Sent::Maybe),
        (Reply::silence, Sent::Maybe),
        (|| Reply::status(500), Sent::Yes),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply_with(move |_| reply());
        let error = client(&transport).agents().run(params()).await.unwrap_err();
        assert_eq!(error.sent(), sent, "{error}");
        assert_eq!(error.operation(), "agents.run");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_429_a_refused_connection_is_still_safe_to_repeat() {
    let transport = ScriptedTransport::new();
    transport
        .reply(Reply::status(429))
        .reply(Reply::refused())
        .reply(Reply::json(&run_json()));
    let answer = client(&transport)
        .agents()
        .run(params())
        .with_response()
        .await
        .unwrap();
    assert_eq!(answer.response.attempts, 3);
}

// ---- texts

#[tokio::test(start_paused = true)]
async fn texts_are_the_vendors() {
    for (op, reply, expected) in [
        (
            "agents.run",
            Reply::broken as fn() -> Reply,
            "Failed after 1 attempts: ",
        ),
        ("agents.run", Reply::refused, "Failed after 4 attempts: "),
        ("files.get", Reply::broken, "Failed after 4 attempts: "),
        ("agents.stream", Reply::broken, "Stream request failed: "),
        ("agents.stream", Reply::refused, "Stream request failed: "),
        ("files.download", Reply::broken, "Network error: "),
        (
            "agents.run",
            Reply::silence,
            "Request timeout after 30000ms",
        ),
        (
            "agents.stream",
            Reply::silence,
            "Request timeout after 30000ms",
        ),
        (
            "files.download",
            Reply::silence,
            "Request timeout after 30000ms",
        ),
        (
            "files.get",
            || Reply::status(200).chunk("{").open(),
            "Request timeout after 30000ms",
        ),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply_with(move |_| reply());
        let op = OPERATIONS.iter().find(|row| row.name == op).unwrap();
        let error = (op.call)(&client(&transport)).await.unwrap_err();
        let exact = expected.ends_with("ms");
        let fits = error.message().starts_with(expected) && (!exact || error.message() == expected);
        assert!(fits, "{}: {}", op.name, error.message());
        assert_eq!(error.class(), ErrorClass::Network);
        assert_eq!(error.status(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_calls_own_limit_is_the_one_in_the_text() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::silence());
    let call = client(&transport)
        .agents()
        .run(params())
        .timeout(Duration::from_millis(1500));
    let error = call.await.unwrap_err();
    assert_eq!(error.message(), "Request timeout after 1500ms");
    let call = client(&transport)
        .agents()
        .run(params())
        .total_timeout(Duration::from_secs(7));
    let error = call.await.unwrap_err();
    assert_eq!(error.message(), "Request timeout after 7000ms");
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
}

// ---- limits

#[tokio::test(start_paused = true)]
async fn every_call_ends_and_the_total_limit_covers_retries_and_waits() {
    for op in OPERATIONS {
        let transport = ScriptedTransport::new();
        transport.reply_with(|_| Reply::silence());
        let start = Instant::now();
        (op.call)(&client(&transport)).await.unwrap_err();
        // Four attempts of 30 s and waits of at most 1, 2 and 4 s.
        assert!(start.elapsed() <= Duration::from_secs(127), "{}", op.name);

        if op.is_stream() {
            continue;
        }
        let config =
            config(&transport).http(http(&transport).total_timeout(Duration::from_secs(40)));
        let start = Instant::now();
        (op.call)(&MentioraClient::new(config).unwrap())
            .await
            .unwrap_err();
        assert!(start.elapsed() <= Duration::from_secs(40), "{}", op.name);
    }
}

#[tokio::test(start_paused = true)]
async fn waits_are_the_vendors() {
    // Full jitter below 1, 2 and 4 s.
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::status(500));
    for _ in 0..5 {
        let client = client(&transport);
        client.files().get("f").await.unwrap_err();
    }
    let times: Vec<_> = transport
        .requests()
        .iter()
        .map(|request| request.at)
        .collect();
    for call in times.chunks(4) {
        for (n, pair) in call.windows(2).enumerate() {
            let wait = pair[1] - pair[0];
            assert!(wait < Duration::from_secs(1 << n), "{n}: {wait:?}");
        }
    }
    // Seconds of a 429, and of nothing else.
    for (status, exact) in [(429, true), (503, false)] {
        let transport = ScriptedTransport::new();
        transport
            .reply(Reply::status(status).header("retry-after", "20"))
            .reply(Reply::json(&rig::file_json()));
        let start = Instant::now();
        client(&transport).files().get("f").await.unwrap();
        assert_eq!(
            start.elapsed() == Duration::from_secs(20),
            exact,
            "{status}"
        );
    }
    // A date is as absent, also a header in milliseconds.
    let transport = ScriptedTransport::new();
    let date = "Wed, 21 Oct 2099 07:28:00 GMT";
    transport
        .reply(
            Reply::status(429)
                .header("retry-after", date)
                .header("retry-after-ms", "50000"),
        )
        .reply(Reply::json(&run_json()));
    let start = Instant::now();
    client(&transport).agents().run(params()).await.unwrap();
    assert!(start.elapsed() <= Duration::from_secs(1));
}

// ---- ids

type ById = fn(&MentioraClient, &str) -> BoxFuture<'static, Result<(), Error>>;

fn unit<T: Send + 'static>(
    call: impl IntoFuture<Output = Result<T, Error>, IntoFuture: Send + 'static>,
) -> BoxFuture<'static, Result<(), Error>> {
    let future = call.into_future();
    Box::pin(async move { future.await.map(drop) })
}

const BY_ID: &[(&str, ById)] = &[
    ("/p/api/v1/files/{}", |c, id| unit(c.files().get(id))),
    ("/p/api/v1/files/{}", |c, id| unit(c.files().delete(id))),
    ("/p/api/v1/files/{}/content", |c, id| {
        unit(c.files().download(id))
    }),
    ("/p/api/v1/files/{}/content", |c, id| {
        unit(c.files().download_stream(id))
    }),
    ("/p/api/v1/knowledge/{}", |c, id| {
        unit(c.knowledge().get(id))
    }),
    ("/p/api/v1/knowledge/{}", |c, id| {
        unit(c.knowledge().delete(id))
    }),
    ("/p/api/v1/knowledge/{}", |c, id| {
        unit(c.knowledge().update(UpdateKnowledgeParams::new(id, "n")))
    }),
    ("/p/api/v1/knowledge/{}/documents", |c, id| {
        unit(c.knowledge().list_documents(id, PaginationOptions::new()))
    }),
    ("/p/api/v1/knowledge/k/documents/{}", |c, id| {
        unit(c.knowledge().get_document("k", id))
    }),
    ("/p/api/v1/knowledge/{}/documents/d", |c, id| {
        unit(c.knowledge().delete_document(id, "d"))
    }),
];

#[tokio::test(start_paused = true)]
async fn an_id_is_one_segment_of_the_path_whatever_it_holds() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::status(404));
    let client = MentioraClient::new(config(&transport).base_url(format!("{BASE}/p/"))).unwrap();
    for (template, call) in BY_ID {
        for (id, encoded) in [
            ("a/b", "a%2Fb"),
            ("../agents", "..%2Fagents"),
            ("a?b#c", "a%3Fb%23c"),
            ("%2e%2e", "%252e%252e"),
            ("a b+c", "a%20b%2Bc"),
            ("...", "..."),
            ("é\n", "%C3%A9%0A"),
            ("{file_id}", "%7Bfile_id%7D"),
        ] {
            let before = transport.requests().len();
            call(&client, id).await.unwrap_err();
            let request = &transport.requests()[before];
            assert_eq!(request.uri.path(), template.replace("{}", encoded), "{id}");
            assert_eq!(request.uri.query(), None);
        }
        for id in ["", ".", ".."] {
            let before = transport.requests().len();
            let error = call(&client, id).await.unwrap_err();
            assert_eq!(error.class(), ErrorClass::Validation, "{template} {id:?}");
            assert_eq!(transport.requests().len(), before);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn any_path_can_be_overridden() {
    for op in OPS {
        let transport = ScriptedTransport::new();
        transport.reply_with(|_| Reply::status(400));
        let http = http(&transport).path(op.name, "/elsewhere");
        let client = MentioraClient::new(config(&transport).http(http)).unwrap();
        let row = OPERATIONS.iter().find(|row| row.name == op.name).unwrap();
        (row.call)(&client).await.unwrap_err();
        assert_eq!(
            transport.requests()[0].uri.path(),
            "/elsewhere",
            "{}",
            op.name
        );
    }
}

// ---- validation

#[tokio::test(start_paused = true)]
async fn what_is_refused_costs_no_request_and_no_callback() {
    let transport = ScriptedTransport::new();
    let client = client(&transport);
    let bad = || AgentRunParams::from_parts(None, None, "x");
    let call = client.agents().run(bad()).await.unwrap_err();
    // A stream says it with its first item, not before.
    let mut stream = client.agents().stream(bad());
    let item = stream.next().await.unwrap().unwrap_err();
    for error in [call, item] {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(error.message(), "Either tag or agentId must be provided");
        assert_eq!(error.class().code(), "VALIDATION_ERROR");
        assert_eq!((error.attempts(), error.sent()), (0, Sent::Never));
    }
    assert!(stream.next().await.is_none());
    assert!(transport.requests().is_empty());
}

// ---- redirects

#[tokio::test(start_paused = true)]
async fn no_redirect_is_followed_so_no_key_leaves() {
    for op in OPERATIONS {
        for status in [301, 302, 303, 307, 308] {
            for location in [
                "http://localhost:1/other",
                "http://evil.example/",
                "//evil.example/",
            ] {
                let transport = ScriptedTransport::new();
                transport.reply_with(move |_| Reply::status(status).header("location", location));
                (op.call)(&client(&transport)).await.unwrap_err();
                assert_eq!(transport.requests().len(), 1, "{} {status}", op.name);
            }
        }
    }
}

// ---- secrets

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

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
    let log = Log::default();
    let sink = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || sink.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

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
    shown.push(String::from_utf8(log.0.lock().unwrap().clone()).unwrap());
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

// ---- construction

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
        let log = Log::default();
        let sink = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || sink.clone())
            .finish();
        let text = format!("{config:?}");
        tracing::subscriber::with_default(subscriber, || MentioraClient::new(config).unwrap());
        let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
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
        let log = Log::default();
        let sink = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_writer(move || sink.clone())
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);
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
        let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(logged.contains("status=200"), debug, "{logged}");
        assert_eq!(logged.contains("status=404"), debug, "{logged}");
        assert_eq!(logged.contains("closed by the server"), debug, "{logged}");
    }
}

// ---- hostile answers

#[tokio::test(start_paused = true)]
async fn sizes_are_capped() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::json(&json!({"x": "y".repeat(1000)})));
    let small = http(&transport).max_body_bytes(100).max_event_bytes(100);
    let client = MentioraClient::new(config(&transport).http(small)).unwrap();
    for op in OPERATIONS {
        if op.is_stream() || op.name == "tracing.send_trace" {
            continue;
        }
        let error = (op.call)(&client).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{}", op.name);
        assert_eq!(error.class(), ErrorClass::Network);
    }
    let big = delta(&"x".repeat(1000));
    transport.reply_with(move |_| Reply::events().chunk(delta("a")).chunk(big.clone()).open());
    let mut events = client.agents().stream(params());
    assert!(matches!(
        events.next().await,
        Some(Ok(AgentStreamEvent::OutputTextDelta(_)))
    ));
    assert_eq!(
        events.next().await.unwrap().unwrap_err().kind(),
        ErrorKind::TooLarge
    );
    assert!(events.next().await.is_none());
    assert_eq!(transport.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn unknown_members_are_kept_and_unknown_values_pass() {
    let transport = ScriptedTransport::new();
    let mut run = run_json();
    run["new_member"] = json!({"a": 1});
    let mut document = rig::document_json();
    document["status"] = json!("SLEEPING");
    document["new_member"] = json!(1);
    transport
        .reply(Reply::json(&run))
        .reply(Reply::json(&document));
    let client = client(&transport);
    let run = client.agents().run(params()).await.unwrap();
    assert_eq!(run.extra["new_member"], json!({"a": 1}));
    assert_eq!(
        serde_json::to_value(&run).unwrap()["new_member"],
        json!({"a": 1})
    );
    let document = client.knowledge().get_document("k", "d").await.unwrap();
    assert_eq!(document.status, "SLEEPING");
    assert_eq!(document.extra["new_member"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_zero_is_refused_and_off_is_a_value() {
    let transport = ScriptedTransport::new();
    let call = client(&transport)
        .agents()
        .run(params())
        .timeout(Duration::ZERO);
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::InvalidArgument);
    transport.reply(Reply::json(&run_json()).delay(Duration::from_secs(3600)));
    let call = client(&transport)
        .agents()
        .run(params())
        .timeout(Limit::Off);
    call.await.unwrap();
}
