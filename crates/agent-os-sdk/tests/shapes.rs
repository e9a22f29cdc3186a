//! The form of the main requests over real HTTP, and how to test code that uses the SDK against a mock server, here
//! `httpmock`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can not go on should stop"
)]
#![allow(clippy::large_futures, reason = "those of the mock server")]

use agent_os_sdk::{
    AgentOsClient, ClientOptions, CreateAgent, CreateRun, FollowEventType, FollowOptions,
    PaginationParams, Patch, PollEvents, RequestOptions, RunStatus, SseOptions, Thread,
    TriggerFilter, UpdateAgent,
};
use httpmock::Method::{DELETE, GET, PATCH, POST, PUT};
use httpmock::{Mock, MockServer, Then, When};
use serde_json::{Value, json};

/// A server, and a client for a path below it.
async fn served() -> (MockServer, AgentOsClient) {
    let server = MockServer::start_async().await;
    let options = ClientOptions::new()
        .token("tok")
        .header("x-workspace", "w 1");
    let client = AgentOsClient::with_options(server.url("/gw//"), options).unwrap();
    (server, client)
}

/// Expects one request with what goes along with all of them, and answers it.
async fn expect(
    server: &MockServer,
    when_it_comes: impl FnOnce(When) -> When,
    answer: impl FnOnce(Then) -> Then,
) -> Mock<'_> {
    server
        .mock_async(|when, then| {
            when_it_comes(when)
                .header("authorization", "Bearer tok")
                .header("x-workspace", "w 1")
                .header(
                    "user-agent",
                    concat!("agent-os-sdk-rust/", env!("CARGO_PKG_VERSION")),
                );
            answer(then);
        })
        .await
}

fn no_body(when: When) -> When {
    when.header_missing("content-type")
        .is_true(|request| request.body_ref().is_empty())
}

fn body(when: When, body: Value) -> When {
    when.header("content-type", "application/json")
        .json_body(body)
}

#[tokio::test]
async fn agents_are_made_changed_listed_and_deleted() {
    let (server, client) = served().await;
    let agent = json!({"id": "ag/1", "name": "n", "metadata": {"a": null}, "color": "blue"});
    let made = expect(
        &server,
        |when| {
            let when = when.method(POST).path("/gw/v1/api/agents");
            let when = body(when, json!({"name": "n", "metadata": {"a": null}}));
            when.header("idempotency-key", "k 1")
        },
        |then| then.status(201).json_body(agent.clone()),
    )
    .await;
    let create = CreateAgent::new("n").metadata(json!({"a": null}));
    let created = client.agents().create(create.idempotency_key("k 1")).await;
    let created = created.unwrap();
    assert_eq!(
        (created.id.as_str(), &created.extra["color"]),
        ("ag/1", &json!("blue"))
    );
    made.assert_async().await;

    for (update, sent) in [
        (UpdateAgent::new(), json!({})),
        (
            UpdateAgent::new().metadata(Patch::Null),
            json!({"metadata": null}),
        ),
        (
            UpdateAgent::new()
                .name("m")
                .live_bundle_id("b")
                .metadata(json!([1])),
            json!({"name": "m", "live_bundle_id": "b", "metadata": [1]}),
        ),
    ] {
        let changed = expect(
            &server,
            |when| body(when.method(PATCH).path("/gw/v1/api/agents/ag%2F1"), sent),
            |then| then.status(200).json_body(agent.clone()),
        )
        .await;
        client.agents().update("ag/1", update).await.unwrap();
        changed.assert_async().await;
        changed.delete_async().await;
    }

    let listed = expect(
        &server,
        |when| {
            let when = when.method(GET).path("/gw/v1/api/agents");
            no_body(when.query_param("limit", "2").query_param("offset", "0"))
        },
        |then| {
            then.status(200)
                .json_body(json!({"items": [agent], "total": 1}))
        },
    )
    .await;
    let page = PaginationParams::new().limit(2).offset(0);
    let page = client.agents().list(page).await.unwrap();
    assert_eq!((page.items.len(), page.total), (1, Some(1)));
    listed.assert_async().await;

    let deleted = expect(
        &server,
        |when| no_body(when.method(DELETE).path("/gw/v1/api/agents/ag%2F1")),
        |then| then.status(204),
    )
    .await;
    assert!(client.agents().delete("ag/1").await.unwrap().is_null());
    deleted.assert_async().await;
}

