//! Which redirects are followed, and what travels with them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use agent_core::sdk::{Auth, Op, OpKind, Pipeline, Redirects, Request, Response, Safety, Setup};
use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use agent_core::{Error, ErrorKind, SecretString, Sent};
use serde_json::{Value, json};
use support::{FILE, GET, Toy, client, client_of, create, download, get, setup};

static HEAD: Op = Op {
    name: "things.head",
    method: http::Method::HEAD,
    path: "/things/{id}",
    safety: Safety::Safe,
    kind: OpKind::Unary,
};
static POST: Op = Op::post("things.post", "/things/{id}").safety(Safety::Safe);

static NONE: Toy = with(Redirects::NONE);
static WITHIN: Toy = with(Redirects::within_origin(3));
static ANYWHERE: Toy = with(Redirects::anywhere(3));
static REWRITING: Toy = with(Redirects {
    rewrite_to_get: true,
    ..Redirects::anywhere(3)
});
static STRICT: Toy = with(Redirects::anywhere(3).excess_fails());
static ENDLESS: Toy = with(Redirects::anywhere(u8::MAX));

const fn with(redirects: Redirects) -> Toy {
    Toy {
        redirects,
        ..Toy::PLAIN
    }
}

/// Answers the first request with `status` to `location`, every other with 200.
fn moved(status: u16, location: &str) -> ScriptedTransport {
    let wire = ScriptedTransport::new();
    wire.reply(Reply::status(status).header("location", location));
    wire.reply_with(|_| Reply::json(&json!({"ok": true})));
    wire
}

async fn send(client: &Pipeline, op: &'static Op) -> Result<Value, Error> {
    let request = Request::new(op).param("id", "1");
    let request = if op.method == http::Method::POST {
        request.json(&json!({"secret": "body"}))
    } else {
        request
    };
    let call = client.call(request, |response: &Response| {
        Ok(json!(response.body.len()))
    });
    call.header("x-key", "k").await
}

fn shape(request: &RecordedRequest) -> String {
    format!("{} {} {}", request.method, request.uri, request.body.len())
}

