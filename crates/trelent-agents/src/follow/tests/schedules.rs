//! Servers with a bad day, drawn from seeds.

use std::time::Duration;

use agent_core::sdk::{Broke, Follow, Next, Open};
use agent_core::sse::Decoder;
use agent_core::{End, Error, ErrorKind, Resume, Sent};
use bytes::Bytes;

use super::stage::{Entry, Got, Stage, lost};

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
