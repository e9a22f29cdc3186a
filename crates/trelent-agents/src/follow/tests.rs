//! The rules on their own: no connection, no clock, thousands of schedules.

use std::time::Duration;

use agent_core::sdk::{Broke, Follow, Next};
use agent_core::sse::Decoder;
use agent_core::{End, Error, ErrorKind, Limit, Resume, Sent, TimeoutPhase};
use bytes::Bytes;

mod last_replay;
mod schedules;
mod stage;

use stage::{Entry, Got, Stage, head, lost};

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
