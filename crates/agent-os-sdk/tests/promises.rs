//! The promises that concern this crate, one by one, without a network and on virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test that can not go on should stop"
)]

use std::error::Error as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use agent_core::PlainHttp;
use agent_core::testing::{Reply, ScriptedTransport};
use agent_os_sdk::{
    AgentOsClient, ChatwootErrorCode, ClientOptions, CreateAgent, CreateRun, ErrorExt, ErrorKind,
    FollowOptions, HttpConfig, PaginationParams, PollEvents, RequestOptions, RetryPolicy, Sent,
    UpdateAgent, WaitForOptions,
};
use serde_json::{Value, json};

const SECRET: &str = "s3cr3t-token-value";

fn with(transport: &ScriptedTransport, options: ClientOptions) -> AgentOsClient {
    let options = options.http(HttpConfig::new().transport(transport.shared()));
    AgentOsClient::with_options("http://127.0.0.1:1/gw/", options).unwrap()
}

fn client(transport: &ScriptedTransport) -> AgentOsClient {
    with(transport, ClientOptions::new().token(SECRET))
}

fn agent() -> Value {
    json!({"id": "ag_1", "name": "a"})
}

fn run() -> Value {
    json!({"run_id": "run_1", "status": "pending", "created_at": "t"})
}

