//! Streams and waiting, on virtual time: what is asked when, what is delivered, how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use agentrouter_sdk::{
    AgentRouterClient, AgentRunStream, AgentStreamPart, CreateAndWaitRequest, End, Error, ErrorExt,
    ErrorKind, EventStream, Limit, Polling, Resume, RetryPolicy, RunEvent,
    StreamAgentCreateRequest, StreamAgentResumeRequest, StreamOptions, StreamRunOptions,
    stream_agent,
};
use serde_json::{Value, json};
use tokio::time::Instant;

#[path = "support/rig.rs"]
mod rig;

use rig::{client, event, lines, page, plain, run, session};

const MS: fn(u64) -> Duration = Duration::from_millis;

/// A server whose run has these events, each from its time on, and is over at another.
#[derive(Clone)]
struct Server {
    transport: ScriptedTransport,
    events: Arc<Mutex<Vec<(Instant, Value)>>>,
    over: Arc<Mutex<Option<(Instant, &'static str)>>>,
}

impl Server {
    fn new() -> Self {
        let this = Self {
            transport: ScriptedTransport::new(),
            events: Arc::default(),
            over: Arc::default(),
        };
        let server = this.clone();
        this.transport.reply_with(move |request| {
            let now = Instant::now();
            let events = server.events.lock().unwrap();
            let there: Vec<Value> = events
                .iter()
                .filter(|(at, _)| *at <= now)
                .map(|(_, e)| e.clone())
                .collect();
            let last = there
                .last()
                .map_or(0, |event| event["sequence"].as_u64().unwrap());
            let over = server.over.lock().unwrap().filter(|(at, _)| *at <= now);
            let status = over.map_or("running", |(_, status)| status);
            match request.uri.path() {
                path if path.ends_with("/events") => {
                    let query = request.uri.query().unwrap();
                    let after: u64 = query
                        .strip_prefix("afterSeq=")
                        .unwrap()
                        .split('&')
                        .next()
                        .unwrap()
                        .parse()
                        .unwrap();
                    let new = there
                        .into_iter()
                        .filter(|event| event["sequence"].as_u64().unwrap() > after);
                    Reply::json(&page(&new.take(500).collect::<Vec<_>>()))
                }
                path if path.ends_with("/session") => Reply::json(&session("run_1", status, last)),
                path if path.ends_with("/messages") => Reply::json(
                    &json!({"runId": "run_1", "turnNumber": 2, "conversationId": "run_0"}),
                ),
                _ => Reply::json(&run("run_1", status, last)),
            }
        });
        this
    }

    fn event(&self, after: Duration, sequence: u64, kind: &str) -> &Self {
        self.events
            .lock()
            .unwrap()
            .push((Instant::now() + after, event(sequence, kind)));
        self
    }

    fn over(&self, after: Duration, status: &'static str) -> &Self {
        *self.over.lock().unwrap() = Some((Instant::now() + after, status));
        self
    }

    fn requests(&self) -> usize {
        self.transport.requests().len()
    }
}

async fn started(client: &AgentRouterClient, request: StreamAgentCreateRequest) -> AgentRunStream {
    stream_agent(client, request).await.unwrap()
}

fn request() -> StreamAgentCreateRequest {
    StreamAgentCreateRequest::new("t")
}

async fn drain<T>(mut stream: EventStream<T>) -> (Vec<T>, Option<Error>, Option<End>) {
    let mut items = Vec::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(item) => items.push(item),
            Err(error) => {
                assert!(stream.next().await.is_none(), "an error is the last item");
                return (items, Some(error), stream.end());
            }
        }
    }
    assert!(stream.next().await.is_none());
    (items, None, stream.end())
}

fn sequences(events: &[RunEvent]) -> Vec<u64> {
    events.iter().map(|event| event.sequence).collect()
}

