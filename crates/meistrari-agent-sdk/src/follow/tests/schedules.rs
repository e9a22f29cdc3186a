//! Thousands of schedules from seeds: a server that knows its events, and connections that break at any of them.

use std::ops::ControlFlow;
use std::rc::Rc;

use serde_json::{Value, json};

use super::*;

const SEEDS: u64 = 5_000;

/// The events of a turn, numbered by their place. Not all have a cursor, which is the place behind them.
fn turn(dice: &mut fastrand::Rng) -> Vec<String> {
    let steps = dice.usize(0..10);
    let mut events: Vec<Value> = (0..steps)
        .map(|_| match dice.u8(0..5) {
            0 => json!({"kind": "status", "status": "running"}),
            1 => json!({"kind": "timeline"}),
            _ => json!({"kind": "steps"}),
        })
        .collect();
    if dice.bool() {
        events.push(json!({"kind": "status", "status": "waiting_messages"}));
    }
    events.push(json!({"kind": "result", "status": "waiting_messages"}));
    for (place, event) in events.iter_mut().enumerate() {
        event["place"] = place.into();
        if dice.u8(0..3) > 0 {
            event["nextCursor"] = (place + 1).into();
        }
    }
    events.iter().map(Value::to_string).collect()
}

/// One stream, the caller who reads it, and what was seen.
struct Play {
    stage: Stage,
    events: Rc<[String]>,
    /// How many events the caller has.
    have: usize,
    /// Nothing came since the last resume.
    fresh: bool,
    /// The last status is one that ends the turn.
    closing: bool,
}

impl Play {
    /// One connection; breaks with how the stream ended.
    fn connect(&mut self, dice: &mut fastrand::Rng) -> ControlFlow<Option<Error>> {
        let broke = if self.stage.rules.opened && dice.u8(0..5) == 0 {
            Broke::Refused(Error::new(ErrorKind::Transport, "refused"))
        } else {
            self.stage.rules.opened = true;
            let from = self.stage.rules.progress.cursor.unwrap_or(0);
            let from = usize::try_from(from).unwrap();
            let to = dice.usize(from..=self.events.len());
            let events = Rc::clone(&self.events);
            for event in &events[from..to] {
                let next = self.stage.frames(&[event]);
                self.take();
                if let Next::Finish(End::Terminal) = next {
                    return ControlFlow::Break(None);
                }
            }
            match dice.u8(0..3) {
                0 => Broke::Eof,
                1 => Broke::Idle(Duration::from_secs(120)),
                _ => Broke::Lost(Error::new(ErrorKind::Transport, "gone")),
            }
        };
        match self.stage.broke(broke) {
            Next::Reopen(_) => {
                self.fresh = true;
                ControlFlow::Continue(())
            }
            Next::Finish(End::Terminal) => ControlFlow::Break(None),
            Next::Fail(error) => ControlFlow::Break(Some(error)),
            other => panic!("{other:?}"),
        }
    }

    /// Takes what came: the next event, or one that the caller has, behind a mark.
    fn take(&mut self) {
        while let Some((item, _)) = self.stage.out.pop() {
            let event = item.unwrap();
            let place = event.extra()["place"].as_u64().unwrap();
            let place = usize::try_from(place).unwrap();
            assert!(place <= self.have, "event {} is lost", self.have);
            if std::mem::take(&mut self.fresh) {
                assert_eq!(event.may_repeat(), place < self.have, "{event:?}");
            } else {
                assert!(!event.may_repeat(), "{event:?}");
            }
            self.have = self.have.max(place + 1);
            if let SessionStreamEvent::Status(event) = &event {
                self.closing = event.status.is_terminal();
            }
        }
    }
}

#[test]
fn whatever_breaks_each_event_comes_once_or_marked_again_and_hardly_a_result_is_missed() {
    let (mut whole, mut given_up, mut without_result) = (0_u64, 0_u64, 0_u64);
    for seed in 0..SEEDS {
        let mut dice = fastrand::Rng::with_seed(seed);
        let mut play = Play {
            stage: Stage::new(None, Resume::auto().max_reconnects(4)),
            events: turn(&mut dice).into(),
            have: 0,
            fresh: false,
            closing: false,
        };
        let ended = (0..1_000).find_map(|_| match play.connect(&mut dice) {
            ControlFlow::Break(ended) => Some(ended),
            ControlFlow::Continue(()) => None,
        });
        match ended.unwrap_or_else(|| panic!("seed {seed} has no end")) {
            None if play.have == play.events.len() => whole += 1,
            // Only where the status has said that the turn is over, and the server ended twice or can not be reached.
            None => {
                assert!(play.closing, "seed {seed}: ended too early");
                without_result += 1;
            }
            Some(error) => {
                assert_eq!(error.kind(), ErrorKind::ReconnectsExhausted, "seed {seed}");
                given_up += 1;
            }
        }
    }
    let told = format!("{whole} whole, {given_up} given up, {without_result} without result");
    assert!(whole > SEEDS * 8 / 10 && given_up > 0, "{told}");
    assert!(without_result < SEEDS / 10, "{told}");
}
