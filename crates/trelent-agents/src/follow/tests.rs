//! The rules on their own: no connection, no clock, thousands of schedules.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use agent_core::sdk::{Broke, Follow, Next, Open, Out, Response, Scene};
use agent_core::sse::Decoder;
use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::transport::{TransportError, TransportPhase};
use agent_core::{
    End, Error, ErrorKind, HttpConfig, Limit, ResponseMeta, Resume, RetryPolicy, SeededAmbient,
    Sent, TimeoutPhase,
};
use bytes::Bytes;
use serde_json::json;

use super::Subscription;
use crate::events::CommonEvent;
use crate::{Client, ClientOptions};

mod last_replay;

/// What a caller got: numbers of events, and errors by the mark in their message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Got {
    Event(u64),
    Malformed(String),
}

/// One entry of a run's history.
#[derive(Clone, Debug)]
enum Entry {
    Event(u64),
    Completed(u64),
    Malformed(usize),
}

impl Entry {
    fn text(&self) -> String {
        let ts = "2026-04-16T12:00:00Z";
        let json = match self {
            Self::Event(seq) => json!({"seq": seq, "ts": ts,
                "data": {"type": "turn.started", "turn_id": format!("turn-{seq}")}}),
            Self::Completed(seq) => {
                json!({"seq": seq, "ts": ts, "data": {"type": "session.completed", "exit_code": 0}})
            }
            // The mark is its type, which the error's message names.
            Self::Malformed(mark) => json!({"ts": 7, "data": {"type": format!("mark-{mark}")}}),
        };
        format!("data: {json}\n\n")
    }

    fn got(&self) -> Got {
        match self {
            Self::Event(seq) | Self::Completed(seq) => Got::Event(*seq),
            Self::Malformed(mark) => Got::Malformed(format!("mark-{mark}")),
        }
    }
}

/// The head of an answer; only a transport can make one.
fn head(content_type: &str) -> ResponseMeta {
    static HEAD: OnceLock<ResponseMeta> = OnceLock::new();
    let mut head = HEAD.get_or_init(any_head).clone();
    head.headers
        .insert("content-type", content_type.parse().unwrap());
    head
}

fn any_head() -> ResponseMeta {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::json(&json!({"status": "ok"})));
    let http = HttpConfig::new()
        .transport(transport.shared())
        .retry(RetryPolicy::none());
    let client = Client::with_options("http://localhost", ClientOptions::new().http(http)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let health = runtime.block_on(async { client.health().with_response().await });
    health.unwrap().response
}

/// Plays the driver for one set of rules.
struct Stage {
    rules: Subscription,
    out: Out<CommonEvent>,
    ambient: SeededAmbient,
    head: ResponseMeta,
    got: Vec<Got>,
    connected: Option<Duration>,
}

impl Stage {
    fn new(resume: Resume, seed: u64) -> Self {
        Self {
            rules: Subscription::new("run_1".to_owned(), resume),
            out: Out::default(),
            ambient: SeededAmbient::new(seed, SystemTime::UNIX_EPOCH),
            head: head("text/event-stream"),
            got: Vec::new(),
            connected: None,
        }
    }