#[tokio::test(start_paused = true)]
async fn events_behind_the_one_that_ends_the_run_are_delivered() {
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.progress")
        .event(MS(1500), 2, "run.completed");
    server
        .event(MS(2500), 3, "sandbox.parked")
        .over(MS(2600), "completed");
    let run = started(&plain(&server.transport), request()).await;
    let (events, error, end) = drain(run.events()).await;
    assert_eq!(
        (sequences(&events), error.is_none(), end),
        (vec![1, 2, 3], true, Some(End::Terminal))
    );
    let (parts, ..) = drain(run.full_stream()).await;
    assert!(matches!(
        parts.as_slice(),
        [AgentStreamPart::Progress(_), AgentStreamPart::Done(_)]
    ));
}

#[tokio::test(start_paused = true)]
async fn every_page_is_read_however_many_there_are() {
    let server = Server::new();
    for sequence in 1..=1234 {
        server.event(MS(0), sequence, "agent.message");
    }
    server.over(MS(0), "failed");
    let run = started(&plain(&server.transport), request()).await;
    let start = Instant::now();
    let (events, ..) = drain(run.events()).await;
    assert_eq!(sequences(&events), (1..=1234).collect::<Vec<_>>());
    assert_eq!(
        start.elapsed(),
        MS(0),
        "no wait between pages that are there"
    );
    assert_eq!(events[7].raw_json(), event(8, "agent.message").to_string());
}

#[tokio::test(start_paused = true)]
async fn an_exact_interval_is_kept_and_nothing_is_asked_while_nobody_reads() {
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.message")
        .event(MS(700), 2, "agent.message")
        .over(MS(900), "completed");
    let run = started(&plain(&server.transport), request().poll_interval(MS(250))).await;
    tokio::time::advance(MS(5)).await;
    let created = server.requests();
    let mut events = run.events();
    assert_eq!(server.requests(), created, "nothing before the first read");
    let start = Instant::now();
    events.next().await.unwrap().unwrap();
    assert_eq!(
        server.requests(),
        created + 1,
        "the status is asked for once the page is read"
    );
    tokio::time::advance(MS(300)).await;
    assert_eq!(
        server.requests(),
        created + 1,
        "a reader that pauses pauses polling"
    );
    while let Some(event) = events.next().await {
        event.unwrap();
    }
    let asked: Vec<u64> = server.transport.requests()[created..]
        .iter()
        .filter(|request| request.uri.path().ends_with("/events"))
        .map(|request| u64::try_from((request.at - start).as_millis()).unwrap())
        .collect();
    assert_eq!(asked, [0, 550, 800, 1050]);
}

