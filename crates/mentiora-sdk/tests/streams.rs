//! Streams: what ends one, what cuts one, and that each event comes exactly once.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use mentiora_sdk::{
    End, ErrorClass, ErrorExt, ErrorKind, Limit, MentioraClient, Sent, StreamOptions, TimeoutPhase,
};
use serde_json::json;
use tokio::time::Instant;

#[path = "support/rig.rs"]
mod rig;

use rig::{client, completed, config, delta, drain, frame, params};

async fn items(reply: Reply) -> (Vec<String>, Option<End>) {
    let transport = ScriptedTransport::new();
    transport.reply(reply);
    let mut events = client(&transport).agents().stream(params());
    let items = drain(&mut events).await;
    assert_eq!(
        transport.requests().len(),
        1,
        "one request, whatever happens"
    );
    assert_eq!(transport.open_exchanges(), 0, "nothing stays open");
    (items, events.end())
}

#[tokio::test(start_paused = true)]
async fn an_orderly_end_at_every_byte_is_a_quiet_end_or_an_error_of_the_last_block() {
    let text = format!("{}{}{}", delta("a"), completed(), delta("é"));
    for at in 0..=text.len() {
        let reply = Reply::events().chunk(text.as_bytes()[..at].to_vec());
        let (mut got, end) = items(reply).await;
        if got.last().is_some_and(|last| last.starts_with("Decode: ")) {
            let last = got.pop().unwrap();
            let cut_json = last.starts_with("Decode: Failed to parse stream event: ");
            assert!(
                cut_json || last.contains("missing required threadId"),
                "{at}: {last}"
            );
            assert_eq!(end, None);
        } else {
            let done = got.iter().any(|item| item.contains("chat_completed"));
            assert_eq!(
                end,
                Some(if done {
                    End::Terminal
                } else {
                    End::ServerClosed
                }),
                "{at}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_unfinished_last_block_counts_at_an_orderly_end_only() {
    let text = "event: chat.output_text.delta\ndata: {\"delta\":\"x\"}";
    let expected = vec![r#"{"type":"output_text_delta","delta":"x"}"#.to_owned()];
    for ending in ["", "\n", "\r\n", "\r"] {
        let got = items(Reply::events().chunk(format!("{text}{ending}"))).await;
        assert_eq!(
            got,
            (expected.clone(), Some(End::ServerClosed)),
            "{ending:?}"
        );
        let (got, _) = items(Reply::events().chunk(format!("{text}{ending}")).lost()).await;
        assert_eq!(got.len(), 1, "{ending:?}");
        assert!(got[0].starts_with("Interrupted: "), "{ending:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_event_ends_the_stream_at_once_although_more_waits() {
    let failed = frame("error", &json!({"code": "c", "message": "m"}));
    let reply = Reply::events()
        .chunk(format!("{}{failed}{}", delta("a"), delta("b")))
        .open();
    let (got, end) = items(reply).await;
    assert_eq!(got.len(), 2);
    assert_eq!(got[1], r#"{"type":"error","code":"c","message":"m"}"#);
    assert_eq!(end, Some(End::Terminal));
}

#[tokio::test(start_paused = true)]
async fn neither_completion_nor_done_ends_the_stream() {
    let more = frame("chat.suggestions", &json!({"suggestions": []}));
    let text = format!("{}data: [DONE]\n\n{more}{}", completed(), delta("late"));
    let (got, end) = items(Reply::events().chunk(text)).await;
    assert_eq!(got.len(), 3, "{got:?}");
    assert_eq!(end, Some(End::Terminal));
    assert_eq!(
        items(Reply::events()).await,
        (vec![], Some(End::ServerClosed))
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_item_is_the_last_and_closes_the_connection() {
    for (bad, class, kind) in [
        (
            "event: x\ndata: {no\n\n",
            ErrorClass::Validation,
            ErrorKind::Decode,
        ),
        (
            "event: chat.output_text.delta\ndata: {}\n\n",
            ErrorClass::Network,
            ErrorKind::Decode,
        ),
        (
            "event: chat.completed\ndata: {}\n\n",
            ErrorClass::Network,
            ErrorKind::Decode,
        ),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply(
            Reply::events()
                .chunk(format!("{}{bad}{}", delta("a"), delta("b")))
                .open(),
        );
        let mut events = client(&transport).agents().stream(params());
        events.next().await.unwrap().unwrap();
        let error = events.next().await.unwrap().unwrap_err();
        assert_eq!((error.class(), error.kind()), (class, kind), "{error}");
        assert_eq!(error.operation(), "agents.stream");
        assert!(events.next().await.is_none());
        assert_eq!(transport.open_exchanges(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cut_is_typed_and_says_that_the_agent_may_go_on() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::events().chunk(delta("a")).lost());
    let mut events = client(&transport).agents().stream(params());
    events.next().await.unwrap().unwrap();
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(error.sent(), Sent::Yes);
    assert!(error.message().starts_with("Stream interrupted: "));
    assert_eq!((error.status(), error.class()), (None, ErrorClass::Network));
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test(start_paused = true)]
async fn the_head_decides_whether_it_is_a_stream() {
    for (reply, expected, status) in [
        (
            Reply::status(200),
            "Expected text/event-stream but received: (none)",
            200,
        ),
        (
            Reply::status(200).header("content-type", "application/json"),
            "Expected text/event-stream but received: application/json",
            200,
        ),
        (
            Reply::status(204),
            "Expected text/event-stream but received: (none)",
            204,
        ),
        (
            Reply::status(204).header("content-type", "text/event-stream"),
            "Stream response has no body",
            204,
        ),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply(reply.open());
        let mut events = client(&transport).agents().stream(params());
        let error = events.next().await.unwrap().unwrap_err();
        assert_eq!((error.message(), error.status()), (expected, Some(status)));
        assert_eq!(error.class(), ErrorClass::Network);
        assert_eq!(
            error.response().unwrap().url,
            format!("{}/api/v1/agents/run", rig::BASE)
        );
        assert_eq!(transport.open_exchanges(), 0);
    }
    for kind in [
        "text/event-stream",
        "TEXT/Event-Stream; charset=utf-8",
        "x; text/event-stream",
    ] {
        let reply = Reply::status(200)
            .header("content-type", kind)
            .chunk(delta("a"));
        assert_eq!(items(reply).await.0.len(), 1, "{kind}");
    }
    // Several headers are one list.
    let two = |second: &str| {
        let reply = Reply::status(200).header("content-type", "text/plain");
        reply.header("content-type", second).chunk(delta("a"))
    };
    assert_eq!(items(two("text/event-stream")).await.0.len(), 1);
    let expected = "Protocol: Expected text/event-stream but received: text/plain, text/html";
    assert_eq!(items(two("text/html")).await.0, [expected]);
}

#[tokio::test(start_paused = true)]
async fn opening_has_the_timeout_and_reading_has_none_but_for_silence() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::silence());
    let start = Instant::now();
    let mut events = client(&transport).agents().stream(params());
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.message(), "Request timeout after 30000ms");
    assert_eq!(start.elapsed(), Duration::from_secs(30));

    // Hours, as long as no silence is longer than 10 minutes; comments are life.
    let mut reply = Reply::events();
    for _ in 0..60 {
        reply = reply.wait(Duration::from_secs(599)).chunk(": ping\n\n");
    }
    transport.reply(reply.chunk(delta("at last")));
    let mut events = client(&transport).agents().stream(params());
    assert_eq!(drain(&mut events).await.len(), 1);

    for (options, limit) in [
        (StreamOptions::new(), 600),
        (StreamOptions::new().idle_timeout(Duration::from_secs(5)), 5),
    ] {
        transport.reply(Reply::events().chunk(delta("a")).open());
        let mut events = client(&transport).agents().stream_with(params(), options);
        events.next().await.unwrap().unwrap();
        let start = Instant::now();
        let error = events.next().await.unwrap().unwrap_err();
        assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Idle));
        assert!(
            error
                .message()
                .starts_with("Stream interrupted: no data within "),
            "{error}"
        );
        assert_eq!(start.elapsed(), Duration::from_secs(limit));
        assert_eq!(transport.open_exchanges(), 0);
    }
    transport.reply(
        Reply::events()
            .wait(Duration::from_secs(86_400))
            .chunk(delta("a")),
    );
    let off = StreamOptions::new().idle_timeout(Limit::Off);
    let mut events = client(&transport).agents().stream_with(params(), off);
    assert_eq!(drain(&mut events).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_lazy_and_dropping_it_at_any_point_closes_its_connection() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| {
        Reply::events()
            .delay(Duration::from_secs(1))
            .wait(Duration::from_secs(1))
            .chunk(delta("a"))
            .wait(Duration::from_secs(1))
            .chunk(delta("b"))
            .open()
    });
    let client = client(&transport);
    drop(client.agents().stream(params()));
    tokio::time::advance(Duration::from_secs(10)).await;
    assert!(
        transport.requests().is_empty(),
        "nothing is sent before the first poll"
    );

    for tenths in 0..50 {
        let mut events = client.agents().stream(params());
        let mut seen = 0;
        let reading = async {
            while let Some(Ok(_)) = events.next().await {
                seen += 1;
            }
        };
        let patience = Duration::from_millis(100 * tenths + 50);
        assert!(tokio::time::timeout(patience, reading).await.is_err());
        let expected = match tenths {
            0..20 => 0,
            20..30 => 1,
            _ => 2,
        };
        assert_eq!(seen, expected, "{tenths}");
        assert_eq!(transport.open_exchanges(), 1);
        drop(events);
        assert_eq!(transport.open_exchanges(), 0, "{tenths}");
    }
}

#[tokio::test(start_paused = true)]
async fn cancelling_next_loses_no_event() {
    let transport = ScriptedTransport::new();
    let mut reply = Reply::events();
    for n in 0..20 {
        reply = reply
            .wait(Duration::from_millis(70))
            .chunk(delta(&n.to_string()));
    }
    transport.reply(reply);
    let mut events = client(&transport).agents().stream(params());
    let mut got = Vec::new();
    loop {
        match tokio::time::timeout(Duration::from_millis(11), events.next()).await {
            Err(_) => {}
            Ok(None) => break,
            Ok(Some(event)) => got.push(event.unwrap().text_delta().unwrap().to_owned()),
        }
    }
    let expected: Vec<_> = (0..20).map(|n| n.to_string()).collect();
    assert_eq!(got, expected);
}

// ---- identity tokens

#[tokio::test(start_paused = true)]
async fn a_refresh_shares_the_time_for_opening_and_is_no_retry() {
    use mentiora_sdk::MentioraConfig;
    let transport = ScriptedTransport::new();
    let browser = |delay: Duration| {
        let config = MentioraConfig::browser("pk")
            .identity_token("old")
            .get_identity_token(move || async move {
                tokio::time::sleep(delay).await;
                Ok::<_, std::io::Error>("new")
            })
            .retries(0)
            .base_url(rig::BASE)
            .http(rig::http(&transport));
        MentioraClient::new(config).unwrap()
    };
    let refused = || Reply::status(401).delay(Duration::from_secs(10));

    // 10 s and 5 s are gone: the repeat has 15 s left.
    transport.reply(refused()).reply(Reply::silence());
    let client = browser(Duration::from_secs(5));
    let start = Instant::now();
    let mut events = client.agents().stream(params());
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.message(), "Request timeout after 30000ms");
    assert_eq!(start.elapsed(), Duration::from_secs(30));
    assert_eq!(transport.requests()[1].headers["x-identity-token"], "new");

    // A callback that hangs is cut off too.
    transport.reply(refused());
    let client = browser(Duration::from_secs(3600));
    let start = Instant::now();
    let mut events = client.agents().stream(params());
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.message(), "Request timeout after 30000ms");
    assert_eq!(
        (error.status(), start.elapsed()),
        (None, Duration::from_secs(30))
    );

    // In a run each attempt has its own time, and the callback its own.
    transport
        .reply(Reply::status(401))
        .reply(Reply::json(&rig::run_json()));
    let client = browser(Duration::from_secs(29));
    client.agents().run(params()).await.unwrap();
    transport.reply(Reply::status(401));
    let client = browser(Duration::from_secs(31));
    let error = client.agents().run(params()).await.unwrap_err();
    assert_eq!(error.message(), "Identity token refresh failed");
    assert_eq!(
        error.server_message(),
        Some("no identity token within 30000 ms")
    );
    assert_eq!(error.status(), Some(401));

    // The repeat is no attempt of the policy's.
    transport.reply(Reply::status(401)).reply(Reply::broken());
    let error = browser(Duration::ZERO)
        .agents()
        .run(params())
        .await
        .unwrap_err();
    assert!(
        error.message().starts_with("Failed after 1 attempts: "),
        "{error}"
    );
    assert_eq!(error.attempts(), 2);

    // The new token serves later calls; a second 401 is an ordinary error.
    let client = browser(Duration::ZERO);
    transport
        .reply(Reply::status(401))
        .reply(Reply::status(401));
    let error = client.agents().run(params()).await.unwrap_err();
    assert_eq!(error.message(), "Client error: Unauthorized");
    transport.reply(Reply::json(&rig::run_json()));
    client.agents().run(params()).await.unwrap();
    let last = transport.requests().pop().unwrap();
    assert_eq!(last.headers["x-identity-token"], "new");

    // A 404 behind the repeat of a DELETE is an answer, not the echo of an earlier attempt.
    transport
        .reply(Reply::status(401))
        .reply(Reply::status(404));
    let error = browser(Duration::ZERO)
        .files()
        .delete("f")
        .await
        .unwrap_err();
    assert_eq!(error.status(), Some(404));
}

#[tokio::test(start_paused = true)]
async fn a_new_token_that_can_not_be_sent_is_a_failed_refresh() {
    use mentiora_sdk::MentioraConfig;
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::status(401));
    let config = MentioraConfig::browser("pk")
        .get_identity_token(|| async { Ok::<_, std::io::Error>("bad\ntoken") })
        .base_url(rig::BASE)
        .http(rig::http(&transport));
    let client = MentioraClient::new(config).unwrap();
    let error = client.agents().run(params()).await.unwrap_err();
    assert_eq!(error.message(), "Identity token refresh failed");
    assert_eq!(error.server_code(), Some("token_refresh_failed"));
    assert!(!format!("{error:?}").contains("bad\ntoken"));
    assert_eq!(transport.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn stream_options_win_over_the_client() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::silence());
    let client = MentioraClient::new(config(&transport)).unwrap();
    let options = StreamOptions::new()
        .headers_timeout(Duration::from_secs(2))
        .header("x-mine", "1");
    let mut events = client.agents().stream_with(params(), options);
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.message(), "Request timeout after 2000ms");
    assert_eq!(transport.requests()[0].headers["x-mine"], "1");
    assert!(events.next().await.is_none());
}
