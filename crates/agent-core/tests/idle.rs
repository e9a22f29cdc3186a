//! The idle guard of streams and downloads.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{ErrorKind, Limit, StreamOptions, TimeoutPhase};
use serde_json::json;
use support::rules::{After, Rules, at, drain, event};
use support::{client, client_with, download, millis, seconds_since, secs, timed};
use tokio::task::coop::{consume_budget, has_budget_remaining};

fn once(reply: Reply) -> ScriptedTransport {
    let wire = ScriptedTransport::new();
    wire.reply(reply);
    wire
}

#[tokio::test(start_paused = true)]
async fn silence_is_a_typed_error_after_the_limit_and_not_before() {
    // The rules' own limit, the client's, the stream's, and what holds.
    let rows = [
        (None, None, 120.0),
        (Some(30), None, 30.0),
        (Some(30), Some(500), 500.0),
        (None, Some(2), 2.0),
    ];
    for (of_client, of_stream, expected) in rows {
        let wire = once(Reply::events().chunk(at(1)).open());
        let client = client_with(&wire, |http| match of_client {
            Some(limit) => http.idle_timeout(secs(limit)),
            None => http,
        });
        let options = match of_stream {
            Some(limit) => StreamOptions::new().idle_timeout(secs(limit)),
            None => StreamOptions::new(),
        };
        let mut stream = Rules::default().follow_with(&client, options);
        stream.next().await.unwrap().unwrap();
        let (took, item) = timed(stream.next()).await;
        let error = item.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Idle));
        assert!(
            (took - expected).abs() < 0.01,
            "{took} instead of {expected}"
        );
        assert_eq!(wire.open_exchanges(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_never_says_anything_is_silent_from_its_opening() {
    let wire = once(Reply::events().delay(secs(20)).open());
    let (took, item) = timed(Rules::default().follow(&client(&wire)).next()).await;
    item.unwrap().unwrap_err();
    assert!((took - 140.0).abs() < 0.01, "{took}");
}

#[tokio::test(start_paused = true)]
async fn any_byte_is_life() {
    for life in [": ping\n\n", ":", "\n", "\r", "unknown: field\n"] {
        let mut reply = Reply::events();
        for _ in 0..20 {
            reply = reply.wait(secs(119)).chunk(life);
        }
        let wire = once(reply.chunk(format!("\n\n{}", event("end", "0"))));
        let mut stream = Rules::default().follow(&client(&wire));
        // Pieces of `data: ` add up to one line that is no number; here only time counts.
        let item = tokio::time::timeout(secs(119 * 20 + 100), stream.next()).await;
        let item = item.unwrap_or_else(|_| panic!("{life:?}: the stream goes on"));
        assert!(item.is_none(), "{life:?}: {item:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_is_told_again_after_as_long_again_while_the_rules_go_on() {
    let wire = once(Reply::events().wait(secs(500)).chunk(at(1)).open());
    let rules = Rules {
        idle: After::GoOn,
        ..Rules::default()
    };
    let mut stream = rules.follow(&client(&wire));
    stream.next().await.unwrap().unwrap();
    let more = tokio::time::timeout(secs(250), stream.next()).await;
    more.unwrap_err();
    let silences: Vec<_> = rules
        .told()
        .iter()
        .map(|line| line.split(',').next().unwrap().to_owned())
        .collect();
    let expected = [
        "idle 120 at 120s",
        "idle 240 at 240s",
        "idle 360 at 360s",
        "idle 480 at 480s",
        // A byte came at 500 s: it counts anew.
        "idle 120 at 620s",
        "idle 240 at 740s",
    ];
    assert_eq!(silences, expected);
    assert_eq!(wire.requests().len(), 1, "the connection was kept");
}

#[tokio::test(start_paused = true)]
async fn silence_can_mean_reopening_or_asking() {
    let wire = ScriptedTransport::new();
    wire.reply(Reply::events().chunk(at(1)).open());
    wire.reply(Reply::events().chunk(at(2)).chunk(event("end", "0")));
    let rules = Rules {
        idle: After::Reopen(secs(1)),
        ..Rules::default()
    };
    let start = agent_core::sdk::now();
    assert_eq!(drain(&mut rules.follow(&client(&wire))).await, ["1", "2"]);
    assert!((seconds_since(start) - 121.0).abs() < 0.01);

    let wire = ScriptedTransport::new();
    wire.reply(
        Reply::events()
            .chunk(at(1))
            .wait(secs(200))
            .chunk(at(2))
            .open(),
    );
    wire.reply(Reply::json(&json!({"status": "running"})));
    wire.reply(Reply::json(&json!({"status": "done"})));
    let rules = Rules {
        idle: After::Ask,
        ..Rules::default()
    };
    let mut stream = rules.follow(&client(&wire));
    assert_eq!(drain(&mut stream).await, ["1", "2"]);
    assert_eq!(wire.requests().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn off_is_off() {
    for long in [Limit::Off, Limit::After(Duration::MAX)] {
        let wire = once(Reply::events().wait(secs(1_000_000)).chunk(at(1)));
        let options = StreamOptions::new().idle_timeout(long);
        let mut stream = Rules::default().follow_with(&client(&wire), options);
        assert_eq!(drain(&mut stream).await, ["1"], "{long:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_pauses_for_hours_is_not_the_servers_silence() {
    let wire = once(
        Reply::events()
            .chunk(at(1))
            .chunk(at(2))
            .wait(secs(10))
            .chunk(at(3))
            .wait(secs(119))
            .chunk(at(4)),
    );
    let mut stream = Rules::default().follow(&client(&wire));
    for position in 1..=4 {
        assert_eq!(stream.next().await.unwrap().unwrap(), position);
        tokio::time::sleep(secs(5 * 3600)).await;
    }
    assert!(stream.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_gives_up_waiting_and_comes_back_late_finds_the_waiting_bytes() {
    let wire = once(Reply::events().chunk(at(1)).wait(secs(60)).chunk(at(2)));
    let mut stream = Rules::default().follow(&client(&wire));
    stream.next().await.unwrap().unwrap();
    let early = tokio::time::timeout(secs(1), stream.next()).await;
    early.unwrap_err();
    tokio::time::sleep(secs(5 * 3600)).await;
    assert_eq!(stream.next().await.unwrap().unwrap(), 2);
}

#[tokio::test(start_paused = true)]
async fn time_before_the_connection_is_not_silence() {
    let wire = once(Reply::events().wait(secs(119)).chunk(at(1)));
    let client = client(&wire);
    let mut stream = Rules::default().follow(&client);
    tokio::time::sleep(secs(10_000)).await;
    stream.next().await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_begins_without_the_silence_of_the_last() {
    let wire = ScriptedTransport::new();
    wire.reply(Reply::events().chunk(at(1)).wait(secs(100)).lost());
    wire.reply(Reply::events().wait(secs(100)).chunk(at(2)));
    let rules = Rules {
        lost: After::Reopen(secs(100)),
        ..Rules::default()
    };
    assert_eq!(drain(&mut rules.follow(&client(&wire))).await, ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn a_download_that_falls_silent_is_an_error_then_over() {
    for (limit, expected) in [(None, 600.0), (Some(millis(1500)), 1.5)] {
        let wire = once(
            Reply::status(200)
                .chunk("a")
                .wait(secs(1))
                .chunk("b")
                .open(),
        );
        let client = client_with(&wire, |http| match limit {
            Some(limit) => http.idle_timeout(limit),
            None => http,
        });
        let mut file = download(&client).await.unwrap();
        file.next().await.unwrap().unwrap();
        file.next().await.unwrap().unwrap();
        let (took, piece) = timed(file.next()).await;
        let error = piece.unwrap().unwrap_err();
        assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Idle));
        assert_eq!(error.operation(), "files.get");
        assert!((took - expected).abs() < 0.01, "{took}");
        assert!(file.next().await.is_none());
        assert_eq!(wire.open_exchanges(), 0, "a silent connection is closed");
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_has_used_up_its_turn_is_told_of_silence_all_the_same() {
    let second = Reply::events().chunk(at(1)).wait(secs(1)).chunk(at(2));
    let mut stream = Rules::default().follow(&client(&once(second.open())));
    stream.next().await.unwrap().unwrap();
    // The wait begins in a turn that has nothing left: no timer of tokio's can be set in it.
    std::future::poll_fn(|cx| {
        while has_budget_remaining() {
            let _ = pin!(consume_budget()).poll(cx);
        }
        assert!(pin!(stream.next()).poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
    tokio::time::advance(secs(1)).await;
    assert_eq!(stream.next().await.unwrap().unwrap(), 2);
    let silence = tokio::time::timeout(secs(100_000), timed(stream.next())).await;
    let (took, item) = silence.expect("somebody looks at the clock");
    assert!(item.unwrap().unwrap_err().is_timeout());
    assert!((took - 120.0).abs() < 0.01, "{took}");
}