    fn collect(&mut self) {
        while let Some((item, _)) = self.out.pop() {
            self.got.push(match item {
                Ok(event) => Got::Event(event.seq),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Decode);
                    let mark = error.message().split(['(', ')']).nth(1).unwrap();
                    Got::Malformed(mark.to_owned())
                }
            });
        }
    }

    fn open(&mut self) {
        assert!(matches!(self.rules.open(), Open::Sse(_)));
        let next = self.rules.opened(&self.head);
        assert!(matches!(next, Next::Read), "{next:?}");
        self.connected = Some(Duration::from_secs(1));
    }

    fn feed(&mut self, decoder: &mut Decoder, bytes: Bytes) -> Next {
        decoder.feed(bytes);
        self.drain(decoder)
    }

    fn drain(&mut self, decoder: &mut Decoder) -> Next {
        while let Some(frame) = decoder.next_frame().unwrap() {
            let scene = scene(&self.ambient, self.connected);
            let next = self.rules.frame(frame, &scene, &mut self.out);
            if !matches!(next, Next::Read) {
                return next;
            }
        }
        self.collect();
        Next::Read
    }

    fn broke(&mut self, broke: Broke) -> Next {
        let scene = scene(&self.ambient, self.connected);
        self.rules.broke(broke, &scene, &mut self.out)
    }

    fn answer(&mut self, status: Option<&str>) -> Next {
        let answer = match status {
            None => Err(Error::new(ErrorKind::Transport, "no answer")),
            Some(status) => Ok(Response {
                operation: "runs.get_status",
                meta: self.head.clone(),
                body: json!({"run_id": "run_1", "status": status})
                    .to_string()
                    .into(),
            }),
        };
        let scene = scene(&self.ambient, self.connected);
        self.rules.answer(answer, &scene, &mut self.out)
    }
}

fn scene(ambient: &SeededAmbient, connected: Option<Duration>) -> Scene<'_> {
    let idle = Some(Duration::from_secs(120));
    Scene::fixed(Duration::ZERO, connected, idle, ambient)
}

fn lost() -> Broke {
    Broke::Lost(Error::transport(TransportError::new(
        TransportPhase::Body,
        "reset",
    )))
}

/// A history with gaps in its numbers, unreadable events anywhere, and events behind `session.completed`.
fn ledger(rng: &mut fastrand::Rng) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut seq = rng.u64(0..2);
    let mut mark = 0;
    let mut malformed = |entries: &mut Vec<Entry>, rng: &mut fastrand::Rng| {
        while rng.u8(0..6) == 0 {
            entries.push(Entry::Malformed(mark));
            mark += 1;
        }
    };
    for _ in 0..rng.usize(0..12) {
        malformed(&mut entries, rng);
        entries.push(Entry::Event(seq));
        seq += if rng.u8(0..8) == 0 { rng.u64(2..9) } else { 1 };
    }
    malformed(&mut entries, rng);
    entries.push(Entry::Completed(seq));
    for _ in 0..rng.usize(0..3) {
        seq += 1;
        entries.push(Entry::Event(seq));
        malformed(&mut entries, rng);
    }
    entries
}

/// A server with a bad day: what exists grows with time, connections end in every way at any byte.
struct Server {
    ledger: Vec<Entry>,
    /// How many entries exist.
    there: usize,
    rng: fastrand::Rng,
    /// Connections in a row that brought no new event.
    fruitless: u32,
    /// Says that the run is over.
    over: bool,
}

impl Server {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let ledger = ledger(&mut rng);
        let there = rng.usize(0..=ledger.len());
        Self {
            ledger,
            there,
            rng,
            fruitless: 0,
            over: false,
        }
    }

    fn grow(&mut self) {
        if self.rng.bool() {
            self.there = (self.there + self.rng.usize(1..4)).min(self.ledger.len());
        }
        self.over |= self.there == self.ledger.len() && self.rng.bool();
    }

    fn status(&mut self) -> Option<&'static str> {
        self.grow();
        if self.over {
            return Some(["completed", "failed", "timeout", "cancelled"][self.rng.usize(0..4)]);
        }
        [None, Some("running"), Some("pending"), Some("new-status")][self.rng.usize(0..4)]
    }
}