fn header<'a>(request: &'a agent_core::testing::RecordedRequest, name: &str) -> Option<&'a str> {
    request
        .headers
        .get(name)
        .map(|value| value.to_str().unwrap())
}

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
async fn errors_of_a_started_run_name_it() {
    let starts = || {
        let transport = ScriptedTransport::new();
        transport.reply(Reply::json(&run()));
        transport
    };
    let start = async |transport: &ScriptedTransport| {
        let options = FollowOptions::new().max_reconnects(1);
        let client = client(transport);
        let stream = client
            .runs()
            .create_and_stream(CreateRun::new("a"), options);
        stream.retry(RetryPolicy::none()).await.unwrap()
    };
    // Asking for the attempt fails, there is none, the stream is refused, it breaks again and again, it is no stream.
    let attempt = json!({"current_attempt_id": "att"});
    let cases: [(ErrorKind, Vec<Reply>); 6] = [
        (ErrorKind::Api, vec![Reply::status(404)]),
        (ErrorKind::Operation, vec![Reply::json(&run())]),
        (ErrorKind::Decode, vec![Reply::json(&json!(1)).chunk("x")]),
        (
            ErrorKind::Api,
            vec![Reply::json(&attempt), Reply::status(401)],
        ),
        (
            ErrorKind::ReconnectsExhausted,
            vec![Reply::json(&attempt), Reply::refused(), Reply::status(503)],
        ),
        (
            ErrorKind::Protocol,
            vec![Reply::json(&attempt), Reply::json(&json!({}))],
        ),
    ];
    for (kind, replies) in cases {
        let transport = starts();
        for reply in replies {
            transport.reply(reply);
        }
        let mut stream = start(&transport).await;
        assert_eq!(stream.run_id(), "run_1");
        let error = stream.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.run_id(), Some("run_1"), "{kind:?}");
        assert!(stream.next().await.is_none());
        assert_eq!(error.is_no_attempt(), kind == ErrorKind::Operation);
        if kind == ErrorKind::ReconnectsExhausted {
            assert_eq!(error.last_failure().unwrap().status(), Some(503));
        }
        if kind == ErrorKind::Protocol {
            assert_eq!(error.answer_status(), Some(200));
            assert_eq!(error.answer_content_type(), Some("application/json"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_retry_after_ends_following_with_that_answer() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::status(429).header("retry-after", "61"));
    let mut events = client(&transport)
        .runs()
        .follow("r", "a", FollowOptions::new());
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(
        (error.status(), error.retry_after()),
        (Some(429), Some(Duration::from_secs(61)))
    );

    let transport = ScriptedTransport::new();
    transport.reply(Reply::status(503).header("retry-after", "20"));
    transport.reply(Reply::status(204));
    let mut events = client(&transport)
        .runs()
        .follow("r", "a", FollowOptions::new());
    assert!(events.next().await.is_none());
    let requests = transport.requests();
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(20));
}

#[tokio::test(start_paused = true)]
async fn waiting_for_an_event_ends_in_time_and_closes_the_connection() {
    let transport = ScriptedTransport::new();
    let event = "event: run_event\ndata: {\"seq\":1,\"type\":\"X\",\"timestamp\":\"t\"}\n\n";
    transport.reply(Reply::refused());
    transport.reply(Reply::events().chunk(event).open());
    let options = WaitForOptions::new().timeout(Duration::from_secs(9));
    let start = tokio::time::Instant::now();
    let wait = client(&transport)
        .runs()
        .wait_for("r", "a", |_| false, options);
    let error = wait.await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(error.cursor().unwrap().as_u64(), Some(1));
    assert_eq!(start.elapsed(), Duration::from_secs(9));
    assert_eq!(transport.open_exchanges(), 0);

    let wait = client(&transport)
        .runs()
        .wait_for("r", "", |_| true, options);
    let error = wait.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(
        error.message(),
        "attemptId is required for run event streaming"
    );
    assert_eq!(transport.requests().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_stream_at_any_point_closes_it_and_sends_nothing_more() {
    let event = |seq| {
        format!("event: run_event\ndata: {{\"seq\":{seq},\"type\":\"X\",\"timestamp\":\"t\"}}\n\n")
    };
    for taken in 0..3 {
        let transport = ScriptedTransport::new();
        transport.reply(
            Reply::events()
                .chunk(event(1) + &event(2) + &event(3))
                .open(),
        );
        let mut events = client(&transport)
            .runs()
            .follow("r", "a", FollowOptions::new());
        for _ in 0..taken {
            events.next().await.unwrap().unwrap();
        }
        drop(events);
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert_eq!(transport.open_exchanges(), 0);
        assert_eq!(transport.requests().len(), usize::from(taken > 0));
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

fn credential() -> Reply {
    Reply::json(&json!({
        "id": "cr", "values": {"api_access_token": "cw-s3cr3t"}, "publicConfig": {"url": "http://127.0.0.1:7/", "account_id": 3},
    }))
}

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

#[tokio::test(start_paused = true)]
async fn a_list_that_ignores_offsets_ends_and_says_so_if_more_is_out_of_reach() {
    let items = json!([{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]);
    let list = async |answer: Value, page: PaginationParams| {
        let transport = ScriptedTransport::new();
        transport.reply_with(move |_| Reply::json(&answer));
        let result = client(&transport).agents().list_all(page).all().await;
        (result.map(|items| items.len()), transport.requests().len())
    };
    let (all, requests) = list(json!({"items": items}), PaginationParams::new()).await;
    assert_eq!((all.unwrap(), requests), (2, 2));
    let (all, requests) = list(json!({"items": items, "total": 2}), PaginationParams::new()).await;
    assert_eq!((all.unwrap(), requests), (2, 1));
    let (all, requests) = list(items.clone(), PaginationParams::new().limit(2)).await;
    assert_eq!(
        (all.unwrap_err().kind(), requests),
        (ErrorKind::Protocol, 2)
    );
    let (all, _) = list(json!({"items": items, "total": 9}), PaginationParams::new()).await;
    assert_eq!(all.unwrap_err().kind(), ErrorKind::Protocol);
    let (all, requests) = list(json!({"items": []}), PaginationParams::new().limit(2)).await;
    assert_eq!((all.unwrap(), requests), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn lists_are_read_by_offset_item_by_item_and_by_page() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|request| {
        let offset = request
            .uri
            .query()
            .and_then(|query| query.split("offset=").nth(1));
        let offset: u64 = offset.map_or(0, |offset| offset.parse().unwrap());
        let items: Vec<_> = (offset..5)
            .take(2)
            .map(|n| json!({"id": n.to_string(), "name": "n"}))
            .collect();
        Reply::json(&json!({"items": items}))
    });
    let client = client(&transport);
    let page = PaginationParams::new().limit(2);
    let all = client.agents().list_all(page).all().await.unwrap();
    let ids: Vec<_> = all.iter().map(|agent| agent.id.as_str()).collect();
    assert_eq!(ids, ["0", "1", "2", "3", "4"]);
    let mut pages = client.agents().list_all(page.offset(1)).by_page();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().items.len());
    }
    assert_eq!(sizes, [2, 2, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_repeats_its_position_is_not_read_for_ever() {
    let event = |seq: u64| json!({"seq": seq, "type": "X", "timestamp": "t"});
    let page = |events: Vec<Value>, next: Value, more: bool| {
        Reply::json(
            &json!({"events": events, "latest_seq": 9, "next_after_seq": next, "has_more": more}),
        )
    };
    let transport = ScriptedTransport::new();
    // The position counted in, a null, and the end.
    transport.reply(page(vec![event(1), event(2)], json!(2), true));
    transport.reply(page(vec![event(2), event(3)], json!(null), true));
    transport.reply(page(vec![event(3), event(4)], json!(null), false));
    let all = client(&transport)
        .runs()
        .poll_all("r", PollEvents::new("a"))
        .all()
        .await
        .unwrap();
    let seqs: Vec<_> = all.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4]);

    let transport = ScriptedTransport::new();
    transport.reply_with(move |_| page(vec![event(1)], json!(1), true));
    let error = client(&transport)
        .runs()
        .poll_all("r", PollEvents::new("a"))
        .all()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), transport.requests().len()),
        (ErrorKind::Protocol, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn results_and_errors_carry_status_headers_and_request_id() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::json(&agent()).header("x-request-id", "req_9"));
    let answer = client(&transport)
        .agents()
        .get("a")
        .with_response()
        .await
        .unwrap();
    assert_eq!(answer.response.status, 200);
    assert_eq!(answer.response.request_id.as_deref(), Some("req_9"));
    transport.reply(Reply::json(&json!({"id": 7})).header("x-request-id", "req_10"));
    let error = client(&transport).agents().get("a").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.request_id()),
        (ErrorKind::Decode, Some("req_10"))
    );
    assert_eq!(error.answer_status(), Some(200));
    assert_eq!(error.answer_text().as_deref(), Some(r#"{"id":7}"#));
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_shown() {
    let transport = ScriptedTransport::new();
    let shown = |things: &[&dyn std::fmt::Debug]| {
        things
            .iter()
            .map(|thing| format!("{thing:?}"))
            .collect::<String>()
    };
    let options = || {
        ClientOptions::new()
            .token(SECRET)
            .header("x-key", SECRET)
            .headers(|| vec![("x-p".to_owned(), SECRET.to_owned())])
    };
    let client = with(&transport, options());
    let raw = RequestOptions::new()
        .header("x-key", SECRET)
        .body(&json!({"password": SECRET}));
    let mut text = shown(&[
        &options(),
        &client,
        &client.runs(),
        &raw,
        &client.chatwoot(),
    ]);

    let secrets = json!({
        "id": "cr", "values": {"api_key": SECRET}, "Values": {"k": SECRET}, "data": {"api_access_token": SECRET},
        "publicConfig": {"url": "http://127.0.0.1:7", "account_id": 1},
    });
    transport
        .reply(Reply::json(&secrets))
        .reply(Reply::json(&secrets));
    let credential = client.credentials().get("cr", true).await.unwrap();
    let config = client.chatwoot().get_config("cr").await.unwrap();
    assert_eq!(config.api_access_token.expose(), SECRET);
    text += &shown(&[&credential, &config]);

    // A body that can not be read holds it too.
    transport.reply(Reply::json(&json!({"values": SECRET})));
    let error = client.credentials().get("cr", true).await.unwrap_err();
    text += &format!("{error} {error:?}");
    transport
        .reply(Reply::json(&secrets))
        .reply(Reply::refused());
    let call = client
        .chatwoot()
        .list_inboxes("cr")
        .retry(RetryPolicy::none());
    let error = call.await.unwrap_err();
    text += &format!("{error} {error:?}");
    assert!(!text.contains(SECRET), "{text}");
}
