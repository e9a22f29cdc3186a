//! Event streams: when they connect, what they give, what the rules can make them do, and how they end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{Cursor, End, EventStream};
use bytes::Bytes;
use futures_util::FutureExt as _;
use serde_json::json;
use support::rules::{After, Rules, at, drain, event};
use support::{arrivals, client, log, millis, secs};

fn once(reply: Reply) -> ScriptedTransport {
    let wire = ScriptedTransport::new();
    wire.reply(reply);
    wire
}

fn events(pieces: &[String]) -> Reply {
    pieces
        .iter()
        .fold(Reply::events(), |reply, piece| reply.chunk(piece.clone()))
}

fn status(text: &str) -> Reply {
    Reply::json(&json!({"status": text}))
}

fn cursor_of(stream: &EventStream<u64>) -> Option<u64> {
    stream.cursor().and_then(Cursor::as_u64)
}

#[tokio::test(start_paused = true)]
async fn items_come_in_order_and_the_cursor_is_that_of_the_last_one_delivered() {
    let wire = once(events(&[
        at(1),
        event("many", "2-4"),
        at(5),
        event("end", "0"),
    ]));
    let mut stream = Rules::default().follow(&client(&wire));
    for position in 1..=5 {
        assert_eq!(stream.end(), None);
        assert_eq!(stream.next().await.unwrap().unwrap(), position);
        assert_eq!(cursor_of(&stream), Some(position), "one frame held 2 to 4");
    }
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end(), Some(End::Terminal));
    assert_eq!(cursor_of(&stream), Some(5));
}

