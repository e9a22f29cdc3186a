//! Event streams: when they connect, what they give, what the rules can make them do, and how they end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use agent_core::sdk::{Broke, Follow, Next, Open, Out, Request, Response, Scene};
use agent_core::sse::Frame;
use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{Cursor, End, ErrorKind, EventStream, ResponseMeta, Result, Sent, StreamOptions};
use bytes::Bytes;
use futures_core::Stream as _;
use futures_core::stream::FusedStream as _;
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::{Value, json};
use support::rules::{After, Rules, at, drain, event};
use support::{EVENTS, PAGE, PROMPT, arrivals, client, client_with, log, millis, secs, timed};

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
async fn nothing_is_sent_before_the_first_poll() {
    let wire = once(events(&[at(1)]));
    let client = client(&wire);
    let mut stream = Rules::default().follow(&client);
    let unused = Rules::default().follow(&client);
    tokio::time::sleep(secs(10)).await;
    assert!(wire.requests().is_empty());
    assert_eq!(cursor_of(&stream), None);
    stream.next().await.unwrap().unwrap();
    drop(unused);
    assert_eq!(wire.requests().len(), 1);
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
async fn a_failure_carries_cursor_and_operation_and_is_the_last_item() {
    type Case = (&'static str, Reply, ErrorKind, Option<u64>, Sent);
    let cases: [Case; 5] = [
        (
            "rules",
            events(&[at(7), event("fail", "no")]).open(),
            ErrorKind::Operation,
            Some(7),
            Sent::Never,
        ),
        (
            "lost",
            events(&[at(7)]).lost(),
            ErrorKind::Transport,
            Some(7),
            Sent::Yes,
        ),
        (
            "lost at once",
            events(&[]).lost(),
            ErrorKind::Transport,
            None,
            Sent::Yes,
        ),
        (
            "idle",
            events(&[at(7)]).open(),
            ErrorKind::Timeout,
            Some(7),
            Sent::Yes,
        ),
        (
            "refused",
            Reply::status(404),
            ErrorKind::Api,
            None,
            Sent::Yes,
        ),
    ];
    for (case, reply, kind, expected, sent) in cases {
        let wire = once(reply);
        let mut stream = Rules::default().follow(&client(&wire));
        let mut last = None;
        while let Some(item) = stream.next().await {
            assert!(last.is_none(), "{case}: an item after the failure");
            last = item.err();
        }
        let error = last.expect(case);
        assert_eq!(error.kind(), kind, "{case}");
        assert_eq!(error.cursor().and_then(Cursor::as_u64), expected, "{case}");
        assert_eq!(error.operation(), "runs.events", "{case}");
        assert_eq!(error.sent(), sent, "{case}");
        assert_eq!(stream.end(), None, "{case}: a failure is no end");
        assert!(stream.next().await.is_none(), "{case}");
        assert!(stream.is_terminated(), "{case}");
        assert_eq!(wire.open_exchanges(), 0, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_way_to_end_has_its_name() {
    let rows = [
        (events(&[event("end", "0")]), End::Terminal),
        (events(&[at(1)]), End::ServerClosed),
        (events(&[]), End::ServerClosed),
    ];
    for (reply, expected) in rows {
        let wire = once(reply);
        let mut stream = Rules::default().follow(&client(&wire));
        drain(&mut stream).await;
        assert_eq!(stream.end(), Some(expected));
        for _ in 0..3 {
            assert!(stream.next().await.is_none());
        }
        assert!(stream.is_terminated());
        stream.close();
        assert_eq!(
            stream.end(),
            Some(expected),
            "closing what is over changes nothing"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_is_told_after_the_last_item() {
    let wire = once(events(&[event("many", "1-3"), event("end", "0")]));
    let mut stream = Rules::default().follow(&client(&wire));
    for _ in 0..3 {
        assert_eq!(stream.end(), None);
        assert!(!stream.is_terminated());
        stream.next().await.unwrap().unwrap();
    }
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end(), Some(End::Terminal));
}

#[tokio::test(start_paused = true)]
async fn a_stream_can_be_closed_at_any_time_and_more_than_once() {
    for items in 0..4 {
        let wire = once(events(&[event("many", "1-9")]).open());
        let mut stream = Rules::default().follow(&client(&wire));
        for _ in 0..items {
            stream.next().await.unwrap().unwrap();
        }
        let before = stream.cursor();
        stream.close();
        stream.close();
        assert_eq!(stream.end(), Some(End::ClosedByCaller));
        assert_eq!(stream.cursor(), before, "closing loses the position");
        assert!(stream.next().await.is_none());
        assert!(stream.is_terminated());
        assert_eq!(wire.open_exchanges(), 0, "after {items} items");
        assert_eq!(wire.requests().len(), usize::from(items > 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_can_be_closed_while_it_opens_asks_or_waits() {
    let rules = Rules {
        lost: After::Reopen(secs(60)),
        ..Rules::default()
    };
    let scripts: [(&str, Vec<Reply>); 3] = [
        ("opens", vec![Reply::silence()]),
        (
            "asks",
            vec![events(&[event("ask", "0")]).open(), Reply::silence()],
        ),
        ("waits", vec![Reply::events().lost()]),
    ];
    for (case, replies) in scripts {
        let wire = ScriptedTransport::new();
        for reply in replies {
            wire.reply(reply);
        }
        let mut stream = rules.clone().follow(&client(&wire));
        assert!(
            tokio::time::timeout(secs(1), stream.next()).await.is_err(),
            "{case}"
        );
        stream.close();
        assert_eq!(wire.open_exchanges(), 0, "{case}");
        assert!(stream.next().await.is_none(), "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_stream_closes_its_connection_and_sends_nothing() {
    let wire = once(events(&[at(1)]).open());
    let mut stream = Rules::default().follow(&client(&wire));
    stream.next().await.unwrap().unwrap();
    assert_eq!(wire.open_exchanges(), 1);
    drop(stream);
    assert_eq!(wire.open_exchanges(), 0);
    assert_eq!(wire.requests().len(), 1);
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
async fn connecting_first_gives_opening_errors_as_err() {
    let rows = [
        (Reply::status(404), ErrorKind::Api),
        (Reply::refused(), ErrorKind::Transport),
        (Reply::silence(), ErrorKind::Timeout),
    ];
    for (reply, kind) in rows {
        let wire = ScriptedTransport::new();
        wire.reply_with(move |_| reply.clone());
        let error = Rules::default()
            .follow(&client(&wire))
            .connect()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.operation(), "runs.events");
        assert_eq!(wire.open_exchanges(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn connecting_first_reads_nothing_and_loses_nothing() {
    let wire = once(events(&[at(1), event("end", "0")]));
    let (took, stream) = timed(Rules::default().follow(&client(&wire)).connect()).await;
    let mut stream = stream.unwrap();
    assert!(took < 0.01);
    assert_eq!((wire.requests().len(), cursor_of(&stream)), (1, None));
    assert_eq!(drain(&mut stream).await, ["1"]);
    // Connected already: once more does nothing.
    let mut stream = stream.connect().await.unwrap();
    assert!(stream.next().await.is_none());

    let wire = once(Reply::events().open());
    let stream = Rules::default().follow(&client(&wire));
    stream.connect().await.unwrap();
    assert_eq!(wire.open_exchanges(), 0, "dropped with the result");
}

/// Rules that ask for page after page.
struct Pages {
    next: u64,
    fail_at: u64,
}

impl Pages {
    fn ask(&self) -> Request {
        Request::new(&PAGE).query("page", self.next)
    }
}

impl Follow for Pages {
    type Item = u64;

    fn open(&mut self) -> Open {
        Open::Ask(self.ask())
    }

    fn frame(&mut self, _: Frame, _: &Scene<'_>, _: &mut Out<u64>) -> Next {
        Next::Read
    }

    fn answer(&mut self, answer: Result<Response>, _: &Scene<'_>, out: &mut Out<u64>) -> Next {
        let page = match answer.and_then(|answer| answer.json::<Value>()) {
            Ok(page) => page,
            Err(error) => return Next::Fail(error),
        };
        for item in page["items"].as_array().unwrap() {
            let position = item.as_u64().unwrap();
            out.item_at(Ok(position), Cursor::from(position));
        }
        self.next += 1;
        if self.next == self.fail_at {
            return Next::Fail(agent_core::Error::new(ErrorKind::Protocol, "no more"));
        }
        if page["last"] == true {
            Next::Finish(End::Terminal)
        } else {
            Next::Ask(Box::new(self.ask()))
        }
    }

    fn broke(&mut self, broke: Broke, _: &Scene<'_>, _: &mut Out<u64>) -> Next {
        Next::Fail(broke.into_error())
    }
}

fn pages(wire: &ScriptedTransport, fail_at: u64) -> EventStream<u64> {
    wire.reply_with(|request| {
        let query = request.uri.query().unwrap();
        let page: u64 = query.trim_start_matches("page=").parse().unwrap();
        let items = if page == 2 {
            vec![]
        } else {
            vec![10 * page, 10 * page + 1]
        };
        Reply::json(&json!({"items": items, "last": page == 4}))
    });
    client(wire).follow(PAGE.name, Pages { next: 1, fail_at }, StreamOptions::new())
}

#[tokio::test(start_paused = true)]
async fn pages_are_asked_for_as_they_are_needed() {
    let wire = ScriptedTransport::new();
    let mut stream = pages(&wire, 0);
    let expected = [(10, 1), (11, 1), (30, 3), (31, 3), (40, 4), (41, 4)];
    for (position, requests) in expected {
        assert_eq!(stream.next().await.unwrap().unwrap(), position);
        assert_eq!(wire.requests().len(), requests, "at {position}");
    }
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end(), Some(End::Terminal));
}

#[tokio::test(start_paused = true)]
async fn connecting_a_stream_of_pages_asks_for_the_first_and_keeps_its_items() {
    let wire = ScriptedTransport::new();
    let mut stream = pages(&wire, 0).connect().await.unwrap();
    assert_eq!(
        wire.requests().len(),
        1,
        "connecting does not read the whole list"
    );
    assert_eq!(
        drain(&mut stream).await,
        ["10", "11", "30", "31", "40", "41"]
    );

    // Items that came with a failure are given before it.
    let wire = ScriptedTransport::new();
    let mut stream = pages(&wire, 2).connect().await.unwrap();
    assert_eq!(drain(&mut stream).await, ["10", "11", "Protocol"]);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_too_large_is_an_error_with_the_cursor() {
    for size in [200, 10_000] {
        let wire = once(events(&[at(1), format!("data: {}\n\n", "9".repeat(size)), at(2)]).open());
        let client = client_with(&wire, |http| http.max_event_bytes(100));
        let mut stream = Rules::default().follow(&client);
        stream.next().await.unwrap().unwrap();
        let error = stream.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert_eq!(error.cursor().and_then(Cursor::as_u64), Some(1));
        assert!(!error.to_string().contains("999"), "{error}");
        assert!(stream.next().await.is_none());
        assert_eq!(wire.open_exchanges(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unfinished_block_counts_only_where_the_rules_say_so() {
    let rows = [
        ("data: 2", false, vec!["1"]),
        ("data: 2", true, vec!["1", "2"]),
        ("data: 2\n", true, vec!["1", "2"]),
        (": ping", true, vec!["1"]),
        ("event: fail", true, vec!["1"]),
        ("event: end\ndata: 0", true, vec!["1"]),
        ("event: many\ndata: 2-4", true, vec!["1", "2", "3", "4"]),
    ];
    for (tail, unfinished, expected) in rows {
        let rules = Rules {
            unfinished,
            ..Rules::default()
        };
        let wire = once(events(&[at(1), tail.into()]));
        let mut stream = rules.follow(&client(&wire));
        assert_eq!(drain(&mut stream).await, expected, "{tail:?}, {unfinished}");
        let ended = if tail.contains("end") {
            End::Terminal
        } else {
            End::ServerClosed
        };
        assert_eq!(stream.end(), Some(ended), "{tail:?}");
        // A broken connection is not the end: what it left behind never counts.
        let wire = once(events(&[at(1), tail.into()]).lost());
        let mut stream = rules.clone().follow(&client(&wire));
        assert_eq!(drain(&mut stream).await, ["1", "Transport"], "{tail:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn opening_is_repeated_like_any_call_unless_the_rules_do_it_themselves() {
    for (open_once, requests) in [(false, 3), (true, 1)] {
        for resend_unsafe in [false, true] {
            let wire = ScriptedTransport::new();
            wire.reply_with(|_| Reply::status(503));
            let policy = agent_core::RetryPolicy::default().resend_unsafe(resend_unsafe);
            let client = client_with(&wire, |http| http.retry(policy));
            let rules = Rules {
                open_once,
                ..Rules::default()
            };
            let error = rules.follow(&client).next().await.unwrap().unwrap_err();
            assert_eq!(error.attempts() as usize, requests);
            assert_eq!(wire.requests().len(), requests, "open_once {open_once}");
        }
    }
}

/// Rules whose opening is an unsafe request.
struct Prompt;

impl Follow for Prompt {
    type Item = String;

    fn open(&mut self) -> Open {
        Open::Sse(Request::new(&PROMPT).json(&json!({"prompt": "hi"})))
    }

    fn opened(&mut self, head: &ResponseMeta) -> Next {
        if support::status_of(head) == 202 {
            return Next::Finish(End::Terminal);
        }
        Next::Read
    }

    fn frame(&mut self, frame: Frame, _: &Scene<'_>, out: &mut Out<String>) -> Next {
        out.item(Ok(frame.data().into_owned()));
        Next::Read
    }

    fn broke(&mut self, broke: Broke, _: &Scene<'_>, _: &mut Out<String>) -> Next {
        Next::Fail(broke.into_error())
    }
}

#[tokio::test(start_paused = true)]
async fn an_unsafe_opening_is_sent_once() {
    for reply in [
        Reply::status(503),
        Reply::broken(),
        Reply::silence(),
        Reply::refused(),
    ] {
        let wire = ScriptedTransport::new();
        wire.reply_with(move |_| reply.clone());
        let mut stream = client(&wire).follow(PROMPT.name, Prompt, StreamOptions::new());
        stream.next().await.unwrap().unwrap_err();
        assert!(stream.next().await.is_none());
        assert_eq!(wire.requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn the_head_can_end_it() {
    let wire = once(Reply::status(202));
    let mut stream = client(&wire).follow(PROMPT.name, Prompt, StreamOptions::new());
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end(), Some(End::Terminal));
    assert_eq!(wire.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cut_that_is_no_end_is_an_error_that_carries_the_cursor() {
    let rules = Rules {
        eof: After::Fail,
        ..Rules::default()
    };
    let wire = once(events(&[at(1), at(2)]));
    let mut stream = rules.follow(&client(&wire));
    stream.next().await.unwrap().unwrap();
    stream.next().await.unwrap().unwrap();
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(error.cursor().and_then(Cursor::as_u64), Some(2));
    assert_eq!(error.sent(), Sent::Yes);
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
async fn it_is_a_fused_stream_for_combinators() {
    let wire = once(events(&[at(1), at(2), event("end", "0")]));
    let stream = Rules::default().follow(&client(&wire));
    let mut fused = stream.map(Result::unwrap);
    assert_eq!(fused.select_next_some().await, 1);
    assert_eq!(fused.by_ref().collect::<Vec<_>>().await, [2]);
    assert!(fused.is_terminated());
    assert_eq!(fused.size_hint(), (0, None));
    assert_eq!(EVENTS.name, "runs.events");
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