#[tokio::test]
async fn a_run_is_started_and_followed() {
    let (server, client) = served().await;
    let made = expect(
        &server,
        |when| {
            let when = when.method(POST).path("/gw/v1/api/runs");
            body(
                when,
                json!({"agent_id": "ag_1", "thread": {"thread_id": "th_1"}, "input": null}),
            )
        },
        |then| {
            then.status(202)
                .json_body(json!({"run_id": "run_1", "status": "pending"}))
        },
    )
    .await;
    let asked = expect(
        &server,
        |when| no_body(when.method(GET).path("/gw/v1/api/runs/run_1")),
        |then| {
            then.status(200).json_body(json!({
                "run_id": "run_1", "status": "running", "created_at": "t", "current_attempt_id": "att_1",
            }))
        },
    )
    .await;
    let streamed = expect(
        &server,
        |when| {
            no_body(when.method(GET).path("/gw/v1/api/runs/run_1/events/stream"))
                .query_param("attemptId", "att_1")
                .query_param("afterSeq", "4")
                .header("last-event-id", "4")
                .header("accept", "text/event-stream")
        },
        |then| {
            let frame = "id: 5\nevent: run_event\ndata: {\"seq\":5,\"type\":\"RUN_FINISHED\",\"timestamp\":\"t\",\"payload\":{}}\n\n";
            then.status(200).header("content-type", "text/event-stream").body(frame)
        },
    )
    .await;
    let create = CreateRun::new("ag_1")
        .thread(Thread::Existing("th_1".to_owned()))
        .input(Patch::Null);
    let options = FollowOptions::after(4);
    let mut events = client
        .runs()
        .create_and_stream(create, options)
        .await
        .unwrap();
    assert_eq!(events.created().status, RunStatus::Pending);
    let event = events.next().await.unwrap().unwrap();
    assert_eq!((event.seq, event.event_type()), (5, Some("RUN_FINISHED")));
    let close = events.next().await.unwrap().unwrap();
    assert_eq!((close.kind, close.seq), (FollowEventType::Close, 5));
    assert!(events.next().await.is_none());
    for mock in [made, asked, streamed] {
        mock.assert_async().await;
    }
}

#[tokio::test]
async fn events_are_asked_for_by_attempt_position_and_limit() {
    let (server, client) = served().await;
    let polled = expect(
        &server,
        |when| {
            no_body(when.method(GET).path("/gw/v1/api/runs/run%201/events"))
                .query_param("attemptId", "att 1")
                .query_param("afterSeq", "0")
                .query_param("limit", "100")
        },
        |then| {
            then.status(200).json_body(json!({
                "events": [{"id": "e", "seq": 1, "type": "X", "timestamp": "t", "attempt_id": "att 1", "payload": [1]}],
                "latest_seq": 9_007_199_254_740_993_i64, "next_after_seq": null, "has_more": true,
            }))
        },
    )
    .await;
    let page = client.runs().poll_events("run 1", PollEvents::new("att 1"));
    let page = page.await.unwrap();
    assert_eq!((page.next_after_seq, page.next_after(0)), (None, 1));
    assert_eq!(page.latest_seq, 9_007_199_254_740_993);
    assert_eq!(page.events[0].payload, json!([1]));
    polled.assert_async().await;
}

#[tokio::test]
async fn credentials_and_triggers_are_read() {
    let (server, client) = served().await;
    for (values, flag) in [(false, "false"), (true, "true")] {
        let read = expect(
            &server,
            |when| {
                no_body(when.method(GET).path("/gw/v1/api/credentials/cr_1"))
                    .query_param("includeValues", flag)
            },
            |then| {
                then.status(200)
                    .json_body(json!({"id": "cr_1", "Values": {"k": "v"}}))
            },
        )
        .await;
        let credential = client.credentials().get("cr_1", values).await.unwrap();
        assert_eq!(credential.values(), Some(&json!({"k": "v"})));
        read.assert_async().await;
    }
    let listed = expect(
        &server,
        |when| {
            no_body(when.method(GET).path("/gw/v1/api/triggers")).query_param("agent_id", "ag_1")
        },
        |then| then.status(200).json_body(json!([{"type": "cron"}])),
    )
    .await;
    let filter = TriggerFilter::new().agent_id("ag_1");
    let triggers = client.triggers().list(filter).await.unwrap();
    assert_eq!(triggers.items[0].trigger_type.as_deref(), Some("cron"));
    listed.assert_async().await;
}

#[tokio::test]
async fn a_raw_request_and_a_raw_stream_go_the_same_way() {
    let (server, client) = served().await;
    let sent = expect(
        &server,
        |when| {
            let when = when.method(PUT).path("/gw/v1/api/x/a%20b");
            body(when, json!({"a": null})).query_param("q", "1&2")
        },
        |then| {
            then.status(200)
                .header("content-type", "text/plain")
                .body("plain")
        },
    )
    .await;
    let options = RequestOptions::new()
        .path_param("id", "a b")
        .query("q", "1&2")
        .body(&json!({"a": null}));
    let answer = client.raw().put("/v1/api/x/{id}", options).await.unwrap();
    assert_eq!(answer, "plain");
    sent.assert_async().await;

    let streamed = expect(
        &server,
        |when| {
            no_body(when.method(GET).path("/gw/v1/api/audit"))
                .header("accept", "text/event-stream")
                .header("x-mine", "1")
        },
        |then| then.status(200).body("data: 1\n\ndata: two\n\ndata: lost"),
    )
    .await;
    let options = SseOptions::new().header("x-mine", "1");
    let stream = client
        .raw()
        .stream_sse("/v1/api/audit", RequestOptions::new(), options);
    let mut stream = stream.await.unwrap();
    let mut data = Vec::new();
    while let Some(event) = stream.next().await {
        data.push(event.unwrap().data);
    }
    assert_eq!(data, [json!(1), json!("two")]);
    streamed.assert_async().await;
}
