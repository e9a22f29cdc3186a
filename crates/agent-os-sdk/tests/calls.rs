//! Calls: what is repeated, which headers go along, what is refused before anything is sent. What becomes of answers is
//! in `answers.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can not go on should stop"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use agent_core::PlainHttp;
use agent_core::testing::{Reply, ScriptedTransport};
use agent_os_sdk::{
    AgentOsClient, ClientOptions, CreateAgent, CreateRun, ErrorExt, ErrorKind, FollowOptions,
    HttpConfig, PaginationParams, RequestOptions, Sent, TriggerFilter, UpdateAgent,
};
use serde_json::json;

#[path = "support/rig.rs"]
mod rig;

use rig::{SECRET, agent, always, client, credential, header, run, with};

#[tokio::test(start_paused = true)]
async fn a_create_is_repeated_only_with_the_callers_key_and_with_that_same_one() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::broken());
    let error = client(&transport)
        .runs()
        .create(CreateRun::new("a"))
        .await
        .unwrap_err();
    assert_eq!((error.attempts(), error.sent()), (1, Sent::Maybe));
    assert_eq!(header(&transport.requests()[0], "idempotency-key"), None);

    let transport = ScriptedTransport::new();
    transport
        .reply(Reply::broken())
        .reply(Reply::status(503))
        .reply(Reply::json(&run()));
    let create = CreateRun::new("a").idempotency_key("k");
    client(&transport).runs().create(create).await.unwrap();
    let keys: Vec<_> = transport
        .requests()
        .iter()
        .map(|request| header(request, "idempotency-key").map(str::to_owned))
        .collect();
    assert_eq!(keys, vec![Some("k".to_owned()); 3]);

    let transport = ScriptedTransport::new();
    transport.reply(Reply::broken());
    let update = UpdateAgent::new().name("n");
    assert!(
        client(&transport)
            .agents()
            .update("a", update)
            .await
            .is_err()
    );
    assert_eq!(transport.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_behind_a_lost_answer_says_that_it_may_be_its_own() {
    let transport = ScriptedTransport::new();
    let conflict = json!({"code": "CONFLICT", "message": "dup", "run_id": "run_1"});
    let conflict = Reply::status(409)
        .header("content-type", "application/json")
        .header("x-request-id", "req_1")
        .chunk(conflict.to_string());
    transport.reply(Reply::broken()).reply(conflict.clone());
    let create = CreateRun::new("a").idempotency_key("k");
    let error = client(&transport)
        .runs()
        .create(create.clone())
        .await
        .unwrap_err();
    assert!(error.is_conflict() && error.may_be_own_duplicate());
    assert_eq!((error.attempts(), error.sent()), (2, Sent::Yes));
    assert_eq!(error.details().unwrap()["run_id"], "run_1");
    assert_eq!(error.request_id(), Some("req_1"));
    transport.reply(conflict);
    let error = client(&transport).runs().create(create).await.unwrap_err();
    assert!(error.is_conflict() && !error.may_be_own_duplicate());
}

#[tokio::test(start_paused = true)]
async fn reads_are_repeated_for_passing_statuses_only() {
    for (status, attempts) in [
        (408, 3),
        (425, 3),
        (429, 3),
        (500, 3),
        (504, 3),
        (501, 1),
        (404, 1),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply_with(move |_| Reply::status(status));
        let error = client(&transport).runs().get("r").await.unwrap_err();
        assert_eq!(error.attempts(), attempts, "{status}");
        assert_eq!(error.is_retryable(), status != 404, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn headers_are_asked_for_anew_and_stand_where_they_should() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::json(&json!({})));
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let options = ClientOptions::new()
        .token(SECRET)
        .header("x-b", "client")
        .headers(move || {
            let n = counted.fetch_add(1, Ordering::SeqCst);
            vec![
                ("X-A".to_owned(), "first".to_owned()),
                ("x-a".to_owned(), format!("{n}")),
                ("x-b".to_owned(), "provider".to_owned()),
                ("accept".to_owned(), "application/vnd.x+json".to_owned()),
                ("authorization".to_owned(), "Basic x".to_owned()),
            ]
        });
    let client = with(&transport, options);
    client.me().get().await.unwrap();
    client.me().get().header("x-a", "call").await.unwrap();
    let requests = transport.requests();
    for (request, a) in requests.iter().zip(["0", "call"]) {
        assert_eq!(header(request, "x-a"), Some(a));
        assert_eq!(header(request, "x-b"), Some("client"));
        assert_eq!(header(request, "accept"), Some("application/vnd.x+json"));
        assert_eq!(header(request, "authorization"), Some("Basic x"));
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2);

    let bad = ClientOptions::new().headers(|| vec![("x".to_owned(), "a\nb".to_owned())]);
    let error = with(&transport, bad).me().get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(transport.requests().len(), 2);
}

#[test]
fn clients_that_can_not_work_are_not_built() {
    let ok = "https://h";
    for (url, options) in [
        ("not a url", ClientOptions::new()),
        ("ftp://h", ClientOptions::new()),
        ("https://u:p@h", ClientOptions::new()),
        ("https://h?x", ClientOptions::new()),
        ("https://h#x", ClientOptions::new()),
        (ok, ClientOptions::new().token("")),
        (ok, ClientOptions::new().token("a\tb")),
        (ok, ClientOptions::new().token("a\nb")),
        (ok, ClientOptions::new().header("bad name", "x")),
        (ok, ClientOptions::new().header("x", "a\nb")),
        (ok, ClientOptions::new().timeout(Duration::ZERO)),
        (
            "http://example.com",
            ClientOptions::new()
                .token("t")
                .http(HttpConfig::new().plain_http(PlainHttp::Refuse)),
        ),
    ] {
        let transport = ScriptedTransport::new();
        let mut options = options;
        options.http = options.http.transport(transport.shared());
        let error = AgentOsClient::with_options(url, options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{url}");
    }
}

#[tokio::test]
async fn hostile_ids_and_paths_send_nothing() {
    let transport = ScriptedTransport::new();
    let client = client(&transport);
    for id in ["", ".", ".."] {
        let kinds = [
            client.agents().get(id).await.unwrap_err().kind(),
            client.runs().get(id).await.unwrap_err().kind(),
            client.credentials().get(id, true).await.unwrap_err().kind(),
            client.triggers().delete(id).await.unwrap_err().kind(),
            client
                .chatwoot()
                .get_inbox("cr", id)
                .await
                .unwrap_err()
                .kind(),
            client
                .chatwoot()
                .get_inbox_url(id)
                .await
                .unwrap_err()
                .kind(),
            client
                .runs()
                .follow(id, "a", FollowOptions::new())
                .next()
                .await
                .unwrap()
                .unwrap_err()
                .kind(),
        ];
        assert_eq!(kinds, [ErrorKind::InvalidArgument; 7]);
    }
    for path in [
        "",
        "x",
        "//evil/x",
        "https://evil/x",
        "/a/../b",
        "/a/%2e%2E/b",
        "/a#b",
        "/a\\b",
        "/{id}",
        "/{id",
        "/{+id}",
    ] {
        let error = client
            .raw()
            .get(path, RequestOptions::new())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{path}");
    }
    let body = RequestOptions::new().body(&json!({}));
    assert!(client.raw().get("/x", body).await.is_err());
    assert!(transport.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn redirects_stay_within_the_origin() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::status(307).header("location", "/gw/elsewhere"));
    transport.reply(Reply::json(&agent()));
    client(&transport)
        .agents()
        .create(CreateAgent::new("a"))
        .await
        .unwrap();
    assert_eq!(transport.requests()[1].uri.path(), "/gw/elsewhere");
    assert_eq!(transport.requests()[1].method, "POST");

    for (status, location) in [
        (307, "http://evil.example/x"),
        (302, "http://127.0.0.1:2/x"),
        (302, "/gw/same"),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply(Reply::status(status).header("location", location));
        let error = client(&transport)
            .agents()
            .create(CreateAgent::new("a"))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.status()),
            (ErrorKind::Api, Some(status))
        );
        assert_eq!(transport.requests().len(), 1, "{location}");
    }
}

#[tokio::test(start_paused = true)]
async fn values_are_encoded_as_the_original_encodes_them_and_null_is_not_absent() {
    let transport = always(|| Reply::json(&json!({"items": []})));
    let client = client(&transport);
    let odd = "a/b c+d%é!~*()_-.'☎";
    let encoded = "a%2Fb%20c%2Bd%25%C3%A9!~*()_-.'%E2%98%8E";
    client
        .raw()
        .get(
            "/{a}/x/{a}",
            RequestOptions::new()
                .path_param("a", "first")
                .path_param("a", odd)
                .path_param("b", "surplus")
                .query("q", odd)
                .query("q", "")
                .query_opt("none", None::<u8>)
                .query("flag", true)
                .query("n", u64::MAX),
        )
        .await
        .unwrap();
    client
        .triggers()
        .list(TriggerFilter::new().agent_id(""))
        .await
        .unwrap();
    client.triggers().list(TriggerFilter::new()).await.unwrap();
    client
        .agents()
        .list(PaginationParams::new().limit(0).offset(7))
        .await
        .unwrap();
    let sent: Vec<_> = transport
        .requests()
        .iter()
        .map(|request| request.uri.path_and_query().unwrap().to_string())
        .collect();
    assert_eq!(
        sent,
        [
            format!("/gw/{encoded}/x/{encoded}?q={encoded}&q=&flag=true&n=18446744073709551615"),
            "/gw/v1/api/triggers?agent_id=".to_owned(),
            "/gw/v1/api/triggers".to_owned(),
            "/gw/v1/api/agents?limit=0&offset=7".to_owned(),
        ]
    );
    for request in transport.requests() {
        assert_eq!(header(&request, "content-type"), None);
        assert!(request.body.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_idempotency_key_is_sent_as_it_is_or_not_at_all() {
    let transport = always(|| Reply::json(&run()));
    let runs = client(&transport).runs();
    for key in ["k", "a b", "!~", ""] {
        runs.create(CreateRun::new("a").idempotency_key(key))
            .await
            .unwrap();
        let sent = transport.requests().pop().unwrap();
        assert_eq!(
            header(&sent, "idempotency-key"),
            Some(key).filter(|key| !key.is_empty())
        );
        assert_eq!(sent.body, r#"{"agent_id":"a"}"#);
    }
    let count = transport.requests().len();
    for key in ["é", "a\nb", "a\tb", "\u{7f}"] {
        let error = runs
            .create(CreateRun::new("a").idempotency_key(key))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        let error = runs
            .wait(CreateRun::new("a").idempotency_key(key))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
    assert_eq!(transport.requests().len(), count);
}

#[tokio::test(start_paused = true)]
async fn the_clients_headers_stand_above_all_defaults() {
    // Also above what a body is said to be; and a call's stand above the client's.
    let merge = "application/merge-patch+json";
    let given = |name: &str| ClientOptions::new().header(name, merge);
    for options in [
        given("Content-Type"),
        ClientOptions::new().headers(move || vec![("content-type".to_owned(), merge.to_owned())]),
    ] {
        let transport = always(|| Reply::json(&agent()));
        let agents = with(&transport, options).agents();
        agents.create(CreateAgent::new("n")).await.unwrap();
        let call = agents.create(CreateAgent::new("n"));
        call.header("content-type", "x/y").await.unwrap();
        let requests = transport.requests();
        assert_eq!(header(&requests[0], "content-type"), Some(merge));
        assert_eq!(header(&requests[1], "content-type"), Some("x/y"));
    }
    // Chatwoot's are its own.
    let transport = always(|| Reply::json(&json!({})));
    transport.reply(credential());
    let chatwoot = with(&transport, given("content-type")).chatwoot();
    chatwoot.create_inbox("cr", &json!({})).await.unwrap();
    let direct = &transport.requests()[1];
    assert_eq!(header(direct, "content-type"), Some("application/json"));
}
