//! What holds for every operation: sent at most once where once is all it may be, ids that stay in their place, secrets
//! that stay secret, limits that end every call.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use agent_core::sdk::{OpKind, Safety};
use agent_core::testing::{Reply, ScriptedTransport};
use agentrouter_sdk::agent_core::{BoxFuture, PlainHttp};
use agentrouter_sdk::{
    AgentRouterClient, AgentRouterOptions, CreateAndWaitRequest, CreateRunRequest, Error, ErrorExt,
    ErrorKind, HttpConfig, Limit, RetryPolicy, RunActionDecisionRequest, RunAgentCreateRequest,
    RunAgentResumeRequest, Sent, StreamAgentCreateRequest, TimeoutPhase, agentrouter, ops,
    run_agent, stream_agent,
};
use serde_json::json;

#[path = "support/rig.rs"]
mod rig;

use rig::{
    BASE, FAILURES, KEY, OPERATIONS, Operation, all_of, client, lines, no_secret, plain, planted,
    run, unit,
};

fn safety(op: &Operation) -> Safety {
    ops::OPS
        .iter()
        .find(|row| row.name == op.name)
        .unwrap()
        .safety
}

#[test]
fn the_table_is_complete_and_says_what_may_be_sent_twice() {
    let names: Vec<_> = OPERATIONS.iter().map(|op| op.name).collect();
    assert_eq!(names, ops::OPS.iter().map(|op| op.name).collect::<Vec<_>>());
    for op in OPERATIONS {
        let expected = match op.name {
            "create_run" => Safety::Keyed,
            "continue_run" => Safety::Unsafe,
            _ => Safety::Safe,
        };
        assert_eq!(safety(op), expected, "{}", op.name);
    }
}

#[tokio::test(start_paused = true)]
async fn calls_are_repeated_only_where_that_is_safe_and_may_help() {
    for op in OPERATIONS {
        for (name, reply, passing, sent, in_body) in FAILURES {
            // Bodies of streams and downloads are read by rules of their own.
            if *in_body && matches!(op.name, "stream_run" | "download_artifact") {
                continue;
            }
            let name = format!("{}, {name}", op.name);
            let transport = ScriptedTransport::new();
            transport.reply_with(move |_| reply());
            let error = (op.call)(&client(&transport)).await.unwrap_err();
            let again = safety(op) != Safety::Unsafe && *passing;
            let expected = if again { 3 } else { 1 };
            assert_eq!(transport.requests().len(), expected, "{name}: {error}");
            assert_eq!(error.attempts() as usize, expected, "{name}");
            assert_eq!(error.sent(), *sent, "{name}");
            assert_eq!(error.operation(), op.name, "{name}");
            assert_eq!(transport.open_exchanges(), 0, "{name}");

            let transport = ScriptedTransport::new();
            transport.reply_with(move |_| reply());
            (op.call)(&plain(&transport)).await.unwrap_err();
            assert_eq!(transport.requests().len(), 1, "{name}, without retries");
        }
    }
}

// ---- idempotency

fn keys(transport: &ScriptedTransport) -> Vec<Option<String>> {
    let key = |r: &agent_core::testing::RecordedRequest| {
        r.headers
            .get("idempotency-key")
            .map(|v| v.to_str().unwrap().to_owned())
    };
    transport
        .requests()
        .iter()
        .filter(|r| r.method == "POST")
        .map(key)
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_creation_without_a_key_gets_one_for_its_own_retries_and_only_then() {
    // Minted once, used for all attempts.
    let transport = ScriptedTransport::new();
    transport
        .reply(Reply::broken())
        .reply(Reply::status(503))
        .reply(Reply::json(&run("run_1", "queued", 0)));
    client(&transport).create_run("t").await.unwrap();
    let sent = keys(&transport);
    assert_eq!(sent.len(), 3);
    assert!(
        sent[0].as_ref().is_some_and(|key| key.len() == 32),
        "{sent:?}"
    );
    assert!(sent.iter().all(|key| key == &sent[0]), "{sent:?}");
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::json(&run("run_1", "queued", 0)));
    let other = client(&transport);
    other.create_run("t").await.unwrap();
    other.create_run("t").await.unwrap();
    let two = keys(&transport);
    assert!(two[0] != two[1] && two[0] != sent[0], "one key per call");

    // Without retries nothing is minted, and nothing repeated.
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::broken());
    plain(&transport).create_run("t").await.unwrap_err();
    client(&transport)
        .create_run("t")
        .retry(RetryPolicy::none())
        .await
        .unwrap_err();
    assert_eq!(keys(&transport), [None, None]);
}

