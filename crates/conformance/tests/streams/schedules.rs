//! Whole jobs through the whole stack (SDK, HTTP client, loopback, emulator), with faults drawn from seeds.
//!
//! Each schedule has an emulator and a seed of its own; `schedules/plans.rs` says what may strike. In the environment,
//! `SCHEDULES` sets how many there are per vendor, `VENDORS` which vendors play (names with commas between), and
//! `SCHEDULE` the only seed: a failure names the one to look at. `cargo xtask soak` plays many and keeps the figures.

use std::ops::AddAssign;
use std::time::Duration;

use agent_core::{BoxFuture, HttpConfig, Resume, RetryPolicy};
use agent_emulator::{Emulator, EmulatorBuilder, FaultKind};
use reliability::figures::Figures;

use crate::schedules::plans::{BREAKS, LIES, Plan, STALLS, STORMS};
use crate::{agent_os, agentrouter, meistrari, mentiora, trelent};

mod plans;

/// Every vendor that has jobs.
const JOBS: &[&dyn Job] = &[
    &trelent::Job,
    &mentiora::Job,
    &agent_os::Job,
    &agentrouter::Job,
    &meistrari::Job,
];

/// Schedules per vendor, of all plans together.
const SCHEDULES: u64 = 75;

/// Real time after which a schedule counts as hung. The slowest take a second on an idle machine.
const HUNG: Duration = Duration::from_secs(60);

/// How many schedules run at the same time.
const AT_ONCE: usize = 8;

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

    /// Whether a stream goes on by itself after a break. Where not, it may give up as often as it is struck.
    fn resumes(&self) -> bool {
        true
    }

    /// Whether the job tells what the emulator [did to the order](lies) from what the SDK did.
    fn counts_lies(&self) -> bool {
        false
    }

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

/// The HTTP side of a client whose streams resume: the same short waits, and a limit on silence.
pub(crate) fn http(silence: Duration) -> HttpConfig {
    let resume = Resume::auto().backoff(Duration::from_millis(1), Duration::from_millis(5));
    HttpConfig::new()
        .retry(retry())
        .resume(resume)
        .idle_timeout(silence)
}

/// How many events the emulator left out of its streams, and how many it sent twice on one connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lies {
    pub(crate) left_out: usize,
    pub(crate) sent_twice: usize,
}

/// What the emulator did on purpose to the order of events so far.
pub(crate) fn lies(emulator: &Emulator) -> Lies {
    let mut lies = Lies::default();
    for strike in emulator.faults().strikes() {
        match strike.fault.kind() {
            FaultKind::SkipEvents { events, .. } => lies.left_out += events,
            FaultKind::DuplicateEvents { events, .. } => lies.sent_twice += events,
            _ => {}
        }
    }
    lies
}

async fn one(job: &'static dyn Job, seed: u64, plan: &'static Plan) -> Tally {
    let playing = tokio::spawn(async move {
        let builder = Emulator::builder().pace(Duration::ZERO).seed(seed);
        let builder = job.emulator(builder).schedule(plan.schedule(job, seed));
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
                *story = format!("{} SCHEDULE={seed}: {story}", job.name());
            }
            return tally;
        }
        Ok(Err(panic)) => format!("{} SCHEDULE={seed}: {panic}", job.name()),
        Err(_) => format!("{} SCHEDULE={seed}: hung", job.name()),
    };
    Tally {
        wrong: vec![wrong],
        ..Tally::default()
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap())
}

/// The seeds of a plan: its share of all schedules, or one.
fn seeds(plan: &Plan) -> std::ops::Range<u64> {
    if let Some(seed) = number("SCHEDULE") {
        return seed..seed + 1;
    }
    let all = number("SCHEDULES").unwrap_or(SCHEDULES);
    1..(all * plan.share).div_ceil(100) + 1
}

/// All schedules of a plan for one vendor.
async fn play(job: &'static dyn Job, plan: &'static Plan) -> Tally {
    let mut total = Tally::default();
    let mut seeds = seeds(plan);
    let mut at_work = tokio::task::JoinSet::new();
    loop {
        while at_work.len() < AT_ONCE
            && let Some(seed) = seeds.next()
        {
            at_work.spawn(one(job, seed, plan));
        }
        let Some(done) = at_work.join_next().await else {
            return total;
        };
        total += done.unwrap();
    }
}

fn run(plan: &'static Plan) {
    let columns = [
        "vendor",
        "schedules",
        "faults that struck",
        "streams",
        "of them gave up",
        "events",
        "reconnects",
        "unsafe calls",
        "of them failed",
        "lost, repeated, sent twice, hung, panicked",
    ];
    let mut figures = Figures::new(plan.title, plan.how, &columns);
    let vendors = std::env::var("VENDORS").unwrap_or_default();
    let plays = |job: &&dyn Job| vendors.is_empty() || vendors.split(',').any(|v| v == job.name());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    for job in JOBS.iter().copied().filter(plays) {
        let total = runtime.block_on(play(job, plan));
        let (name, count) = (job.name(), seeds(plan).count());
        let wrong = &total.wrong;
        assert!(
            wrong.is_empty(),
            "{} wrong:\n{}",
            wrong.len(),
            wrong.join("\n")
        );
        if count > 1 {
            plan.judge(job, &total);
        }
        figures.row(&[
            &name,
            &count,
            &total.strikes,
            &(total.finished + total.gave_up),
            &total.gave_up,
            &total.events,
            &total.reconnects,
            &total.unsafe_calls,
            &total.unsafe_failed,
            &wrong.len(),
        ]);
    }
    figures.publish(plan.name).unwrap();
}

#[test]
fn nothing_is_lost_repeated_or_sent_twice_when_connections_break() {
    run(&BREAKS);
}

#[test]
fn nothing_is_lost_repeated_or_sent_twice_when_a_server_is_overloaded() {
    run(&STORMS);
}

#[test]
fn nothing_is_lost_or_repeated_when_a_server_sends_what_is_not_so() {
    run(&LIES);
}

#[test]
fn nothing_is_lost_or_hangs_when_connections_fall_silent() {
    run(&STALLS);
}
