//! Streams over a script: cut at every byte, split at every byte, silence, limits, dropped futures, redirects.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "a test that can not go on should stop, and its texts are for people"
)]

use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use meistrari_agent_sdk::{
    Cursor, Endpoints, ErrorKind, HttpConfig, Limit, Resume, RetryPolicy, SessionStreamEvent,
    StreamSessionOptions, TimeoutPhase, parse_session_stream,
};

mod support;

use support::{all, events, scripted, scripted_with};

const STREAM: &str = "\u{feff}: hi\r\n\r\ndata: {\"kind\":\"status\",\"status\":\"running\",\"nextCursor\":1}\r\n\r\n\
    event: steps\ndata: {\"steps\":[{\"é\":\ndata: 1}],\"nextCursor\":2}\n\n\
    data: {\"kind\":\"steps\",\"steps\":[],\"nextCursor\":null}\n\ndata: [DONE]\n\n\
    data: {\"kind\":\"result\",\"status\":\"completed\",\"result\":\"ok\",\"nextCursor\":7}\n\n";

#[tokio::test(start_paused = true)]
async fn the_same_bytes_give_the_same_events_wherever_they_are_split() {
    let bytes = STREAM.as_bytes();
    let mut whole = None;
    for at in 0..=bytes.len() {
        let transport = ScriptedTransport::new();
        let reply = Reply::events()
            .chunk(bytes[..at].to_vec())
            .chunk(bytes[at..].to_vec())
            .open();
        transport.reply(reply);
        let mut stream = scripted(&transport)
            .stream_session("s", None::<i64>)
            .await
            .unwrap();
        let seen = events(&mut stream).await;
        assert_eq!(stream.cursor().and_then(Cursor::as_i64), Some(7));
        assert_eq!(
            transport.open_exchanges(),
            0,
            "the client closes behind the last event"
        );
        assert_eq!(
            whole.get_or_insert_with(|| seen.clone()),
            &seen,
            "split at {at}"
        );
    }
    assert_eq!(whole.unwrap().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_cut_at_any_byte_is_an_error_with_the_cursor_and_resuming_brings_each_event_once() {
    let bytes = STREAM.as_bytes();
    let frames: Vec<_> = STREAM
        .match_indices("nextCursor")
        .map(|(at, _)| at)
        .collect();
    assert_eq!(frames.len(), 4);
    for at in 0..bytes.len() - 1 {
        for lost in [false, true] {
            let reply = Reply::events().chunk(bytes[..at].to_vec());
            let reply = if lost { reply.lost() } else { reply };
            let transport = ScriptedTransport::new();
            transport.reply(reply.clone());
            let client = scripted(&transport);
            let mut stream = client.stream_session("s", Some(0)).await.unwrap();
            let mut items = all(&mut stream).await;
            let error = items.pop().unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Interrupted, "cut at {at}");
            assert_eq!(error.cursor(), stream.cursor());
            assert_eq!(std::error::Error::source(&error).is_some(), lost);
            assert!(items.iter().all(Result::is_ok));

            // The same again, allowed to resume: the server sends what is newer than the cursor.
            transport.reply(reply);
            transport.reply_with(|request| {
                let query = request.uri.query().unwrap();
                let cursor: i64 = query.strip_prefix("cursor=").unwrap().parse().unwrap();
                let rest = match cursor {
                    0 => STREAM,
                    1 => &STREAM[STREAM.find("event: steps").unwrap()..],
                    2 => &STREAM[STREAM.find("data: {\"kind\":\"steps\"").unwrap()..],
                    other => panic!("no such cursor {other}"),
                };
                Reply::events().chunk(rest)
            });
            let options = StreamSessionOptions::from(Some(0)).resume(Resume::auto());
            let mut resumed = client.stream_session("s", options).await.unwrap();
            let seen = events(&mut resumed).await;
            let repeated = seen.iter().position(SessionStreamEvent::may_repeat);
            let cursors: Vec<_> = seen.iter().map(SessionStreamEvent::next_cursor).collect();
            if repeated.is_some() {
                assert_eq!(
                    cursors,
                    [Some(1), Some(2), None, None, Some(7)],
                    "cut at {at}"
                );
                assert_eq!(repeated, Some(3));
            } else {
                assert_eq!(cursors, [Some(1), Some(2), None, Some(7)], "cut at {at}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_parser_alone_gives_the_same_and_tells_a_cut() {
    let chunks = STREAM
        .as_bytes()
        .chunks(3)
        .map(|c| Ok::<_, std::io::Error>(Bytes::copy_from_slice(c)));
    let mut parsed = parse_session_stream(stream::iter(chunks));
    let mut count = 0;
    while let Some(event) = parsed.next().await {
        event.unwrap();
        count += 1;
    }
    assert_eq!(
        (count, parsed.cursor().and_then(Cursor::as_i64)),
        (4, Some(7))
    );

    let broken = [
        Ok(Bytes::from(
            "data: {\"kind\":\"steps\",\"nextCursor\":3}\n\ndata: oops\n\n",
        )),
        Err(std::io::Error::other("gone")),
    ];
    let items: Vec<_> = parse_session_stream(stream::iter(broken)).collect().await;
    assert!(items[0].is_ok());
    assert_eq!(items[1].as_ref().unwrap_err().kind(), ErrorKind::Decode);
    let error = items[2].as_ref().unwrap_err();
    assert_eq!(
        (error.kind(), error.cursor().and_then(Cursor::as_i64)),
        (ErrorKind::Interrupted, Some(3))
    );
    assert_eq!(items.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn silence_is_a_typed_error_after_ten_minutes_and_a_reconnect_after_two() {
    let running = "data: {\"kind\":\"status\",\"status\":\"running\",\"nextCursor\":4}\n\n";
    let transport = ScriptedTransport::new();
    transport.reply(
        Reply::events()
            .chunk(running)
            .wait(Duration::from_secs(599))
            .chunk(": ping\n\n")
            .open(),
    );
    let client = scripted(&transport);
    let begin = tokio::time::Instant::now();
    let mut stream = client.stream_session("s", None::<i64>).await.unwrap();
    let mut items = all(&mut stream).await;
    let error = items.pop().unwrap().unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Idle));
    assert_eq!(error.cursor().and_then(Cursor::as_i64), Some(4));
    assert_eq!(
        begin.elapsed().as_secs(),
        599 + 600,
        "comments count as life"
    );

    for _ in 0..30 {
        transport.reply(Reply::events().chunk(running).open());
    }
    transport.reply(Reply::events().chunk("data: {\"kind\":\"result\"}\n\n"));
    let begin = tokio::time::Instant::now();
    let options = StreamSessionOptions::new().resume(Resume::auto());
    let mut stream = client.stream_session("s", options).await.unwrap();
    assert_eq!(
        events(&mut stream).await.len(),
        31,
        "a silent server never uses up the reconnects"
    );
    assert_eq!(
        (stream.reconnects(), begin.elapsed().as_secs()),
        (30, 30 * 120)
    );
}

#[tokio::test(start_paused = true)]
async fn opening_is_a_safe_call_with_a_limit_and_refusals_are_its_errors() {
    let transport = ScriptedTransport::new();
    let client = scripted(&transport);
    transport.reply(Reply::status(503));
    transport.reply(Reply::broken());
    transport.reply(Reply::events().chunk("data: {\"kind\":\"result\"}\n\n"));
    let mut stream = client.stream_session("s", None::<i64>).await.unwrap();
    assert_eq!(events(&mut stream).await.len(), 1);
    assert_eq!(transport.requests().len(), 3);

    transport.reply(Reply::status(409));
    assert!(
        client
            .stream_session("s", None::<i64>)
            .await
            .unwrap_err()
            .is_conflict()
    );

    let once = scripted_with(&transport, HttpConfig::new().retry(RetryPolicy::none()));
    transport.reply(Reply::silence());
    let begin = tokio::time::Instant::now();
    let error = once.stream_session("s", None::<i64>).await.unwrap_err();
    assert_eq!(
        (error.timeout_phase(), begin.elapsed().as_secs()),
        (Some(TimeoutPhase::Headers), 60)
    );
    let endless = StreamSessionOptions::new().headers_timeout(Limit::Off);
    transport.reply(
        Reply::events()
            .delay(Duration::from_secs(3600))
            .chunk("data: {\"kind\":\"result\"}\n\n"),
    );
    once.stream_session("s", endless).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn dropping_at_any_point_closes_the_connection() {
    let transport = ScriptedTransport::new();
    let client = scripted(&transport);
    transport.reply(Reply::silence());
    drop(
        tokio::time::timeout(
            Duration::from_secs(1),
            client.stream_session("s", None::<i64>),
        )
        .await,
    );
    assert_eq!(transport.open_exchanges(), 0);
    transport.reply(
        Reply::events()
            .chunk("data: {\"kind\":\"steps\"}\n\n")
            .open(),
    );
    let mut stream = client.stream_session("s", None::<i64>).await.unwrap();
    stream.next().await.unwrap().unwrap();
    let waiting = tokio::time::timeout(Duration::from_secs(1), stream.next()).await;
    assert!(waiting.is_err(), "nothing is lost by giving up a wait");
    assert_eq!(transport.open_exchanges(), 1);
    drop(stream);
    assert_eq!(transport.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_event_above_the_limit_is_an_error_and_not_the_end_of_memory() {
    let transport = ScriptedTransport::new();
    let client = scripted_with(&transport, HttpConfig::new().max_event_bytes(1000));
    let mut reply = Reply::events().chunk("data: ");
    for _ in 0..10 {
        reply = reply.chunk("x".repeat(1000));
    }
    transport.reply(reply.open());
    let mut stream = client.stream_session("s", Some(5)).await.unwrap();
    let error = all(&mut stream).await.pop().unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.cursor().and_then(Cursor::as_i64)),
        (ErrorKind::TooLarge, Some(5))
    );
}

#[tokio::test(start_paused = true)]
async fn guessed_paths_and_names_can_be_corrected() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::json(&serde_json::json!({"content": "x", "tree": []})));
    let endpoints = Endpoints::default()
        .fetch_file("/v5/file/{sessionId}?path={path}")
        .stream("/v5/stream/{sessionId}?format=sse")
        .cursor_query("after")
        .vault_file("/v9/{fileId}")
        .vault_compatibility_date("2030-01-01");
    let auth = meistrari_agent_sdk::ApiKeyAuthStrategy::new("Bearer k");
    let client = meistrari_agent_sdk::AgentClient::builder(support::BASE, auth)
        .vault_url("https://gw.example.com/_services/vault/")
        .endpoints(endpoints)
        .http(
            HttpConfig::new()
                .transport(transport.shared())
                .path("list_session_files", "/ls/{sessionId}"),
        )
        .build()
        .unwrap();
    client.fetch_session_file("a/b", "c d/é").await.unwrap();
    client.list_session_files("s").await.unwrap();
    client.stream_session("s", Some(3)).await.unwrap();
    client.resolve_reference("vault://x").await.unwrap_err();
    let urls: Vec<_> = transport
        .requests()
        .iter()
        .map(|request| request.uri.to_string())
        .collect();
    assert_eq!(
        urls,
        [
            "https://api.example.com/prefix/v5/file/a%2Fb?path=c%20d%2F%C3%A9",
            "https://api.example.com/prefix/ls/s",
            "https://api.example.com/prefix/v5/stream/s?format=sse&after=3",
            "https://gw.example.com/_services/vault/v9/x",
        ]
    );
    let last = transport.requests().pop().unwrap();
    assert_eq!(last.headers["authorization"], "Bearer Bearer k");
    assert_eq!(last.headers["x-compatibility-date"], "2030-01-01");
}
