//! How event streams begin: on the first poll or by `connect`, with a stream or by asking, and when opening fails.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use agent_core::sdk::{Broke, Follow, Next, Open, Out, Request, Response, Scene};
use agent_core::sse::Frame;
use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{Cursor, End, ErrorKind, EventStream, ResponseMeta, Result, StreamOptions};
use serde_json::{Value, json};
use support::rules::{Rules, at, drain, event};
use support::{PAGE, PROMPT, client, client_with, secs, timed};

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
async fn a_stream_in_an_encoding_that_nobody_asked_for_is_a_typed_error_and_no_stream_without_events()
 {
    for (encoding, decodes) in [
        ("GZip", false),
        ("identity, br", false),
        ("none", true),
        ("identity", true),
        (" ", true),
    ] {
        let wire = once(events(&[at(1), event("end", "0")]).header("content-encoding", encoding));
        let mut stream = Rules::default().follow(&client(&wire));
        let expected: &[&str] = if decodes { &["1"] } else { &["Protocol"] };
        assert_eq!(drain(&mut stream).await, expected, "{encoding}");
        assert_eq!(wire.open_exchanges(), 0);
    }
}
