//! Raw requests: any path, as the client sends its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use agent_core::sdk::{Auth, Pipeline};
use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{Error, ErrorKind, Raw, RawRequest, Sent};
use bytes::Bytes;
use serde_json::{Value, json};
use support::setup;

fn raw(wire: &ScriptedTransport) -> Raw {
    let mut setup = setup(wire);
    setup.auth = Auth::bearer(&"secret".into()).unwrap();
    Raw::new(Pipeline::new(setup).unwrap())
}

/// The error of a request that is not sent.
async fn refused(build: impl FnOnce(Raw) -> RawRequest) -> Error {
    let wire = ScriptedTransport::new();
    let error = build(raw(&wire)).json::<Value>().await.unwrap_err();
    assert!(wire.requests().is_empty());
    assert_eq!((error.sent(), error.attempts()), (Sent::Never, 0));
    error
}

/// Begins a request to a path.
type Make = fn(&Raw, &str) -> RawRequest;

/// Begins a request.
type At = fn(&Raw) -> RawRequest;

#[tokio::test(start_paused = true)]
async fn every_method_reaches_its_path_with_the_clients_credentials() {
    let rows: [(&str, Make); 5] = [
        ("GET", |raw, path| raw.get(path)),
        ("POST", |raw, path| raw.post(path)),
        ("PATCH", |raw, path| raw.patch(path)),
        ("PUT", |raw, path| raw.put(path)),
        ("DELETE", |raw, path| raw.delete(path)),
    ];
    for (method, build) in rows {
        let wire = ScriptedTransport::new();
        wire.reply(Reply::json(&json!({"n": 1})));
        let value: Value = build(&raw(&wire), "/new/{id}/things")
            .param("id", "a/b ü")
            .query("q", "1 2")
            .query("q", 3)
            .json()
            .await
            .unwrap();
        assert_eq!(value, json!({"n": 1}));
        let sent = &wire.requests()[0];
        assert_eq!(sent.method, method);
        assert_eq!(
            sent.uri.path_and_query().unwrap(),
            "/v1/new/a%2Fb%20%C3%BC/things?q=1+2&q=3"
        );
        assert_eq!(sent.headers["authorization"], "Bearer secret");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_is_json_or_bytes_of_any_type() {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::json(&json!(null)));
    let raw = raw(&wire);
    let json: Value = raw.post("/a").body(&json!({"b": 1})).json().await.unwrap();
    assert_eq!(json, Value::Null);
    let csv = raw.put("/a").body_bytes("text/csv", "1,2");
    csv.json::<Value>().await.unwrap();
    let sent: Vec<_> = wire
        .requests()
        .into_iter()
        .map(|request| (request.headers["content-type"].clone(), request.body))
        .collect();
    assert_eq!(
        sent[0],
        ("application/json".parse().unwrap(), r#"{"b":1}"#.into())
    );
    assert_eq!(sent[1], ("text/csv".parse().unwrap(), "1,2".into()));
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_read_as_json_as_bytes_or_piece_by_piece() {
    let wire = ScriptedTransport::new();
    let plain = || Reply::status(200).chunk("ab").chunk("cd");
    for reply in [plain(), plain(), plain(), Reply::status(204)] {
        wire.reply(reply);
    }
    let raw = raw(&wire);
    assert_eq!(raw.get("/a").bytes().await.unwrap(), "abcd");
    let mut stream = raw.get("/a").stream().await.unwrap();
    let mut pieces = Vec::new();
    while let Some(piece) = stream.next().await {
        pieces.push(piece.unwrap());
    }
    assert_eq!(pieces.concat(), b"abcd");
    let error = raw.get("/a").json::<Value>().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(raw.delete("/a").bytes().await.unwrap(), Bytes::new());
    let accepted: Vec<_> = wire
        .requests()
        .into_iter()
        .map(|request| request.headers["accept"].clone())
        .collect();
    assert_eq!(accepted, ["*/*", "*/*", "application/json", "*/*"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_safe_to_repeat_is_sent_once_and_errors_are_the_vendors() {
    let rows: [(At, usize); 5] = [
        (|raw| raw.get("/a"), 3),
        (|raw| raw.put("/a"), 3),
        (|raw| raw.delete("/a"), 3),
        (|raw| raw.post("/a"), 1),
        (|raw| raw.patch("/a"), 1),
    ];
    for (build, sent) in rows {
        let wire = ScriptedTransport::new();
        wire.reply_with(|_| {
            let body = json!({"error": {"code": "down", "message": "We are down"}});
            Reply::status(503).chunk(body.to_string())
        });
        let request = build(&raw(&wire));
        let name = format!("{request:?}");
        let error = request.json::<Value>().await.unwrap_err();
        assert_eq!(wire.requests().len(), sent, "{name}");
        assert_eq!(
            (error.code(), error.message()),
            (Some("down"), "We are down")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn no_path_leaves_the_api() {
    for path in [
        "",
        "a",
        "//other.test/a",
        "https://other.test/a",
        "/a/../b",
        "/a/%2e%2E/b",
        "/a b",
        "/a#b",
        "/a\\b",
        "/ü",
        "/{id",
        "/{missing}",
        "/{+id}",
    ] {
        let error = refused(|raw| raw.get(path).param("id", "1")).await;
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{path}: {error}");
    }
    for value in ["", ".", ".."] {
        let error = refused(|raw| raw.get("/a/{id}").param("id", value)).await;
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{value}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_can_not_be_sent_is_refused() {
    struct NoJson;
    impl serde::Serialize for NoJson {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("no"))
        }
    }
    refused(|raw| raw.post("/a").body(&NoJson)).await;
    refused(|raw| raw.post("/a").body_bytes("text/\nplain", "x")).await;
}

#[test]
fn debug_shows_no_values() {
    let wire = ScriptedTransport::new();
    let request = raw(&wire)
        .post("/a/{id}")
        .param("id", "hidden-1")
        .query("q", "hidden-2")
        .body(&json!("hidden-3"));
    let shown = format!("{:?} {request:?}", raw(&wire));
    assert!(
        shown.contains("/a/{id}") && !shown.contains("hidden"),
        "{shown}"
    );
}
