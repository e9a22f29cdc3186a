//! Runs that are over: when their history counts as delivered, and what becomes of numbers that do not rise.

use std::time::Duration;

use agent_core::sdk::{Broke, Next};
use agent_core::sse::Decoder;
use agent_core::{End, ErrorKind, Resume};

use super::stage::{Entry, Got, Stage, lost};

const SILENCE: Broke = Broke::Idle(Duration::from_secs(120));

/// Opens a connection that sends these entries; nothing ends it.
fn connection(stage: &mut Stage, entries: &[Entry]) -> Option<Next> {
    stage.open();
    let text: String = entries.iter().map(Entry::text).collect();
    match stage.feed(&mut Decoder::new(), text.into()) {
        Next::Read => None,
        next => Some(next),
    }
}

fn reopened(next: &Next) {
    assert!(matches!(next, Next::Reopen(_)), "{next:?}");
}

fn finished(next: &Next) {
    assert!(matches!(next, Next::Finish(End::Terminal)), "{next:?}");
}

fn events(stage: &Stage) -> Vec<Got> {
    stage.got.clone()
}

/// A stage that got `entries`, and whose run is over as the status says.
fn over(entries: &[Entry], broke: Broke) -> Stage {
    let mut stage = Stage::new(Resume::auto(), 1);
    assert!(connection(&mut stage, entries).is_none());
    assert!(matches!(stage.broke(broke), Next::Ask(_)));
    reopened(&stage.answer(Some("completed")));
    stage
}

#[test]
fn silence_at_the_same_place_is_no_end_before_the_end_was_seen() {
    let known = [Entry::Event(1), Entry::Event(2)];
    let mut stage = over(&known, SILENCE);
    for _ in 0..crate::wire::SILENT_REPLAYS {
        assert!(connection(&mut stage, &known).is_none());
        reopened(&stage.broke(SILENCE));
    }
    assert!(connection(&mut stage, &known).is_none());
    let Next::Fail(error) = stage.broke(SILENCE) else {
        panic!("nobody can tell whether that was all")
    };
    assert_eq!(error.kind(), ErrorKind::ReconnectsExhausted);
    assert_eq!(events(&stage), [Got::Event(1), Got::Event(2)]);
}

#[test]
fn a_replay_that_brings_more_makes_the_count_of_silent_ones_start_again() {
    let all: Vec<Entry> = (1..=9).map(Entry::Event).collect();
    let mut stage = over(&all[..1], SILENCE);
    for n in 2..=9 {
        assert!(connection(&mut stage, &all[..n]).is_none());
        reopened(&stage.broke(SILENCE));
    }
    assert_eq!(stage.got.len(), 9);
    assert!(connection(&mut stage, &all).is_none());
    finished(&stage.broke(Broke::Eof));
}

#[test]
fn a_replay_that_brought_the_end_and_broke_is_looked_behind_once() {
    let all = [Entry::Event(1), Entry::Completed(2), Entry::Event(3)];
    for broken in [true, false] {
        let end = || if broken { lost() } else { SILENCE };
        let mut stage = over(&all[..1], SILENCE);
        assert!(connection(&mut stage, &all[..2]).is_none());
        reopened(&stage.broke(end()));
        assert!(connection(&mut stage, &all).is_none());
        reopened(&stage.broke(end()));
        assert!(connection(&mut stage, &all).is_none());
        finished(&stage.broke(end()));
        assert_eq!(stage.got.len(), 3);
    }
}

#[test]
fn a_last_replay_that_ends_in_order_but_too_early_is_not_the_end() {
    let all = [Entry::Event(1), Entry::Event(2)];
    let mut stage = over(&all, Broke::Eof);
    assert!(connection(&mut stage, &all[..1]).is_none());
    reopened(&stage.broke(Broke::Eof));
    assert!(connection(&mut stage, &all).is_none());
    finished(&stage.broke(Broke::Eof));
}

#[test]
fn numbers_that_do_not_rise_are_delivered_where_nothing_was_before() {
    let mut stage = Stage::new(Resume::auto(), 1);
    assert!(connection(&mut stage, &[]).is_none());
    reopened(&stage.broke(lost()));
    let all = [Entry::Event(7), Entry::Event(3), Entry::Completed(8)];
    assert!(connection(&mut stage, &all).is_none());
    finished(&stage.broke(Broke::Eof));
    assert_eq!(events(&stage), [7, 3, 8].map(Got::Event));
}

#[test]
fn a_lower_number_behind_the_last_delivered_one_is_an_error_and_not_dropped() {
    let all = [Entry::Event(7), Entry::Event(3)];
    let mut stage = Stage::new(Resume::auto(), 1);
    assert!(connection(&mut stage, &all[..1]).is_none());
    reopened(&stage.broke(lost()));
    let Some(Next::Fail(error)) = connection(&mut stage, &all) else {
        panic!("it is new, or was delivered, and nothing tells which")
    };
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(events(&stage), [Got::Event(7)]);
}
