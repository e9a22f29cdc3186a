//! Calls over a script: what may be sent twice, redirects, time limits, paths, and what is never shown.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "a test that can not go on should stop, and its texts are for people"
)]

use std::time::Duration;

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use http::Method;
use meistrari_agent_sdk::{
    ErrorExt, ErrorKind, ExecuteAgentRequest, HttpConfig, Sent, TimeoutPhase,
    UpdateAgentModelRequest,
};
use properties::{LevelFilter, Log};
use serde_json::json;

mod support;

use support::{BASE, REFERENCE, SAFE, TOKEN, UNSAFE, call, scripted, scripted_with, start};

#[tokio::test(start_paused = true)]
async fn what_must_not_be_done_twice_is_sent_once_and_what_may_be_is_tried_again() {
    for (reply, unsafe_tries, sent) in [
        (Reply::broken(), 1, Sent::Maybe),
        (Reply::silence(), 1, Sent::Maybe),
        (Reply::status(500), 1, Sent::Yes),
        (Reply::status(503), 1, Sent::Yes),
        (Reply::status(429), 1, Sent::Yes),
        (Reply::status(200).chunk("{").lost(), 1, Sent::Yes),
    ] {
        for (names, tries) in [(&UNSAFE[..], unsafe_tries), (&SAFE[..], 3)] {
            for name in names {
                let transport = ScriptedTransport::new();
                let replies = reply.clone();
                transport.reply_with(move |_| replies.clone());
                let result = call(&scripted(&transport), name).await;
                if *name == "stream" && result.is_ok() {
                    // A stream is open once its head is there.
                    continue;
                }
                let error = result.unwrap_err();
                assert_eq!(transport.requests().len(), tries, "{name}: {error}");
                assert_eq!(error.sent(), sent, "{name}: {error}");
                assert_eq!(usize::try_from(error.attempts()).unwrap(), tries, "{name}");
                assert_eq!(transport.open_exchanges(), 0, "{name}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_has_60_seconds_and_a_deadline_covers_all_of_them() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::silence());
    let client = scripted(&transport);
    let begin = tokio::time::Instant::now();
    let error = client.execute_agent(start("m")).await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(begin.elapsed().as_secs(), 60);
    let begin = tokio::time::Instant::now();
    let error = client
        .resolve_reference(REFERENCE)
        .total_timeout(Duration::from_secs(90))
        .await
        .unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total));
    assert_eq!(begin.elapsed().as_secs(), 90);
}

#[tokio::test(start_paused = true)]
async fn a_passing_refusal_waits_as_the_server_asks_but_not_for_ever() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::status(429).header("retry-after", "7"));
    transport.reply(Reply::json(&json!({"tree": []})));
    let client = scripted(&transport);
    let begin = tokio::time::Instant::now();
    client.list_session_files("s").await.unwrap();
    assert_eq!(begin.elapsed().as_secs(), 7);
    transport.reply(Reply::status(429).header("retry-after", "61"));
    let error = client.list_session_files("s").await.unwrap_err();
    assert_eq!(
        error.as_fetch_error().unwrap().retry_after(),
        Some(Duration::from_secs(61))
    );
    assert_eq!(begin.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn redirects_stay_within_the_origin_and_keep_the_method_or_are_refusals() {
    let seen = |transport: &ScriptedTransport| -> Vec<(Method, String)> {
        let requests = transport.requests();
        requests
            .into_iter()
            .map(|r: RecordedRequest| (r.method, r.uri.to_string()))
            .collect()
    };
    // Within the origin: credentials go along, a body too.
    let transport = ScriptedTransport::new();
    transport.reply(Reply::status(307).header("location", "/elsewhere?x=1"));
    transport.reply(Reply::json(&json!({"success": true, "sessionId": "s"})));
    scripted(&transport)
        .execute_agent(start("m"))
        .await
        .unwrap();
    let requests = transport.requests();
    assert_eq!(
        seen(&transport)[1],
        (Method::POST, "https://api.example.com/elsewhere?x=1".into())
    );
    assert_eq!(requests[1].headers["x-data-token"], TOKEN);
    assert_eq!(requests[0].body, requests[1].body);

    // Another host, port or scheme: refused, nothing is sent there.
    for target in [
        "https://evil.example/x",
        "https://api.example.com:444/x",
        "http://api.example.com/x",
        "//evil.example",
    ] {
        for (status, name) in [
            (302, "timeline"),
            (307, "execute"),
            (308, "vault"),
            (301, "stream"),
        ] {
            let transport = ScriptedTransport::new();
            transport.reply(Reply::status(status).header("location", target));
            let error = call(&scripted(&transport), name).await.unwrap_err();
            assert_eq!(error.as_fetch_error().unwrap().status(), status);
            assert_eq!(transport.requests().len(), 1, "{name} to {target}");
        }
    }
    // 303 after a POST would become a GET of something else.
    let transport = ScriptedTransport::new();
    transport.reply(Reply::status(303).header("location", "/x"));
    assert!(
        call(&scripted(&transport), "cancel")
            .await
            .unwrap_err()
            .is_fetch_error()
    );
    // Five hops and no more.
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::status(302).header("location", "/again"));
    assert!(
        call(&scripted(&transport), "timeline")
            .await
            .unwrap_err()
            .is_fetch_error()
    );
    assert_eq!(transport.requests().len(), 6);
}

#[tokio::test]
async fn ids_stay_one_segment_and_dots_and_blanks_are_refused() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::json(&json!({"content": "", "tree": [], "success": true})));
    let client = scripted(&transport);
    for id in [
        "a/b", "../x", "a?b", "a#b", "%2e%2e", "é ", "..;", "...", "a\\b", "\r\n",
    ] {
        let refused = id.trim().is_empty();
        let result = client.cancel_session(id).await;
        if refused {
            assert_eq!(result.unwrap_err().field(), Some("sessionId"), "{id:?}");
            continue;
        }
        result.unwrap();
        let path = transport.requests().pop().unwrap().uri.path().to_owned();
        assert_eq!(
            path.matches('/').count(),
            "/prefix/v4/sessions/x/cancel".matches('/').count(),
            "{path}"
        );
        assert!(!path.contains("/../") && !path.contains("/./"), "{path}");
    }
    let before = transport.requests().len();
    for id in ["", " ", "\t", ".", ".."] {
        for error in [
            client.cancel_session(id).await.unwrap_err(),
            client.fetch_timeline(id).await.unwrap_err(),
            client.list_session_files(id).await.unwrap_err(),
            client.fetch_session_file(id, "p").await.unwrap_err(),
            client.stream_session(id, None::<i64>).await.unwrap_err(),
        ] {
            assert_eq!(error.field(), Some("sessionId"));
            assert_eq!(
                (error.kind(), error.sent()),
                (ErrorKind::InvalidArgument, Sent::Never)
            );
        }
        let request = UpdateAgentModelRequest::new(id, "m");
        assert_eq!(
            client
                .update_agent_model(request)
                .await
                .unwrap_err()
                .field(),
            Some("repository")
        );
    }
    for path in ["", "/", "//", " ", "a/../b", "..", "./a", "a/.", "/.."] {
        assert_eq!(
            client
                .fetch_session_file("s", path)
                .await
                .unwrap_err()
                .field(),
            Some("path"),
            "{path}"
        );
    }
    let model = UpdateAgentModelRequest::new("r", " ");
    assert_eq!(
        client
            .update_agent_model(model)
            .await
            .unwrap_err()
            .message(),
        "model must not be empty"
    );
    assert_eq!(transport.requests().len(), before, "nothing was sent");
}