/// Follows one server to the end of the stream.
fn follow(seed: u64) -> (Vec<Got>, Vec<Got>, Result<End, Error>) {
    let mut server = Server::new(seed);
    let mut stage = Stage::new(Resume::auto(), seed);
    let expected: Vec<Got> = server.ledger.iter().map(Entry::got).collect();
    let mut first = true;
    for _connection in 0..10_000 {
        let before = stage.rules.events;
        let mut next = if !first && server.fruitless < 6 && server.rng.u8(0..5) == 0 {
            assert!(matches!(stage.rules.open(), Open::Sse(_)));
            stage.connected = None;
            stage.broke(Broke::Refused(
                Error::new(ErrorKind::Timeout, "no answer").with_sent(Sent::Maybe),
            ))
        } else {
            stage.open();
            connection(&mut server, &mut stage, !first)
        };
        first = false;
        server.fruitless = if stage.rules.events > before {
            0
        } else {
            server.fruitless + 1
        };
        loop {
            match next {
                Next::Reopen(_) => break,
                Next::Ask(_) => {
                    let status = server.status();
                    next = stage.answer(status);
                    if matches!(next, Next::Read) {
                        unreachable!("a question that keeps the connection is dealt with there");
                    }
                }
                Next::Finish(end) => return (stage.got, expected, Ok(end)),
                Next::Fail(error) => return (stage.got, expected, Err(error)),
                Next::Read => unreachable!("there is no connection to read"),
            }
        }
    }
    panic!("seed {seed}: it never ends");
}

/// One connection, from its head to its end.
fn connection(server: &mut Server, stage: &mut Stage, resumed: bool) -> Next {
    let mut decoder = Decoder::new();
    let mut at = 0;
    let mut silence = 0;
    let patient = server.fruitless >= 6;
    loop {
        // A silent connection may be told that all is well, and go on.
        if server.rng.u8(0..12) == 0 && (!stage.rules.last_replay || at == server.ledger.len()) {
            silence += 1;
            stage.connected = Some(Duration::from_secs(120 * silence));
            match stage.broke(Broke::Idle(Duration::from_secs(120 * silence))) {
                Next::Ask(_) => {
                    let status = server.status();
                    match stage.answer(status) {
                        Next::Read => {}
                        next => return next,
                    }
                }
                next => return next,
            }
        }
        if at == server.ledger.len() {
            // The history is complete: an orderly server says goodbye.
            let polite = patient || server.rng.u8(0..3) > 0;
            return stage.broke(if polite { Broke::Eof } else { lost() });
        }
        if at == server.there {
            server.grow();
            if patient {
                server.there = (server.there + 1).min(server.ledger.len());
            }
        }
        // By its contract a stream that broke behind `session.completed` of a run that is over has ended.
        let would_end =
            stage.rules.last_replay && stage.rules.completed && !stage.rules.is_behind();
        if !patient && !would_end && server.rng.u8(0..10) == 0 {
            // Cut in the middle of an event: what is incomplete does not count.
            let text = server.ledger[at].text();
            let cut = server.rng.usize(0..text.len() - 1);
            let next = stage.feed(&mut decoder, Bytes::from(text[..cut].to_owned()));
            assert!(matches!(next, Next::Read));
            // By its contract an orderly end means the end on the last replay, and behind `session.completed`.
            let orderly = !stage.rules.last_replay
                && (!stage.rules.completed || stage.rules.is_behind())
                && server.rng.bool();
            return stage.broke(if orderly { Broke::Eof } else { lost() });
        }
        if at < server.there {
            silence = 0;
            let mut text = server.ledger[at].text();
            if resumed && server.rng.u8(0..6) == 0 {
                // A careless replay sends what it sent before once more.
                let again = server.ledger[..=at]
                    .iter()
                    .rev()
                    .find(|entry| !matches!(entry, Entry::Malformed(_)));
                if !matches!(server.ledger[at], Entry::Malformed(_)) {
                    text.push_str(&again.map(Entry::text).unwrap_or_default());
                }
            }
            at += 1;
            let middle = server.rng.usize(0..text.len());
            let bytes = Bytes::from(text);
            for part in [bytes.slice(..middle), bytes.slice(middle..)] {
                match stage.feed(&mut decoder, part) {
                    Next::Read => {}
                    next => return next,
                }
            }
        }
    }
}

