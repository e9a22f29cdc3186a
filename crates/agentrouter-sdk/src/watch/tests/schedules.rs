//! Thousands of schedules through the rules alone, on a clock that is only counted: a server that lags, repeats,
//! disorders and fails, drawn from seeds.

use std::time::Duration;

use agent_core::sdk::Scene;
use agent_core::{Error, ErrorKind, Limit, Resume, SystemAmbient};

use super::super::{Step, Watch};
use super::{page, run};
use crate::Polling;

const SEEDS: u64 = 5_000;
/// More polls than any of these runs takes.
const POLLS: usize = 5_000;

/// A run on the server: how much of it there is, and how much of that a page shows already.
struct Server {
    total: u64,
    made: u64,
    shown: u64,
}

impl Server {
    fn goes_on(&mut self, rng: &mut fastrand::Rng) {
        self.made = self.total.min(self.made + rng.u64(0..4));
        self.shown = rng.u64(self.shown..=self.made);
    }

    fn is_over(&self) -> bool {
        self.made == self.total
    }

    /// A page behind `cursor`: some of what is shown, sometimes with what came before it, twice or in disorder.
    fn page(&self, cursor: u64, rng: &mut fastrand::Rng) -> Vec<u64> {
        let before = if rng.u8(0..4) == 0 {
            rng.u64(0..=cursor)
        } else {
            cursor
        };
        let end = self.shown.min(cursor + rng.u64(0..8));
        let mut sequences: Vec<u64> = (before + 1..=end.max(before)).collect();
        if rng.u8(0..8) == 0 {
            sequences.extend_from_within(..);
        }
        if rng.u8(0..4) == 0 {
            rng.shuffle(&mut sequences);
        }
        sequences
    }
}

#[test]
fn every_event_is_taken_once_and_in_order_whatever_the_server_does() {
    let (mut whole, mut gave_up) = (0, 0);
    for seed in 0..SEEDS {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut server = Server {
            total: rng.u64(0..40),
            made: 0,
            shown: 0,
        };
        let polling = if rng.bool() {
            Polling::adaptive()
        } else {
            Polling::default()
        };
        let begin = rng.u64(0..=server.total.min(3));
        let mut watch = Watch::new("run_1".into(), Resume::auto().max_reconnects(6))
            .max_wait(Limit::Off)
            .polling(polling)
            .after_seq(begin);
        let failures = rng.u8(0..6);
        let mut taken = Vec::new();
        let ended = play(&mut watch, &mut server, failures, &mut taken, &mut rng);
        let wanted: Vec<u64> = (begin + 1..=server.total).collect();
        match ended {
            Ended::Over => {
                assert_eq!(taken, wanted, "seed {seed}");
                assert!(server.is_over(), "seed {seed}: before the run was over");
                whole += 1;
            }
            Ended::GaveUp(error) => {
                assert_eq!(error.kind(), ErrorKind::ReconnectsExhausted, "seed {seed}");
                assert!(wanted.starts_with(&taken), "seed {seed}: {taken:?}");
                gave_up += 1;
            }
            Ended::Hung => panic!("seed {seed}: {POLLS} polls were not enough"),
        }
    }
    assert!(
        whole > SEEDS / 2 && gave_up > 0,
        "{whole} whole, {gave_up} gave up"
    );
}

enum Ended {
    Over,
    GaveUp(Error),
    Hung,
}

/// Polls until the rules say that it is enough; of ten polls as many fail as `failures` says.
fn play(
    watch: &mut Watch,
    server: &mut Server,
    failures: u8,
    taken: &mut Vec<u64>,
    rng: &mut fastrand::Rng,
) -> Ended {
    let mut elapsed = Duration::ZERO;
    for _ in 0..POLLS {
        server.goes_on(rng);
        let step = if rng.u8(0..10) < failures {
            let error = Error::new(ErrorKind::Transport, "broken");
            let ambient = SystemAmbient;
            watch.failed(error, &Scene::fixed(elapsed, None, None, &ambient))
        } else {
            let sequences = server.page(watch.cursor, rng);
            let events = watch.take_page(page(&sequences, "agent.progress"));
            taken.extend(events.iter().map(|event| event.sequence));
            if let Some(wait) = watch.without_status(elapsed) {
                Step::Again(wait)
            } else {
                let status = if server.is_over() {
                    "completed"
                } else {
                    "running"
                };
                watch.take_run(&run(status, server.made), elapsed)
            }
        };
        match step {
            Step::Again(wait) => elapsed += wait,
            Step::Over => return Ended::Over,
            Step::Fail(error) => return Ended::GaveUp(error),
        }
    }
    Ended::Hung
}
