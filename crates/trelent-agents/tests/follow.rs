//! Following a run: nothing lost, nothing repeated, nothing hangs. On virtual time.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use serde_json::json;
use trelent_agents::agent_core::{PlainHttp, TimeoutPhase};
use trelent_agents::{
    Client, ClientOptions, CommonEvent, End, ErrorKind, EventStream, Limit, Resume, RetryPolicy,
    RunStatus, Sent, StreamOptions,
};

#[path = "support/rig.rs"]
mod rig;

use rig::{
    MakeReply, anonymous, completed, drain, event, events, framed, healthy, line, lines, malformed,
    status_json,
};

const OPEN: &str = "GET /runs/run_1/events";
const STATUS: &str = "GET /runs/run_1/status";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Openings are answered by `open` with their number (from 0), status questions by `status` with theirs.
fn server(
    open: impl Fn(usize) -> Reply + Send + Sync + 'static,
    status: impl Fn(usize) -> Reply + Send + Sync + 'static,
) -> ScriptedTransport {
    let transport = ScriptedTransport::new();
    let (opened, asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    transport.reply_with(move |request| match line(request).as_str() {
        OPEN => open(opened.fetch_add(1, Ordering::SeqCst)),
        STATUS => status(asked.fetch_add(1, Ordering::SeqCst)),
        _ => healthy(request),
    });
    transport
}

fn running(_: usize) -> Reply {
    Reply::json(&status_json("running"))
}

fn over(_: usize) -> Reply {
    Reply::json(&status_json("completed"))
}

fn stream(text: impl Into<String>) -> Reply {
    Reply::events().chunk(text.into())
}

fn subscribe(transport: &ScriptedTransport) -> EventStream<CommonEvent> {
    anonymous(transport).runs().subscribe("run_1")
}

fn count(transport: &ScriptedTransport, wanted: &str) -> usize {
    lines(transport).iter().filter(|l| *l == wanted).count()
}

fn numbers(range: std::ops::Range<u64>) -> Vec<String> {
    range.map(|seq| seq.to_string()).collect()
}

// ---- opening

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_the_first_poll() {
    let transport = server(|_| stream(completed(0)), running);
    let mut events = subscribe(&transport);
    tokio::task::yield_now().await;
    assert_eq!(lines(&transport), Vec::<String>::new());
    drain(&mut events).await;
    let request = &transport.requests()[0];
    assert_eq!(request.headers["accept"], "text/event-stream");
    assert!(!request.headers.contains_key("last-event-id"));
    assert!(request.body.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_can_not_be_opened_has_one_item_the_error() {
    let too_late = || stream("").delay(seconds(3600));
    let table: [(&str, MakeReply, ErrorKind, usize); 8] = [
        ("404", || Reply::status(404), ErrorKind::Api, 1),
        ("401", || Reply::status(401), ErrorKind::Api, 1),
        ("422", || Reply::status(422), ErrorKind::Api, 1),
        ("503, repeated", || Reply::status(503), ErrorKind::Api, 3),
        ("no connection", Reply::refused, ErrorKind::Transport, 3),
        ("broken", Reply::broken, ErrorKind::Transport, 3),
        ("no head", too_late, ErrorKind::Timeout, 3),
        ("JSON", || Reply::json(&json!({})), ErrorKind::Decode, 1),
    ];
    for resume in [Resume::auto(), Resume::never()] {
        for (name, reply, kind, requests) in &table {
            let reply = *reply;
            let transport = server(move |_| reply(), running);
            let mut events = anonymous(&transport)
                .runs()
                .subscribe_with("run_1", StreamOptions::new().resume(resume.clone()));
            let error = events.next().await.unwrap().unwrap_err();
            assert_eq!(error.kind(), *kind, "{name}");
            assert_eq!(error.operation(), "runs.subscribe", "{name}");
            assert!(events.next().await.is_none(), "{name}");
            assert_eq!(count(&transport, OPEN), *requests, "{name}");
            assert_eq!(count(&transport, STATUS), 0, "{name}");
            assert_eq!(transport.open_exchanges(), 0, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_event_stream_is_an_error_not_an_empty_stream() {
    for kind in [Some("text/html"), Some("application/json"), None] {
        let transport = server(
            move |_| {
                let reply = Reply::status(200);
                match kind {
                    Some(kind) => reply.header("content-type", kind),
                    None => reply,
                }
                .chunk(event(0))
            },
            running,
        );
        let mut events = subscribe(&transport);
        assert_eq!(drain(&mut events).await, ["Decode"], "{kind:?}");
        assert_eq!(events.end(), None, "a fatal error is no end");
    }
}

// ---- resuming

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

// ---- silence

#[tokio::test(start_paused = true)]
async fn silence_asks_for_the_status_and_goes_on_waiting_on_the_same_connection() {
    let transport = server(
        |_| stream(event(0)).wait(seconds(500)).chunk(completed(1)),
        running,
    );
    let mut stream = subscribe(&transport);
    let start = tokio::time::Instant::now();
    assert_eq!(drain(&mut stream).await, ["0", "1"]);
    assert_eq!(start.elapsed().as_secs(), 500);
    let asked: Vec<u64> = transport
        .requests()
        .iter()
        .map(|r| (r.at - start).as_secs())
        .collect();
    assert_eq!(lines(&transport), [OPEN, STATUS, STATUS, STATUS, STATUS]);
    assert_eq!(asked, [0, 120, 240, 360, 480]);
}

#[tokio::test(start_paused = true)]
async fn silence_of_a_run_that_is_over_ends_after_one_last_replay() {
    let transport = server(
        |n| {
            if n == 0 {
                stream(event(0)).open()
            } else {
                stream(events(0, 3))
            }
        },
        over,
    );
    let mut stream = subscribe(&transport);
    assert_eq!(drain(&mut stream).await, numbers(0..3));
    assert_eq!(stream.end(), Some(End::Terminal));
    assert_eq!(lines(&transport), [OPEN, STATUS, OPEN]);
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_of_silence_reconnect_although_the_run_goes_on() {
    let transport = server(
        |n| {
            if n < 20 {
                stream(event(0)).open()
            } else {
                stream(event(0) + &completed(1))
            }
        },
        running,
    );
    let mut stream = subscribe(&transport);
    assert_eq!(
        drain(&mut stream).await,
        ["0", "1"],
        "silence uses up no reconnects"
    );
    let requests = transport.requests();
    let openings: Vec<_> = requests
        .iter()
        .filter(|r| line(r) == OPEN)
        .map(|r| r.at)
        .collect();
    assert_eq!(openings.len(), 21);
    for pair in openings.windows(2) {
        assert!((600.0..601.0).contains(&(pair[1] - pair[0]).as_secs_f64()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_comment_is_a_sign_of_life() {
    let mut reply = stream(event(0));
    for _ in 0..20 {
        reply = reply.wait(seconds(119)).chunk(": ping\n\n");
    }
    let reply = reply.chunk(completed(1));
    let transport = server(move |_| reply.clone(), running);
    assert_eq!(drain(&mut subscribe(&transport)).await, ["0", "1"]);
    assert_eq!(lines(&transport), [OPEN]);
}

#[tokio::test(start_paused = true)]
async fn the_users_limit_of_silence_counts_and_off_is_off() {
    let quiet = |_| stream(event(0)).wait(seconds(100)).chunk(completed(1));
    for (limit, asked) in [
        (Limit::After(seconds(30)), 3),
        (Limit::After(seconds(101)), 0),
        (Limit::Off, 0),
    ] {
        let transport = server(quiet, running);
        let options = StreamOptions::new().idle_timeout(limit);
        let mut stream = anonymous(&transport)
            .runs()
            .subscribe_with("run_1", options);
        assert_eq!(drain(&mut stream).await, ["0", "1"], "{limit:?}");
        assert_eq!(count(&transport, STATUS), asked, "{limit:?}");

        // The same, set on the client.
        let transport = server(quiet, running);
        let http = rig::http(&transport).idle_timeout(limit);
        let client = Client::with_options(rig::BASE, ClientOptions::new().http(http)).unwrap();
        drain(&mut client.runs().subscribe("run_1")).await;
        assert_eq!(count(&transport, STATUS), asked, "{limit:?}");
    }
    // Nothing but silence for a day: off waits.
    let transport = server(
        |_| stream("").wait(seconds(86_400)).chunk(completed(1)),
        running,
    );
    let options = StreamOptions::new().idle_timeout(Limit::Off);
    let mut stream = anonymous(&transport)
        .runs()
        .subscribe_with("run_1", options);
    assert_eq!(drain(&mut stream).await, ["1"]);
    // Zero is refused, and nothing sent.
    let transport = server(quiet, running);
    let options = StreamOptions::new().idle_timeout(Duration::ZERO);
    let mut stream = anonymous(&transport)
        .runs()
        .subscribe_with("run_1", options);
    assert_eq!(drain(&mut stream).await, ["InvalidArgument"]);
    assert_eq!(lines(&transport), Vec::<String>::new());
}

// ---- the vendor's own behaviour

fn vendor(transport: &ScriptedTransport) -> EventStream<CommonEvent> {
    let http = rig::http(transport).resume(Resume::never());
    let client = Client::with_options(rig::BASE, ClientOptions::new().http(http)).unwrap();
    client.runs().subscribe("run_1")
}

#[tokio::test(start_paused = true)]
async fn without_resuming_an_end_of_file_ends_quietly() {
    for (text, end) in [
        (events(0, 2), End::ServerClosed),
        (events(0, 1) + &completed(1), End::Terminal),
    ] {
        let transport = server(move |_| stream(text.clone()), running);
        let mut stream = vendor(&transport);
        assert_eq!(drain(&mut stream).await, ["0", "1"]);
        assert_eq!(stream.end(), Some(end));
        assert_eq!(lines(&transport), [OPEN]);
    }
}

#[tokio::test(start_paused = true)]
async fn without_resuming_a_break_is_one_error_behind_the_events() {
    let transport = server(|_| stream(events(0, 2) + "data: {").lost(), running);
    let mut stream = vendor(&transport);
    assert_eq!(stream.next().await.unwrap().unwrap().seq, 0);
    assert_eq!(stream.next().await.unwrap().unwrap().seq, 1);
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(
        error.cursor().and_then(trelent_agents::Cursor::as_u64),
        Some(1)
    );
    assert_eq!(error.sent(), Sent::Yes);
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end(), None);
    assert_eq!(lines(&transport), [OPEN]);
}

#[tokio::test(start_paused = true)]
async fn without_resuming_ten_minutes_of_silence_are_a_typed_error() {
    let transport = server(|_| stream(event(0)).open(), running);
    let mut stream = vendor(&transport);
    stream.next().await.unwrap().unwrap();
    let start = tokio::time::Instant::now();
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Idle));
    assert_eq!(start.elapsed().as_secs(), 600);
    assert!(stream.next().await.is_none());
    assert_eq!(lines(&transport), [OPEN]);
    assert_eq!(transport.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_resuming_repeated_numbers_pass_through() {
    let text = event(5) + &event(5) + &event(4) + &completed(6);
    let transport = server(move |_| stream(text.clone()), running);
    assert_eq!(drain(&mut vendor(&transport)).await, ["5", "5", "4", "6"]);
    // And within one connection of a resuming stream too.
    assert_eq!(
        drain(&mut subscribe(&transport)).await,
        ["5", "5", "4", "6"]
    );
}

#[tokio::test(start_paused = true)]
async fn subscribing_twice_delivers_everything_twice() {
    let text = events(0, 2) + &completed(2);
    let transport = server(move |_| stream(text.clone()), running);
    for _ in 0..2 {
        assert_eq!(drain(&mut subscribe(&transport)).await, numbers(0..3));
    }
}

// ---- closing

#[tokio::test(start_paused = true)]
async fn closing_before_the_first_poll_sends_nothing() {
    let transport = server(|_| stream(completed(0)), running);
    let mut stream = subscribe(&transport);
    stream.close();
    stream.close();
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end(), Some(End::ClosedByCaller));
    assert_eq!(lines(&transport), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn closing_in_the_middle_ends_the_stream_and_the_connection_but_not_the_run() {
    let transport = server(|_| stream(events(0, 5)).open(), running);
    let mut stream = subscribe(&transport);
    assert_eq!(stream.next().await.unwrap().unwrap().seq, 0);
    assert_eq!(transport.open_exchanges(), 1);
    stream.close();
    assert_eq!(transport.open_exchanges(), 0);
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end(), Some(End::ClosedByCaller));
    assert_eq!(
        stream.cursor().and_then(trelent_agents::Cursor::as_u64),
        Some(0)
    );
    assert_eq!(lines(&transport), [OPEN]);
}

#[tokio::test(start_paused = true)]
async fn dropping_closes_the_connection_at_every_moment_and_never_cancels_the_run() {
    type Script = fn() -> ScriptedTransport;
    let scripts: [(&str, Script); 5] = [
        ("opening", || server(|_| Reply::silence(), running)),
        ("reading", || server(|_| stream("").open(), running)),
        ("in an event", || {
            server(|_| stream("data: {").open(), running)
        }),
        ("waiting to reconnect", || {
            server(|_| stream("").lost(), running)
        }),
        ("asking", || server(|_| stream(""), |_| Reply::silence())),
    ];
    for (name, script) in scripts {
        for how in ["drop", "close"] {
            let transport = script();
            let mut stream = subscribe(&transport);
            for _ in 0..4 {
                // Goes as far as it can without time.
                let mut next = Box::pin(stream.next());
                assert!(rig::poll_once(next.as_mut()).is_pending(), "{name}");
            }
            assert!(!transport.requests().is_empty());
            if how == "drop" {
                drop(stream);
            } else {
                stream.close();
                assert!(stream.next().await.is_none(), "{name}");
            }
            tokio::time::sleep(seconds(3600)).await;
            assert_eq!(transport.open_exchanges(), 0, "{name}, {how}");
            assert!(
                transport
                    .requests()
                    .iter()
                    .all(|r| r.method == http::Method::GET),
                "{name}, {how}: {:?}",
                lines(&transport)
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_next_loses_nothing() {
    let transport = server(
        |_| {
            (0..20)
                .fold(Reply::events(), |reply, seq| {
                    let text = event(seq);
                    let (a, b) = text.split_at(20);
                    reply
                        .chunk(a.to_owned())
                        .wait(seconds(7))
                        .chunk(b.to_owned())
                })
                .chunk(completed(20))
        },
        running,
    );
    let mut stream = subscribe(&transport);
    let mut got = Vec::new();
    loop {
        match tokio::time::timeout(seconds(2), stream.next()).await {
            Err(_) => {}
            Ok(None) => break,
            Ok(Some(event)) => got.push(event.unwrap().seq),
        }
    }
    assert_eq!(got, (0..=20).collect::<Vec<_>>());
    assert_eq!(lines(&transport), [OPEN]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_reads_no_further_than_its_reader() {
    let transport = server(
        |_| {
            (0..100)
                .fold(Reply::events(), |reply, seq| reply.chunk(event(seq)))
                .lost()
        },
        running,
    );
    let mut stream = subscribe(&transport);
    stream.next().await.unwrap().unwrap();
    tokio::time::sleep(seconds(3600)).await;
    assert_eq!(
        lines(&transport),
        [OPEN],
        "the break lies behind what was read"
    );
}

// ---- credentials

#[tokio::test(start_paused = true)]
async fn a_cached_token_that_is_refused_while_opening_is_replaced_once() {
    let grants = Arc::new(AtomicUsize::new(0));
    let transport = ScriptedTransport::new();
    let counter = Arc::clone(&grants);
    transport.reply_with(move |request: &RecordedRequest| {
        if request.uri.path() == "/token" {
            let n = counter.fetch_add(1, Ordering::SeqCst);
            return Reply::json(&json!({"access_token": format!("t{n}"), "expires_in": 3600}));
        }
        match (
            line(request).as_str(),
            request.headers["authorization"].to_str().unwrap(),
        ) {
            (OPEN, "Bearer t0") => Reply::status(401),
            (OPEN, _) => stream(completed(0)),
            _ => healthy(request),
        }
    });
    let client = rig::authenticated(&transport);
    client.runs().get_status("run_1").await.unwrap();
    assert_eq!(drain(&mut client.runs().subscribe("run_1")).await, ["0"]);
    assert_eq!(grants.load(Ordering::SeqCst), 2);
    assert_eq!(count(&transport, OPEN), 2);
}

#[tokio::test(start_paused = true)]
async fn a_resumed_stream_gets_a_new_token_when_the_old_one_was_revoked() {
    // A token minted for the very call is not replaced; the reopening finds it in the cache.
    let revoked = Arc::new(AtomicBool::new(false));
    let grants = AtomicUsize::new(0);
    let transport = ScriptedTransport::new();
    transport.reply_with(move |request: &RecordedRequest| {
        if request.uri.path() == "/token" {
            let n = grants.fetch_add(1, Ordering::SeqCst);
            return Reply::json(&json!({"access_token": format!("t{n}"), "expires_in": 3600}));
        }
        match request.headers["authorization"].to_str().unwrap() {
            "Bearer t0" if revoked.swap(true, Ordering::SeqCst) => Reply::status(401),
            "Bearer t0" => stream(events(0, 2)).lost(),
            _ => stream(events(0, 2) + &completed(2)),
        }
    });
    let client = rig::authenticated(&transport);
    assert_eq!(
        drain(&mut client.runs().subscribe("run_1")).await,
        numbers(0..3)
    );
    assert_eq!(
        lines(&transport),
        ["POST /token", OPEN, OPEN, "POST /token", OPEN]
    );
}

#[tokio::test(start_paused = true)]
async fn the_waits_and_status_questions_of_following_run_with_any_retry_policy() {
    let transport = server(
        |n| {
            stream(if n == 0 {
                event(0)
            } else {
                event(0) + &completed(1)
            })
        },
        running,
    );
    let http = rig::http(&transport)
        .retry(RetryPolicy::none())
        .plain_http(PlainHttp::Refuse);
    let client = Client::with_options(rig::BASE, ClientOptions::new().http(http)).unwrap();
    assert_eq!(
        drain(&mut client.runs().subscribe("run_1")).await,
        ["0", "1"]
    );
    assert_eq!(lines(&transport), [OPEN, STATUS, OPEN]);
}

#[tokio::test(start_paused = true)]
async fn a_run_at_hand_is_followed_by_its_id() {
    let transport = server(|_| stream(completed(0)), running);
    let run = rig::a_run(&anonymous(&transport)).await.unwrap();
    assert_eq!(run.status, RunStatus::Running);
    assert_eq!(drain(&mut run.subscribe()).await, ["0"]);
    let options = StreamOptions::new().header("x-trace", "1");
    assert_eq!(drain(&mut run.subscribe_with(options)).await, ["0"]);
    let requests = transport.requests();
    assert_eq!(lines(&transport)[1..], [OPEN, OPEN]);
    assert_eq!(requests[2].headers["x-trace"], "1");
}

#[tokio::test(start_paused = true)]
async fn connecting_at_once_gives_the_failure_at_once() {
    let transport = server(|_| Reply::status(404), running);
    let error = subscribe(&transport).connect().await.unwrap_err();
    assert!(error.is_not_found());
    let transport = server(|_| stream(completed(0)), running);
    let mut stream = subscribe(&transport).connect().await.unwrap();
    assert_eq!(lines(&transport), [OPEN]);
    assert_eq!(drain(&mut stream).await, ["0"]);
}

#[tokio::test(start_paused = true)]
async fn an_event_larger_than_the_limit_ends_the_stream_with_a_typed_error() {
    let transport = server(
        |_| stream(event(0) + "data: ").chunk("x".repeat(5000)).open(),
        running,
    );
    let http = rig::http(&transport).max_event_bytes(4096);
    let client = Client::with_options(rig::BASE, ClientOptions::new().http(http)).unwrap();
    let mut stream = client.runs().subscribe("run_1");
    assert_eq!(drain(&mut stream).await, ["0", "TooLarge"]);
    assert_eq!(transport.open_exchanges(), 0);
}