#[test]
fn no_schedule_loses_or_repeats_anything_and_each_one_ends() {
    for seed in 0..5_000 {
        let (got, expected, end) = follow(seed);
        match end {
            Ok(end) => {
                assert_eq!(end, End::Terminal, "seed {seed}");
                assert_eq!(got, expected, "seed {seed}");
            }
            Err(error) => panic!("seed {seed}: {error}, got {got:?} of {expected:?}"),
        }
    }
}

#[test]
fn a_server_without_hope_ends_in_a_typed_error_with_a_part_of_the_history() {
    for seed in 0..500 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let ledger = ledger(&mut rng);
        let reach = rng.usize(0..ledger.len());
        let mut stage = Stage::new(Resume::auto(), seed);
        let mut connections = 0;
        let error = loop {
            connections += 1;
            assert!(connections < 100, "seed {seed}: it never ends");
            stage.open();
            let mut decoder = Decoder::new();
            let text: String = ledger[..reach].iter().map(Entry::text).collect();
            assert!(matches!(stage.feed(&mut decoder, text.into()), Next::Read));
            let mut next = stage.broke(if rng.bool() && !stage.rules.completed {
                Broke::Eof
            } else {
                lost()
            });
            if matches!(next, Next::Ask(_)) {
                next = stage.answer(Some("running"));
            }
            match next {
                Next::Reopen(wait) => assert!(wait <= Duration::from_secs(8)),
                Next::Fail(error) => break error,
                next => panic!("seed {seed}: {next:?}"),
            }
        };
        assert_eq!(error.kind(), ErrorKind::ReconnectsExhausted, "seed {seed}");
        let expected: Vec<Got> = ledger[..reach].iter().map(Entry::got).collect();
        assert_eq!(stage.got, expected, "seed {seed}");
        assert_eq!(connections, 11, "the first and ten more");
    }
}

#[test]
fn a_history_without_rising_numbers_is_never_resumed_and_never_repeated() {
    let without = r#"{"ts": "t", "data": {"type": "turn.started", "turn_id": "a"}}"#;
    let three = r#"{"seq": 3, "ts": "t", "data": {"type": "turn.started", "turn_id": "a"}}"#;
    for (name, events) in [
        ("no numbers", vec![without]),
        ("no numbers at all", vec![without, without]),
        ("a number twice", vec![three, three]),
        ("a number, then none", vec![three, without]),
        ("none, then a number", vec![without, three]),
    ] {
        for eof in [true, false] {
            let mut stage = Stage::new(Resume::auto(), 1);
            stage.open();
            let text = format!("data: {}\n\n", events.join("\n\ndata: "));
            let mut decoder = Decoder::new();
            assert!(matches!(stage.feed(&mut decoder, text.into()), Next::Read));
            let mut next = stage.broke(if eof { Broke::Eof } else { lost() });
            if eof {
                assert!(matches!(next, Next::Ask(_)), "{name}: {next:?}");
                next = stage.answer(Some("running"));
            }
            let Next::Fail(error) = next else {
                panic!("{name}: {next:?}")
            };
            assert_eq!(error.kind(), ErrorKind::Interrupted, "{name}");
            assert_eq!(error.sent(), Sent::Yes, "{name}");
            assert!(
                error
                    .message()
                    .contains(&format!("after {} event", events.len())),
                "{name}: {error}"
            );
        }
    }
}

#[test]
fn a_history_without_numbers_ends_cleanly_when_its_end_was_seen_and_the_run_is_over() {
    let text = "data: {\"ts\":\"t\",\"data\":{\"type\":\"session.completed\",\"exit_code\":0}}\n\n";
    for broke in [lost(), Broke::Idle(Duration::from_secs(120))] {
        let mut stage = Stage::new(Resume::auto(), 1);
        stage.open();
        stage.feed(&mut Decoder::new(), text.into());
        assert!(matches!(stage.broke(broke), Next::Ask(_)));
        let next = stage.answer(Some("completed"));
        assert!(matches!(next, Next::Finish(End::Terminal)), "{next:?}");
    }
}

