//! How often and how long a stream tries again.

use std::time::Duration;

use agent_core::testing::Reply;
use trelent_agents::ErrorKind;

use crate::rig::{MakeReply, completed, drain, event, events};
use crate::server::{OPEN, STATUS, count, numbers, running, seconds, server, stream, subscribe};

#[tokio::test(start_paused = true)]
async fn ten_reconnects_without_a_new_event_are_the_limit() {
    let transport = server(|_| stream(events(0, 3)).lost(), running);
    let mut stream = subscribe(&transport);
    for seq in 0..3 {
        assert_eq!(stream.next().await.unwrap().unwrap().seq, seq);
    }
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReconnectsExhausted);
    assert_eq!(
        error.cursor().and_then(trelent_agents::Cursor::as_u64),
        Some(2)
    );
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("broke within the answer"), "{cause}");
    assert_eq!(count(&transport, OPEN), 11);
    // Full jitter of 500 ms doubling to 8 s.
    let openings: Vec<_> = transport.requests().iter().map(|r| r.at).collect();
    for (index, pair) in openings.windows(2).enumerate() {
        let bound = Duration::from_millis(500 << index.min(4));
        assert!(pair[1] - pair[0] <= bound, "reconnect {index}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_or_thirty_seconds_of_connection_makes_the_count_begin_again() {
    for (name, wait, news) in [("events", 0, true), ("half a minute", 30, false)] {
        let transport = server(
            move |n| {
                let n = n as u64;
                if n == 35 {
                    return stream(events(0, 36) + &completed(36));
                }
                let seen = if news { n + 1 } else { 1 };
                stream(events(0, seen)).wait(seconds(wait)).lost()
            },
            running,
        );
        let mut stream = subscribe(&transport);
        assert_eq!(drain(&mut stream).await, numbers(0..37), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_reopening_is_waited_out_or_the_error_by_its_kind() {
    let cases: [(&str, MakeReply, Option<ErrorKind>); 6] = [
        ("503", || Reply::status(503), None),
        ("429", || Reply::status(429), None),
        ("down", Reply::refused, None),
        ("404", || Reply::status(404), Some(ErrorKind::Api)),
        ("401", || Reply::status(401), Some(ErrorKind::Api)),
        (
            "HTML",
            || Reply::status(200).header("content-type", "text/html"),
            Some(ErrorKind::Decode),
        ),
    ];
    for (name, again, fatal) in cases {
        let transport = server(
            move |n| match n {
                0 => stream(events(0, 2)).lost(),
                1 => again(),
                _ => stream(events(0, 2) + &completed(2)),
            },
            running,
        );
        let mut stream = subscribe(&transport);
        let got = drain(&mut stream).await;
        match fatal {
            None => {
                assert_eq!(got, numbers(0..3), "{name}");
                assert_eq!(
                    count(&transport, OPEN),
                    3,
                    "{name}: not repeated by another rule"
                );
            }
            Some(kind) => {
                assert_eq!(
                    got,
                    ["0".to_owned(), "1".to_owned(), format!("{kind:?}")],
                    "{name}"
                );
                assert_eq!(count(&transport, OPEN), 2, "{name}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_down_is_tried_ten_times_and_not_by_retries_on_top() {
    let down: [(&str, MakeReply); 3] = [
        ("503", || Reply::status(503)),
        ("no connection", Reply::refused),
        ("no answer", Reply::silence),
    ];
    for (name, again) in down {
        let transport = server(
            move |n| {
                if n == 0 {
                    stream(event(0)).lost()
                } else {
                    again()
                }
            },
            running,
        );
        let mut stream = subscribe(&transport);
        assert_eq!(
            drain(&mut stream).await,
            ["0", "ReconnectsExhausted"],
            "{name}"
        );
        assert_eq!(count(&transport, OPEN), 11, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reopening_waits_as_long_as_it_is_asked_to_up_to_a_minute() {
    for (after, waits) in [("20", true), ("60", true), ("61", false), ("3600", false)] {
        let transport = server(
            move |n| match n {
                0 => stream(event(0)).lost(),
                1 => Reply::status(503).header("retry-after", after),
                _ => stream(event(0) + &completed(1)),
            },
            running,
        );
        let mut stream = subscribe(&transport);
        let got = drain(&mut stream).await;
        let at: Vec<_> = transport.requests().iter().map(|r| r.at).collect();
        if waits {
            assert_eq!(got, ["0", "1"], "{after}");
            let wait = (at[2] - at[1]).as_secs_f64();
            let asked: f64 = after.parse().unwrap();
            assert!((asked..asked + 1.0).contains(&wait), "{after}: {wait}");
        } else {
            assert_eq!(got, ["0", "Api"], "{after}");
            assert_eq!(at.len(), 2, "{after}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_status_question_lasts_no_longer_than_a_call() {
    // The question hangs: its limit and its retries end it, and the stream goes on.
    let transport = server(
        |n| {
            if n == 0 {
                stream(event(0))
            } else {
                stream(event(0) + &completed(1))
            }
        },
        |_| Reply::silence(),
    );
    let mut stream = subscribe(&transport);
    assert_eq!(drain(&mut stream).await, ["0", "1"]);
    assert_eq!(count(&transport, STATUS), 3);
}
