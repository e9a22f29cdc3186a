//! Chatwoot: what it sees, and how it fails.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can not go on should stop"
)]

use std::error::Error as _;

use agent_core::testing::{Reply, ScriptedTransport};
use agent_os_sdk::{ChatwootErrorCode, ClientOptions, ErrorExt, ErrorKind, RetryPolicy};
use serde_json::{Value, json};

#[path = "support/rig.rs"]
mod rig;

use rig::{SECRET, client, credential, header, with};

#[tokio::test(start_paused = true)]
async fn chatwoot_sees_its_token_and_nothing_of_agent_os() {
    let transport = ScriptedTransport::new();
    transport.reply(credential());
    transport.reply(Reply::json(&json!({"id": 1})));
    let options = ClientOptions::new()
        .token(SECRET)
        .header("x-workspace", "w")
        .headers(|| vec![("x-trace".to_owned(), "t".to_owned())]);
    let client = with(&transport, options);
    client
        .chatwoot()
        .create_inbox("cr", &json!({}))
        .header("authorization", "Bearer other")
        .header("x-call", "c")
        .idempotency_key("k")
        .await
        .unwrap();
    let requests = transport.requests();
    assert_eq!(header(&requests[0], "authorization"), Some("Bearer other"));
    let direct = &requests[1];
    assert_eq!(direct.uri, "http://127.0.0.1:7/api/v1/accounts/3/inboxes");
    assert_eq!(header(direct, "api_access_token"), Some("cw-s3cr3t"));
    assert_eq!(header(direct, "content-type"), Some("application/json"));
    assert_eq!(direct.body, "{}");
    let mut names: Vec<_> = direct.headers.keys().map(ToString::to_string).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["accept", "api_access_token", "content-type", "user-agent"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_chatwoot_token_follows_no_redirect_to_another_origin() {
    let transport = ScriptedTransport::new();
    transport.reply(credential());
    transport.reply(Reply::status(302).header("location", "http://evil.example/"));
    let error = client(&transport)
        .chatwoot()
        .list_inboxes("cr")
        .await
        .unwrap_err();
    assert_eq!(error.chatwoot_code(), Some(&ChatwootErrorCode::ApiError));
    assert_eq!(error.message(), "Chatwoot API error: Found");
    assert_eq!(transport.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn chatwoot_fails_in_the_originals_words() {
    let direct = async |reply: Reply| {
        let transport = ScriptedTransport::new();
        transport.reply(credential());
        transport.reply_with(move |_| reply.clone());
        client(&transport)
            .chatwoot()
            .list_inboxes("cr")
            .retry(RetryPolicy::none())
            .await
    };
    let html = Reply::status(502)
        .header("content-type", "text/html")
        .chunk("<html>");
    let error = direct(html).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Some("API_ERROR"), "Chatwoot API error: Bad Gateway")
    );
    let coded = Reply::status(400)
        .header("content-type", "application/json")
        .chunk(r#"{"code":"X","error":"no"}"#);
    let error = direct(coded).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Some("X"), "no"));
    assert!(error.chatwoot_code().is_some());
    let error = direct(Reply::refused()).await.unwrap_err();
    assert_eq!(
        (error.code(), error.kind()),
        (Some("UNKNOWN_ERROR"), ErrorKind::Transport)
    );
    let error = direct(Reply::json(&json!({"other": []})))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(direct(Reply::json(&json!([1]))).await.unwrap(), [json!(1)]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_discovery_keeps_its_reason() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::json(
        &json!({"data": {"url": "http://127.0.0.1:7", "api_key": "k"}}),
    ));
    transport.reply(Reply::status(401));
    let error = client(&transport)
        .chatwoot()
        .get_inbox_url("cr")
        .await
        .unwrap_err();
    assert_eq!(
        error.chatwoot_code(),
        Some(&ChatwootErrorCode::AccountIdMissing)
    );
    assert!(error.source().unwrap().to_string().contains("401"));
}

/// A credential's answer, then the same answer to whatever goes to Chatwoot.
fn chatwoot_answers(reply: impl Fn() -> Reply + Send + Sync + 'static) -> ScriptedTransport {
    let transport = ScriptedTransport::new();
    transport.reply(credential());
    transport.reply_with(move |_| reply());
    transport
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_chatwoot_is_data_only_if_it_says_so() {
    const JSON: Option<&str> = Some("application/json");
    for (kind, body, data) in [
        (JSON, "{\"id\":1}", json!({"id": 1})),
        (Some("Application/JSON; charset=utf-8"), "[1]", json!([1])),
        (JSON, "", Value::Null),
        (JSON, "oops", Value::Null),
        (JSON, "\"\\ud83d\"", json!("\u{FFFD}")),
        (Some("application/vnd.x+json"), "{\"id\":1}", Value::Null),
        (Some("text/html"), "<p>", Value::Null),
        (None, "{\"id\":1}", Value::Null),
    ] {
        let reply = move || {
            let reply = Reply::status(200).chunk(body);
            kind.map_or(reply.clone(), |kind| reply.header("content-type", kind))
        };
        let transport = chatwoot_answers(reply);
        let got = client(&transport).chatwoot().get_inbox("cr", "9").await;
        assert_eq!(got.unwrap(), data, "{kind:?} {body}");

        let list = client(&chatwoot_answers(reply))
            .chatwoot()
            .list_inboxes("cr")
            .await;
        match (list, data) {
            (Ok(list), Value::Array(data)) => assert_eq!(list, data),
            (Err(error), _) => {
                assert_eq!(error.kind(), ErrorKind::Decode);
                assert_eq!(error.answer_status(), Some(200));
                assert_eq!(error.answer_text().as_deref(), Some(body));
            }
            (list, data) => panic!("{data}: {list:?}"),
        }
    }
    for shape in [
        json!({"payload": {}}),
        json!({"payload": null}),
        json!({}),
        json!("x"),
    ] {
        let transport = chatwoot_answers(move || Reply::json(&shape));
        let error = client(&transport)
            .chatwoot()
            .list_inboxes("cr")
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_chatwoot_keeps_its_words() {
    for (body, code, message) in [
        (json!({"message": "m", "error": "e", "code": "C"}), "C", "m"),
        (json!({"error": "e", "code": 7}), "API_ERROR", "e"),
        (json!({"message": 7, "error": "e"}), "API_ERROR", "e"),
        (
            json!({"errors": ["e"]}),
            "API_ERROR",
            "Unprocessable Entity",
        ),
        (json!([1]), "API_ERROR", "Unprocessable Entity"),
    ] {
        let sent = body.clone();
        let transport = chatwoot_answers(move || {
            let reply = Reply::status(422).header("content-type", "application/json");
            reply.chunk(sent.to_string())
        });
        let chatwoot = client(&transport).chatwoot();
        let error = chatwoot
            .update_inbox("cr", 9, &json!({}))
            .await
            .unwrap_err();
        assert_eq!((error.code(), error.message()), (Some(code), message));
        assert_eq!((error.status(), error.details()), (Some(422), Some(&body)));
        assert_eq!(error.chatwoot_code().unwrap().as_str(), code);
    }
    // Without a body, and with a phrase of the server's own.
    for (reply, message) in [
        (Reply::status(404), "Chatwoot API error: Not Found"),
        (
            Reply::status(404).reason("Gone Fishing"),
            "Chatwoot API error: Gone Fishing",
        ),
        (
            Reply::status(502).reason(""),
            "Chatwoot API error: Bad Gateway",
        ),
        (Reply::status(599), "Chatwoot API error: "),
        (
            Reply::status(500)
                .header("content-type", "application/json")
                .chunk("null"),
            "Chatwoot API error: Internal Server Error",
        ),
    ] {
        let transport = chatwoot_answers(move || reply.clone());
        let call = client(&transport).chatwoot().get_inbox_metrics("cr", 9);
        let error = call.retry(RetryPolicy::none()).await.unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            (Some("API_ERROR"), message)
        );
        assert_eq!(error.details(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn what_goes_to_chatwoot_has_a_body_only_where_there_is_one() {
    for (data, body) in [
        (json!({}), "{}"),
        (json!({"a": null}), "{\"a\":null}"),
        (json!([]), "[]"),
        (Value::Null, ""),
        (json!(false), ""),
        (json!(0), ""),
        (json!(""), ""),
    ] {
        let transport = chatwoot_answers(|| Reply::json(&json!({})));
        client(&transport)
            .chatwoot()
            .update_inbox("cr", "a/b", &data)
            .await
            .unwrap();
        let sent = transport.requests().pop().unwrap();
        assert_eq!(sent.body, body);
        assert_eq!(header(&sent, "content-type"), Some("application/json"));
        assert_eq!(sent.uri.path(), "/api/v1/accounts/3/inboxes/a%2Fb");
    }
    let transport = chatwoot_answers(|| Reply::status(204));
    let deleted = client(&transport)
        .chatwoot()
        .delete_inbox("cr", -1_i64)
        .await;
    assert!(deleted.unwrap().is_null());
    let sent = transport.requests().pop().unwrap();
    assert_eq!(header(&sent, "content-type"), Some("application/json"));
    assert_eq!((sent.method.as_str(), &*sent.body), ("DELETE", &b""[..]));
    assert_eq!(sent.uri.path(), "/api/v1/accounts/3/inboxes/-1");
}

#[tokio::test(start_paused = true)]
async fn an_account_is_discovered_whatever_else_the_profile_says() {
    let nameless = || {
        let credential = json!({"data": {"url": "http://127.0.0.1:7/p//", "api_key": "k"}});
        Reply::json(&credential)
    };
    for (profile, account) in [
        (json!({"accounts": [{"id": 42}, {"id": 43}]}), Some("42")),
        (json!({"accounts": [{"id": "a b"}]}), Some("a%20b")),
        (json!({"accounts": [{"id": 0}]}), None),
        (json!({"accounts": [{"id": ""}]}), None),
        (json!({"accounts": [{"id": null}, {"id": 1}]}), None),
        (json!({"accounts": [1]}), None),
        (json!({"accounts": []}), None),
        (json!({"accounts": {"0": {"id": 1}}}), None),
        (json!({"accounts": null}), None),
        (json!({}), None),
        (Value::Null, None),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply(nameless()).reply(Reply::json(&profile));
        let url = client(&transport).chatwoot().get_inbox_url("cr").await;
        let sent = transport.requests().pop().unwrap();
        assert_eq!(sent.uri, "http://127.0.0.1:7/p/api/v1/profile");
        assert_eq!(header(&sent, "api_access_token"), Some("k"));
        assert_eq!(
            (
                header(&sent, "content-type"),
                header(&sent, "authorization")
            ),
            (None, None)
        );
        match (url, account) {
            (Ok(url), Some(account)) => {
                assert_eq!(
                    url.url,
                    format!("http://127.0.0.1:7/p/app/accounts/{account}/inbox")
                );
            }
            (Err(error), None) => assert_eq!(error.code(), Some("ACCOUNT_ID_MISSING"), "{profile}"),
            (url, _) => panic!("{profile}: {url:?}"),
        }
    }
    for failure in [
        Reply::refused(),
        Reply::status(500),
        Reply::json(&json!({})).chunk("oops"),
        Reply::status(302).header("location", "http://evil.example/"),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply(nameless()).reply(failure);
        let call = client(&transport).chatwoot().get_inbox_url("cr");
        let error = call.retry(RetryPolicy::none()).await.unwrap_err();
        assert_eq!(error.code(), Some("ACCOUNT_ID_MISSING"));
        assert_eq!(
            error.message(),
            "Invalid Chatwoot credential: missing Account ID and auto-discovery failed."
        );
        assert!(error.source().is_some());
        assert_eq!(transport.requests().len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_trigger_that_leads_to_chatwoot_is_taken() {
    let with = |kind: Value, config: Value| json!({"type": kind, "config": config});
    let id = json!({"credential_id": "cr"});
    let chatwoot = with(json!("chatwoot"), id.clone());
    let foreign = with(
        json!("my_whatsapp_bridge"),
        json!({"credential_id": "other"}),
    );
    let cron = with(json!("cron"), id.clone());
    let odd = [
        Value::Null,
        json!(7),
        with(Value::Null, id.clone()),
        with(json!("Chatwoot"), id.clone()),
        with(
            json!("evolution_whatsapp"),
            json!({"chat_platform": "other"}),
        ),
        with(json!("whatsapp"), json!({"credential_id": ""})),
        with(json!("whatsapp"), Value::Null),
        json!({"type": "whatsapp", "config": "credential_id"}),
    ];
    for (items, expected) in [
        (json!({"items": [cron, chatwoot, foreign]}), Ok("cr")),
        // In the server's order, though a later one would fit better.
        (json!({"items": [foreign, chatwoot]}), Ok("other")),
        (
            json!({"items": odd.iter().chain([&chatwoot]).collect::<Vec<_>>()}),
            Ok("cr"),
        ),
        (json!([chatwoot]), Ok("cr")),
        (
            json!({"items": [with(json!("evolution_whatsapp"), json!({"chat_platform": "chatwoot"}))]}),
            Err("MISSING_CREDENTIAL_ID"),
        ),
        (
            json!({"items": [with(json!("chatwoot"), Value::Null), chatwoot]}),
            Err("MISSING_CREDENTIAL_ID"),
        ),
        (
            json!({"items": [with(json!("chatwoot"), json!({"credential_id": null}))]}),
            Err("MISSING_CREDENTIAL_ID"),
        ),
        (json!({"items": odd}), Err("NO_TRIGGER")),
        (json!({"items": []}), Err("NO_TRIGGER")),
        (json!({"items": null}), Err("NO_TRIGGER")),
        (json!({}), Err("NO_TRIGGER")),
        (json!("text"), Err("NO_TRIGGER")),
        (Value::Null, Err("TRIGGER_FETCH_FAILED")),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply(Reply::json(&items)).reply(credential());
        let url = client(&transport)
            .chatwoot()
            .get_agent_inbox_url("ag/1")
            .await;
        let requests = transport.requests();
        assert_eq!(
            requests[0].uri.path_and_query().unwrap(),
            "/gw/v1/api/triggers?agent_id=ag%2F1"
        );
        let sent = requests[1..]
            .iter()
            .map(|sent| sent.uri.path_and_query().unwrap().as_str());
        match (url, expected) {
            (Ok(url), Ok(credential)) => {
                assert_eq!(url.url, "http://127.0.0.1:7/app/accounts/3/inbox");
                let read = format!("/gw/v1/api/credentials/{credential}?includeValues=true");
                assert!(sent.eq([read.as_str()]), "{items}");
            }
            (Err(error), Err(code)) => {
                assert_eq!(error.code(), Some(code), "{items}");
                assert_eq!(requests.len(), 1);
            }
            (url, expected) => panic!("{items}: {url:?} is not {expected:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_agent_os_refuses_is_passed_on_unchanged() {
    let refused = || {
        Reply::status(403)
            .header("content-type", "application/json")
            .chunk(r#"{"code":"FORBIDDEN","message":"no values for you"}"#)
    };
    let transport = ScriptedTransport::new();
    transport.reply_with(move |_| refused());
    let chatwoot = client(&transport).chatwoot();
    for error in [
        chatwoot.get_config("cr").await.unwrap_err(),
        chatwoot.list_inboxes("cr").await.unwrap_err(),
        chatwoot.get_agent_inbox_url("ag").await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(403)));
        assert_eq!(
            (error.code(), error.message()),
            (Some("FORBIDDEN"), "no values for you")
        );
        assert_eq!(error.chatwoot_code(), None);
    }
    assert_eq!(transport.requests().len(), 3);
}