#[tokio::test(start_paused = true)]
async fn adaptive_polling_asks_less_and_is_no_later_while_something_happens() {
    let mut counts = Vec::new();
    for polling in [Polling::default(), Polling::adaptive()] {
        let server = Server::new();
        for n in 0..20 {
            server.event(MS(n * 100), n + 1, "agent.message");
        }
        server
            .event(MS(60_000), 21, "run.completed")
            .over(MS(60_000), "completed");
        let run = started(&plain(&server.transport), request().polling(polling)).await;
        let begin = Instant::now();
        let mut events = run.events();
        let mut late = Vec::new();
        while let Some(event) = events.next().await {
            let due = (event.unwrap().sequence - 1).min(20) * 100;
            late.push(begin.elapsed().saturating_sub(MS(due)));
        }
        assert_eq!(late.len(), 21);
        counts.push((server.requests(), late[..20].iter().max().copied().unwrap()));
    }
    let [(exact, exact_late), (adaptive, adaptive_late)] = counts[..] else {
        panic!("two")
    };
    assert!(adaptive < exact, "{adaptive} requests against {exact}");
    assert!(
        adaptive_late <= MS(200) && exact_late >= MS(900),
        "{adaptive_late:?} {exact_late:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_too_long_is_a_typed_error_behind_all_events() {
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.message")
        .event(MS(1000), 2, "agent.message");
    let limited = request().max_wait(MS(2500));
    let run = started(&client(&server.transport), limited).await;
    // The clock of a stream begins with its first read.
    tokio::time::advance(MS(60_000)).await;
    let start = Instant::now();
    let (events, error, end) = drain(run.events()).await;
    let error = error.unwrap();
    assert_eq!((sequences(&events), end), (vec![1, 2], None));
    assert!(error.is_wait_timeout() && error.is_agent_router_error());
    assert_eq!(
        error.message(),
        "Run did not reach a terminal state before maxWaitMs"
    );
    assert_eq!(
        error.details().unwrap(),
        &json!({"runId": "run_1", "status": "running"})
    );
    assert_eq!(
        (error.status_code(), error.cursor().unwrap().as_u64()),
        (None, Some(2))
    );
    assert_eq!(error.run_id().unwrap(), "run_1");
    assert_eq!(start.elapsed(), MS(3000), "over by at most one interval");
    // The result's began when the handle was made: one poll, and the end.
    let before = server.requests();
    assert!(run.final_result().await.unwrap_err().is_wait_timeout());
    assert_eq!(server.requests(), before + 2);
}

#[tokio::test(start_paused = true)]
async fn a_terminal_run_whose_last_event_never_comes_does_not_hang() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|request| match request.uri.path() {
        path if path.ends_with("/events") => Reply::json(&page(&[])),
        _ => Reply::json(&run("run_1", "completed", 9)),
    });
    let run = started(&client(&transport), request().max_wait(MS(5000))).await;
    let (_, error, _) = drain(run.events()).await;
    assert!(error.unwrap().is_wait_timeout());
    let error = run.final_result().await.unwrap_err();
    assert_eq!(error.details().unwrap()["status"], "completed");
}

#[tokio::test(start_paused = true)]
async fn the_result_is_there_after_reading_and_does_no_harm_unread() {
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.response")
        .over(MS(2000), "completed");
    let run = started(&client(&server.transport), request()).await;
    let created = server.requests();
    let never_awaited = run.final_result();
    drop(never_awaited);
    let forgotten = run.clone();
    drop(forgotten.events());
    assert_eq!(server.requests(), created);
    let (texts, ..) = drain(run.text_stream()).await;
    assert_eq!(texts, ["text 1"]);
    let result = run.final_result().await.unwrap();
    assert_eq!(
        (
            result.status.as_str(),
            result.text.as_str(),
            result.last_event_seq()
        ),
        ("completed", "done", 1)
    );
    // It needs no stream to be read at all.
    assert_eq!(run.final_result().await.unwrap(), result);
    // And moves into a task together with the streams.
    let task = tokio::spawn(async move { run.final_result().await.map(|result| result.id) });
    assert_eq!(task.await.unwrap().unwrap(), "run_1");
}

#[tokio::test(start_paused = true)]
async fn a_turn_has_its_own_run_and_the_conversations_id() {
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.message")
        .event(MS(0), 2, "run.completed")
        .over(MS(0), "completed");
    let request = StreamAgentResumeRequest::new("run_0", "more").after_seq(1);
    let turn = stream_agent(&client(&server.transport), request)
        .await
        .unwrap();
    assert_eq!(
        (
            turn.run.id.as_str(),
            turn.conversation_id.as_str(),
            turn.turn_number
        ),
        ("run_1", "run_0", Some(2))
    );
    let (events, ..) = drain(turn.events()).await;
    assert_eq!(sequences(&events), [2]);
    assert_eq!(
        lines(&server.transport)[..3],
        [
            "POST /v1/runs/run_0/messages",
            "GET /v1/runs/run_1",
            "GET /v1/runs/run_1/events?afterSeq=1&limit=500",
        ]
    );
}

