//! Tokens by exchange: their cache, the single flight and the one refresh after a 401.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use agent_core::sdk::{Pipeline, Request, Response};
use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use agent_core::{BoxFuture, Error, ErrorKind, Result, RetryPolicy, Sent};
use serde_json::{Value, json};
use support::broker::Broker;
use support::rules::{Rules, drain};
use support::{
    GET, client_auth, create, download, get, header_of, log, millis, seconds_since, secs, timed,
};
use tokio::task::JoinHandle;

/// A server that grants tokens `t1`, `t2` … of the given life and takes those that `takes` takes.
struct Server {
    wire: ScriptedTransport,
    granted: Arc<AtomicU32>,
}

impl Server {
    fn new(life: Value, takes: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        let wire = ScriptedTransport::new();
        let granted = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&granted);
        wire.reply_with(move |request| {
            if request.uri.path() == "/v1/tokens" {
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                let token = format!("t{number}");
                return Reply::json(&json!({"token": token, "expires_in": life})).delay(secs(1));
            }
            if takes(&bearer(request)) {
                Reply::events()
                    .chunk("data: 1\n\n")
                    .chunk("event: end\ndata: 0\n\n")
            } else {
                Reply::status(401)
            }
        });
        Self { wire, granted }
    }

    fn granted(&self) -> u32 {
        self.granted.load(Ordering::SeqCst)
    }
}

fn bearer(request: &RecordedRequest) -> String {
    let value = request.headers.get("authorization");
    value.map_or_else(String::new, |value| {
        value
            .to_str()
            .unwrap()
            .trim_start_matches("Bearer ")
            .to_owned()
    })
}

fn client(server: &Server) -> Pipeline {
    client_auth(&server.wire, Broker::auth(&["read"]))
}

/// A call whose answer nobody reads.
async fn touch(client: &Pipeline) -> Result<u16> {
    let request = Request::new(&GET).param("id", "1");
    let call = client.call(request, |response: &Response| {
        Ok(response.meta.status.as_u16())
    });
    call.await
}

/// So many of them at the same time.
fn touches(client: &Pipeline, count: usize) -> Vec<JoinHandle<Result<u16>>> {
    let touch = |client: Pipeline| tokio::spawn(async move { touch(&client).await });
    (0..count).map(|_| touch(client.clone())).collect()
}

#[tokio::test(start_paused = true)]
async fn many_calls_cost_one_exchange() {
    let server = Server::new(json!(3600), |_| true);
    let client = client(&server);
    for _ in 0..10 {
        touch(&client.clone()).await.unwrap();
    }
    assert_eq!(server.wire.requests().len(), 11);
    assert_eq!(server.granted(), 1);
}

#[tokio::test(start_paused = true)]
async fn parallel_first_calls_cost_one_exchange() {
    let server = Server::new(json!(3600), |_| true);
    let client = client(&server);
    let calls = touches(&client, 50);
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(server.granted(), 1);
    assert_eq!(server.wire.requests().len(), 51);
}