#[test]
fn events_without_numbers_are_delivered_after_a_break_that_came_before_any_event() {
    let text = "data: {\"ts\":\"t\",\"data\":{\"type\":\"turn.started\",\"turn_id\":\"a\"}}\n\n";
    let mut stage = Stage::new(Resume::auto(), 1);
    stage.open();
    assert!(matches!(stage.broke(lost()), Next::Reopen(_)));
    stage.open();
    let next = stage.feed(&mut Decoder::new(), text.into());
    assert!(matches!(next, Next::Read), "{next:?}");
    assert_eq!(stage.got, [Got::Event(0)]);
    assert_eq!(stage.out.last(), None, "no number is no position");
}

#[test]
fn a_replay_that_ends_before_it_came_as_far_as_before_is_not_the_end() {
    let history = [Entry::Event(0), Entry::Completed(1), Entry::Event(2)];
    let text = |entries: &[Entry]| -> Bytes {
        let text: String = entries.iter().map(Entry::text).collect();
        text.into()
    };
    let mut stage = Stage::new(Resume::auto(), 1);
    stage.open();
    stage.feed(&mut Decoder::new(), text(&history[..2]));
    assert!(matches!(stage.broke(lost()), Next::Ask(_)));
    assert!(matches!(stage.answer(Some("running")), Next::Reopen(_)));
    stage.open();
    stage.feed(&mut Decoder::new(), text(&history[..1]));
    assert!(matches!(stage.broke(Broke::Eof), Next::Ask(_)));
    assert!(matches!(stage.answer(Some("completed")), Next::Reopen(_)));
    stage.open();
    stage.feed(&mut Decoder::new(), text(&history));
    let next = stage.broke(Broke::Eof);
    assert!(matches!(next, Next::Finish(End::Terminal)), "{next:?}");
    assert_eq!(stage.got, [0, 1, 2].map(Got::Event));
}

#[test]
fn an_unreadable_event_behind_a_new_one_is_new_whatever_the_replay_left_out() {
    // Unreadable at first, and well on the way of the replay; or the last event missing from the replay.
    for (first, replay, expected) in [
        (
            vec![Entry::Event(1), Entry::Malformed(1)],
            vec![Entry::Event(1), Entry::Event(2), Entry::Malformed(2)],
            vec![
                Entry::Event(1),
                Entry::Malformed(1),
                Entry::Event(2),
                Entry::Malformed(2),
            ],
        ),
        (
            vec![Entry::Event(1)],
            vec![Entry::Event(2), Entry::Malformed(2)],
            vec![Entry::Event(1), Entry::Event(2), Entry::Malformed(2)],
        ),
    ] {
        let mut stage = Stage::new(Resume::auto(), 1);
        for entries in [first, replay] {
            stage.open();
            let text: String = entries.iter().map(Entry::text).collect();
            stage.feed(&mut Decoder::new(), text.into());
            assert!(matches!(stage.broke(lost()), Next::Reopen(_)));
        }
        let expected: Vec<Got> = expected.iter().map(Entry::got).collect();
        assert_eq!(stage.got, expected);
    }
}

