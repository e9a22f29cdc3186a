//! Whole jobs through the whole stack (SDK, HTTP client, loopback, emulator), with faults drawn from seeds.
//!
//! Each schedule has an emulator and a seed of its own. `SCHEDULES` in the environment sets how many there are per
//! vendor and kind, `SCHEDULE_SEED` the first seed: a failure names the seed to look at by itself with
//! `SCHEDULES=1 SCHEDULE_SEED=…`.

use std::ops::AddAssign;
use std::time::Duration;

use agent_core::{BoxFuture, RetryPolicy};
use agent_emulator::{Emulator, EmulatorBuilder, Fault, RetryAfter, Schedule};

use crate::{agentrouter, trelent};

/// Every vendor that has jobs.
const JOBS: &[&dyn Job] = &[&trelent::Job, &agentrouter::Job];

/// Real time after which a schedule counts as hung. The slowest take a second on an idle machine.
const HUNG: Duration = Duration::from_secs(60);

/// How many schedules run at the same time.
const AT_ONCE: u64 = 8;

/// A vendor's main job: what is created, followed and called while faults strike.
pub(crate) trait Job: Sync {
    fn name(&self) -> &'static str;

    /// The vendor's part of an emulator whose runs take no time.
    fn emulator(&self, builder: EmulatorBuilder) -> EmulatorBuilder {
        builder
    }

    /// Method and path of the event stream, as a pattern.
    fn stream(&self) -> (&'static str, &'static str);

    /// How many events a stream has, and how many bytes; about.
    fn size(&self) -> (usize, usize);

    /// Plays the job and counts what went wrong. What is allowed to fail (a create whose answer is lost, a stream that
    /// gives up with a typed error and the right position) is no fault of the SDK.
    fn play<'a>(
        &'a self,
        emulator: &'a Emulator,
        seed: u64,
        silence: Duration,
    ) -> BoxFuture<'a, Tally>;
}

/// What the schedules came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Streams that were followed to their end, and those that gave up with a typed error.
    pub(crate) finished: usize,
    pub(crate) gave_up: usize,
    pub(crate) events: usize,
    pub(crate) reconnects: u64,
    /// Calls that are not safe to repeat, and how many of them failed.
    pub(crate) unsafe_calls: usize,
    pub(crate) unsafe_failed: usize,
    pub(crate) strikes: usize,
    /// What must not be, each with its story.
    pub(crate) wrong: Vec<String>,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.finished += other.finished;
        self.gave_up += other.gave_up;
        self.events += other.events;
        self.reconnects += other.reconnects;
        self.unsafe_calls += other.unsafe_calls;
        self.unsafe_failed += other.unsafe_failed;
        self.strikes += other.strikes;
        self.wrong.extend(other.wrong);
    }
}

/// Waits so short that a schedule takes milliseconds.
pub(crate) fn retry() -> RetryPolicy {
    RetryPolicy::default().backoff(Duration::from_millis(1), Duration::from_millis(5))
}

/// Connections that break, answers that are refused, bodies that come in crumbs.
fn breaks(job: &dyn Job, seed: u64) -> Schedule {
    let (events, bytes) = job.size();
    let (method, path) = job.stream();
    let stream = |fault: Fault| fault.vendor(job.name()).on(method, path);
    let any = |fault: Fault| fault.vendor(job.name());
    Schedule::seeded(seed)
        // To the event stream …
        .chance_within(0.12, events, stream(Fault::cut_stream(0)))
        .chance_within(0.12, events, stream(Fault::reset_stream(0)))
        .chance_within(0.12, bytes, stream(Fault::cut_body(0)))
        .chance_within(0.08, bytes, stream(Fault::reset_body(0)))
        .chance(0.04, stream(Fault::no_terminator()))
        .chance_within(0.04, events, stream(Fault::garbage_event(0)))
        .chance_within(0.03, events, stream(Fault::oversized_event(0, 100_000)))
        .chance(0.02, stream(Fault::drip(999, Duration::ZERO)))
        // … and to whatever comes.
        .chance(0.04, any(Fault::status(503)))
        .chance(
            0.02,
            any(Fault::status(429).retry_after(RetryAfter::Millis(2))),
        )
        .chance(0.02, any(Fault::status(500).landed()))
        .chance(0.04, any(Fault::close()))
        .chance(0.03, any(Fault::reset()))
        .chance(0.03, any(Fault::close().landed()))
        .chance(0.03, any(Fault::reset().landed()))
        .chance(0.02, any(Fault::garbage()))
        .chance(0.02, any(Fault::garbage().landed()))
        .chance_within(0.02, 300, any(Fault::cut_body(0)))
        .chance(0.02, any(Fault::long_length(10)))
        .chance(0.04, any(Fault::expire_tokens()))
        .chance(0.03, any(Fault::delay(Duration::from_millis(1))))
}

