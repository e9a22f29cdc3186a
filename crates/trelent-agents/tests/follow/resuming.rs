//! Cuts, orderly and not: nothing lost, nothing repeated.

use agent_core::testing::Reply;
use serde_json::json;
use trelent_agents::{End, ErrorKind, Sent};

use crate::rig::{
    MakeReply, completed, drain, event, events, framed, lines, malformed, status_json,
};
use crate::server::{OPEN, STATUS, count, numbers, over, running, server, stream, subscribe};

/// A connection that breaks, or ends in an orderly way, after `cut` bytes of the history; then a whole one.
async fn cut_at(text: &str, cut: usize, orderly: bool) -> (Vec<String>, Vec<String>) {
    let (first, whole) = (text[..].as_bytes()[..cut].to_vec(), text.to_owned());
    let transport = server(
        move |n| match n {
            0 if orderly => Reply::events().chunk(first.clone()),
            0 => Reply::events().chunk(first.clone()).lost(),
            _ => stream(whole.clone()),
        },
        running,
    );
    let mut events = subscribe(&transport);
    let got = drain(&mut events).await;
    assert_eq!(events.end(), Some(End::Terminal), "cut at {cut}");
    assert_eq!(transport.open_exchanges(), 0);
    (got, lines(&transport))
}

#[tokio::test(start_paused = true)]
async fn a_cut_at_any_byte_loses_nothing_and_repeats_nothing() {
    for first in [0, 1, 40] {
        let text = format!(
            ": hello\n\n{}{}{}{}{}",
            events(first, first + 3),
            malformed("bad"),
            event(first + 3),
            completed(first + 4),
            ": bye\n\n",
        );
        let seen_end = text.rfind(": bye").unwrap();
        let mut expected = numbers(first..first + 3);
        expected.push("Decode".to_owned());
        expected.extend(numbers(first + 3..first + 5));
        for cut in 0..=text.len() {
            for orderly in [true, false] {
                let (got, requests) = cut_at(&text, cut, orderly).await;
                assert_eq!(
                    got, expected,
                    "first {first}, cut at {cut}, orderly {orderly}"
                );
                // Behind the end, an orderly end of file is the end; a break asks.
                let again = !(orderly && cut >= seen_end);
                let asked = orderly != (cut >= seen_end);
                assert_eq!(
                    requests.iter().filter(|l| *l == OPEN).count(),
                    1 + usize::from(again),
                    "cut at {cut}, orderly {orderly}: {requests:?}"
                );
                assert_eq!(
                    requests.contains(&STATUS.to_owned()),
                    asked && again,
                    "cut at {cut}, orderly {orderly}: {requests:?}"
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_cut_behind_every_event_still_delivers_each_once() {
    // Every connection gets one event further than the one before, and breaks.
    let transport = server(
        |n| {
            let reply = stream(events(0, n as u64 + 1));
            if n < 30 {
                reply.lost()
            } else {
                stream(events(0, 30) + &completed(30))
            }
        },
        running,
    );
    let mut events = subscribe(&transport);
    assert_eq!(drain(&mut events).await, numbers(0..31));
    assert_eq!(count(&transport, OPEN), 31);
    assert_eq!(events.reconnects(), 30);
}

#[tokio::test(start_paused = true)]
async fn an_orderly_end_without_the_sessions_end_is_checked_against_the_status() {
    type Status = fn(usize) -> Reply;
    let failing: Status = |_| Reply::status(500);
    let odd: Status = |_| Reply::json(&json!({"status": 7}));
    let unknown: Status = |_| Reply::json(&status_json("resting"));
    let gone: Status = |_| Reply::status(404);
    let none: Status = |_| Reply::refused();
    for (name, status) in [
        ("running", running as Status),
        ("status 500", failing),
        ("wrong shape", odd),
        ("unknown status", unknown),
        ("status 404", gone),
        ("no connection", none),
    ] {
        // The run goes on: more comes, and the stream ends with its end.
        let transport = server(
            |n| match n {
                3 => stream(events(0, 5) + &completed(5)),
                n => stream(events(0, 2 + n as u64)),
            },
            status,
        );
        let mut stream = subscribe(&transport);
        assert_eq!(
            drain(&mut stream).await,
            ["0", "1", "2", "3", "4", "5"],
            "{name}"
        );
        assert_eq!(stream.end(), Some(End::Terminal), "{name}");
    }
    for status in ["completed", "failed", "timeout", "cancelled"] {
        // The run is over: one last replay, which may bring what came in between, then the end.
        let transport = server(
            |n| stream(events(0, 2 + n as u64)),
            move |_| Reply::json(&status_json(status)),
        );
        let mut stream = subscribe(&transport);
        assert_eq!(drain(&mut stream).await, ["0", "1", "2"], "{status}");
        assert_eq!(stream.end(), Some(End::Terminal));
        assert_eq!(lines(&transport), [OPEN, STATUS, OPEN], "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_session_does_not_end_the_stream_by_itself() {
    let text = events(0, 2) + &completed(2) + &events(3, 5);
    let transport = server(move |_| stream(text.clone()), running);
    let mut stream = subscribe(&transport);
    assert_eq!(drain(&mut stream).await, numbers(0..5));
    assert_eq!(lines(&transport), [OPEN]);
    assert_eq!(stream.end(), Some(End::Terminal));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_breaks_instead_of_saying_goodbye_is_asked_once_and_believed() {
    let text = events(0, 2) + &completed(2);
    let transport = server(move |_| stream(text.clone()).lost(), over);
    let mut stream = subscribe(&transport);
    assert_eq!(drain(&mut stream).await, numbers(0..3));
    assert_eq!(stream.end(), Some(End::Terminal));
    assert_eq!(lines(&transport), [OPEN, STATUS, OPEN]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_says_goodbye_ends_by_its_status() {
    let text = events(0, 2) + &completed(2);
    let transport = server(move |_| stream(text.clone()).open(), over);
    let mut stream = subscribe(&transport);
    let start = tokio::time::Instant::now();
    assert_eq!(drain(&mut stream).await, numbers(0..3));
    assert_eq!(stream.end(), Some(End::Terminal));
    assert_eq!(lines(&transport), [OPEN, STATUS, OPEN]);
    assert_eq!(start.elapsed().as_secs(), 240, "two silences of 120 s");
}

#[tokio::test(start_paused = true)]
async fn what_lies_behind_the_end_of_a_run_that_is_over_need_not_be_replayed() {
    // The history of a run that is over may be gone already: that is no failure of a stream that was complete.
    let gone: MakeReply = || Reply::status(404);
    let busy: MakeReply = || Reply::status(503);
    for (name, last) in [
        ("gone", gone),
        ("busy for ever", busy),
        ("down", Reply::refused),
    ] {
        let text = events(0, 2) + &completed(2);
        let transport = server(
            move |n| {
                if n == 0 {
                    stream(text.clone()).lost()
                } else {
                    last()
                }
            },
            over,
        );
        let mut stream = subscribe(&transport);
        assert_eq!(drain(&mut stream).await, numbers(0..3), "{name}");
        assert_eq!(stream.end(), Some(End::Terminal), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn unreadable_events_are_reported_once_wherever_they_lie() {
    let history = [
        malformed("a"),
        malformed("b"),
        event(3),
        malformed("c"),
        event(4),
        event(5),
        malformed("d"),
        malformed("e"),
        completed(6),
        malformed("f"),
    ];
    let whole = history.concat();
    let expected = [
        "Decode", "Decode", "3", "Decode", "4", "5", "Decode", "Decode", "6", "Decode",
    ];
    // Every connection comes one entry further than the one before; then every pair of cuts.
    for first in 0..history.len() {
        for second in 0..history.len() {
            let (a, b, whole) = (
                history[..first].concat(),
                history[..second].concat(),
                whole.clone(),
            );
            let transport = server(
                move |n| match n {
                    0 => stream(a.clone()).lost(),
                    1 => stream(b.clone()).lost(),
                    _ => stream(whole.clone()),
                },
                running,
            );
            let mut stream = subscribe(&transport);
            assert_eq!(drain(&mut stream).await, expected, "cuts {first}, {second}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn events_without_rising_numbers_end_in_an_error_that_says_what_was_delivered() {
    let none =
        |turn: &str| framed(&json!({"ts": "t", "data": {"type": "turn.started", "turn_id": turn}}));
    for (name, text, got, cursor) in [
        ("no numbers", none("a") + &none("b"), vec!["0", "0"], None),
        ("falling", event(5) + &event(4), vec!["5", "4"], Some(4)),
        ("the same", event(5) + &event(5), vec!["5", "5"], Some(5)),
        ("mixed", event(5) + &none("a"), vec!["5", "0"], Some(5)),
    ] {
        for orderly in [true, false] {
            let text = text.clone();
            let transport = server(
                move |_| {
                    let reply = stream(text.clone());
                    if orderly { reply } else { reply.lost() }
                },
                running,
            );
            let mut stream = subscribe(&transport);
            for number in &got {
                let event = stream.next().await.unwrap().unwrap();
                assert_eq!(event.seq.to_string(), *number, "{name}");
            }
            let error = stream.next().await.unwrap().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Interrupted, "{name}");
            assert!(
                error.message().contains("after 2 events"),
                "{name}: {error}"
            );
            assert_eq!(error.sent(), Sent::Yes, "{name}");
            assert_eq!(
                error.cursor().and_then(trelent_agents::Cursor::as_u64),
                cursor,
                "{name}"
            );
            assert!(stream.next().await.is_none(), "{name}");
            assert_eq!(count(&transport, OPEN), 1, "{name}: not replayed");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_of_zero_is_a_number() {
    let transport = server(
        |n| {
            if n == 0 {
                stream(event(0)).lost()
            } else {
                stream(event(0) + &completed(1))
            }
        },
        running,
    );
    assert_eq!(drain(&mut subscribe(&transport)).await, ["0", "1"]);
}
