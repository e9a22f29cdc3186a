//! Headers: which one wins, and which can not be sent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use agent_core::sdk::{Auth, Pipeline, Request, Response, Setup};
use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{ErrorKind, SecretString, Sent, StreamOptions};
use serde_json::{Value, json};
use support::rules::{Rules, drain};
use support::{CREATE, GET, client, client_with, create, download, get, header_of, setup};

fn answering() -> ScriptedTransport {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::json(&json!({})));
    wire
}

#[tokio::test(start_paused = true)]
async fn every_request_says_what_it_takes_and_who_asks() {
    let wire = answering();
    let client = client(&wire);
    get(&client).await.unwrap();
    create(&client).await.unwrap();
    download(&client).await.unwrap();
    drain(&mut Rules::default().follow(&client)).await;
    let accepted = [
        "application/json",
        "application/json",
        "*/*",
        "text/event-stream",
    ];
    assert_eq!(header_of(&wire, "accept"), accepted);
    assert_eq!(header_of(&wire, "user-agent"), ["toy-sdk/1.0"; 4]);
    assert_eq!(
        header_of(&wire, "content-type"),
        ["-", "application/json", "-", "-"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_call_wins_over_the_client_over_the_operation_over_the_defaults() {
    // Header, the client's value, the call's, and what is sent; the operation says `operation`.
    let rows = [
        ("x-any", None, None, "operation"),
        ("x-any", Some("client"), None, "client"),
        ("x-any", Some("client"), Some("call"), "call"),
        ("X-ANY", Some("client"), Some("call"), "call"),
        ("user-agent", None, None, "toy-sdk/1.0"),
        ("user-agent", Some("client"), None, "client"),
        ("User-Agent", None, Some("call"), "call"),
        ("accept", Some("client"), None, "client"),
        ("authorization", None, None, "Bearer token"),
        ("Authorization", Some("client"), None, "client"),
        ("authorization", Some("client"), Some("call"), "call"),
        // What the body is, the operation knows best, but the call may say otherwise.
        ("Content-Type", Some("client"), None, "application/json"),
        ("content-type", Some("client"), Some("call"), "call"),
    ];
    for (name, of_client, of_call, expected) in rows {
        let wire = answering();
        let setup = setup(&wire);
        let http = match of_client {
            Some(value) => setup.http.header(name, value),
            None => setup.http,
        };
        let auth = Auth::bearer(&SecretString::from("token")).unwrap();
        let client = Pipeline::new(Setup {
            auth,
            http,
            ..setup
        })
        .unwrap();
        let request = Request::new(&CREATE)
            .json(&json!({}))
            .header("x-any", "operation");
        let mut call = client.call(request, Response::json::<Value>);
        if let Some(value) = of_call {
            call = call.header(name, value);
        }
        call.await.unwrap();
        let request = &wire.requests()[0];
        let sent: Vec<_> = request.headers.get_all(name).iter().collect();
        assert_eq!(
            sent,
            [expected],
            "{name}, client {of_client:?}, call {of_call:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_name_given_twice_is_sent_once_with_the_later_value() {
    let wire = answering();
    let client = client_with(&wire, |http| http.header("x-a", "1").header("X-A", "2"));
    get(&client).await.unwrap();
    get(&client)
        .header("x-b", "1")
        .header("X-B", "2")
        .await
        .unwrap();
    let requests = wire.requests();
    assert_eq!(
        requests[0]
            .headers
            .get_all("x-a")
            .iter()
            .collect::<Vec<_>>(),
        ["2"]
    );
    assert_eq!(
        requests[1]
            .headers
            .get_all("x-b")
            .iter()
            .collect::<Vec<_>>(),
        ["2"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_content_type_of_the_clients_goes_with_requests_without_a_body() {
    let wire = answering();
    let client = client_with(&wire, |http| http.header("content-type", "x/y"));
    get(&client).await.unwrap();
    assert_eq!(header_of(&wire, "content-type"), ["x/y"]);
}

#[tokio::test(start_paused = true)]
async fn the_user_agent_can_be_replaced() {
    let wire = answering();
    get(&client_with(&wire, |http| http.user_agent("mine/2")))
        .await
        .unwrap();
    assert_eq!(header_of(&wire, "user-agent"), ["mine/2"]);
    let mut setup = setup(&wire);
    setup.http = setup.http.user_agent("mine\n2");
    assert_eq!(Pipeline::new(setup).unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test(start_paused = true)]
async fn the_clients_headers_go_to_the_vendor_only() {
    let wire = answering();
    let client = client_with(&wire, |http| http.header("x-tenant", "blue"));
    let elsewhere = Request::new(&GET).absolute("https://storage.test/a".parse().unwrap());
    client
        .call(elsewhere, Response::json::<Value>)
        .await
        .unwrap();
    assert_eq!(header_of(&wire, "x-tenant"), ["-"]);
}

#[tokio::test(start_paused = true)]
async fn a_streams_own_headers_go_with_each_of_its_requests() {
    let wire = ScriptedTransport::new();
    wire.reply(Reply::events().chunk("event: ask\ndata: 1\n\n"));
    wire.reply(Reply::json(&json!({"status": "done"})));
    let options = StreamOptions::new().header("x-mine", "1");
    drain(&mut Rules::default().follow_with(&client(&wire), options)).await;
    assert_eq!(header_of(&wire, "x-mine"), ["1", "1"]);
}

/// Name and value of headers that can not be sent.
const BAD: &[(&str, &str)] = &[
    ("x-a", "planted\r\nx-evil: 1"),
    ("x-a", "planted\n"),
    ("x-a", "planted\r"),
    ("x-a", "planted\0"),
    ("x-a", "planted\u{7f}"),
    ("x-a\r\nplanted: 1", "1"),
    ("x a planted", "1"),
    ("x-key: planted", ""),
    ("", "planted"),
    ("x-é-planted", "1"),
    // These follow from the body: another value would split the next request off this one.
    ("content-length", "0"),
    ("Content-Length", "planted"),
    ("transfer-encoding", "chunked"),
];

#[tokio::test(start_paused = true)]
async fn a_header_that_can_not_be_sent_is_refused_before_anything_is_sent_and_not_shown() {
    for &(name, value) in BAD {
        let wire = answering();
        let client = client(&wire);
        let mut stream =
            Rules::default().follow_with(&client, StreamOptions::new().header(name, value));
        let request = Request::new(&GET).param("id", "1").header(name, value);
        let mut broken = setup(&wire);
        broken.http = broken.http.header(name, value);
        let errors = [
            (
                "call",
                get(&client).header(name, value).await.unwrap_err(),
                ErrorKind::InvalidArgument,
            ),
            (
                "operation",
                client
                    .call(request, Response::json::<Value>)
                    .await
                    .unwrap_err(),
                ErrorKind::InvalidArgument,
            ),
            (
                "stream",
                stream.next().await.unwrap().unwrap_err(),
                ErrorKind::InvalidArgument,
            ),
            (
                "client",
                Pipeline::new(broken).unwrap_err(),
                ErrorKind::Config,
            ),
        ];
        for (place, error, kind) in errors {
            let case = format!("{name:?}: {value:?} of the {place}");
            assert_eq!(error.kind(), kind, "{case}");
            assert_eq!((error.sent(), error.attempts()), (Sent::Never, 0), "{case}");
            let shown = format!("{error}{error:?}");
            assert!(!shown.contains("planted"), "{case} is shown: {shown}");
            assert!(!shown.contains('\n'), "{case}");
        }
        assert!(wire.requests().is_empty(), "{name:?}: {value:?} was sent");
    }
}

#[tokio::test(start_paused = true)]
async fn bytes_beyond_ascii_are_sent_as_they_are() {
    let wire = answering();
    get(&client(&wire)).header("x-name", "é").await.unwrap();
    assert_eq!(
        wire.requests()[0].headers["x-name"].as_bytes(),
        "é".as_bytes()
    );
}

#[tokio::test(start_paused = true)]
async fn what_may_be_a_credential_is_marked_as_one_for_the_transport() {
    let wire = answering();
    let setup = setup(&wire);
    let http = setup.http.header("x-client", "1");
    let auth = Auth::bearer(&SecretString::from("token")).unwrap();
    let client = Pipeline::new(Setup {
        auth,
        http,
        ..setup
    })
    .unwrap();
    get(&client).header("x-call", "1").await.unwrap();
    let headers = &wire.requests()[0].headers;
    for (name, secret) in [
        ("authorization", true),
        ("x-client", true),
        ("x-call", true),
        ("accept", false),
        ("user-agent", false),
    ] {
        assert_eq!(headers[name].is_sensitive(), secret, "{name}");
    }
}
