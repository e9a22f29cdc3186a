//! No secret in spans, events, `Display`, `Debug` or the causes of errors: secrets are planted wherever one can be, and
//! everything that can be printed is searched.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::error::Error as StdError;
use std::fmt::Debug;
use std::sync::Arc;

use agent_core::sdk::{
    Auth, BaseUrl, Broke, ClientCredentials, Exchanged, Next, Open, Out, Pipeline, Request,
    Response, Setup, Token,
};
use agent_core::sse::Decoder;
use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::transport::{RequestBody, ResponseBody};
use agent_core::{
    Call, Caller, Credentials, Cursor, Error, HttpConfig, Limit, ReqwestTransport, RetryPolicy,
    SecretString, StreamOptions,
};
use bytes::Bytes;
use serde_json::{Value, json};
use support::broker::Broker;
use support::recorder::Recorder;
use support::rules::{Rules, at};
use support::{CREATE, FILE, GET, RUN, client_auth, client_with, get, millis, setup};

/// Every planted secret holds this.
const PLANTED: &str = "planted";

/// What was printed, and from what.
#[derive(Default)]
struct Printed(Vec<(String, String)>);

impl Printed {
    fn debug(&mut self, what: &str, value: &(impl Debug + ?Sized)) {
        self.0
            .push((format!("Debug of {what}"), format!("{value:?}")));
        self.0
            .push((format!("pretty Debug of {what}"), format!("{value:#?}")));
    }

    fn error(&mut self, what: &str, error: &Error) {
        self.debug(what, error);
        self.0
            .push((format!("Display of {what}"), error.to_string()));
        let mut cause = error.source();
        while let Some(next) = cause {
            self.0.push((
                format!("a cause of {what}"),
                format!("{next} {next:?} {next:#?}"),
            ));
            cause = next.source();
        }
        if let Some(response) = error.response() {
            self.debug(&format!("the response of {what}"), response);
        }
    }

    fn check(self) {
        assert!(!self.0.is_empty());
        for (what, text) in self.0 {
            assert!(!text.contains(PLANTED), "{what} shows a secret:\n{text}");
        }
    }
}

fn planted_client(wire: &ScriptedTransport, auth: Auth) -> Pipeline {
    let setup = setup(wire);
    let http = setup
        .http
        .header("x-api-key", "planted-client-header")
        .max_body_bytes(2000)
        .max_event_bytes(500);
    Pipeline::new(Setup {
        auth,
        http,
        ..setup
    })
    .unwrap()
}

fn auths() -> [Auth; 4] {
    let key = SecretString::from("planted-key");
    [
        Auth::None,
        Auth::bearer(&key).unwrap(),
        Auth::header("x-key", &key).unwrap(),
        Auth::Hook(Arc::new(ClientCredentials::new(Broker {
            scopes: &["read"],
            secret: "planted-client-secret",
        }))),
    ]
}

fn planted_call(client: &Pipeline) -> Call<Value> {
    let request = Request::new(&RUN)
        .query("token", "planted-query")
        .header("x-mine", "planted-operation-header")
        .json(&json!({"prompt": "planted-body"}));
    client
        .call(request, Response::json)
        .header("x-other", "planted-call-header")
        .idempotency_key("planted-idempotency-key")
}

/// Answers whose hidden parts hold a secret.
fn answers() -> Vec<Reply> {
    let body =
        json!({"error": {"code": "no", "message": "not today"}, "token": "planted-error-body"});
    let with_headers = |reply: Reply| {
        reply
            .header("set-cookie", "planted-cookie")
            .header("x-request-id", "r-1")
            .header("location", "https://evil.test/?signature=planted-location")
    };
    vec![
        Reply::refused(),
        Reply::broken(),
        Reply::silence(),
        with_headers(Reply::json(&json!({"a": "planted-answer"}))),
        with_headers(Reply::status(400)).chunk(body.to_string()),
        with_headers(Reply::status(401)).chunk(body.to_string()),
        with_headers(Reply::status(503)).chunk(body.to_string()),
        with_headers(Reply::status(307)).chunk(body.to_string()),
        with_headers(Reply::status(500)).chunk("planted plain text"),
        with_headers(Reply::status(200))
            .header("content-type", "text/html")
            .chunk("<p>planted"),
        with_headers(Reply::status(200)).chunk("{\"planted\": \"planted\", \"planted\": tru"),
        with_headers(Reply::status(200)).chunk("planted".repeat(1000)),
        with_headers(Reply::status(200)).chunk("planted").lost(),
        with_headers(Reply::status(200)).chunk("planted").open(),
    ]
}

