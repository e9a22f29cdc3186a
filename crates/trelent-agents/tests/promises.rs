//! What holds for every operation: sent at most once where once is all it may be, ids that stay in their place,
//! secrets that stay secret, limits that end every call.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use std::future::IntoFuture;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_core::sdk::Safety;
use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use serde_json::json;
use tokio::time::Instant;
use trelent_agents::agent_core::{BoxFuture, PlainHttp, TimeoutPhase};
use trelent_agents::{
    Client, ClientOptions, CreateRunOptions, Error, ErrorExt, ErrorKind, Limit, ResumeRunOptions,
    RetryPolicy, Sent, StreamOptions, TokenRequest,
};

#[path = "support/rig.rs"]
mod rig;

use rig::{
    BASE, CLIENT_ID, CLIENT_SECRET, MakeReply, OPERATIONS, Operation, TOKEN, anonymous,
    authenticated, healthy, lines, run_json, without_retries,
};

fn safety(op: &Operation) -> Safety {
    let row = trelent_agents::ops::TABLE
        .iter()
        .find(|row| row.op.name == op.name);
    row.unwrap().op.safety
}

// ---- sent twice or not

#[test]
fn what_may_be_sent_twice_is_declared() {
    for op in OPERATIONS {
        let expected = match op.name {
            "runs.create" | "run.fork" | "runs.cancel" | "secrets.create" => Safety::Unsafe,
            _ => Safety::Safe,
        };
        assert_eq!(safety(op), expected, "{}", op.name);
    }
}

/// How an exchange fails, whether that is passing, and what is known of the request.
struct Failure {
    name: &'static str,
    reply: MakeReply,
    passing: bool,
    sent: Sent,
    /// The failure lies in the body, which a stream reads by its own rules.
    body: bool,
}

const FAILURES: &[Failure] = &[
    Failure {
        name: "no connection",
        reply: Reply::refused,
        passing: true,
        sent: Sent::Never,
        body: false,
    },
    Failure {
        name: "broken",
        reply: Reply::broken,
        passing: true,
        sent: Sent::Maybe,
        body: false,
    },
    Failure {
        name: "silent",
        reply: Reply::silence,
        passing: true,
        sent: Sent::Maybe,
        body: false,
    },
    Failure {
        name: "408",
        reply: || Reply::status(408),
        passing: true,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "429",
        reply: || Reply::status(429),
        passing: true,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "500",
        reply: || Reply::status(500),
        passing: true,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "503",
        reply: || Reply::status(503).header("retry-after", "1"),
        passing: true,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "503, later",
        reply: || Reply::status(503).header("retry-after", "61"),
        passing: false,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "400",
        reply: || Reply::status(400),
        passing: false,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "404",
        reply: || Reply::status(404),
        passing: false,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "409",
        reply: || Reply::status(409),
        passing: false,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "501",
        reply: || Reply::status(501),
        passing: false,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "302",
        reply: || Reply::status(302),
        passing: false,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "cut",
        reply: || Reply::json(&json!({"status": "ok"})).chunk("{").lost(),
        passing: true,
        sent: Sent::Yes,
        body: true,
    },
    Failure {
        name: "stuck",
        reply: || Reply::status(200).chunk("{").open(),
        passing: true,
        sent: Sent::Yes,
        body: true,
    },
    Failure {
        name: "empty",
        reply: || Reply::status(200),
        passing: false,
        sent: Sent::Yes,
        body: true,
    },
    Failure {
        name: "HTML",
        reply: || {
            Reply::status(200)
                .header("content-type", "text/html")
                .chunk("<html>")
        },
        passing: false,
        sent: Sent::Yes,
        body: true,
    },
];

