//! What goes through `tracing`: the spans of calls and attempts, by the names of OpenTelemetry's HTTP conventions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use agent_core::RetryPolicy;
use agent_core::testing::{Reply, ScriptedTransport};
use serde_json::json;
use support::broker::Broker;
use support::recorder::Recorder;
use support::rules::{Rules, at, drain};
use support::{client, client_auth, create, get, secs};

const TWO_ATTEMPTS: &str = "\
span INFO call
    operation = things.get
    otel.kind = internal
    otel.name = things.get
    vendor = toy
  span DEBUG attempt
      error.type = api_5xx
      http.request.method = GET
      http.request.resend_count = 0
      http.response.status_code = 503
      operation = things.get
      otel.kind = client
      server.address = toy.test
      url.scheme = https
      url.template = /things/{id}
      vendor = toy
  event DEBUG retry
      error.type = api_5xx
      operation = things.get
      wait_ms = 500
  span DEBUG attempt
      http.request.method = GET
      http.request.resend_count = 1
      http.response.status_code = 200
      operation = things.get
      otel.kind = client
      server.address = toy.test
      url.scheme = https
      url.template = /things/{id}
      vendor = toy
";

#[tokio::test(start_paused = true)]
async fn a_call_with_two_attempts_is_a_span_with_two_spans() {
    let (recorder, _guard) = Recorder::start();
    let wire = ScriptedTransport::new();
    wire.reply(Reply::status(503))
        .reply(Reply::json(&json!({})));
    get(&client(&wire)).await.unwrap();
    assert_eq!(recorder.tree(), TWO_ATTEMPTS, "got:\n{}", recorder.tree());
}

#[tokio::test(start_paused = true)]
async fn the_class_of_a_failure_is_on_the_call_and_on_the_attempt() {
    let rows: [(Reply, &str, &str); 9] = [
        (Reply::refused(), "connect", "-"),
        (Reply::broken(), "transport", "-"),
        (Reply::silence(), "timeout", "-"),
        (Reply::status(404), "api_4xx", "404"),
        (Reply::status(503), "api_5xx", "503"),
        (Reply::status(302), "api", "302"),
        (
            Reply::status(200).header("content-length", "99999999999"),
            "too_large",
            "-",
        ),
        (Reply::status(200).chunk("{").lost(), "transport", "-"),
        (Reply::status(200).chunk("<"), "decode", "200"),
    ];
    for (reply, class, status) in rows {
        let (recorder, _guard) = Recorder::start();
        let wire = ScriptedTransport::new();
        wire.reply(reply);
        let _ = get(&client(&wire)).retry(RetryPolicy::none()).await;
        let entries = recorder.entries();
        let field = |at: usize, name: &str| {
            let value = entries[at].fields.get(name);
            value.map_or("-".to_owned(), Clone::clone)
        };
        assert_eq!(field(0, "error.type"), class, "the call");
        // That an answer is not what was expected is found after the attempt.
        let of_attempt = if class == "decode" { "-" } else { class };
        assert_eq!(field(1, "error.type"), of_attempt, "the attempt, {class}");
        assert_eq!(field(1, "http.response.status_code"), status, "{class}");
    }
}

#[tokio::test(start_paused = true)]
async fn limits_have_classes_of_their_own() {
    let (recorder, _guard) = Recorder::start();
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::silence());
    let _ = get(&client(&wire)).total_timeout(secs(1)).await;
    let limited = support::client_with(&wire, |http| http.headers_timeout(secs(1)));
    let _ = create(&limited).await;
    let classes: Vec<_> = recorder
        .entries()
        .iter()
        .filter(|entry| entry.name == "call")
        .map(|entry| entry.fields["error.type"].clone())
        .collect();
    assert_eq!(classes, ["timeout_total", "timeout_headers"]);
}

#[tokio::test(start_paused = true)]
async fn a_token_exchange_is_within_the_call_it_serves() {
    let (recorder, _guard) = Recorder::start();
    let wire = ScriptedTransport::new();
    wire.reply(Reply::json(&json!({"token": "t", "expires_in": 60})));
    wire.reply(Reply::json(&json!({})));
    get(&client_auth(&wire, Broker::auth(&["read"])))
        .await
        .unwrap();
    let entries = recorder.entries();
    let operations: Vec<_> = entries
        .iter()
        .map(|entry| {
            (
                entry.name.as_str(),
                entry.fields["operation"].as_str(),
                entry.parent.is_some(),
            )
        })
        .collect();
    let expected = [
        ("call", "things.get", false),
        ("attempt", "tokens.create", true),
        ("attempt", "things.get", true),
    ];
    assert_eq!(operations, expected);
}

#[tokio::test(start_paused = true)]
async fn the_opening_of_a_stream_is_an_attempt() {
    let (recorder, _guard) = Recorder::start();
    let wire = ScriptedTransport::new();
    wire.reply(Reply::events().chunk(at(1)));
    drain(&mut Rules::default().follow(&client(&wire))).await;
    let entries = recorder.entries();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].fields["operation"], "runs.events");
    assert_eq!(entries[0].fields["http.response.status_code"], "200");
}
