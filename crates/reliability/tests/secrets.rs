//! No secret is ever shown: every client is full of planted ones, and everything that it prints or records is searched.
//!
//! In a test binary of its own: the subscriber that records every span and event, at every level, is the whole process'
//! one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "secrets/recorder.rs"]
mod recorder;

use std::error::Error as _;
use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{Error, HttpConfig, RetryPolicy};
use reliability::figures::Figures;
use reliability::operation::Kind;
use reliability::vendors::{PLANTED, Vendor, chosen};
use serde_json::json;

use recorder::Recorder;

/// Everything that was shown, searched as it comes.
#[derive(Default)]
struct Shown {
    texts: usize,
    errors: usize,
}

impl Shown {
    #[track_caller]
    fn text(&mut self, from: &str, text: &str) {
        self.texts += 1;
        let found = text.to_lowercase().contains(PLANTED);
        assert!(!found, "{from} shows a secret: {text}");
    }

    #[track_caller]
    fn error(&mut self, from: &str, error: &Error) {
        self.errors += 1;
        self.text(from, &format!("{error} {error:?} {error:#?}"));
        self.text(
            from,
            &format!("{:?} {:?}", error.message(), error.details()),
        );
        let mut source = error.source();
        while let Some(cause) = source {
            self.text(from, &format!("{cause} {cause:?} {cause:#?}"));
            source = cause.source();
        }
        if let Some(response) = error.response() {
            self.text(from, &format!("{response:?} {response:#?}"));
        }
    }
}

/// An answer, anew each time.
type Make = fn() -> Reply;

/// What servers do to a call.
const ANSWERS: &[(&str, Make)] = &[
    ("an empty object", || Reply::json(&json!({}))),
    ("a list", || Reply::json(&json!([]))),
    ("events", || {
        Reply::events().chunk("data: {}\n\nevent: x\ndata: no JSON\n\n")
    }),
    ("no JSON", || Reply::status(200).chunk("<html>")),
    ("401", || Reply::status(401).chunk("{\"error\": \"no\"}")),
    ("403", || {
        Reply::status(403).header("www-authenticate", "Bearer")
    }),
    ("404", || Reply::status(404).chunk("{\"message\": \"no\"}")),
    ("409", || {
        Reply::status(409).chunk("{\"code\": \"CONFLICT\"}")
    }),
    ("422", || {
        Reply::json(&json!({"detail": [{"loc": ["x"], "msg": "no"}]}))
    }),
    ("429", || Reply::status(429).header("retry-after", "1")),
    ("500", || Reply::status(500)),
    ("503", || Reply::status(503).header("retry-after", "3600")),
    ("a redirect away", || {
        Reply::status(307).header(
            "location",
            "http://127.0.0.1:9/planted-not-in-header?x=planted-x",
        )
    }),
    ("a redirect", || Reply::status(302).header("location", "/x")),
    ("no connection", Reply::refused),
    ("broken", Reply::broken),
    ("silent", Reply::silence),
    ("cut", || Reply::json(&json!({})).chunk("{").lost()),
    ("silent within", || {
        Reply::events().chunk("data: {\n").open()
    }),
];

async fn vendor(vendor: &'static Vendor, shown: &mut Shown) {
    let both = ANSWERS.iter().flat_map(|row| [(row, true), (row, false)]);
    for ((what, reply), tokens) in both {
        if !tokens && vendor.tokens.is_none() {
            continue;
        }
        let transport = ScriptedTransport::new();
        transport.reply_with(move |request| {
            let token = vendor.token(request.uri.path()).filter(|_| tokens);
            token.map_or_else(reply, |token| Reply::json(&token))
        });
        let http = HttpConfig::new()
            .transport(transport.shared())
            .idle_timeout(Duration::from_secs(5))
            .retry(RetryPolicy::default().max_retries(1));
        let client = vendor.client("http://example.com", http).unwrap();
        for text in &client.shown {
            shown.text(vendor.name, text);
        }
        for operation in &client.operations {
            let from = format!("{}: {operation:?}, {what}", vendor.name);
            let run = tokio::time::timeout(Duration::from_secs(3600), operation.run());
            match run.await {
                Ok(Ok(text)) => shown.text(&from, &text),
                Ok(Err(error)) => shown.error(&from, &error),
                Err(_elapsed) => {
                    // A run may be silent for ever, and is then followed for ever.
                    let follows = operation.kind == Kind::Events;
                    assert!(follows, "{from}: it does not end");
                }
            }
        }
        let asked = transport.requests();
        let text = format!("{asked:?}").to_lowercase();
        assert!(
            text.contains(PLANTED),
            "{}: no secret was at work",
            vendor.name
        );
    }
}

#[test]
fn no_planted_secret_is_in_any_text_error_span_or_event() {
    let recorder = Recorder::install();
    let mut figures = Figures::new(
        "Secrets",
        "Every operation of every vendor against nineteen kinds of answers, with secrets planted in credentials, headers, keys \
         and messages: all texts (`Debug`, `Display`, causes) and everything that went through `tracing`, at every level. \
         A planted secret in any of them fails.",
        &[
            "vendor",
            "texts",
            "errors",
            "spans and events",
            "secrets found",
        ],
    );
    for each in chosen() {
        let mut shown = Shown::default();
        let before = recorder.count();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(vendor(each, &mut shown));
        let records = recorder.count() - before;
        assert!(records > 0, "{}: nothing was recorded", each.name);
        for line in recorder.take() {
            shown.text("tracing", &line);
        }
        figures.row(&[&each.name, &shown.texts, &shown.errors, &records, &0]);
    }
    figures.publish("80-secrets").unwrap();
}

/// The search finds what is there: a secret that is recorded fails it.
#[test]
#[should_panic(expected = "shows a secret")]
fn a_secret_that_is_shown_is_found() {
    let mut shown = Shown::default();
    shown.text("a test", "token = Planted-token");
}