#[tokio::test(start_paused = true)]
async fn the_callers_key_is_sent_as_it_is_from_wherever_it_comes() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::broken());
    let request = || CreateRunRequest::new("t").idempotency_key("from request");
    client(&transport).create_run(request()).await.unwrap_err();
    assert_eq!(keys(&transport), vec![Some("from request".to_owned()); 3]);

    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::broken());
    let defaults = rig::options(&transport).default_header("Idempotency-Key", "from default");
    let defaults = AgentRouterClient::new(defaults).unwrap();
    defaults.create_run("t").await.unwrap_err();
    defaults
        .create_run(request())
        .retry(RetryPolicy::none())
        .await
        .unwrap_err();
    defaults
        .create_run(request())
        .idempotency_key("from call")
        .retry(RetryPolicy::none())
        .await
        .unwrap_err();
    let sent: Vec<_> = keys(&transport).into_iter().flatten().collect();
    assert_eq!(
        sent,
        [
            "from default",
            "from default",
            "from default",
            "from request",
            "from call"
        ]
    );
    // Never in the body.
    for request in transport.requests() {
        assert_eq!(request.body.as_ref(), br#"{"task":"t"}"#);
    }

    let transport = ScriptedTransport::new();
    for bad in ["ключ", "a\nb", "\u{7f}"] {
        let request = CreateRunRequest::new("t").idempotency_key(bad);
        let error = client(&transport).create_run(request).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.sent()),
            (ErrorKind::InvalidArgument, Sent::Never)
        );
    }
    assert!(transport.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_still_in_progress_is_asked_again_and_a_conflict_is_not() {
    let refusal = |code: &str| {
        Reply::status(409).chunk(json!({"error": {"code": code, "message": "m"}}).to_string())
    };
    let transport = ScriptedTransport::new();
    let request = || CreateRunRequest::new("t").idempotency_key("k");
    transport
        .reply(refusal("idempotency_in_progress"))
        .reply(Reply::json(&run("run_1", "queued", 0)));
    assert_eq!(
        client(&transport).create_run(request()).await.unwrap().id,
        "run_1"
    );
    let transport = ScriptedTransport::new();
    transport.reply_with(move |_| refusal("idempotency_conflict"));
    let error = client(&transport).create_run(request()).await.unwrap_err();
    assert_eq!(
        (error.code(), error.attempts()),
        (Some("idempotency_conflict"), 1)
    );
}

#[tokio::test(start_paused = true)]
async fn the_creations_inside_waiting_and_streaming_are_keyed_and_a_turn_is_sent_once() {
    type ByName = (
        &'static str,
        fn(&AgentRouterClient) -> BoxFuture<'static, Result<(), Error>>,
    );
    let calls: [ByName; 5] = [
        ("create_run_and_wait", |c| unit(c.create_run_and_wait("t"))),
        ("run_agent", |c| {
            unit(run_agent(c, RunAgentCreateRequest::new("t")))
        }),
        ("stream_agent", |c| {
            unit(stream_agent(c, StreamAgentCreateRequest::new("t")))
        }),
        ("run_agent, next turn", |c| {
            unit(run_agent(c, RunAgentResumeRequest::new("run_1", "m")))
        }),
        ("continue_run", |c| unit(c.continue_run("run_1", "m"))),
    ];
    for (index, (name, call)) in calls.into_iter().enumerate() {
        let transport = ScriptedTransport::new();
        transport.reply_with(|_| Reply::broken());
        call(&client(&transport)).await.unwrap_err();
        let sent = keys(&transport);
        if index < 3 {
            assert_eq!(sent.len(), 3, "{name}");
            assert!(
                sent[0].is_some() && sent.iter().all(|key| key == &sent[0]),
                "{name}: {sent:?}"
            );
        } else {
            assert_eq!(sent, [None], "{name}");
        }
    }
}

// ---- ids

#[tokio::test(start_paused = true)]
async fn an_id_is_one_segment_of_the_path_or_refused() {
    type ById = fn(&AgentRouterClient, &str) -> BoxFuture<'static, Result<(), Error>>;
    let calls: [(&str, ById); 9] = [
        ("/p/v1/runs/{}", |c, id| unit(c.get_run(id))),
        ("/p/v1/runs/{}/cancel", |c, id| unit(c.cancel_run(id))),
        ("/p/v1/runs/{}/session", |c, id| unit(c.get_run_session(id))),
        ("/p/v1/runs/{}/messages", |c, id| {
            unit(c.continue_run(id, "m"))
        }),
        ("/p/v1/runs/{}/close", |c, id| unit(c.close_run(id))),
        ("/p/v1/runs/{}/turns", |c, id| unit(c.get_run_turns(id))),
        ("/p/v1/runs/r/artifacts/{}/download", |c, id| {
            unit(c.download_artifact("r", id))
        }),
        ("/p/v1/runs/{}/artifacts", |c, id| {
            unit(c.list_run_artifacts(id))
        }),
        ("/p/v1/runs/r/actions/{}/approve", |c, id| {
            unit(c.approve_run_action(RunActionDecisionRequest::new("r", id, "sha256:x")))
        }),
    ];
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::status(404));
    let base = format!("{BASE}/p/");
    let client = AgentRouterClient::new(rig::options(&transport).base_url(base)).unwrap();
    for (template, call) in calls {
        for (id, encoded) in [
            ("a/b", "a%2Fb"),
            ("a?b#c", "a%3Fb%23c"),
            ("%2e%2e", "%252e%252e"),
            ("../x", "..%2Fx"),
            ("a b+c", "a%20b%2Bc"),
            ("-_.!~*'()", "-_.!~*'()"),
            ("é\u{1F980}", "%C3%A9%F0%9F%A6%80"),
            ("\0\n", "%00%0A"),
            ("{run_id}", "%7Brun_id%7D"),
        ] {
            call(&client, id).await.unwrap_err();
            let request = transport.requests().pop().unwrap();
            assert_eq!(
                request.uri.path(),
                template.replace("{}", encoded),
                "{id:?}"
            );
            assert_eq!(request.uri.query(), None);
        }
        let before = transport.requests().len();
        for id in ["", ".", ".."] {
            let error = call(&client, id).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.sent()),
                (ErrorKind::InvalidArgument, Sent::Never),
                "{id:?}"
            );
        }
        assert_eq!(transport.requests().len(), before);
    }
}

