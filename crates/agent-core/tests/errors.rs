//! The error type: what it prints, how large it is, and that the parts of a client move between threads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::error::Error as _;
use std::time::Duration;

use agent_core::error::ErrorResponse;
use agent_core::sdk::{Auth, Pipeline, Request, reconnects_exhausted};
use agent_core::testing::ScriptedTransport;
use agent_core::transport::{RequestBody, ResponseBody, TransportError, TransportPhase};
use agent_core::{
    ByteStream, Call, Caller, Credentials, Cursor, Error, ErrorKind, EventStream, HttpConfig,
    ReqwestTransport, ResponseMeta, RetryBudget, RetryPolicy, Sent, StreamOptions, TimeoutPhase,
    WithResponse,
};
use bytes::Bytes;

fn answered(status: u16, error: Error) -> Error {
    error.with_response(ErrorResponse {
        method: http::Method::POST,
        url: "https://toy.test/v1/runs?key=planted".into(),
        status: http::StatusCode::from_u16(status).unwrap(),
        reason: String::new(),
        headers: http::HeaderMap::new(),
        body: Bytes::from_static(b"planted"),
        truncated: false,
    })
}

fn api(status: u16, message: &'static str) -> Error {
    answered(status, Error::new(ErrorKind::Api, message)).with_operation("runs.create")
}

#[test]
fn an_error_prints_one_line_that_answers_the_question() {
    let transport = |phase| Error::transport(TransportError::new(phase, "reset by peer"));
    let after = Some(Duration::from_millis(1500));
    let rows = [
        (Error::config("no base URL"), "no base URL"),
        (
            Error::invalid_argument("id must not be empty"),
            "id must not be empty (not sent)",
        ),
        (
            api(409, "key was used with another body")
                .with_code("idempotency_conflict")
                .with_request_id(Some("req_1".into()))
                .with_attempts(1),
            "runs.create: 409 idempotency_conflict: key was used with another body (request req_1, 1 attempt)",
        ),
        (
            api(500, "Internal Server Error"),
            "runs.create: 500: Internal Server Error",
        ),
        (
            api(503, "busy").with_attempts(3).with_retry_after(after),
            "runs.create: 503: busy (3 attempts, retry after 1500 ms)",
        ),
        (
            api(404, "HTTP 404: nothing here"),
            "runs.create: HTTP 404: nothing here",
        ),
        (api(404, "no item 14045"), "runs.create: 404: no item 14045"),
        (
            api(404, "item 404 is gone"),
            "runs.create: item 404 is gone",
        ),
        (
            api(400, "bad_input: x").with_code("bad_input"),
            "runs.create: 400: bad_input: x",
        ),
        (
            api(400, "bad_inputs").with_code("bad_input"),
            "runs.create: 400 bad_input: bad_inputs",
        ),
        (api(400, "x").with_code(""), "runs.create: 400: x"),
        (api(599, ""), "runs.create: 599"),
        (
            api(599, " \n ").with_attempts(1),
            "runs.create: 599 (1 attempt)",
        ),
        (
            transport(TransportPhase::Connect).with_attempts(2),
            "connecting failed: reset by peer (2 attempts, not sent)",
        ),
        (
            transport(TransportPhase::Request),
            "the connection broke: reset by peer (may have been sent)",
        ),
        (
            transport(TransportPhase::Body),
            "the connection broke within the answer: reset by peer",
        ),
        (
            Error::timeout(TimeoutPhase::Total, Duration::from_secs(30))
                .with_operation("runs.wait"),
            "runs.wait: the call was not finished within 30000 ms (may have been sent)",
        ),
        (
            Error::timeout(TimeoutPhase::Idle, Duration::from_secs(120))
                .with_cursor(Some(Cursor::from(41_u64))),
            "no data within 120000 ms (after event 41)",
        ),
        (
            Error::new(ErrorKind::Interrupted, "cut")
                .with_cursor(Some(Cursor::from(-1_i64)))
                .with_sent(Sent::Yes),
            "cut (after event -1)",
        ),
        (
            reconnects_exhausted(10, api(503, "busy")),
            "gave up after 10 reconnects without a new event: runs.create: 503: busy",
        ),
        (
            api(400, "two\nlines\r\nand\ta tab"),
            "runs.create: 400: two lines and a tab",
        ),
        (api(400, "  padded \n"), "runs.create: 400: padded"),
        (
            api(400, "\u{1b}[31mred\u{7}"),
            "runs.create: 400:  [31mred ",
        ),
        (api(400, "a\u{2028}b\u{202e}c"), "runs.create: 400: a b c"),
        (
            api(400, "x").with_code("c\no\nd"),
            "runs.create: 400 c o d: x",
        ),
        (
            api(400, "x").with_request_id(Some("a\nb".into())),
            "runs.create: 400: x (request a b)",
        ),
    ];
    for (error, expected) in rows {
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn no_mark_that_turns_the_direction_of_writing_is_printed() {
    let error = api(400, "a\u{202e}b\u{2066}c\u{200f}d\u{61c}e\u{200e}f");
    assert_eq!(error.to_string(), "runs.create: 400: a b c d e f");
}

#[test]
fn what_is_too_long_is_cut_and_the_message_itself_is_not() {
    let long = "é".repeat(1000);
    let error = Error::new(ErrorKind::Api, long.clone()).with_sent(Sent::Yes);
    assert_eq!(error.message(), long);
    let cut = format!("{}… (600 more characters)", "é".repeat(400));
    assert_eq!(error.to_string(), cut);
    assert!(format!("{error:?}").contains(&cut));

    let error = api(400, "x")
        .with_code("c".repeat(100_000))
        .with_request_id(Some("r".repeat(100_000)));
    assert!(
        error.to_string().len() < 1000,
        "{} bytes",
        error.to_string().len()
    );
    assert!(format!("{error:?}").len() < 1500);
}

#[test]
fn debug_shows_what_matters_and_neither_body_nor_url() {
    let error = api(409, "no")
        .with_code("c")
        .with_source(std::io::Error::other("cause"));
    let text = format!("{error:?}");
    for part in [
        "Api",
        "runs.create",
        "409",
        "\"no\"",
        "\"c\"",
        "cause",
        "sent: Yes",
    ] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    assert!(!text.contains("planted"), "{text}");
}

#[test]
fn predicates_follow_from_status_and_phase() {
    let connect = TransportError::new(TransportPhase::Connect, "x");
    let slow = TransportError::new(TransportPhase::Connect, "x").timed_out();
    assert!(api(404, "").is_not_found() && api(409, "").is_conflict());
    assert!(api(401, "").is_unauthorized() && api(429, "").is_rate_limited());
    let error = Error::transport(connect);
    assert!(error.is_connect() && !error.is_timeout());
    let error = Error::transport(slow);
    assert!(error.is_connect() && error.is_timeout());
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Connect));
    assert_eq!(error.sent(), Sent::Never);
    assert!(!api(404, "").with_retryable(true).is_connect());
    assert!(api(404, "").with_retryable(true).is_retryable());
    assert!(!api(503, "").with_retryable(false).is_retryable());
}