#[tokio::test(start_paused = true)]
async fn a_token_is_used_until_shortly_before_its_end_counted_from_the_start_of_the_exchange() {
    // Life, and when it was last used. The exchange takes 1 s.
    for (life, last_use) in [(3600, 3570), (60, 30), (40, 20), (10, 5), (4, 2)] {
        let server = Server::new(json!(life), |_| true);
        let client = client(&server);
        let start = agent_core::sdk::now();
        touch(&client).await.unwrap();
        tokio::time::sleep_until(start + secs(last_use) - millis(2)).await;
        touch(&client).await.unwrap();
        assert_eq!(server.granted(), 1, "life {life}: given up too early");
        tokio::time::sleep_until(start + secs(last_use) + millis(2)).await;
        touch(&client).await.unwrap();
        assert_eq!(server.granted(), 2, "life {life}: used too long");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_without_a_life_is_used_for_one_call() {
    for life in [Value::Null, json!(0), json!("soon")] {
        let server = Server::new(life.clone(), |_| true);
        let client = client(&server);
        for _ in 0..3 {
            touch(&client).await.unwrap();
        }
        assert_eq!(server.granted(), 3, "life {life}");
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_a_token_that_can_not_be_shared_do_not_stand_in_line() {
    // The exchange takes 1 s.
    for life in [Value::Null, json!(1)] {
        let server = Server::new(life.clone(), |_| true);
        let client = client(&server);
        let calls = (0..10).map(|_| touch(&client));
        let (seconds, _) = timed(futures_util::future::try_join_all(calls)).await;
        assert!(seconds < 2.1, "life {life}: {seconds} s");
        assert_eq!(server.granted(), 10, "life {life}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_with_an_endless_life_does_not_overflow() {
    let server = Server::new(json!(u64::MAX), |_| true);
    let client = client(&server);
    touch(&client).await.unwrap();
    touch(&client).await.unwrap();
    assert_eq!(server.granted(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_outlives_its_token_gives_it_to_its_own_call_only() {
    let wire = ScriptedTransport::new();
    wire.reply_with(|request| {
        if request.uri.path() == "/v1/tokens" {
            Reply::json(&json!({"token": "t", "expires_in": 10})).delay(secs(8))
        } else {
            Reply::json(&json!({}))
        }
    });
    let client = client_auth(&wire, Broker::auth(&["read"]));
    get(&client).await.unwrap();
    get(&client).await.unwrap();
    let expected = [
        "POST /tokens",
        "GET /things/1",
        "POST /tokens",
        "GET /things/1",
    ];
    assert_eq!(log(&wire), expected);
}

/// The scopes that were asked for, in order.
fn scopes(wire: &ScriptedTransport) -> Vec<String> {
    let tokens = wire.requests().into_iter();
    tokens
        .filter(|request| request.uri.path() == "/v1/tokens")
        .map(|request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            body["scope"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn refused(scope: &Value) -> Reply {
    let message = format!("no {}", scope.as_str().unwrap());
    Reply::status(403).chunk(json!({"error": {"message": message}}).to_string())
}

/// Grants the scopes that `open` holds at that time and refuses the others.
fn picky(open: &Arc<std::sync::Mutex<Vec<&'static str>>>, life: u64) -> ScriptedTransport {
    let wire = ScriptedTransport::new();
    let open = Arc::clone(open);
    wire.reply_with(move |request| {
        if request.uri.path() != "/v1/tokens" {
            return Reply::json(&json!({}));
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        if open
            .lock()
            .unwrap()
            .iter()
            .any(|scope| body["scope"] == *scope)
        {
            Reply::json(&json!({"token": "t", "expires_in": life}))
        } else {
            refused(&body["scope"])
        }
    });
    wire
}

#[tokio::test(start_paused = true)]
async fn a_refused_scope_is_remembered_once_a_later_one_was_granted() {
    let open = Arc::new(std::sync::Mutex::new(vec!["c"]));
    let wire = picky(&open, 0);
    let client = client_auth(&wire, Broker::auth(&["a", "b", "c"]));
    get(&client).await.unwrap();
    get(&client).await.unwrap();
    assert_eq!(scopes(&wire), ["a", "b", "c", "c"]);
}

#[tokio::test(start_paused = true)]
async fn when_all_scopes_are_refused_the_last_refusal_is_told_and_nothing_is_remembered() {
    let open = Arc::default();
    let wire = picky(&open, 0);
    let client = client_auth(&wire, Broker::auth(&["a", "b"]));
    let error = get(&client).await.unwrap_err();
    assert_eq!(error.status(), Some(403));
    assert_eq!(error.message(), "no b");
    assert_eq!(error.sent(), Sent::Never);
    open.lock().unwrap().push("a");
    get(&client).await.unwrap();
    assert_eq!(scopes(&wire), ["a", "b", "a"]);
}

#[tokio::test(start_paused = true)]
async fn when_no_scope_is_left_nothing_is_asked() {
    let open = Arc::new(std::sync::Mutex::new(vec!["b"]));
    let wire = picky(&open, 0);
    let client = client_auth(&wire, Broker::auth(&["a", "b"]));
    get(&client).await.unwrap();
    open.lock().unwrap().clear();
    get(&client).await.unwrap_err();
    let before = wire.requests().len();
    let error = client_auth(&wire, Broker::auth(&[]));
    let error = get(&error).await.unwrap_err();
    assert!(error.message().starts_with("no scope is left"), "{error}");
    assert_eq!(wire.requests().len(), before);
}

#[tokio::test(start_paused = true)]
async fn a_401_to_a_cached_token_costs_one_exchange_and_one_repeat() {
    type Use = fn(Pipeline) -> BoxFuture<'static, Option<Error>>;
    let uses: [(&str, Use); 4] = [
        ("a safe call", |c| {
            Box::pin(async move { touch(&c).await.err() })
        }),
        ("an unsafe call", |c| {
            Box::pin(async move {
                create(&c)
                    .map(|_| ())
                    .await
                    .err()
                    .filter(|e| e.status().is_some())
            })
        }),
        ("a stream", |c| {
            Box::pin(async move {
                let mut stream = Rules::default().follow(&c);
                let seen = drain(&mut stream).await;
                assert!(matches!(&*seen[0], "1" | "Api"), "{seen:?}");
                (seen[0] == "Api").then(|| Error::config("refused"))
            })
        }),
        ("a download", |c| {
            Box::pin(async move { download(&c).await.err() })
        }),
    ];
    for (case, usage) in uses {
        // The first token is taken back after the first call.
        let taken_back = Arc::new(AtomicU32::new(0));
        let flag = Arc::clone(&taken_back);
        let server = Server::new(json!(3600), move |token| {
            token != "t1" || flag.load(Ordering::SeqCst) == 0
        });
        let client = client(&server);
        touch(&client).await.unwrap();
        taken_back.store(1, Ordering::SeqCst);
        let failure = usage(client.clone()).await;
        assert!(failure.is_none(), "{case}: {failure:?}");
        assert_eq!(server.granted(), 2, "{case}");
        assert_eq!(
            server.wire.requests().len(),
            5,
            "{case}: {:?}",
            log(&server.wire)
        );
        touch(&client).await.unwrap();
        assert_eq!(server.granted(), 2, "{case}: the new token is kept");
    }
}

#[tokio::test(start_paused = true)]
async fn a_401_to_a_new_token_is_the_answer() {
    let server = Server::new(json!(3600), |_| false);
    let client = client(&server);
    let error = touch(&client).await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    assert_eq!(error.attempts(), 1);
    assert_eq!(server.granted(), 1);
    // The next call finds the token in the cache: one refresh, one repeat, no more.
    let error = touch(&client).await.unwrap_err();
    assert_eq!(error.attempts(), 2);
    assert_eq!(server.granted(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_401_is_repeated_with_retries_off_too_and_costs_no_budget() {
    let server = Server::new(json!(3600), |token| token == "t2");
    let client = client(&server);
    touch(&client).await.unwrap_err();
    let request = Request::new(&GET).param("id", "1");
    let call = client.call(request, |_: &Response| Ok(()));
    call.retry(RetryPolicy::none()).await.unwrap();
    assert_eq!(client.retry_budget().available(), 100);
}

#[tokio::test(start_paused = true)]
async fn parallel_401s_to_one_token_cost_one_new_exchange() {
    let gone = Arc::new(AtomicU32::new(0));
    let flag = Arc::clone(&gone);
    let server = Server::new(json!(3600), move |token| {
        token != "t1" || flag.load(Ordering::SeqCst) == 0
    });
    let client = client(&server);
    touch(&client).await.unwrap();
    gone.store(1, Ordering::SeqCst);
    let calls = touches(&client, 20);
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(server.granted(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_late_401_to_an_old_token_does_not_drop_the_new_one() {
    let wire = ScriptedTransport::new();
    let granted = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&granted);
    wire.reply_with(move |request| {
        if request.uri.path() == "/v1/tokens" {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            return Reply::json(&json!({"token": format!("t{number}"), "expires_in": 3600}));
        }
        let slow = request.headers.contains_key("x-slow");
        match (&*bearer(request), slow) {
            ("t1", true) => Reply::status(401).delay(secs(5)),
            ("t1", false) if request.headers.contains_key("x-late") => Reply::status(401),
            _ => Reply::json(&json!({})),
        }
    });
    let client = client_auth(&wire, Broker::auth(&["read"]));
    get(&client).await.unwrap();
    let slow = tokio::spawn({
        let client = client.clone();
        async move { get(&client).header("x-slow", "1").await }
    });
    tokio::time::sleep(secs(1)).await;
    get(&client).header("x-late", "1").await.unwrap();
    assert_eq!(granted.load(Ordering::SeqCst), 2);
    slow.await.unwrap().unwrap();
    assert_eq!(
        granted.load(Ordering::SeqCst),
        2,
        "the slow call's 401 was to the old token"
    );
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_is_dropped_does_not_stop_those_who_wait() {
    let server = Server::new(json!(3600), |_| true);
    let client = client(&server);
    let mut leader = Box::pin({
        let client = client.clone();
        async move { touch(&client).await }
    });
    assert!(futures_util::FutureExt::now_or_never(&mut leader).is_none());
    let waiting = touches(&client, 5);
    tokio::task::yield_now().await;
    drop(leader);
    for call in waiting {
        call.await.unwrap().unwrap();
    }
    assert_eq!(server.granted(), 2, "the dropped exchange and one more");
    assert_eq!(server.wire.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_failure_of_an_exchange_is_the_calls_error_and_says_the_call_was_not_sent() {
    let rows: [(Reply, ErrorKind, Option<u16>, usize); 6] = [
        (Reply::status(503), ErrorKind::Api, Some(503), 3),
        (Reply::status(400), ErrorKind::Api, Some(400), 1),
        (Reply::refused(), ErrorKind::Transport, None, 3),
        (Reply::silence(), ErrorKind::Timeout, None, 3),
        (
            Reply::status(200).chunk("<html>"),
            ErrorKind::Decode,
            None,
            1,
        ),
        (Reply::status(401), ErrorKind::Api, Some(401), 1),
    ];
    for (reply, kind, status, requests) in rows {
        let wire = ScriptedTransport::new();
        let failing = reply.clone();
        wire.reply_with(move |_| failing.clone());
        let error = create(&client_auth(&wire, Broker::auth(&["read"])))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.status(), status, "{error}");
        assert_eq!(error.operation(), "tokens.create", "{error}");
        assert_eq!(
            error.sent(),
            Sent::Never,
            "only the exchange was sent: {error}"
        );
        assert_eq!(wire.requests().len(), requests, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_fails_after_an_attempt_does_not_deny_that_attempt() {
    let wire = ScriptedTransport::new();
    wire.reply(Reply::json(&json!({"token": "t1", "expires_in": 0})));
    wire.reply(Reply::broken());
    wire.reply_with(|_| Reply::refused());
    let error = get(&client_auth(&wire, Broker::auth(&["read"])))
        .await
        .unwrap_err();
    assert_eq!(error.operation(), "tokens.create");
    assert_eq!(
        error.sent(),
        Sent::Maybe,
        "the first attempt may have landed: {error}"
    );
    assert_eq!(error.attempts(), 1, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_token_endpoint_that_hangs_holds_nobody_longer_than_two_turns() {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::silence());
    let client = client_auth(&wire, Broker::auth(&["read"]));
    let start = agent_core::sdk::now();
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { get(&client).retry(RetryPolicy::none()).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap_err();
    }
    let took = seconds_since(start);
    assert!(took < 121.0, "20 calls stood in line for {took} s");
}

#[tokio::test(start_paused = true)]
async fn the_exchange_keeps_to_the_calls_policy_but_gets_neither_its_headers_nor_its_key() {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::status(503));
    let client = client_auth(&wire, Broker::auth(&["read"]));
    let call = support::run(&client)
        .header("x-tenant", "blue")
        .idempotency_key("k");
    let _ = call.retry(RetryPolicy::none()).await;
    assert_eq!(log(&wire), ["POST /tokens"]);
    assert_eq!(header_of(&wire, "x-tenant"), ["-"]);
    assert_eq!(header_of(&wire, "idempotency-key"), ["-"]);
}