#[tokio::test(start_paused = true)]
async fn unsafe_calls_are_sent_once_whatever_happens_and_safe_ones_again_when_it_may_pass() {
    for op in OPERATIONS {
        for failure in FAILURES {
            if op.is_stream() && failure.body {
                continue;
            }
            let name = format!("{}, {}", op.name, failure.name);
            let transport = op.failing(|_| (failure.reply)());
            let error = (op.call)(authenticated(&transport)).await.unwrap_err();
            let again = safety(op) == Safety::Safe && failure.passing;
            let expected = if again { 3 } else { 1 };
            assert_eq!(op.requests(&transport).len(), expected, "{name}: {error}");
            assert_eq!(error.attempts() as usize, expected, "{name}");
            assert_eq!(error.sent(), failure.sent, "{name}: {error}");
            assert_eq!(error.operation(), op.name, "{name}");
            assert_eq!(transport.open_exchanges(), 0, "{name}");

            // Without retries every call is one request.
            let transport = op.failing(|_| (failure.reply)());
            (op.call)(without_retries(&transport)).await.unwrap_err();
            assert_eq!(op.requests(&transport).len(), 1, "{name}, without retries");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_succeeds_at_last_says_how_often_it_was_sent() {
    for op in OPERATIONS {
        if safety(op) != Safety::Safe || op.is_stream() {
            continue;
        }
        let (name, good) = (op.name, (op.answer)());
        let transport = op.failing(move |n| match n {
            0 => Reply::broken(),
            1 => Reply::status(503),
            _ => Reply::json(&good),
        });
        (op.call)(authenticated(&transport)).await.unwrap();
        assert_eq!(op.requests(&transport).len(), 3, "{name}");
    }
    let transport = ScriptedTransport::new();
    transport
        .reply(Reply::status(503))
        .reply(Reply::json(&json!({"status": "ok"})));
    let answer = anonymous(&transport)
        .health()
        .with_response()
        .await
        .unwrap();
    assert_eq!(answer.response.attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn the_clones_of_a_client_share_a_budget_of_retries() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::status(503));
    let client = anonymous(&transport);
    for _ in 0..50 {
        client.clone().health().await.unwrap_err();
    }
    assert_eq!(transport.requests().len(), 50 + 20);
    assert_eq!(client.retry_budget().available(), 0);
}

// ---- ids

/// A call with a text of the caller's choice.
type ById = fn(&Client, &str) -> BoxFuture<'static, Result<(), Error>>;

fn unit<T: Send + 'static>(
    call: impl IntoFuture<Output = Result<T, Error>, IntoFuture: Send + 'static>,
) -> BoxFuture<'static, Result<(), Error>> {
    let future = call.into_future();
    Box::pin(async move { future.await.map(drop) })
}

const BY_ID: &[(&str, &str, ById)] = &[
    ("get", "/p/runs/{}", |c, id| unit(c.runs().get(id))),
    ("get_status", "/p/runs/{}/status", |c, id| {
        unit(c.runs().get_status(id))
    }),
    ("cancel", "/p/runs/{}/cancel", |c, id| {
        unit(c.runs().cancel(id))
    }),
    ("chain", "/p/runs/{}/checkpoint-chain", |c, id| {
        unit(c.runs().get_checkpoint_chain(id))
    }),
    ("checkpoint of", "/p/runs/{}/checkpoints/ck", |c, id| {
        unit(c.runs().get_checkpoint(id, "ck"))
    }),
    ("checkpoint", "/p/runs/r/checkpoints/{}", |c, id| {
        unit(c.runs().get_checkpoint("r", id))
    }),
    ("subscribe", "/p/runs/{}/events", |c, id| {
        let mut events = c.runs().subscribe(id);
        Box::pin(async move { events.next().await.unwrap().map(drop) })
    }),
    ("secrets.get", "/p/secrets/{}", |c, id| {
        unit(c.secrets().get(id))
    }),
    ("secrets.update", "/p/secrets/{}", |c, id| {
        unit(c.secrets().update(id, "value"))
    }),
    ("secrets.delete", "/p/secrets/{}", |c, id| {
        unit(c.secrets().delete(id))
    }),
];

/// Percent-decodes one segment.
fn decoded(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            out.push(u8::from_str_radix(&segment[at + 1..at + 3], 16).unwrap());
            at += 3;
        } else {
            assert!(bytes[at].is_ascii_alphanumeric() || b"-._~".contains(&bytes[at]));
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8(out).unwrap()
}

const ODD_IDS: &[&str] = &[
    "a/b",
    "a?b",
    "a#b",
    "a%b",
    "%2e%2e",
    "%2F",
    "a b",
    "../x",
    "./x",
    "x/..",
    "...",
    "a:b@c",
    "a;b=c",
    "a+b",
    "a\\b",
    "é/ü",
    "日本",
    "\u{1F980}",
    "\n",
    "\u{0}",
    "{run_id}",
    "{",
    "}",
    "a&b=c",
    "\u{2028}",
];

#[tokio::test(start_paused = true)]
async fn an_id_is_one_segment_of_the_path_whatever_it_holds() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::status(404));
    let client = Client::with_options(format!("{BASE}/p"), rig::options(&transport)).unwrap();
    for (name, template, call) in BY_ID {
        for id in ODD_IDS {
            let before = transport.requests().len();
            let error = call(&client, id).await.unwrap_err();
            assert_eq!(error.status(), Some(404), "{name} {id:?}: {error}");
            let request = &transport.requests()[before];
            assert_eq!(request.uri.query(), None, "{name} {id:?}");
            let got: Vec<&str> = request.uri.path().split('/').collect();
            let expected: Vec<&str> = template.split('/').collect();
            assert_eq!(got.len(), expected.len(), "{name} {id:?}: {got:?}");
            for (got, expected) in got.iter().zip(expected) {
                let expected = if expected == "{}" { id } else { expected };
                assert_eq!(decoded(got), expected, "{name} {id:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_would_reach_another_route_is_refused_and_costs_neither_request_nor_token() {
    let transport = ScriptedTransport::new();
    transport.reply_with(healthy);
    let client = authenticated(&transport);
    for (name, _, call) in BY_ID {
        for id in ["", ".", ".."] {
            let error = call(&client, id).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{name} {id:?}");
            assert_eq!(error.sent(), Sent::Never, "{name} {id:?}");
            assert_eq!(error.attempts(), 0, "{name} {id:?}");
        }
    }
    assert_eq!(lines(&transport), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_id_from_the_server_is_trusted_no_more_than_one_from_the_caller() {
    for (id, path) in [
        ("a/../b", Some("/runs/a%2F..%2Fb")),
        ("..", None),
        ("", None),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply_with(move |_| Reply::json(&run_json(id, "running")));
        let mut run = anonymous(&transport).runs().get("run_1").await.unwrap();
        let fork = run.fork("x", ResumeRunOptions::new()).await.map(drop);
        let mut events = run.subscribe();
        let followed = events.next().await.unwrap().map(drop);
        let results = [
            fork,
            run.get_status().await.map(drop),
            run.cancel().await.map(drop),
            followed,
            run.refresh().await,
        ];
        if let Some(path) = path {
            for line in &lines(&transport)[1..] {
                assert!(line.split(' ').nth(1).unwrap().starts_with(path), "{line}");
            }
            assert_eq!(transport.requests().len(), 6);
        } else {
            for result in results {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::InvalidArgument);
            }
            assert_eq!(transport.requests().len(), 1, "{id:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_filter_by_image_can_not_leave_the_query() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::json(&json!([])));
    let client = anonymous(&transport);
    for (image, query) in [
        ("a b", "sandbox=a+b"),
        ("a&b=c#d", "sandbox=a%26b%3Dc%23d"),
        ("é", "sandbox=%C3%A9"),
        ("", "sandbox="),
    ] {
        client.runs().list(image).await.unwrap();
        let request = transport.requests().pop().unwrap();
        assert_eq!(request.uri.query(), Some(query));
        assert_eq!(request.uri.path(), "/runs");
    }
}

// ---- secrets

const HEADER_VALUE: &str = "planted-header-value";
const CALL_HEADER_VALUE: &str = "planted-call-header";

/// Everything that is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn assert_no_secret(text: &str, place: &str) {
    assert!(!text.contains("planted"), "{place}: {text}");
}

/// An error with all that is behind it.
fn all_of(error: &Error) -> String {
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

fn with_planted_headers(transport: &ScriptedTransport) -> Client {
    let http = rig::http(transport).header("x-api-key", HEADER_VALUE);
    let options = ClientOptions::new()
        .credentials(CLIENT_ID, CLIENT_SECRET)
        .http(http);
    assert_no_secret(&format!("{options:?}"), "options");
    Client::with_options(BASE, options).unwrap()
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_shown_or_logged_by_any_operation_in_any_failure() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
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

// ---- redirects

const CONFINED: &[&str] = &["tokens.create", "secrets.create", "secrets.update"];

fn credentials_of(request: &RecordedRequest) -> Vec<String> {
    request
        .headers
        .iter()
        .filter(|(_, value)| value.to_str().is_ok_and(|value| value.contains("planted")))
        .map(|(name, _)| name.to_string())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_redirect_to_another_origin_carries_no_credential() {
    for op in OPERATIONS {
        for status in [301, 302, 303, 307, 308] {
            for target in [
                "http://elsewhere.test/x",
                "https://localhost:1/x",
                "http://localhost:2/x",
                "//elsewhere.test/x",
            ] {
                let name = format!("{}, {status} to {target}", op.name);
                let transport =
                    op.failing(move |_| Reply::status(status).header("location", target));
                let result = (op.call)(with_planted_headers(&transport)).await;
                let away: Vec<RecordedRequest> = transport
                    .requests()
                    .into_iter()
                    .filter(|request| {
                        request.uri.authority().unwrap() != "localhost:1"
                            || request.uri.scheme_str() != Some("http")
                    })
                    .collect();
                let followed =
                    (status >= 307 || op.method == "GET") && !CONFINED.contains(&op.name);
                assert_eq!(away.len(), usize::from(followed), "{name}");
                for request in &away {
                    assert_eq!(credentials_of(request), Vec::<String>::new(), "{name}");
                    assert_eq!(request.method.as_str(), op.method, "{name}");
                }
                if !followed {
                    let error = result.unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Api, "{name}");
                    assert_eq!(error.status(), Some(status), "{name}");
                }
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_clients_own_exchange_is_not_redirected_to_another_origin() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|request| {
        assert_eq!(request.uri.authority().unwrap(), "localhost:1");
        Reply::status(307).header("location", "http://elsewhere.test/token")
    });
    let error = authenticated(&transport)
        .runs()
        .get("run_1")
        .await
        .unwrap_err();
    assert_eq!(error.status(), Some(307));
    assert_eq!(lines(&transport), ["POST /token"]);
    // Within the origin it is followed, with its body.
    let transport = ScriptedTransport::new();
    transport.reply_with(|request| match request.uri.path() {
        "/token" => Reply::status(308).header("location", "/v2/new-token"),
        "/v2/new-token" => {
            assert!(!request.body.is_empty());
            Reply::json(&rig::token_json())
        }
        _ => healthy(request),
    });
    authenticated(&transport).runs().get("run_1").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_redirect_within_the_origin_keeps_method_body_and_credentials_for_ten_hops() {
    for op in OPERATIONS {
        if op.is_stream() || op.name == "run.fork" {
            continue;
        }
        let hops = Arc::new(AtomicUsize::new(0));
        let transport = ScriptedTransport::new();
        let (counter, good) = (Arc::clone(&hops), (op.answer)());
        let (method, path) = (op.method, op.path);
        transport.reply_with(move |request| {
            if request.uri.path() == "/token" && path != "/token" {
                return healthy(request);
            }
            assert_eq!(request.method.as_str(), method);
            if counter.fetch_add(1, Ordering::SeqCst) < 10 {
                Reply::status(307).header("location", &format!("{path}?hop=1#fragment"))
            } else {
                Reply::json(&good)
            }
        });
        (op.call)(authenticated(&transport)).await.unwrap();
        let all = op.requests(&transport);
        let all: Vec<_> = all
            .iter()
            .filter(|r| method != "POST" || path != "/token" || !r.body.is_empty())
            .collect();
        let (first, last) = (all.first().unwrap(), all.last().unwrap());
        assert_eq!(first.body, last.body, "{}", op.name);
        assert_eq!(
            first.headers.get("authorization"),
            last.headers.get("authorization"),
            "{}",
            op.name
        );

        // Eleven are too many.
        let transport = op.failing(|_| Reply::status(307).header("location", "?"));
        let error = (op.call)(without_retries(&transport)).await.unwrap_err();
        assert_eq!(error.status(), Some(307), "{}", op.name);
        assert_eq!(op.requests(&transport).len(), 11, "{}", op.name);
    }
}

// ---- time

#[tokio::test(start_paused = true)]
async fn every_operation_ends_within_its_limit() {
    for op in OPERATIONS {
        let hangs: [(&str, MakeReply); 2] = [
            ("no head", Reply::silence),
            ("no body", || Reply::status(200).chunk("{").open()),
        ];
        for (name, reply) in hangs {
            if op.is_stream() && name == "no body" {
                continue;
            }
            let transport = op.failing(move |_| reply());
            let start = Instant::now();
            let error = (op.call)(without_retries(&transport)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Timeout, "{}: {name}", op.name);
            assert_eq!(
                start.elapsed(),
                Duration::from_secs(10),
                "{}: {name}",
                op.name
            );

            let http = rig::http(&transport).retry(RetryPolicy::none());
            let options = ClientOptions::new()
                .timeout(Duration::from_secs(3))
                .http(http);
            let start = Instant::now();
            (op.call)(Client::with_options(BASE, options).unwrap())
                .await
                .unwrap_err();
            assert_eq!(
                start.elapsed(),
                Duration::from_secs(3),
                "{}: {name}",
                op.name
            );
        }
        // A head that comes drop by drop: only a total limit ends many slow attempts.
        let transport = op.failing(|_| Reply::status(503).delay(Duration::from_secs(4)));
        let http = rig::http(&transport).total_timeout(Duration::from_secs(6));
        let client = Client::with_options(BASE, ClientOptions::new().http(http)).unwrap();
        let start = Instant::now();
        (op.call)(client).await.unwrap_err();
        // A stream has no total limit.
        let most = if op.is_stream() { 20 } else { 6 };
        assert!(start.elapsed() <= Duration::from_secs(most), "{}", op.name);
    }
}

#[tokio::test(start_paused = true)]
async fn one_deadline_covers_token_exchange_retries_and_waits() {
    let slow_token = |request: &RecordedRequest| {
        if request.uri.path() == "/token" {
            Reply::json(&rig::token_json()).delay(Duration::from_secs(8))
        } else {
            Reply::silence()
        }
    };
    let transport = ScriptedTransport::new();
    transport.reply_with(slow_token);
    let start = Instant::now();
    let call = authenticated(&transport)
        .runs()
        .get("run_1")
        .total_timeout(Duration::from_secs(9));
    let error = call.await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(9));
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    assert_eq!(transport.open_exchanges(), 0);
    // Without a total limit each exchange has the limit of one.
    let start = Instant::now();
    let call = without_retries(&transport).runs().get("run_1");
    let error = call.await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(18));
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Attempt));
}

#[tokio::test(start_paused = true)]
async fn a_calls_own_limit_lowers_the_clients_or_lifts_it() {
    call_with_limits(&[
        (Limit::After(Duration::from_secs(2)), Some(2)),
        (Limit::Off, None),
    ])
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_calls_own_limit_raises_the_clients() {
    call_with_limits(&[(Limit::After(Duration::from_secs(60)), Some(60))]).await;
}

/// Limits of a call whose answer takes 100 s, and when it ends.
async fn call_with_limits(limits: &[(Limit, Option<u64>)]) {
    for (limit, expected) in limits {
        let transport = ScriptedTransport::new();
        transport.reply_with(|_| {
            Reply::json(&run_json("run_1", "pending")).delay(Duration::from_secs(100))
        });
        let start = Instant::now();
        let call = anonymous(&transport)
            .runs()
            .create(CreateRunOptions::new("image", "large"))
            .timeout(*limit);
        let result = call.await;
        assert_eq!(result.is_ok(), expected.is_none(), "{limit:?}");
        let elapsed = start.elapsed().as_secs();
        assert_eq!(elapsed, expected.unwrap_or(100), "{limit:?}");
    }
}

// ---- what fails before anything is sent

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

// ---- hostile answers

#[tokio::test(start_paused = true)]
async fn a_page_of_html_is_an_error_of_one_line_with_its_beginning() {
    let page = format!(
        "<html>\n<body>\r\n{}</body></html>",
        "down for maintenance ".repeat(500)
    );
    for op in OPERATIONS {
        for status in [200, 502] {
            let page = page.clone();
            let transport = op.failing(move |_| {
                Reply::status(status)
                    .header("content-type", "text/html; charset=utf-8")
                    .chunk(page.clone())
            });
            let error = (op.call)(without_retries(&transport)).await.unwrap_err();
            let shown = error.to_string();
            assert!(
                !shown.contains('\n') && shown.len() < 1000,
                "{}: {shown}",
                op.name
            );
            if status == 200 {
                assert_eq!(error.kind(), ErrorKind::Decode, "{}", op.name);
                assert!(shown.contains("text/html"), "{}: {shown}", op.name);
            } else {
                let expected = format!(
                    "HTTP 502: Failed to parse error response: {}",
                    page_of(&error)
                );
                assert_eq!(error.message(), expected, "{}", op.name);
            }
        }
    }
}

fn page_of(error: &Error) -> String {
    error.response().unwrap().text().into_owned()
}

#[tokio::test(start_paused = true)]
async fn answers_of_the_wrong_form_are_decode_errors_that_are_not_repeated() {
    let bodies: &[&[u8]] = &[
        b"",
        b"null",
        b"7",
        b"\"text\"",
        b"[null]",
        b"[[]]",
        b"{}",
        b"{\"detail\": \"not an error\"}",
        b"{\"status\": null}",
        b"{\"status\"",
        b"\xff\xfe{}",
        b"{\"status\": \"\xff\"}",
        b"\x1f\x8b\x08compressed",
        b"{\"status\": \"ok\"} trailing",
    ];
    for op in OPERATIONS {
        if op.is_stream() {
            continue;
        }
        for body in bodies {
            let transport = op.failing(move |_| {
                Reply::status(200)
                    .header("content-type", "application/json")
                    .header("x-request-id", "req_7")
                    .chunk(*body)
            });
            let shown = String::from_utf8_lossy(body);
            match (op.call)(authenticated(&transport)).await {
                Ok(()) => assert!(
                    body.starts_with(b"[") && op.name.ends_with("list"),
                    "{}: {shown}",
                    op.name
                ),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Decode, "{}: {shown}", op.name);
                    assert_eq!(error.sent(), Sent::Yes, "{}: {shown}", op.name);
                    assert_eq!(error.request_id(), Some("req_7"), "{}: {shown}", op.name);
                }
            }
            assert_eq!(op.requests(&transport).len(), 1, "{}: {shown}", op.name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn deep_nesting_is_an_error_and_no_crash() {
    let deep = "[".repeat(200_000);
    for op in OPERATIONS {
        for status in [200, 400, 422] {
            let body = format!("{{\"detail\": {deep}");
            let transport = op.failing(move |_| Reply::status(status).chunk(body.clone()));
            (op.call)(without_retries(&transport)).await.unwrap_err();
        }
    }
    let event = format!("data: {{\"seq\": 0, \"data\": {deep}\n\n");
    let transport = ScriptedTransport::new();
    transport.reply_with(move |_| Reply::events().chunk(event.clone() + &rig::completed(1)));
    let mut events = anonymous(&transport).runs().subscribe("run_1");
    assert!(!rig::drain(&mut events).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn gigantic_answers_end_at_the_limit() {
    for op in OPERATIONS {
        if op.is_stream() {
            continue;
        }
        for declared in [true, false] {
            let transport = op.failing(move |_| {
                let mut reply = Reply::status(200).header("content-type", "application/json");
                if declared {
                    reply = reply.header("content-length", "99999999999");
                }
                for _ in 0..100 {
                    reply = reply.chunk("x".repeat(1000));
                }
                reply.open()
            });
            let http = rig::http(&transport).max_body_bytes(50_000);
            let client = Client::with_options(BASE, ClientOptions::new().http(http)).unwrap();
            let error = (op.call)(client).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{}", op.name);
            assert_eq!(error.sent(), Sent::Yes, "{}", op.name);
            assert_eq!(op.requests(&transport).len(), 1, "{}", op.name);
            assert_eq!(transport.open_exchanges(), 0, "{}", op.name);
        }
    }
    // An error's body is read up to 1 MiB.
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| {
        (0..30)
            .fold(Reply::status(400), |reply, _| {
                reply.chunk("x".repeat(100_000))
            })
            .open()
    });
    let error = anonymous(&transport).health().await.unwrap_err();
    let response = error.response().unwrap();
    assert_eq!((response.body.len(), response.truncated), (1 << 20, true));
    assert!(error.to_string().len() < 1000);
}

#[tokio::test(start_paused = true)]
async fn an_errors_body_that_is_cut_or_stuck_still_gives_its_status() {
    for op in OPERATIONS {
        let replies: [MakeReply; 2] = [
            || Reply::status(404).chunk("{\"detail\"").lost(),
            || Reply::status(404).chunk("{\"detail\"").open(),
        ];
        for reply in replies {
            let transport = op.failing(move |_| reply());
            let start = Instant::now();
            let error = (op.call)(without_retries(&transport)).await.unwrap_err();
            assert_eq!(error.status(), Some(404), "{}", op.name);
            assert!(start.elapsed() <= Duration::from_secs(5), "{}", op.name);
        }
    }
}

// ---- giving up

#[tokio::test(start_paused = true)]
async fn a_dropped_call_leaves_no_open_exchange_at_any_point() {
    for op in OPERATIONS {
        for seconds in 0..8 {
            // Token, answer, and for a fork its parent, each in 3 s.
            let good = op.good();
            let (method, path) = (op.method, op.path);
            let transport = ScriptedTransport::new();
            transport.reply_with(move |request| {
                let mine = request.method.as_str() == method && request.uri.path() == path;
                let reply = if mine { good.clone() } else { healthy(request) };
                reply.delay(Duration::from_secs(3))
            });
            let call = (op.call)(authenticated(&transport));
            let dropped = tokio::time::timeout(Duration::from_secs(seconds), call).await;
            drop(dropped);
            assert_eq!(
                transport.open_exchanges(),
                0,
                "{} after {seconds} s",
                op.name
            );
        }
    }
}

/// Wakes a test that polls by hand.
#[cfg(feature = "imports")]
struct Bell(tokio::sync::Notify);

#[cfg(feature = "imports")]
impl std::task::Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

#[cfg(feature = "imports")]
#[tokio::test(start_paused = true)]
async fn creating_a_run_may_be_given_up_at_every_await_packing_included() {
    use trelent_agents::LocalImporter;

    let folder = tempfile::tempdir().unwrap();
    for n in 0..20 {
        std::fs::write(folder.path().join(format!("{n}.bin")), vec![n; 100_000]).unwrap();
    }
    let transport = ScriptedTransport::new();
    transport.reply_with(|request| healthy(request).delay(Duration::from_secs(1)));
    let mut finished = false;
    for polls in 0..40 {
        // Each time with a new client, so that the token is part of it.
        let client = authenticated(&transport);
        let options = CreateRunOptions::new("image", "x")
            .import(LocalImporter::new(folder.path()))
            .import(LocalImporter::new(folder.path()));
        let mut call = client.runs().create(options).into_future();
        let bell = Arc::new(Bell(tokio::sync::Notify::new()));
        let waker = std::task::Waker::from(Arc::clone(&bell));
        let mut context = std::task::Context::from_waker(&waker);
        for _ in 0..polls {
            if call.as_mut().poll(&mut context).is_ready() {
                finished = true;
                break;
            }
            bell.0.notified().await;
        }
        drop(call);
        assert_eq!(transport.open_exchanges(), 0, "after {polls} polls");
    }
    assert!(finished, "40 polls are enough for all of it");
    let creations = lines(&transport)
        .iter()
        .filter(|l| *l == "POST /runs")
        .count();
    assert!(creations > 0);
}