#[tokio::test(start_paused = true)]
async fn calls_show_no_secret() {
    for auth in auths() {
        for (index, answer) in answers().into_iter().enumerate() {
            let (recorder, _guard) = Recorder::start();
            let mut printed = Printed::default();
            let wire = ScriptedTransport::new();
            wire.reply_with(move |request| {
                if request.uri.path().ends_with("tokens") {
                    Reply::json(&json!({"token": "planted-token", "expires_in": 600}))
                } else {
                    answer.clone()
                }
            });
            let client = planted_client(&wire, auth.clone());
            let call = planted_call(&client);
            printed.debug("the call", &call);
            let name = format!("the error of answer {index}");
            match call.with_response().await {
                Ok(answer) => printed.debug("the answer's head", &answer.response),
                Err(error) => printed.error(&name, &error),
            }
            // Decoded into a type, so that the decoder's own words come through.
            let request = Request::new(&GET)
                .param("id", "1")
                .query("q", "planted-query");
            let call = client.call(
                request,
                Response::json::<std::collections::BTreeMap<String, bool>>,
            );
            if let Err(error) = call.retry(RetryPolicy::none()).await {
                printed.error(&name, &error);
            }
            printed.debug("the client", &client);
            printed.0.push(("tracing".into(), recorder.tree()));
            assert!(!recorder.entries().is_empty());
            printed.check();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_token_exchange_shows_no_secret() {
    for answer in answers() {
        let (recorder, _guard) = Recorder::start();
        let mut printed = Printed::default();
        let wire = ScriptedTransport::new();
        wire.reply_with(move |_| answer.clone());
        let [.., exchange] = auths();
        let client = planted_client(&wire, exchange);
        if let Err(error) = planted_call(&client).await {
            printed.error("the exchange's error", &error);
        }
        printed.debug("the client", &client);
        printed.0.push(("tracing".into(), recorder.tree()));
        printed.check();
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_repeats_the_credentials_does_not_get_them_into_the_error() {
    let [_, bearer, header, exchange] = auths();
    let key = SecretString::from("planted-key");
    let with_tenant = Credentials::bearer(&key)
        .and_then(|key| key.and_header("x-tenant", &"access".into()))
        .unwrap();
    for (auth, secret) in [
        (bearer, "planted-key"),
        (header, "planted-key"),
        (Auth::Fixed(with_tenant), "planted-key"),
        (exchange, "planted-token"),
    ] {
        let message = format!("no access for {secret}");
        let body = json!({"error": {"code": secret, "message": message}}).to_string();
        let wire = ScriptedTransport::new();
        let answer = body.clone();
        wire.reply_with(move |request| {
            if request.uri.path().ends_with("tokens") {
                Reply::json(&json!({"token": "planted-token", "expires_in": 600}))
            } else {
                Reply::status(401).chunk(answer.clone())
            }
        });
        let client = planted_client(&wire, auth);
        let error = planted_call(&client).await.unwrap_err();
        assert_eq!(error.message(), "no access for ****");
        assert_eq!(error.code(), Some("****"));
        let response = error.response().unwrap();
        assert_eq!(response.body, body, "the body stays as it came");
        let mut printed = Printed::default();
        printed.error("the error", &error);
        printed.check();
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_repeats_a_credential_of_the_users_own_headers_does_not_get_it_into_the_error()
 {
    type Own = (fn(HttpConfig) -> HttpConfig, fn(Call<Value>) -> Call<Value>);
    let cases: [Own; 3] = [
        (
            |http| http.header("authorization", "Bearer planted-key"),
            |call| call,
        ),
        (|http| http.header("x-api-key", "planted-key"), |call| call),
        (|http| http, |call| call.header("x-api-key", "planted-key")),
    ];
    for (http, call) in cases {
        for body in [r#"{"error": {"message": "no planted-key"}}"#, ""] {
            let wire = ScriptedTransport::new();
            let reply = Reply::status(403)
                .reason("no planted-key")
                .header("x-request-id", "planted-key")
                .chunk(body);
            wire.reply(reply);
            let client = client_with(&wire, http);
            let error = call(get(&client)).await.unwrap_err();
            assert_eq!(error.message(), "no ****");
            assert_eq!(error.request_id(), Some("****"));
            let mut printed = Printed::default();
            printed.error("the error", &error);
            printed.check();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_credential_that_is_repeated_with_escapes_does_not_get_into_the_error_either() {
    let bodies = [
        r#"{"error": {"message": "no planted/key+1", "code": "planted/key+1"}}"#,
        r#"{"error": {"message": "no planted\/key\u002B1", "code": "\u0070lanted/key+1"}, "a": 1.50}"#,
        r#"{"error": {"message": "no planted/key+1", "code": "planted\/key+1"}}"#,
        // Equal keys, and what no value can hold, hide nothing.
        r#"{"error": {"code": "x", "message": "no planted\/key+1", "code": "planted\/key+1"}, "n": 1e999}"#,
    ];
    for body in bodies {
        let wire = ScriptedTransport::new();
        wire.reply(Reply::status(400).chunk(body));
        let auth = Auth::bearer(&"planted/key+1".into()).unwrap();
        let error = get(&client_auth(&wire, auth)).await.unwrap_err();
        assert_eq!(error.message(), "no ****", "{body}");
        assert_eq!(error.code(), Some("****"), "{body}");
        assert_eq!(error.response().unwrap().body, body);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_credential_stays_in_the_servers_words() {
    let wire = ScriptedTransport::new();
    let message = "key job-1234567 of tenant blue-12345 is used: test";
    wire.reply(Reply::status(409).chunk(json!({"error": {"message": message}}).to_string()));
    let client = client_with(&wire, |http| {
        http.header("idempotency-key", "job-1234567")
            .header("x-tenant", "blue-12345")
            .header("x-auth-mode", "test")
    });
    let error = get(&client).await.unwrap_err();
    assert_eq!(error.message(), message);
}

#[tokio::test(start_paused = true)]
async fn streams_and_downloads_show_no_secret() {
    let comment = ": planted-comment\n\nid: planted-id\ndata: 3\n\n";
    let too_large = format!("data: planted{}\n\n", "x".repeat(1000));
    let endings: Vec<Reply> = vec![
        Reply::events().chunk(at(1)).chunk(comment),
        Reply::events()
            .chunk(at(1))
            .chunk("event: planted\ndata: 4")
            .lost(),
        Reply::events().chunk(at(1)).chunk("data: planted").open(),
        Reply::events().chunk(at(1)).chunk(too_large),
        Reply::status(404)
            .chunk("planted")
            .header("set-cookie", "planted"),
        Reply::silence(),
        Reply::refused(),
    ];
    for reply in endings {
        let (recorder, _guard) = Recorder::start();
        let mut printed = Printed::default();
        let wire = ScriptedTransport::new();
        let again = reply.clone();
        wire.reply_with(move |_| again.clone());
        let client = planted_client(&wire, auths()[1].clone());
        let options = StreamOptions::new().header("x-mine", "planted-stream-header");
        printed.debug("stream options", &options);
        let mut stream = Rules::default().follow_with(&client, options);
        printed.debug("a stream", &stream);
        while let Some(item) = stream.next().await {
            if let Err(error) = item {
                printed.error("a stream's error", &error);
            }
            printed.debug("a stream", &stream);
        }
        let request = Request::new(&FILE)
            .absolute("https://storage.test/f?signature=planted".parse().unwrap());
        printed.debug("a signed request", &request);
        match client.download(request).await {
            Ok(mut file) => {
                printed.debug("a download", &file);
                printed.debug("a download's head", file.response());
                while let Some(piece) = file.next().await {
                    if let Err(error) = piece {
                        printed.error("a download's error", &error);
                    }
                }
            }
            Err(error) => printed.error("a download's opening", &error),
        }
        printed.0.push(("tracing".into(), recorder.tree()));
        printed.check();
    }
}

#[tokio::test(start_paused = true)]
async fn no_public_type_shows_a_secret() {
    let secret = SecretString::from("planted");
    let mut printed = Printed::default();
    printed.debug("SecretString", &secret);
    assert_eq!(format!("{secret:?}"), "****");
    printed.debug(
        "Credentials",
        &Credentials::header("x-key", &secret).unwrap(),
    );
    printed.debug("Credentials", &Credentials::bearer(&secret).unwrap());
    for auth in &auths() {
        printed.debug("Auth", auth);
    }
    let token = || Token {
        secret: secret.clone(),
        expires_in: None,
    };
    printed.debug("Token", &token());
    printed.debug("Exchanged", &Exchanged::Granted(token()));

    let http = HttpConfig::new()
        .header("x-key", "planted-value")
        .header("planted name: planted", "planted")
        .authenticate(match &auths()[3] {
            Auth::Hook(hook) => Arc::clone(hook),
            _ => panic!("the last is a hook"),
        });
    printed.debug("HttpConfig", &http);
    let wire = ScriptedTransport::new();
    printed.debug(
        "Setup",
        &Setup {
            http,
            ..setup(&wire)
        },
    );
    printed.debug("ScriptedTransport", &wire);
    printed.debug(
        "ReqwestTransport",
        &ReqwestTransport::new(Limit::Off).unwrap(),
    );

    let request = Request::new(&CREATE)
        .param("id", "planted-id")
        .query("q", "planted")
        .header("x-key", "planted")
        .idempotency_key(Some("planted".into()))
        .json(&json!("planted"));
    printed.debug("Request", &request);
    printed.debug("Open", &Open::Ask(request.clone()));
    printed.debug("Next", &Next::Ask(Box::new(request.clone())));
    printed.debug("RequestBody", &RequestBody::from(Bytes::from("planted")));
    printed.debug("ResponseBody", &ResponseBody::from_bytes("planted"));

    wire.reply_with(|_| {
        let reply = Reply::status(200)
            .header("set-cookie", "planted")
            .chunk("planted");
        reply.header("x-api-key", "planted")
    });
    let client = planted_client(&wire, Auth::None);
    let caller: Caller = client.caller();
    printed.debug("Caller", &caller);
    let get = || Request::new(&GET).param("id", "1");
    printed.debug("Response", &caller.send(&get()).await.unwrap());
    printed.debug("Opened", &caller.open(&get()).await.unwrap());

    let mut decoder = Decoder::new();
    decoder.feed(Bytes::from("id: planted\ndata: planted\n\ndata: planted"));
    printed.debug("Decoder", &decoder);
    printed.debug("Frame", &decoder.next_frame().unwrap().unwrap());
    printed.debug("Decoder", &decoder);
    printed.debug("Broke", &Broke::Lost(Error::decode("x")));
    let mut out: Out<String> = Out::default();
    out.item_at(Ok("planted".into()), Cursor::from(1_u64));
    printed.debug("Out", &out);
    printed.check();
}

#[test]
fn a_base_url_that_holds_a_secret_is_refused_without_showing_it() {
    let mut printed = Printed::default();
    for text in [
        "https://user:planted@toy.test",
        "https://toy.test?key=planted",
        "planted",
        "https://toy.test/#planted",
    ] {
        printed.error(text, &BaseUrl::parse("base_url", text).unwrap_err());
    }
    // The rows themselves name their URL.
    for (_, text) in printed.0 {
        assert!(!text.contains(PLANTED), "{text}");
    }
}

#[tokio::test]
async fn a_failing_network_shows_no_secret() {
    let (recorder, _guard) = Recorder::start();
    let mut printed = Printed::default();
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().port()
    };
    let base = format!("http://127.0.0.1:{closed}");
    let setup = setup(&ScriptedTransport::new());
    let http = setup
        .http
        .transport(Arc::new(ReqwestTransport::new(millis(5000)).unwrap()))
        .header("x-api-key", "planted-client-header");
    let client = Pipeline::new(Setup {
        base: BaseUrl::parse("base_url", &base).unwrap(),
        auth: auths()[1].clone(),
        http,
        ..setup
    })
    .unwrap();
    let call = planted_call(&client).retry(RetryPolicy::none());
    printed.error("a refused connection", &call.await.unwrap_err());
    printed.0.push(("tracing".into(), recorder.tree()));
    printed.check();
}
