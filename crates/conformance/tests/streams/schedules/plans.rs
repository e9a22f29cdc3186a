//! What may strike a schedule, and how often.

use std::time::Duration;

use agent_emulator::{Break, Fault, FaultKind, RetryAfter, Schedule};

use super::{Job, Tally};

/// One kind of trouble.
pub(super) struct Plan {
    /// The name of its figures.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// What strikes, for who reads the figures.
    pub(super) how: &'static str,
    /// Its share of a vendor's schedules, in percent.
    pub(super) share: u64,
    /// How many of a hundred streams that resume may give up. Faults are frequent, but no stream shall be without hope.
    may_give_up: usize,
    draw: fn(&Aim<'_>, Schedule) -> Schedule,
}

impl Plan {
    pub(super) fn schedule(&self, job: &dyn Job, seed: u64) -> Schedule {
        let (events, bytes) = job.size();
        let aim = Aim { job, events, bytes };
        (self.draw)(&aim, Schedule::seeded(seed))
    }

    /// Whether the schedules struck, and did not strike everything down.
    pub(super) fn judge(&self, job: &dyn Job, total: &Tally) {
        assert!(total.strikes > 0, "nothing was struck");
        assert!(total.finished > 0, "no stream came to its end: {total:?}");
        if job.resumes() {
            let streams = total.finished + total.gave_up;
            assert!(
                total.gave_up * 100 <= streams * self.may_give_up,
                "too many streams gave up: {total:?}"
            );
        }
    }
}

/// Whom faults strike.
struct Aim<'a> {
    job: &'a dyn Job,
    events: usize,
    bytes: usize,
}

impl Aim<'_> {
    /// The vendor's event stream.
    fn stream(&self, fault: Fault) -> Fault {
        let (method, path) = self.job.stream();
        self.any(fault).on(method, path)
    }

    /// Any request to the vendor.
    fn any(&self, fault: Fault) -> Fault {
        fault.vendor(self.job.name())
    }
}

/// Connections that break, answers that are refused, bodies that come in crumbs.
pub(super) const BREAKS: Plan = Plan {
    name: "10-breaks",
    title: "Schedules of breaks",
    how: "Streams cut and reset at any event and any byte, bodies without an end, garbage and events too large within \
          streams; for any call 429, 500 and 503, closed and reset connections before and after the call landed, \
          answers that are no HTTP, wrong lengths, tokens that expire in flight.",
    share: 40,
    may_give_up: 10,
    draw: |aim, schedule| {
        schedule
            // To the event stream …
            .chance_within(0.12, aim.events, aim.stream(Fault::cut_stream(0)))
            .chance_within(0.12, aim.events, aim.stream(Fault::reset_stream(0)))
            .chance_within(0.12, aim.bytes, aim.stream(Fault::cut_body(0)))
            .chance_within(0.08, aim.bytes, aim.stream(Fault::reset_body(0)))
            .chance(0.04, aim.stream(Fault::no_terminator()))
            .chance_within(0.04, aim.events, aim.stream(Fault::garbage_event(0)))
            .chance_within(
                0.03,
                aim.events,
                aim.stream(Fault::oversized_event(0, 100_000)),
            )
            .chance(0.02, aim.stream(Fault::drip(999, Duration::ZERO)))
            // … and to whatever comes.
            .chance(0.04, aim.any(Fault::status(503)))
            .chance(0.02, aim.any(after(429, RetryAfter::Millis(2))))
            .chance(0.02, aim.any(Fault::status(500).landed()))
            .chance(0.04, aim.any(Fault::close()))
            .chance(0.03, aim.any(Fault::reset()))
            .chance(0.03, aim.any(Fault::close().landed()))
            .chance(0.03, aim.any(Fault::reset().landed()))
            .chance(0.02, aim.any(Fault::garbage()))
            .chance(0.02, aim.any(Fault::garbage().landed()))
            .chance_within(0.02, 300, aim.any(Fault::cut_body(0)))
            .chance(0.02, aim.any(Fault::long_length(10)))
            .chance(0.04, aim.any(Fault::expire_tokens()))
            .chance(0.03, aim.any(Fault::delay(Duration::from_millis(1))))
    },
};