/// Connections that fall silent, and some that break.
fn stalls(job: &dyn Job, seed: u64) -> Schedule {
    let (events, bytes) = job.size();
    let (method, path) = job.stream();
    let stream = |fault: Fault| fault.vendor(job.name()).on(method, path);
    let half_open = agent_emulator::FaultKind::CutStream {
        after_events: 0,
        how: agent_emulator::Break::HalfOpen,
    };
    let pause = Duration::from_millis(20);
    Schedule::seeded(seed)
        .chance_within(0.2, events, stream(Fault::stall_stream(0)))
        .chance_within(0.1, bytes, stream(Fault::stall_body(0)))
        .chance_within(0.1, events, stream(Fault::new(half_open)))
        .chance_within(0.1, events, stream(Fault::stall_stream(0).lasting(pause)))
        .chance(0.05, stream(Fault::no_answer()))
        .chance_within(0.1, events, stream(Fault::reset_stream(0)))
        .chance(0.05, stream(Fault::drip(3000, Duration::from_millis(2))))
}

async fn one(job: &'static dyn Job, seed: u64, plan: fn(&dyn Job, u64) -> Schedule) -> Tally {
    let playing = tokio::spawn(async move {
        let builder = Emulator::builder().pace(Duration::ZERO).seed(seed);
        let builder = job.emulator(builder).schedule(plan(job, seed));
        let emulator = builder.start().await.unwrap();
        let mut tally = job.play(&emulator, seed, Duration::from_millis(60)).await;
        tally.strikes = emulator.faults().struck();
        if !tally.wrong.is_empty() {
            let strikes = emulator.faults().strikes();
            let told: Vec<_> = strikes
                .iter()
                .map(|s| format!("{} {} {:?}", s.method, s.path, s.fault.kind()))
                .collect();
            tally.wrong.push(told.join("\n  "));
        }
        emulator.shutdown().await;
        tally
    });
    let wrong = match tokio::time::timeout(HUNG, playing).await {
        Ok(Ok(mut tally)) => {
            for story in &mut tally.wrong {
                *story = format!("{} seed {seed}: {story}", job.name());
            }
            return tally;
        }
        Ok(Err(panic)) => format!("{} seed {seed}: {panic}", job.name()),
        Err(_) => format!("{} seed {seed}: hung", job.name()),
    };
    Tally {
        wrong: vec![wrong],
        ..Tally::default()
    }
}

fn number(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.map_or(default, |text| text.parse().unwrap())
}

fn run(what: &str, default: u64, plan: fn(&dyn Job, u64) -> Schedule) {
    let first = number("SCHEDULE_SEED", 1);
    let count = number("SCHEDULES", default);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    runtime.unwrap().block_on(async {
        for job in JOBS {
            let mut total = Tally::default();
            let mut seeds = first..first + count;
            let mut at_work = tokio::task::JoinSet::new();
            loop {
                while at_work.len() < usize::try_from(AT_ONCE).unwrap()
                    && let Some(seed) = seeds.next()
                {
                    at_work.spawn(one(*job, seed, plan));
                }
                let Some(done) = at_work.join_next().await else {
                    break;
                };
                total += done.unwrap();
            }
            let wrong = std::mem::take(&mut total.wrong);
            println!("{}: {count} schedules of {what}: {total:?}", job.name());
            assert!(
                wrong.is_empty(),
                "{} wrong:\n{}",
                wrong.len(),
                wrong.join("\n")
            );
            assert!(total.strikes > 0, "nothing was struck");
            // Faults are frequent, but no stream shall be without hope.
            assert!(
                total.finished >= total.gave_up * 9,
                "too many streams gave up: {total:?}"
            );
        }
    });
}

#[test]
fn nothing_is_lost_repeated_or_sent_twice_when_connections_break() {
    run("breaks", 300, breaks);
}

#[test]
fn nothing_is_lost_or_hangs_when_connections_fall_silent() {
    run("stalls", 40, stalls);
}