#[tokio::test(start_paused = true)]
async fn the_same_bytes_give_the_same_items_however_they_are_cut() {
    let text = [
        at(1),
        ": ping\n\n".into(),
        event("many", "2-4"),
        event("end", "0"),
    ]
    .concat();
    for size in 1..=text.len() {
        let pieces = text.as_bytes().chunks(size);
        let reply = pieces.fold(Reply::events(), |reply, piece| {
            reply.chunk(Bytes::copy_from_slice(piece))
        });
        let mut stream = Rules::default().follow(&client(&once(reply)));
        assert_eq!(
            drain(&mut stream).await,
            ["1", "2", "3", "4"],
            "pieces of {size}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_in_the_middle_carries_the_cursor_of_what_came_before_it_and_ends_nothing() {
    let wire = once(events(&[
        event("mixed", ""),
        event("bad", ""),
        at(3),
        event("end", "0"),
    ]));
    let mut stream = Rules::default().follow(&client(&wire));
    let mut seen = Vec::new();
    while let Some(item) = stream.next().await {
        seen.push(match item {
            Ok(position) => format!("{position}"),
            Err(error) => {
                assert_eq!(error.operation(), "runs.events");
                format!("error after {}", error.cursor().unwrap())
            }
        });
    }
    // The frame `mixed` holds event 1, an error and event 2: who resumes behind the error must still get 2.
    assert_eq!(seen, ["1", "error after 1", "2", "error after 2", "3"]);
    assert_eq!(stream.end(), Some(End::Terminal));
}

#[tokio::test(start_paused = true)]
async fn a_position_without_an_item_counts_once_the_items_before_it_are_delivered() {
    let wire = once(events(&[
        event("skip", "4"),
        at(5),
        event("skip", "9"),
        event("fail", "boom"),
    ]));
    let mut stream = Rules::default().follow(&client(&wire));
    stream.next().await.unwrap().unwrap();
    assert_eq!(cursor_of(&stream), Some(5));
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.cursor().and_then(Cursor::as_u64), Some(9));
    assert_eq!(cursor_of(&stream), Some(9));
}

#[tokio::test(start_paused = true)]
async fn asking_keeps_the_connection_and_goes_on_where_it_was() {
    let wire = once(events(&[
        at(1),
        event("ask", "0"),
        at(2),
        event("ask", "0"),
        at(3),
    ]));
    wire.reply(status("running")).reply(status("done"));
    let rules = Rules::default();
    let mut stream = rules.follow(&client(&wire));
    assert_eq!(drain(&mut stream).await, ["1", "2"]);
    assert_eq!(stream.end(), Some(End::Terminal));
    assert_eq!(
        log(&wire),
        ["GET /runs/1/events", "GET /runs/1", "GET /runs/1"]
    );
    assert_eq!(wire.open_exchanges(), 0);
    assert_eq!(stream.reconnects(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_fails_is_told_to_the_rules() {
    let wire = once(events(&[at(1), event("ask", "0")]).open());
    wire.reply(Reply::status(404));
    let mut stream = Rules::default().follow(&client(&wire));
    stream.next().await.unwrap().unwrap();
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(
        (error.status(), error.operation()),
        (Some(404), "runs.status")
    );
    assert_eq!(error.cursor().and_then(Cursor::as_u64), Some(1));
    assert_eq!(wire.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_question_at_the_end_of_input_does_not_read_the_ended_body_again() {
    // The last block lacks its blank line, and makes the rules ask.
    let wire = once(events(&[at(1), "event: ask\ndata: 0".into()]));
    wire.reply(status("running"));
    let rules = Rules {
        unfinished: true,
        ..Rules::default()
    };
    let mut stream = rules.follow(&client(&wire));
    assert_eq!(drain(&mut stream).await, ["1"]);
    assert_eq!(rules.told().len(), 2, "{:?}", rules.told());
}

#[tokio::test(start_paused = true)]
async fn reopening_waits_drops_the_connection_and_asks_for_what_is_missing() {
    let wire = ScriptedTransport::new();
    wire.reply(events(&[
        at(1),
        event("many", "2-3"),
        event("reopen", "1500"),
        at(99),
    ]));
    wire.reply(events(&[at(4)]).lost());
    wire.reply(Reply::refused());
    wire.reply(events(&[at(5), event("end", "0")]));
    let rules = Rules {
        lost: After::Reopen(millis(250)),
        refused: After::Reopen(millis(4000)),
        open_once: true,
        ..Rules::default()
    };
    let mut stream = rules.follow(&client(&wire));
    assert_eq!(drain(&mut stream).await, ["1", "2", "3", "4", "5"]);
    assert_eq!(arrivals(&wire), [0, 1500, 1750, 5750]);
    let after: Vec<_> = wire
        .requests()
        .iter()
        .map(|r| r.uri.query().unwrap_or("-").to_owned())
        .collect();
    assert_eq!(after, ["-", "after=3", "after=4", "after=4"]);
    assert_eq!(stream.reconnects(), 2);
    assert_eq!(wire.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn half_an_event_of_a_lost_connection_does_not_leak_into_the_next() {
    let wire = ScriptedTransport::new();
    wire.reply(events(&[at(1), "event: fail\ndata: 2".into()]).lost());
    wire.reply(events(&["\n\n".into(), at(2), event("end", "0")]));
    let rules = Rules {
        lost: After::Reopen(millis(0)),
        ..Rules::default()
    };
    assert_eq!(drain(&mut rules.follow(&client(&wire))).await, ["1", "2"]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_before_reopening_of_any_length_can_be_dropped() {
    let wire = once(events(&[at(1)]).lost());
    let rules = Rules {
        lost: After::Reopen(std::time::Duration::MAX),
        ..Rules::default()
    };
    let mut stream = rules.follow(&client(&wire));
    stream.next().await.unwrap().unwrap();
    let waiting = tokio::time::timeout(secs(1000), stream.next()).await;
    waiting.unwrap_err();
    assert_eq!(
        wire.open_exchanges(),
        0,
        "the lost connection is closed meanwhile"
    );
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_of_next_loses_nothing() {
    let wire = once(
        events(&[at(1)])
            .wait(secs(1))
            .chunk("data: ")
            .wait(secs(1))
            .chunk("2\n\n")
            .wait(secs(1))
            .chunk(event("end", "0")),
    );
    let mut stream = Rules::default().follow(&client(&wire));
    let mut seen = Vec::new();
    let mut dropped = 0;
    loop {
        match tokio::time::timeout(millis(90), stream.next()).await {
            Err(_) => dropped += 1,
            Ok(None) => break,
            Ok(Some(item)) => seen.push(item.unwrap()),
        }
    }
    assert_eq!(seen, [1, 2]);
    assert!(dropped > 20, "{dropped}");
}

#[tokio::test(start_paused = true)]
async fn the_rules_are_told_how_long_a_connection_lived() {
    let wire = ScriptedTransport::new();
    wire.reply(events(&[]).wait(secs(5)).chunk(at(1)).lost());
    wire.reply(Reply::refused().delay(secs(3)));
    wire.reply(events(&[]).wait(secs(7)).chunk(event("end", "0")));
    let rules = Rules {
        lost: After::Reopen(secs(10)),
        refused: After::Reopen(secs(20)),
        open_once: true,
        ..Rules::default()
    };
    drain(&mut rules.follow(&client(&wire))).await;
    let expected = [
        "lost at 5s, connected Some(5)",
        "refused at 18s, connected None",
    ];
    assert_eq!(rules.told(), expected);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_sends_nothing_of_meaning_does_not_hold_the_thread() {
    let mut reply = Reply::events();
    for _ in 0..100_000 {
        reply = reply.chunk(Bytes::from_static(b": ping\n\n"));
    }
    let mut stream = Rules::default().follow(&client(&once(reply.open())));
    let mut polls = 0;
    while stream.next().now_or_never().is_none() {
        polls += 1;
        if polls > 20 {
            return;
        }
    }
    panic!("one poll read the whole flood");
}

#[tokio::test(start_paused = true)]
async fn a_time_limit_around_next_holds_even_when_reopening_goes_round_in_circles() {
    let wire = ScriptedTransport::new();
    wire.reply_with(|_| Reply::events());
    let rules = Rules {
        eof: After::Reopen(millis(0)),
        ..Rules::default()
    };
    let mut stream = rules.follow(&client(&wire));
    let mut polls = 0;
    while stream.next().now_or_never().is_none() && polls < 10 {
        polls += 1;
    }
    assert_eq!(polls, 10);
    drop(stream);
    assert_eq!(wire.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_thousand_events_pass_one_by_one() {
    let wire = once(events(&[event("many", "1-100000"), event("end", "0")]));
    let mut stream = Rules::default().follow(&client(&wire));
    let mut expected = 0;
    while let Some(item) = stream.next().await {
        expected += 1;
        assert_eq!(item.unwrap(), expected);
    }
    assert_eq!(expected, 100_000);
}
