//! Following a run, starting one, waiting for an event: how it ends, and what an end says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "a test that can not go on should stop"
)]

use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use agent_os_sdk::{
    ClientOptions, CreateRun, Cursor, End, ErrorExt, ErrorKind, FollowEvent, FollowEventType,
    FollowOptions, HttpConfig, Limit, RetryPolicy, TimeoutPhase, WaitForOptions,
};
use serde_json::{Value, json};

#[path = "support/rig.rs"]
mod rig;

use rig::{always, client, event, header, run, with};

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

    // When no reconnect is left, there is no wait to refuse.
    let transport = ScriptedTransport::new();
    transport.reply(Reply::status(503).header("retry-after", "61"));
    let seen = follow(&transport, FollowOptions::new().max_reconnects(0)).await;
    let error = seen.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::ReconnectsExhausted);
    assert_eq!(error.last_failure().unwrap().status(), Some(503));
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

/// What a stream gave, and how it ended.
struct Seen {
    events: Vec<FollowEvent>,
    error: Option<agent_os_sdk::Error>,
    end: Option<End>,
    cursor: Option<Cursor>,
}

async fn follow(transport: &ScriptedTransport, options: FollowOptions) -> Seen {
    let mut stream = client(transport).runs().follow("r", "a", options);
    let (mut events, mut error) = (Vec::new(), None);
    while let Some(item) = stream.next().await {
        match item {
            Ok(event) => events.push(event),
            Err(failure) => error = Some(failure),
        }
    }
    assert_eq!(transport.open_exchanges(), 0);
    Seen {
        events,
        error,
        end: stream.end(),
        cursor: stream.cursor(),
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_holds_what_no_text_or_value_can_is_still_that_event() {
    // Half a character, as servers send that cut text by UTF-16 units; a number and a depth beyond what is read; and
    // a byte order mark before all of it.
    let deep = "[".repeat(200) + &"]".repeat(200);
    let payloads = [
        (
            r#"{"text":"\ud83d"}"#.to_owned(),
            json!({"text": "\u{FFFD}"}),
        ),
        (
            r#"{"n":1e400,"m":1}"#.to_owned(),
            json!({"n": null, "m": 1}),
        ),
        (format!(r#"{{"deep":{deep},"m":1}}"#), json!({"m": 1})),
        (
            r#"{"text":"\ude00","n":1e400}"#.to_owned(),
            json!({"text": "\u{FFFD}", "n": null}),
        ),
        ("1e400".to_owned(), json!({})),
    ];
    let mut body = String::new();
    for (seq, (payload, _)) in payloads.iter().enumerate() {
        let kind = if seq == 4 { "RUN_FINISHED" } else { "X" };
        body += &format!(
            "event: run_event\ndata: \u{FEFF}{{\"seq\":{seq},\"type\":\"{kind}\",\"timestamp\":\"t\",\"payload\":{payload}}}\n\n"
        );
    }
    let transport = ScriptedTransport::new();
    transport.reply(Reply::events().chunk(body));
    let seen = follow(&transport, FollowOptions::new()).await;
    assert!(seen.error.is_none(), "{:?}", seen.error);
    assert_eq!(seen.events.len(), payloads.len() + 1);
    for (seq, (event, (payload, mut expected))) in seen.events.iter().zip(payloads).enumerate() {
        expected["type"] = if seq == 4 { "RUN_FINISHED" } else { "X" }.into();
        assert_eq!(event.seq, i64::try_from(seq).unwrap());
        assert_eq!(json!(event.payload), expected);
        assert!(event.raw_json().unwrap().contains(&payload), "{event:?}");
        assert!(serde_json::to_string(event).unwrap().contains(&payload));
        // A `Value` gets what it can hold.
        let held = serde_json::to_value(event).unwrap();
        assert_eq!(held["payload"], expected);
        assert_eq!(held["raw"]["seq"], seq);
    }
    assert_eq!(seen.end, Some(End::Terminal));
}

#[tokio::test(start_paused = true)]
async fn before_the_first_event_the_position_is_where_the_caller_begins() {
    for (options, position) in [
        (FollowOptions::new(), None),
        (FollowOptions::new().start_seq(1), Some(0_u64)),
        (FollowOptions::after(41), Some(41)),
    ] {
        let position = position.map(Cursor::from);
        let transport = always(|| Reply::status(404));
        let seen = follow(&transport, options.clone()).await;
        assert_eq!(seen.error.unwrap().cursor(), position);
        assert_eq!(seen.cursor, position);

        let attempt = json!({"current_attempt_id": "att"});
        let transport = ScriptedTransport::new();
        transport
            .reply(Reply::json(&run()))
            .reply(Reply::json(&attempt))
            .reply(Reply::status(404));
        let runs = client(&transport).runs();
        let mut stream = runs
            .create_and_stream(CreateRun::new("a"), options)
            .await
            .unwrap();
        assert_eq!(stream.cursor(), position);
        assert_eq!(stream.next().await.unwrap().unwrap_err().cursor(), position);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_healthy_starts_the_count_again_also_if_it_fell_silent() {
    for silent in [true, false] {
        let transport = ScriptedTransport::new();
        transport.reply(Reply::refused()).reply(Reply::refused());
        let open = Reply::events().wait(Duration::from_secs(40));
        transport.reply(if silent { open.open() } else { open });
        transport.reply(Reply::refused());
        transport.reply(Reply::events().chunk(event(1, "RUN_FINISHED")));
        let options = FollowOptions::new()
            .max_reconnects(2)
            .idle_timeout(Duration::from_secs(50));
        let seen = follow(&transport, options).await;
        assert!(seen.error.is_none(), "silent {silent}: {:?}", seen.error);
        assert_eq!(seen.events.len(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn each_status_means_what_it_should_to_a_stream() {
    // Whether it is tried again, and the kind otherwise.
    for (status, expected) in [
        (201, Some(ErrorKind::Api)),
        (202, Some(ErrorKind::Api)),
        (206, Some(ErrorKind::Api)),
        (304, Some(ErrorKind::Api)),
        (400, Some(ErrorKind::Api)),
        (401, Some(ErrorKind::Api)),
        (403, Some(ErrorKind::Api)),
        (404, Some(ErrorKind::Api)),
        (408, None),
        (409, Some(ErrorKind::Api)),
        (410, Some(ErrorKind::Api)),
        (422, Some(ErrorKind::Api)),
        (425, None),
        (429, None),
        (500, None),
        (501, None),
        (503, None),
        (599, None),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply(Reply::status(status).header("content-type", "text/event-stream"));
        transport.reply(Reply::status(204));
        let seen = follow(&transport, FollowOptions::new()).await;
        assert_eq!(
            seen.error.as_ref().map(agent_os_sdk::Error::kind),
            expected,
            "{status}"
        );
        let again = usize::from(expected.is_none());
        assert_eq!(transport.requests().len(), 1 + again, "{status}");
        match seen.error {
            Some(error) => assert_eq!(error.answer_status(), Some(status)),
            None => assert_eq!(seen.end, Some(End::ServerClosed)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn only_an_event_stream_is_read_as_one() {
    for (kind, good) in [
        (None, true),
        (Some("text/event-stream"), true),
        (Some("Text/Event-Stream ; charset=utf-8"), true),
        (Some("application/json"), false),
        (Some("text/event-streams"), false),
        (Some("text/html; text/event-stream"), false),
        (Some(""), false),
    ] {
        let reply = match kind {
            None => Reply::status(200),
            Some(kind) => Reply::status(200).header("content-type", kind),
        };
        let transport = ScriptedTransport::new();
        transport.reply(reply.chunk(event(1, "RUN_FAILED")));
        let seen = follow(&transport, FollowOptions::new()).await;
        let error = seen.error.as_ref().map(agent_os_sdk::Error::kind);
        assert_eq!(error, (!good).then_some(ErrorKind::Protocol), "{kind:?}");
        if let Some(error) = seen.error {
            assert_eq!(error.answer_content_type(), kind);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_says_how_it_ended() {
    let close = |payload: Value| format!("event: close\ndata: {}\n\n", json!({"payload": payload}));
    for (body, items, end) in [
        (event(1, "run_Finished"), 2, End::Terminal),
        (
            event(1, "X") + &close(json!({"terminal": true})),
            2,
            End::Terminal,
        ),
        (
            event(1, "X") + &close(json!({"terminal": 1})),
            2,
            End::ServerClosed,
        ),
        (event(1, "X") + &close(Value::Null), 2, End::ServerClosed),
        (
            close(json!({"terminal": false})) + &event(1, "RUN_CANCELLED"),
            3,
            End::Terminal,
        ),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply(Reply::events().chunk(body.clone()).open());
        let seen = follow(&transport, FollowOptions::new()).await;
        assert_eq!((seen.events.len(), seen.end), (items, Some(end)), "{body}");
        let last = seen.events.last().unwrap();
        assert_eq!(last.kind, FollowEventType::Close);
        assert_eq!(transport.requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn silence_and_heads_have_limits_of_their_own() {
    // Silence: 120 s, then a new connection; comments are life.
    let transport = ScriptedTransport::new();
    let alive = (0..5).fold(Reply::events(), |reply, _| {
        reply.wait(Duration::from_secs(119)).chunk(": ping\n\n")
    });
    transport.reply(alive.open());
    transport.reply(Reply::status(204));
    let start = tokio::time::Instant::now();
    follow(&transport, FollowOptions::new().base_delay(Duration::ZERO)).await;
    assert_eq!(start.elapsed(), Duration::from_secs(5 * 119 + 120));

    // No head: 30 s, and it counts as a failure.
    let transport = always(Reply::silence);
    let start = tokio::time::Instant::now();
    let options = FollowOptions::new()
        .max_reconnects(1)
        .base_delay(Duration::ZERO);
    let error = follow(&transport, options).await.error.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(60));
    let last = error.last_failure().unwrap();
    assert_eq!(last.timeout_phase(), Some(TimeoutPhase::Headers));

    // Off is a value.
    let transport = ScriptedTransport::new();
    let day = Reply::events().wait(Duration::from_secs(86_400));
    transport.reply(day.chunk(event(1, "RUN_FAILED")));
    follow(&transport, FollowOptions::new().idle_timeout(Limit::Off)).await;
    assert_eq!(transport.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn reconnects_are_counted_from_the_last_new_event() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::events().chunk(event(1, "X")));
    // What was seen before is nothing new.
    for _ in 0..11 {
        transport.reply(Reply::events().chunk(event(1, "X")).lost());
    }
    let start = tokio::time::Instant::now();
    let seen = follow(&transport, FollowOptions::new()).await;
    let error = seen.error.unwrap();
    assert_eq!(error.kind(), ErrorKind::ReconnectsExhausted);
    assert_eq!(error.cursor(), Some(Cursor::from(1_u64)));
    assert!(!error.is_retryable());
    assert_eq!(transport.requests().len(), 11);
    // 1 + 2 + 4 + 8 + 16 s and five times 30 s, and up to 30 % of the first five.
    let whole = Duration::from_secs(31 + 150);
    assert!((whole..whole + Duration::from_secs(10)).contains(&start.elapsed()));
    let positions: Vec<_> = transport
        .requests()
        .iter()
        .map(|request| header(request, "last-event-id").map(str::to_owned))
        .collect();
    assert_eq!(positions[0], None);
    assert!(positions[1..].iter().all(|at| at.as_deref() == Some("1")));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_too_large_is_an_error_and_the_end() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::events().chunk("data: ".to_owned() + &"x".repeat(2000)));
    let http = HttpConfig::new().max_event_bytes(1000);
    let mut options = ClientOptions::new();
    options.http = http.transport(transport.shared());
    let client = agent_os_sdk::AgentOsClient::with_options("http://127.0.0.1:1", options).unwrap();
    let mut events = client.runs().follow("r", "a", FollowOptions::new());
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert!(events.next().await.is_none());
    assert_eq!(transport.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_answer_can_not_be_read_is_named_if_its_id_can() {
    for (answer, named) in [
        (json!({"run_id": "run_9"}), Some("run_9")),
        (json!({"run_id": "run_9", "status": 7}), Some("run_9")),
        (json!({"run_id": 9, "status": "pending"}), None),
        (json!([1]), None),
    ] {
        let transport = always(move || Reply::json(&answer));
        let runs = client(&transport).runs();
        let create = CreateRun::new("a");
        let errors = [
            runs.create(create.clone()).await.unwrap_err(),
            runs.create_and_stream(create, FollowOptions::new())
                .await
                .unwrap_err(),
        ];
        for error in errors {
            assert_eq!((error.kind(), error.run_id()), (ErrorKind::Decode, named));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn headers_of_a_stream_are_sent_each_time() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::events()).reply(Reply::status(204));
    let client = with(&transport, ClientOptions::new().header("x-a", "client"));
    let options = FollowOptions::new().header("x-b", "stream");
    let mut events = client.runs().follow("r/1", "a b", options);
    assert!(events.next().await.is_none());
    for request in transport.requests() {
        let path = "/gw/v1/api/runs/r%2F1/events/stream?attemptId=a%20b&afterSeq=0";
        assert_eq!(request.uri.path_and_query().unwrap(), path);
        assert_eq!(header(&request, "x-a"), Some("client"));
        assert_eq!(header(&request, "x-b"), Some("stream"));
        assert_eq!(header(&request, "accept"), Some("text/event-stream"));
    }
}