#[test]
fn waits_double_to_eight_seconds_with_full_jitter_and_retry_after_is_a_minimum() {
    let mut longest = [Duration::ZERO; 10];
    for seed in 0..300 {
        let mut stage = Stage::new(Resume::auto(), seed);
        stage.open();
        for (index, longest) in longest.iter_mut().enumerate() {
            let Next::Reopen(wait) = stage.broke(lost()) else {
                panic!("reconnect {index}")
            };
            let bound = Duration::from_millis(500 << index.min(4));
            assert!(wait <= bound, "reconnect {index}: {wait:?}");
            *longest = (*longest).max(wait);
        }
        let Next::Fail(error) = stage.broke(lost()) else {
            panic!("the eleventh")
        };
        assert_eq!(error.kind(), ErrorKind::ReconnectsExhausted);
        assert!(error.message().contains("10 reconnects"), "{error}");
    }
    for (index, longest) in longest.iter().enumerate() {
        let bound = Duration::from_millis(500 << index.min(4));
        assert!(
            *longest > bound.mul_f64(0.9),
            "no jitter would be {bound:?}"
        );
    }
    for (after, expected) in [(7, Some(7)), (60, Some(60)), (61, None)] {
        let mut stage = Stage::new(Resume::auto(), 1);
        stage.open();
        assert!(matches!(stage.broke(lost()), Next::Reopen(_)));
        let refused = Error::new(ErrorKind::Timeout, "busy")
            .with_retry_after(Some(Duration::from_secs(after)));
        match (stage.broke(Broke::Refused(refused)), expected) {
            (Next::Reopen(wait), Some(expected)) => {
                assert_eq!(wait, Duration::from_secs(expected));
            }
            (Next::Fail(error), None) => {
                assert_eq!(error.retry_after(), Some(Duration::from_secs(61)));
            }
            (next, _) => panic!("{after}: {next:?}"),
        }
    }
}

#[test]
fn the_count_of_reconnects_begins_again_with_an_event_or_a_connection_of_30_seconds() {
    // (age of the connections, an event each time, ends within 40 breaks)
    for (age, events, ends) in [(1, false, true), (30, false, false), (1, true, false)] {
        let mut stage = Stage::new(Resume::auto(), 1);
        let mut ended = false;
        for seq in 0..40 {
            stage.open();
            stage.connected = Some(Duration::from_secs(age));
            if events {
                let text = Entry::Event(seq).text();
                stage.feed(&mut Decoder::new(), text.into());
            }
            match stage.broke(lost()) {
                Next::Reopen(_) => {}
                Next::Fail(_) => {
                    ended = true;
                    break;
                }
                next => panic!("{next:?}"),
            }
        }
        assert_eq!(ended, ends, "connections of {age} s, events: {events}");
    }
}

#[test]
fn without_resuming_every_break_is_what_the_vendors_client_makes_of_it() {
    let completed = Entry::Completed(1).text();
    let plain = Entry::Event(1).text();
    for (text, broke, expected) in [
        (&plain, Broke::Eof, Ok(End::ServerClosed)),
        (&completed, Broke::Eof, Ok(End::Terminal)),
        (&plain, lost(), Err(ErrorKind::Transport)),
        (&completed, lost(), Err(ErrorKind::Transport)),
        (
            &plain,
            Broke::Idle(Duration::from_secs(600)),
            Err(ErrorKind::Timeout),
        ),
    ] {
        let mut stage = Stage::new(Resume::never(), 1);
        assert_eq!(
            stage.rules.idle(),
            Limit::After(Duration::from_secs(600)),
            "silence of what can not resume"
        );
        stage.open();
        stage.feed(&mut Decoder::new(), text.clone().into());
        match (stage.broke(broke), expected) {
            (Next::Finish(end), Ok(expected)) => assert_eq!(end, expected),
            (Next::Fail(error), Err(expected)) => {
                assert_eq!(error.kind(), expected);
                if expected == ErrorKind::Timeout {
                    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Idle));
                }
            }
            (next, expected) => panic!("{next:?} instead of {expected:?}"),
        }
    }
}

#[test]
fn only_an_event_stream_is_read_whatever_its_parameters() {
    for (kind, good) in [
        ("text/event-stream", true),
        ("text/event-stream; charset=utf-8", true),
        ("TEXT/Event-Stream;charset=latin-1", true),
        ("text/event-streams", false),
        ("application/json", false),
        ("text/html; note=text/event-stream", false),
        ("", false),
    ] {
        let mut stage = Stage::new(Resume::auto(), 1);
        let next = stage.rules.opened(&head(kind));
        match next {
            Next::Read => assert!(good, "{kind}"),
            Next::Fail(error) => {
                assert!(!good, "{kind}");
                assert_eq!(error.kind(), ErrorKind::Decode, "{kind}");
            }
            next => panic!("{kind}: {next:?}"),
        }
    }
}