// ---- secrets

#[test]
fn what_can_not_make_a_client_is_refused_without_showing_it() {
    let good = || AgentRouterOptions::new(KEY).base_url(BASE);
    for (name, options) in [
        ("no key", AgentRouterOptions::new("")),
        (
            "line end in the key",
            AgentRouterOptions::new("planted\nkey"),
        ),
        ("tab in the key", AgentRouterOptions::new("planted\tkey")),
        ("no address", good().base_url("")),
        ("not http", good().base_url("ftp://planted")),
        ("a path only", good().base_url("/v1")),
        ("header name", good().default_header("planted name", "v")),
        ("header value", good().default_header("x", "planted\nvalue")),
        // The vendor's client fails with it on the first call.
        (
            "header value that is no Latin-1",
            good().default_header("x", "planted ✅"),
        ),
        (
            "limit",
            good().http(HttpConfig::new().attempt_timeout(Duration::ZERO)),
        ),
        (
            "plain http",
            good()
                .base_url("http://example.test")
                .http(HttpConfig::new().plain_http(PlainHttp::Refuse)),
        ),
        (
            "path of nothing",
            good().http(HttpConfig::new().path("no_such", "/x")),
        ),
    ] {
        let error = agentrouter(options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{name}: {error}");
        if !name.contains("header name") {
            no_secret(&all_of(&error), name);
        }
    }
    agentrouter(AgentRouterOptions::new("k")).unwrap();
}

// ---- redirects

#[tokio::test(start_paused = true)]
async fn a_redirect_to_another_origin_carries_neither_key_nor_default_headers() {
    for op in OPERATIONS {
        for status in [301, 302, 303, 307, 308] {
            let hops = Arc::new(AtomicUsize::new(0));
            let transport = ScriptedTransport::new();
            let (counter, answer) = (Arc::clone(&hops), (op.answer)());
            transport.reply_with(move |_| match counter.fetch_add(1, Ordering::SeqCst) {
                0 => Reply::status(status).header("location", "http://elsewhere.test/x"),
                _ => Reply::json(&answer),
            });
            let _ = (op.call)(&planted(&transport)).await;
            let name = format!("{} {status}", op.name);
            let requests = transport.requests();
            let away = &requests[1];
            assert_eq!(away.uri.to_string(), "http://elsewhere.test/x", "{name}");
            for (header, value) in &away.headers {
                no_secret(value.to_str().unwrap(), header.as_str());
            }
            assert!(!away.headers.contains_key("idempotency-key"), "{name}");
            let keeps = status >= 307 || requests[0].method == "GET";
            let expected = if keeps {
                requests[0].method.as_str()
            } else {
                "GET"
            };
            assert_eq!(away.method.as_str(), expected, "{name}");
            assert_eq!(
                away.body.is_empty(),
                !keeps || requests[0].body.is_empty(),
                "{name}"
            );
        }
    }
}

// ---- time

#[tokio::test(start_paused = true)]
async fn every_call_ends() {
    for op in OPERATIONS {
        let transport = ScriptedTransport::new();
        transport.reply_with(|_| Reply::silence());
        let start = tokio::time::Instant::now();
        let error = (op.call)(&plain(&transport)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{}", op.name);
        let kind = ops::OPS
            .iter()
            .find(|row| row.name == op.name)
            .unwrap()
            .kind;
        let limit = match kind {
            OpKind::Download | OpKind::Sse => 600,
            _ => 60,
        };
        assert_eq!(start.elapsed(), Duration::from_secs(limit), "{}", op.name);
        if kind == OpKind::Download {
            // Bytes that come slowly are no reason to end; silence is.
            let transport = ScriptedTransport::new();
            let slow = |reply: Reply| reply.chunk("x").wait(Duration::from_secs(599));
            transport.reply(slow(slow(Reply::status(200))).chunk("x"));
            let bytes = plain(&transport).download_artifact("r", "a").await.unwrap();
            assert_eq!(bytes.len(), 3);
            let transport = ScriptedTransport::new();
            transport.reply(Reply::status(200).chunk("x").open());
            let error = plain(&transport)
                .download_artifact("r", "a")
                .await
                .unwrap_err();
            assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Idle));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_deadline_covers_a_call_of_many_requests() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|request| match request.uri.path() {
        "/v1/runs/run_1/events" => Reply::json(&rig::page(&[])),
        _ => Reply::json(&run("run_1", "running", 0)),
    });
    let start = tokio::time::Instant::now();
    let request = CreateAndWaitRequest::new("t").max_wait(Limit::Off);
    let call = client(&transport).create_run_and_wait(request);
    let error = call
        .total_timeout(Duration::from_millis(2500))
        .await
        .unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    assert_eq!(start.elapsed(), Duration::from_millis(2500));
    assert_eq!(
        error.run_id().unwrap(),
        "run_1",
        "the run goes on, and can be found"
    );
    assert_eq!(lines(&transport).len(), 1 + 3 * 2);
}
