//! Credentials: fixed, and by a hook of the user's. The exchange of tokens is in `client_credentials.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use agent_core::sdk::{Auth, Pipeline, Request, Response};
use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{
    Authenticate, BoxFuture, Caller, Credentials, Error, ErrorKind, Result, SecretString, Sent,
};
use serde_json::{Value, json};
use support::rules::{Rules, at, drain};
use support::{GET, client_auth, create, get, header_of, secs};

#[tokio::test(start_paused = true)]
async fn fixed_credentials_go_with_every_request_of_the_vendor_and_no_other() {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::json(&json!({})));
    let secret = SecretString::from("k");
    let client = client_auth(&wire, Auth::header("x-api-key", &secret).unwrap());
    get(&client).await.unwrap();
    let open = Request::new(&GET).param("id", "1").without_auth();
    client.call(open, Response::json::<Value>).await.unwrap();
    let elsewhere = Request::new(&GET).absolute("https://storage.test/a?sig=1".parse().unwrap());
    client
        .call(elsewhere, Response::json::<Value>)
        .await
        .unwrap();
    assert_eq!(header_of(&wire, "x-api-key"), ["k", "-", "-"]);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_can_not_be_sent_is_refused_without_being_shown() {
    let bad = SecretString::from("sk-1\nsk-2");
    let errors = [
        Credentials::bearer(&bad).unwrap_err(),
        Credentials::header("x-key", &bad).unwrap_err(),
        Credentials::header("x key", &SecretString::from("fine")).unwrap_err(),
        Credentials::header("x-key: sk-1", &SecretString::from("fine")).unwrap_err(),
        Credentials::header("content-length", &SecretString::from("5")).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!format!("{error}{error:?}").contains("sk-"), "{error:?}");
    }
}

/// A hook that counts: credentials `h1`, `h2` …, an error for the call `fails`, and whether it helps with a 401.
#[derive(Debug, Default)]
struct Counting {
    calls: AtomicU32,
    fails: u32,
    helps: bool,
    broken_refusal: bool,
}

impl Authenticate for Counting {
    fn authorize<'a>(
        &'a self,
        _: &'static str,
        _: &'a Caller,
    ) -> BoxFuture<'a, Result<Credentials>> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move {
            if number == self.fails {
                return Err(Error::new(ErrorKind::Io, "the keyring is locked"));
            }
            Credentials::bearer(&format!("h{number}").into())
        })
    }

    fn refused<'a>(&'a self, _: &'a Credentials, _: &'a Caller) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            if self.broken_refusal {
                return Err(Error::new(ErrorKind::Io, "the keyring is locked"));
            }
            Ok(self.helps)
        })
    }
}

fn hooked(wire: &ScriptedTransport, hook: Counting) -> Pipeline {
    client_auth(wire, Auth::Hook(Arc::new(hook)))
}

#[tokio::test(start_paused = true)]
async fn a_hook_is_asked_before_every_attempt() {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::status(503));
    let _ = get(&hooked(&wire, Counting::default())).await;
    assert_eq!(
        header_of(&wire, "authorization"),
        ["Bearer h1", "Bearer h2", "Bearer h3"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_hooks_error_is_the_calls_and_tells_what_was_sent_before() {
    for (fails, sent, attempts) in [(1, Sent::Never, 0), (2, Sent::Yes, 1), (3, Sent::Yes, 2)] {
        let wire = ScriptedTransport::new();
        wire.reply_with(|_| Reply::status(503));
        let hook = Counting {
            fails,
            ..Counting::default()
        };
        let error = get(&hooked(&wire, hook)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert_eq!(error.operation(), "things.get");
        assert_eq!(
            (error.sent(), error.attempts()),
            (sent, attempts),
            "{error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_hook_decides_once_whether_a_401_is_repeated() {
    for (helps, requests) in [(true, 2), (false, 1)] {
        let wire = ScriptedTransport::new();
        wire.reply_with(|_| Reply::status(401));
        let hook = Counting {
            helps,
            ..Counting::default()
        };
        let error = create(&hooked(&wire, hook)).await.unwrap_err();
        assert_eq!(error.status(), Some(401));
        assert_eq!(wire.requests().len(), requests, "helps: {helps}");
    }
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::status(401));
    let hook = Counting {
        broken_refusal: true,
        ..Counting::default()
    };
    let error = create(&hooked(&wire, hook)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.sent(), error.attempts()),
        (ErrorKind::Io, Sent::Yes, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn the_users_own_authorization_header_wins() {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::json(&json!({})));
    let client = hooked(&wire, Counting::default());
    get(&client)
        .header("Authorization", "Basic mine")
        .await
        .unwrap();
    assert_eq!(header_of(&wire, "authorization"), ["Basic mine"]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_asks_for_credentials_each_time_it_opens() {
    let wire = ScriptedTransport::new();
    wire.reply(Reply::events().chunk(at(1)).lost());
    wire.reply(Reply::events().chunk(at(2)));
    let rules = Rules {
        lost: support::rules::After::Reopen(secs(1)),
        ..Rules::default()
    };
    let client = hooked(&wire, Counting::default());
    assert_eq!(drain(&mut rules.follow(&client)).await, ["1", "2"]);
    assert_eq!(
        header_of(&wire, "authorization"),
        ["Bearer h1", "Bearer h2"]
    );
}