#[tokio::test]
async fn calls_without_a_body_send_neither_body_nor_content_type() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::status(204));
    scripted(&transport).cancel_session("s").await.unwrap();
    let request = transport.requests().remove(0);
    assert_eq!(request.headers["accept"], "application/json");
    assert!(!request.headers.contains_key("content-type") && request.body.is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_in_any_output() {
    let (log, _guard) = Log::listen(LevelFilter::TRACE);

    let mut shown = String::new();
    let http = HttpConfig::new().header("x-tenant", "tenant-secret");
    for reply in [
        Reply::status(500).chunk("oops"),
        Reply::broken(),
        Reply::json(&json!(5)),
        Reply::status(302),
    ] {
        for name in UNSAFE.iter().chain(&SAFE) {
            let transport = ScriptedTransport::new();
            let replies = reply.clone();
            transport.reply_with(move |_| replies.clone());
            let client = scripted_with(&transport, http.clone());
            if let Err(error) = call(&client, name).await {
                let chain = std::error::Error::source(&error).map(ToString::to_string);
                shown += &format!("{error} {error:?} {chain:?} {:?}", error.as_fetch_error());
            }
            shown += &format!("{client:?}");
        }
    }
    // The presigned URL: refused, broken, too large, not what it should be.
    let presigned =
        "https://storage.example.com/o?X-Amz-Signature=presigned-secret-0123&X-Amz-Credential=c";
    for download in [
        Reply::status(403).chunk("<Error>presigned-secret-0123</Error>"),
        Reply::broken(),
        Reply::status(200).chunk("x").lost(),
        Reply::status(302).header("location", "https://other.example/?t=presigned-secret-0123"),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply_with(move |request| match request.uri.host() {
            Some("vault.example.com") => Reply::json(&json!({"url": presigned})),
            _ => download.clone(),
        });
        let client = scripted_with(&transport, http.clone());
        let error = client
            .resolve_reference(REFERENCE)
            .header("x-mine", "call-secret")
            .await
            .unwrap_err();
        let chain = std::error::Error::source(&error).map(ToString::to_string);
        shown += &format!("{error} {error:?} {chain:?} {}", error.message());
        for request in transport
            .requests()
            .iter()
            .filter(|r| r.uri.host() != Some("vault.example.com"))
        {
            let names: Vec<_> = request
                .headers
                .keys()
                .map(http::HeaderName::as_str)
                .collect();
            assert_eq!(names, ["accept"], "nothing but the URL goes to the storage");
        }
    }
    let request = ExecuteAgentRequest::start("o", "r", "m").environment_variable("K", "env-secret");
    shown += &format!("{request:?}");
    shown += &log.text();
    assert!(
        shown.contains("execute_agent") && shown.contains("retry"),
        "the log is heard"
    );
    for secret in [
        TOKEN,
        "tenant-secret",
        "call-secret",
        "presigned-secret",
        "env-secret",
        "X-Amz-Credential",
    ] {
        assert!(!shown.contains(secret), "{secret} is shown");
    }
    assert!(BASE.starts_with("https"));
}