// ---- failures of polls

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_limited_waits_as_long_as_the_server_says() {
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.message")
        .over(MS(0), "completed");
    let run = started(&client(&server.transport), request()).await;
    server
        .transport
        .reply(Reply::status(429).header("retry-after", "7"));
    let start = Instant::now();
    let (events, error, _) = drain(run.events()).await;
    assert_eq!(
        (sequences(&events), error.is_none(), start.elapsed()),
        (vec![1], true, MS(7000))
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_survived_and_a_refusal_is_not() {
    // More failures in a row than the retries of one poll.
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.message")
        .event(MS(0), 2, "agent.message")
        .over(MS(0), "completed");
    let run = started(&client(&server.transport), request()).await;
    for _ in 0..7 {
        server.transport.reply(Reply::broken());
    }
    let (events, error, _) = drain(run.events()).await;
    assert_eq!((sequences(&events), error.is_none()), (vec![1, 2], true));

    for (reply, kind) in [
        (Reply::status(401), ErrorKind::Api),
        (Reply::status(404), ErrorKind::Api),
        (Reply::status(200).chunk("<html>"), ErrorKind::Decode),
        (
            Reply::json(&json!({"items": [{"type": "no sequence"}]})),
            ErrorKind::Decode,
        ),
    ] {
        server.transport.reply(reply);
        let (events, error, _) = drain(run.events()).await;
        assert_eq!((events.len(), error.unwrap().kind()), (0, kind));
    }

    // As the vendor's client, the first failure is the last item, with the position.
    let run = started(&plain(&server.transport), request()).await;
    let first = page(&[event(1, "agent.message")]);
    server
        .transport
        .reply(Reply::json(&first))
        .reply(Reply::status(503));
    let (events, error, _) = drain(run.events()).await;
    let error = error.unwrap();
    assert_eq!(
        (
            sequences(&events),
            error.status(),
            error.cursor().unwrap().as_u64()
        ),
        (vec![1], Some(503), Some(1))
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_away_ends_the_stream_with_its_position() {
    let server = Server::new();
    server.event(MS(0), 1, "agent.message");
    let run = started(&client(&server.transport), request().max_wait(Limit::Off)).await;
    let mut events = run.events_with(StreamOptions::new().resume(Resume::auto().max_reconnects(3)));
    events.next().await.unwrap().unwrap();
    server.transport.reply_with(|_| Reply::refused());
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReconnectsExhausted);
    assert_eq!(
        (
            error.cursor().unwrap().as_u64(),
            error.run_id().unwrap().as_str()
        ),
        (Some(1), "run_1")
    );
    assert!(events.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn what_the_server_sends_again_is_delivered_once() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::json(&run("run_1", "queued", 0)));
    for pages in [&[1, 2][..], &[1, 2, 3], &[3, 4]] {
        let events: Vec<Value> = pages.iter().map(|n| event(*n, "agent.message")).collect();
        transport.reply(Reply::json(&page(&events)));
        transport.reply(Reply::json(&run("run_1", "completed", 4)));
    }
    let run = started(&plain(&transport), request()).await;
    assert_eq!(sequences(&drain(run.events()).await.0), [1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn waiting_in_one_call_follows_the_same_rules_and_tells_every_event() {
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.message")
        .event(MS(1500), 2, "agent.message")
        .over(MS(1500), "failed");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let request = CreateAndWaitRequest::new("t")
        .on_event(move |event| sink.lock().unwrap().push(event.sequence));
    let waited = client(&server.transport)
        .create_run_and_wait(request)
        .retry(RetryPolicy::default())
        .await
        .unwrap();
    assert_eq!(
        (waited.run.status.as_str(), waited.last_event_seq()),
        ("failed", 2)
    );
    assert_eq!(*seen.lock().unwrap(), [1, 2]);
}

// ---- snapshots

fn frames(range: std::ops::RangeInclusive<u64>) -> String {
    let frame = |n| format!("id: {n}\nevent: x\ndata: {}\n\n", event(n, "agent.message"));
    range.map(frame).collect::<Vec<_>>().concat()
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_cut_after_any_byte_gives_whole_events_and_then_an_error() {
    let whole = frames(1..=3).replace("text 2", "té\u{1F980}t");
    let bytes = whole.as_bytes();
    let ends: Vec<usize> = whole.match_indices("\n\n").map(|(at, _)| at + 2).collect();
    for cut in 0..=bytes.len() {
        // Broken: whole events, then what broke. Two pieces, so that every boundary is also one of chunks.
        let transport = ScriptedTransport::new();
        transport.reply(
            Reply::events()
                .chunk(bytes[..cut / 2].to_vec())
                .chunk(bytes[cut / 2..cut].to_vec())
                .lost(),
        );
        let (events, error, _) =
            drain(plain(&transport).stream_run("run_1", StreamRunOptions::new())).await;
        let complete = ends.iter().filter(|end| **end <= cut).count();
        assert_eq!(events.len(), complete, "cut at {cut}");
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Transport, "cut at {cut}");
        let position = error.cursor().and_then(agentrouter_sdk::Cursor::as_u64);
        assert_eq!(
            position,
            (complete > 0).then_some(complete as u64),
            "cut at {cut}"
        );

        // Resumed: all of them, once, asking behind the last; also from a server that sends what it sent before.
        for from in [complete as u64 + 1, 1] {
            let transport = ScriptedTransport::new();
            transport.reply(Reply::events().chunk(bytes[..cut].to_vec()).lost());
            transport.reply(Reply::events().chunk(frames(from..=3)));
            let stream = client(&transport).stream_run("run_1", StreamRunOptions::new());
            let (events, error, end) = drain(stream).await;
            assert!(error.is_none());
            assert_eq!(
                (sequences(&events), end),
                (vec![1, 2, 3], Some(End::ServerClosed)),
                "cut at {cut}"
            );
            let query = transport.requests()[1].uri.query().map(str::to_owned);
            assert_eq!(
                query,
                (complete > 0).then(|| format!("afterSeq={complete}")),
                "cut at {cut}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_outlives_a_server_that_is_away_for_a_while_and_no_refusal() {
    let cut = || Reply::events().chunk(frames(1..=1)).lost();
    let snapshot = |transport: &ScriptedTransport| {
        client(transport).stream_run("run_1", StreamRunOptions::new())
    };
    // More failures than the retries of one opening.
    let transport = ScriptedTransport::new();
    transport.reply(cut());
    for _ in 0..7 {
        transport.reply(Reply::status(503));
    }
    transport.reply(Reply::events().chunk(frames(2..=2)));
    let (events, error, end) = drain(snapshot(&transport)).await;
    assert_eq!(
        (sequences(&events), error.is_none(), end),
        (vec![1, 2], true, Some(End::ServerClosed))
    );
    for (reply, kind, requests) in [
        (Reply::status(404), ErrorKind::Api, 2),
        (
            Reply::status(503).header("retry-after", "61"),
            ErrorKind::Api,
            2,
        ),
        (Reply::broken(), ErrorKind::ReconnectsExhausted, 1 + 10 * 3),
    ] {
        let transport = ScriptedTransport::new();
        let first = std::sync::atomic::AtomicBool::new(true);
        transport.reply_with(move |_| {
            if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
                cut()
            } else {
                reply.clone()
            }
        });
        let (events, error, _) = drain(snapshot(&transport)).await;
        let error = error.unwrap();
        assert_eq!((events.len(), error.kind()), (1, kind));
        assert_eq!(error.cursor().unwrap().as_u64(), Some(1), "{error}");
        assert_eq!(transport.requests().len(), requests, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_recorded_snapshot_gives_the_same_events_wherever_it_is_split() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/stream_run.json");
    let vectors: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut splits = 0;
    for vector in vectors {
        let response = &vector["exchanges"][0]["response"];
        let (Some(body), Some(expected)) = (
            response["body"].as_str(),
            vector["expect"]["events"].as_array(),
        ) else {
            continue;
        };
        let expected: Vec<u64> = expected
            .iter()
            .map(|event| event["sequence"].as_u64().unwrap())
            .collect();
        for at in 0..=body.len() {
            let (head, tail) = body.as_bytes().split_at(at);
            let transport = ScriptedTransport::new();
            transport.reply(Reply::events().chunk(head.to_vec()).chunk(tail.to_vec()));
            let (events, error, _) =
                drain(client(&transport).stream_run("run_1", StreamRunOptions::new())).await;
            assert!(error.is_none(), "{} at {at}", vector["name"]);
            assert_eq!(sequences(&events), expected, "{} at {at}", vector["name"]);
            splits += 1;
        }
    }
    assert!(splits > 2000, "{splits}");
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_ends_in_good_order_is_the_end_also_without_its_last_blank_line() {
    let whole = frames(1..=2);
    let transport = ScriptedTransport::new();
    transport.reply(Reply::events().chunk(whole.trim_end().to_owned()));
    let options = StreamRunOptions::new().after_seq(0);
    let (events, error, end) = drain(client(&transport).stream_run("run_1", options)).await;
    assert_eq!(
        (sequences(&events), error.is_none(), end),
        (vec![1, 2], true, Some(End::ServerClosed))
    );
    assert_eq!(lines(&transport), ["GET /v1/runs/run_1/stream?afterSeq=0"]);
    assert!(
        !transport.requests()[0]
            .headers
            .contains_key("last-event-id")
    );
    // Data without content is nothing, in however many lines.
    let transport = ScriptedTransport::new();
    let empty = "data\n\ndata:\ndata: \ndata\n\n";
    transport.reply(Reply::events().chunk(format!("{empty}{}{empty}", frames(1..=1))));
    let (events, error, _) =
        drain(client(&transport).stream_run("run_1", StreamRunOptions::new())).await;
    assert_eq!((sequences(&events), error.is_none()), (vec![1], true));
    // What is no JSON ends it, behind the events before.
    let transport = ScriptedTransport::new();
    transport.reply(Reply::events().chunk(format!(
        "{}data: {{\n\n{}",
        frames(1..=1),
        frames(2..=2)
    )));
    let (events, error, _) =
        drain(client(&transport).stream_run("run_1", StreamRunOptions::new())).await;
    assert_eq!(
        (sequences(&events), error.unwrap().kind()),
        (vec![1], ErrorKind::Decode)
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_snapshot_is_given_up() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::events().chunk(frames(1..=1)).open());
    let start = Instant::now();
    let (events, error, _) =
        drain(plain(&transport).stream_run("run_1", StreamRunOptions::new())).await;
    assert_eq!(
        (events.len(), error.unwrap().is_timeout(), start.elapsed()),
        (1, true, Duration::from_secs(600))
    );
    assert_eq!(transport.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_closed_or_dropped_asks_nothing_more() {
    let server = Server::new();
    server.event(MS(0), 1, "agent.message");
    let run = started(&client(&server.transport), request()).await;
    let mut events = run.events();
    events.next().await.unwrap().unwrap();
    assert_eq!(events.cursor().unwrap().as_u64(), Some(1));
    let before = server.requests();
    events.close();
    assert!(events.next().await.is_none());
    assert_eq!(
        (events.end(), server.requests()),
        (Some(End::ClosedByCaller), before)
    );
    // Dropped while it waits, at every step of a poll.
    for steps in 0..20 {
        let mut events = run.events();
        for _ in 0..steps {
            let _ = tokio::time::timeout(MS(97), events.next()).await;
        }
        drop(events);
        assert_eq!(server.transport.open_exchanges(), 0);
        let after = server.requests();
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(server.requests(), after);
    }
    assert!(
        !lines(&server.transport)
            .iter()
            .any(|line| line.contains("cancel")),
        "the run goes on"
    );
}