#[tokio::test(start_paused = true)]
async fn each_status_method_and_rule_has_its_answer() {
    const STAY: &str = "stays";
    let target = "https://toy.test/b";
    // Status, operation, and what the second request is under: NONE, WITHIN and ANYWHERE, REWRITING.
    let rows: &[(u16, &'static Op, &str, &str)] = &[
        (
            301,
            &GET,
            "GET https://toy.test/b 0",
            "GET https://toy.test/b 0",
        ),
        (
            302,
            &GET,
            "GET https://toy.test/b 0",
            "GET https://toy.test/b 0",
        ),
        (
            303,
            &GET,
            "GET https://toy.test/b 0",
            "GET https://toy.test/b 0",
        ),
        (
            307,
            &GET,
            "GET https://toy.test/b 0",
            "GET https://toy.test/b 0",
        ),
        (
            308,
            &GET,
            "GET https://toy.test/b 0",
            "GET https://toy.test/b 0",
        ),
        (
            303,
            &HEAD,
            "HEAD https://toy.test/b 0",
            "HEAD https://toy.test/b 0",
        ),
        (301, &POST, STAY, "GET https://toy.test/b 0"),
        (302, &POST, STAY, "GET https://toy.test/b 0"),
        (303, &POST, STAY, "GET https://toy.test/b 0"),
        (
            307,
            &POST,
            "POST https://toy.test/b 17",
            "POST https://toy.test/b 17",
        ),
        (
            308,
            &POST,
            "POST https://toy.test/b 17",
            "POST https://toy.test/b 17",
        ),
        (300, &GET, STAY, STAY),
        (304, &GET, STAY, STAY),
        (305, &GET, STAY, STAY),
        (399, &GET, STAY, STAY),
    ];
    for &(status, op, plain, rewriting) in rows {
        for (rule, dialect, expected) in [
            ("NONE", &NONE, STAY),
            ("within_origin", &WITHIN, plain),
            ("anywhere", &ANYWHERE, plain),
            ("rewrite_to_get", &REWRITING, rewriting),
        ] {
            let case = format!("{status} to {} {}, {rule}", op.method, op.name);
            let wire = moved(status, target);
            let result = send(&client_of(&wire, dialect), op).await;
            let requests = wire.requests();
            if expected == STAY {
                let error = result.unwrap_err();
                assert_eq!(error.status(), Some(status), "{case}");
                assert_eq!(error.kind(), ErrorKind::Api, "{case}");
                assert_eq!(requests.len(), 1, "{case}");
                continue;
            }
            result.unwrap_or_else(|error| panic!("{case}: {error}"));
            assert_eq!(shape(&requests[1]), expected, "{case}");
            let has_body = requests[1].headers.contains_key("content-type");
            assert_eq!(
                has_body,
                !requests[1].body.is_empty(),
                "content-type of {case}"
            );
            assert_eq!(requests[1].headers["x-key"], "k", "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_location_is_resolved_against_the_request() {
    let rows = [
        ("/x", "https://toy.test/x"),
        ("x", "https://toy.test/v1/things/x"),
        ("../x", "https://toy.test/v1/x"),
        ("?q=1", "https://toy.test/v1/things/1?q=1"),
        ("//toy.test/x", "https://toy.test/x"),
        ("https://toy.test:443/x", "https://toy.test/x"),
        ("HTTPS://TOY.TEST/x", "https://toy.test/x"),
        ("/x#part", "https://toy.test/x"),
        ("/a b", "https://toy.test/a%20b"),
        ("/ü?q=é", "https://toy.test/%C3%BC?q=%C3%A9"),
        ("\\\\toy.test\\x", "https://toy.test/x"),
    ];
    for (location, expected) in rows {
        let wire = moved(307, location);
        let result = get(&client_of(&wire, &WITHIN)).await;
        result.unwrap_or_else(|error| panic!("{location}: {error}"));
        assert_eq!(wire.requests()[1].uri, expected, "{location}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_location_that_can_not_be_followed_safely_is_refused() {
    let locations = [
        "https://user@toy.test/",
        "https://user:pass@toy.test/",
        "https://:pass@toy.test/",
        "ftp://toy.test/x",
        "file:///etc/passwd",
        "data:text/plain,x",
        "javascript:alert(1)",
        "https://",
        "http://[::1",
        "https://toy.test:99999/",
    ];
    for location in locations {
        let wire = moved(307, location);
        let error = get(&client_of(&wire, &ANYWHERE)).await.unwrap_err();
        assert_eq!(error.status(), Some(307), "{location}: {error}");
        assert_eq!(wire.requests().len(), 1, "{location} was followed");
    }
    let wire = ScriptedTransport::new();
    wire.reply(Reply::status(307));
    let error = get(&client_of(&wire, &ANYWHERE)).await.unwrap_err();
    assert_eq!(error.status(), Some(307), "without a location");
}

const ELSEWHERE: &[&str] = &[
    "https://evil.test/x",
    "https://toy.test:8443/x",
    "http://toy.test/x",
    "https://sub.toy.test/x",
    "https://toy.test./x",
    "https://toy.test.evil.test/x",
    "//evil.test/x",
    "\\\\evil.test/x",
];

#[tokio::test(start_paused = true)]
async fn another_origin_is_refused_within_the_origin() {
    for location in ELSEWHERE {
        let wire = moved(307, location);
        let error = get(&client_of(&wire, &WITHIN)).await.unwrap_err();
        assert_eq!(error.status(), Some(307), "{location}");
        assert_eq!(wire.requests().len(), 1, "{location} was followed");
    }
}

fn everything(wire: &ScriptedTransport) -> Pipeline {
    let setup = setup(wire);
    let http = setup
        .http
        .header("x-tenant", "blue")
        .header("cookie", "c=1");
    Pipeline::new(Setup {
        dialect: &ENDLESS,
        auth: Auth::bearer(&SecretString::from("token")).unwrap(),
        http,
        ..setup
    })
    .unwrap()
}

fn names(request: &RecordedRequest) -> Vec<String> {
    let mut names: Vec<_> = request.headers.keys().map(ToString::to_string).collect();
    names.sort_unstable();
    names
}

#[tokio::test(start_paused = true)]
async fn another_origin_gets_no_header_but_the_harmless_three() {
    for location in ELSEWHERE {
        let wire = moved(307, location);
        let call = create(&everything(&wire)).header("x-mine", "1");
        call.await.unwrap();
        let requests = wire.requests();
        let first = [
            "accept",
            "authorization",
            "content-type",
            "cookie",
            "user-agent",
            "x-mine",
            "x-tenant",
        ];
        assert_eq!(names(&requests[0]), first, "{location}");
        let rest = ["accept", "content-type", "user-agent"];
        assert_eq!(names(&requests[1]), rest, "{location}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_dropped_on_a_hop_does_not_come_back_on_the_next() {
    let wire = ScriptedTransport::new();
    let chain = [
        "https://evil.test/1",
        "https://toy.test/v1/2",
        "https://toy.test/v1/3",
    ];
    for location in chain {
        wire.reply(Reply::status(307).header("location", location));
    }
    wire.reply(Reply::json(&json!({})));
    get(&everything(&wire)).await.unwrap();
    let requests = wire.requests();
    assert_eq!(requests.len(), 4);
    for request in &requests[1..] {
        assert_eq!(names(request), ["accept", "user-agent"], "{}", request.uri);
    }
}

#[tokio::test(start_paused = true)]
async fn an_idempotency_key_stays_within_the_origin_too() {
    let wire = moved(307, "https://evil.test/");
    let call = support::run(&client_of(&wire, &ANYWHERE)).idempotency_key("k");
    call.await.unwrap();
    assert!(!wire.requests()[1].headers.contains_key("idempotency-key"));
}

#[tokio::test(start_paused = true)]
async fn loops_end_after_the_allowed_hops() {
    for (dialect, hops) in [(&NONE, 0), (&WITHIN, 3), (&ANYWHERE, 3), (&ENDLESS, 255)] {
        let wire = ScriptedTransport::new();
        wire.reply_with(|request| Reply::status(307).header("location", &request.uri.to_string()));
        let error = get(&client_of(&wire, dialect)).await.unwrap_err();
        assert_eq!(error.status(), Some(307));
        assert_eq!(wire.requests().len(), hops + 1);
        assert_eq!(error.attempts(), 1, "hops are not attempts");
        assert_eq!(wire.open_exchanges(), 0);
    }
    // Where the vendor wants it, one too many is a broken connection; what can not be followed anyway is an answer.
    for (location, kind, requests) in [
        (Some("/loop"), ErrorKind::Transport, 4),
        (None, ErrorKind::Api, 1),
    ] {
        let wire = ScriptedTransport::new();
        wire.reply_with(move |_| {
            let reply = Reply::status(307);
            location.map_or(reply.clone(), |location| reply.header("location", location))
        });
        let error = get(&client_of(&wire, &STRICT)).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!((error.sent(), error.attempts()), (Sent::Yes, 1));
        assert_eq!(wire.requests().len(), requests);
        assert_eq!(wire.open_exchanges(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_can_have_rules_of_its_own() {
    let wire = moved(307, "https://storage.test/x");
    let request = Request::new(&FILE)
        .param("path", "a")
        .redirects(Redirects::anywhere(1));
    client_of(&wire, &NONE).download(request).await.unwrap();
    assert_eq!(wire.requests().len(), 2);
    let wire = moved(307, "/x");
    let error = download(&client_of(&wire, &NONE)).await.unwrap_err();
    assert_eq!(error.status(), Some(307));
}

#[tokio::test(start_paused = true)]
async fn a_retry_begins_where_the_call_began() {
    let wire = ScriptedTransport::new();
    wire.reply(Reply::status(307).header("location", "/b"));
    wire.reply(Reply::status(503));
    wire.reply(Reply::json(&json!({})));
    get(&client(&wire)).await.unwrap();
    let uris: Vec<_> = wire
        .requests()
        .iter()
        .map(|r| r.uri.path().to_owned())
        .collect();
    assert_eq!(uris, ["/v1/things/1", "/b", "/v1/things/1"]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_redirected_was_sent() {
    let wire = ScriptedTransport::new();
    wire.reply(Reply::status(307).header("location", "/b"));
    wire.reply(Reply::refused());
    let error = create(&client(&wire)).await.unwrap_err();
    assert_eq!(
        error.sent(),
        Sent::Maybe,
        "the server saw the first hop: {error}"
    );
}