/// A server that is overloaded for a while and drops streams: most answers are 429 or 503, some landed before, some say
/// when to come again, in every form, or nonsense.
pub(super) const STORMS: Plan = Plan {
    name: "20-storms",
    title: "Schedules of storms",
    how: "Three of four answers are 429 or 503 until twelve faults have struck, without `Retry-After` and with it in \
          every form, also nonsense and an hour; streams are reset.",
    share: 20,
    may_give_up: 30,
    draw: |aim, schedule| {
        let past = RetryAfter::Date(Duration::ZERO);
        let nonsense = RetryAfter::Text("soon".to_owned());
        schedule
            .chance_within(0.15, aim.events, aim.stream(Fault::reset_stream(0)))
            .chance(0.25, aim.any(Fault::status(503)))
            .chance(0.25, aim.any(Fault::status(429)))
            .chance(0.04, aim.any(Fault::status(503).landed()))
            .chance(0.05, aim.any(after(503, RetryAfter::Millis(2))))
            .chance(0.05, aim.any(after(429, RetryAfter::Millis(2))))
            .chance(0.05, aim.any(after(429, RetryAfter::Seconds(0))))
            .chance(0.03, aim.any(after(503, past)))
            .chance(0.03, aim.any(after(503, nonsense)))
            // Longer than anybody waits: the call says so at once.
            .chance(0.02, aim.any(after(429, RetryAfter::Seconds(3600))))
            .at_most(12)
    },
};

/// Streams that say things twice, or not at all, or what is nothing; bodies that are not what they are called.
pub(super) const LIES: Plan = Plan {
    name: "30-lies",
    title: "Schedules of lies",
    how: "Events twice and events left out where the vendor's contract says what that means, garbage between events, \
          wrong and missing content types, bodies filled up with spaces, tokens that expire, cuts.",
    share: 20,
    may_give_up: 40,
    draw: |aim, schedule| {
        let twice = |events| FaultKind::DuplicateEvents {
            after_events: 0,
            events,
        };
        let often = if aim.job.counts_lies() { 0.15 } else { 0.0 };
        schedule
            .chance_within(often, aim.events, aim.stream(Fault::duplicate_event(0)))
            .chance_within(often, aim.events, aim.stream(Fault::new(twice(5))))
            .chance_within(often, aim.events, aim.stream(Fault::skip_event(0)))
            .chance_within(0.1, aim.events, aim.stream(Fault::garbage_event(0)))
            .chance_within(0.1, aim.events, aim.stream(Fault::cut_stream(0)))
            .chance(0.05, aim.stream(Fault::content_type("text/html")))
            .chance(0.05, aim.any(Fault::content_type("")))
            .chance(0.05, aim.any(Fault::expire_tokens()))
            .chance(0.05, aim.any(Fault::oversized_body(100_000)))
    },
};

/// Connections that fall silent or are half open, answers that never come, streams that drip; and some that break.
pub(super) const STALLS: Plan = Plan {
    name: "40-stalls",
    title: "Schedules of stalls",
    how: "Streams that fall silent for a while or for ever, connections half open, answers that never come, bodies in \
          drips, resets.",
    share: 20,
    may_give_up: 10,
    draw: |aim, schedule| {
        let half_open = FaultKind::CutStream {
            after_events: 0,
            how: Break::HalfOpen,
        };
        let pause = Duration::from_millis(20);
        let drip = |bytes| Fault::drip(bytes, Duration::from_millis(2));
        schedule
            .chance_within(0.2, aim.events, aim.stream(Fault::stall_stream(0)))
            .chance_within(0.1, aim.bytes, aim.stream(Fault::stall_body(0)))
            .chance_within(0.1, aim.events, aim.stream(Fault::new(half_open)))
            .chance_within(
                0.1,
                aim.events,
                aim.stream(Fault::stall_stream(0).lasting(pause)),
            )
            .chance(0.05, aim.stream(Fault::no_answer()))
            .chance_within(0.1, aim.events, aim.stream(Fault::reset_stream(0)))
            .chance(0.05, aim.stream(drip(aim.bytes / 5)))
            .chance(0.03, aim.stream(drip(aim.bytes / 100)))
            .chance(0.02, aim.any(Fault::no_answer()))
            .chance(0.02, aim.any(Fault::no_answer().landed()))
            .chance(0.02, aim.any(drip(7)))
    },
};

fn after(status: u16, when: RetryAfter) -> Fault {
    Fault::status(status).retry_after(when)
}
