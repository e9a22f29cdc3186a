//! How event streams end: by the rules, by a break, by the caller, by dropping.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{Cursor, End, ErrorKind, Result, Sent};
use futures_core::Stream as _;
use futures_core::stream::FusedStream as _;
use futures_util::StreamExt as _;
use support::rules::{After, Rules, at, drain, event};
use support::{EVENTS, client, client_with, secs};

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