#[test]
fn the_cause_is_the_source() {
    let inner = std::io::Error::other("reset");
    let transport = TransportError::new(TransportPhase::Body, "reading failed").with_source(inner);
    let error = Error::transport(transport);
    assert!(
        error.message().ends_with("reset"),
        "the root cause is told: {error}"
    );
    let mut chain = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        chain.push(cause.to_string());
        next = cause.source();
    }
    assert_eq!(chain, ["reading failed", "reset"]);
}

#[test]
fn a_vendors_view_is_found_by_its_type() {
    struct View(u8);
    let error = api(400, "").with_view(View(7));
    assert_eq!(error.view::<View>().map(|view| view.0), Some(7));
    assert!(error.view::<u8>().is_none());
}

#[test]
fn what_is_moved_often_is_small() {
    // Type, its size on a 64-bit machine, and the most it may be.
    let rows = [
        ("Error", size_of::<Error>(), size_of::<usize>()),
        (
            "Result<(), Error>",
            size_of::<Result<(), Error>>(),
            size_of::<usize>(),
        ),
        ("EventStream", size_of::<EventStream<Vec<u8>>>(), 16),
        ("Pipeline", size_of::<Pipeline>(), size_of::<usize>()),
        ("Call", size_of::<Call<Vec<u8>>>(), 192),
        ("Caller", size_of::<Caller>(), 64),
        ("ByteStream", size_of::<ByteStream>(), 256),
        ("StreamOptions", size_of::<StreamOptions>(), 256),
        ("Request", size_of::<Request>(), 384),
    ];
    for (name, size, most) in rows {
        assert!(
            size <= most,
            "{name} has grown to {size} bytes, more than {most}"
        );
    }
}

#[test]
fn the_parts_of_a_client_move_between_threads() {
    fn send<T: Send>() {}
    fn shared<T: Send + Sync + 'static>() {}
    send::<Call<u8>>();
    send::<EventStream<u8>>();
    send::<ByteStream>();
    send::<ResponseBody>();
    shared::<Error>();
    shared::<Pipeline>();
    shared::<Caller>();
    shared::<HttpConfig>();
    shared::<Auth>();
    shared::<Credentials>();
    shared::<RetryPolicy>();
    shared::<RetryBudget>();
    shared::<StreamOptions>();
    shared::<RequestBody>();
    shared::<ResponseMeta>();
    shared::<WithResponse<u8>>();
    shared::<ReqwestTransport>();
    shared::<ScriptedTransport>();
    shared::<Request>();
}

#[tokio::test(start_paused = true)]
async fn futures_of_calls_and_streams_are_small_and_move() {
    fn measured<F: Future + Send>(future: &F) -> usize {
        size_of_val(future)
    }
    let wire = ScriptedTransport::new();
    let client = support::client(&wire);
    let awaited = async {
        let _ = support::get(&client).await;
    };
    assert!(
        measured(&awaited) <= 1024,
        "awaiting a call costs {}",
        measured(&awaited)
    );
    let mut stream = support::rules::Rules::default().follow(&client);
    let next = stream.next();
    assert!(measured(&next) <= 64, "next() costs {}", measured(&next));
}
