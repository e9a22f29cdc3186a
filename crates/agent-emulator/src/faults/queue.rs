//! The faults of one emulator that are still to come, and which request gets which.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::schedule::Plan;
use super::{Fault, FaultKind, Group, InvalidFault, Schedule, Shape, json};
use crate::sync::lock;

/// Strikes kept for inspection; the oldest go first.
const MAX_STRIKES: usize = 10_000;

/// The request that may be struck.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) vendor: &'a str,
    pub(crate) method: &'a str,
    /// Below the vendor's prefix.
    pub(crate) path: &'a str,
}

/// A fault that struck.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Strike {
    /// The vendor whose request it was.
    pub vendor: String,
    /// The request's method.
    pub method: String,
    /// The request's path, below the vendor's prefix.
    pub path: String,
    /// The fault, with the numbers that a schedule drew.
    pub fault: Fault,
}

/// The faults of one emulator. Clones share them.
///
/// Faults wait in a queue, each for the first requests that it fits; [schedules](Schedule) strike by chance for as
/// long as they are there. Requests to the emulator's own pages are never struck.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    names: Vec<&'static str>,
    queue: VecDeque<Fault>,
    schedules: Vec<Plan>,
    strikes: VecDeque<Strike>,
    struck: usize,
}

/// What strikes one request.
#[derive(Debug, Default)]
pub(crate) struct Strikes {
    pub(crate) before: Vec<Fault>,
    pub(crate) instead: Option<Fault>,
    /// Drawn by a schedule for the answer, if it fits.
    answer: Option<(usize, Fault)>,
}

impl Faults {
    /// Queues a fault.
    pub fn push(&self, fault: Fault) {
        if fault.times != Some(0) {
            lock(&self.0).queue.push_back(fault);
        }
    }

    /// Queues what the JSON text says: a fault, a list of faults, or a schedule, all as in `POST /_control/faults`.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = agent_emulator::Emulator::builder().start().await?;
    /// emulator.faults().push_json(r#"{"fault": "status", "status": 503, "times": 2}"#)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong with the text. Nothing is queued then.
    pub fn push_json(&self, text: &str) -> Result<(), InvalidFault> {
        let names = lock(&self.0).names.clone();
        let (faults, schedule) = json::parse(text, &names)?;
        for fault in faults {
            self.push(fault);
        }
        if let Some(schedule) = schedule {
            self.schedule(schedule);
        }
        Ok(())
    }

    /// Lets a schedule strike from now on, beside those that are there and beside the queue.
    pub fn schedule(&self, schedule: Schedule) {
        lock(&self.0).schedules.push(Plan::new(schedule));
    }

    /// Breaks the next event stream, of any vendor, after `events` events: `push(Fault::cut_stream(events))`.
    pub fn cut_stream_after(&self, events: usize) {
        self.push(Fault::cut_stream(events));
    }

    /// The queued faults that have not struck as often as they shall, in the order they will.
    pub fn pending(&self) -> Vec<Fault> {
        lock(&self.0).queue.iter().cloned().collect()
    }

    /// The schedules.
    pub fn schedules(&self) -> Vec<Schedule> {
        let inner = lock(&self.0);
        inner.schedules.iter().map(|p| p.schedule.clone()).collect()
    }

    /// What has struck, in order; the last 10,000.
    pub fn strikes(&self) -> Vec<Strike> {
        lock(&self.0).strikes.iter().cloned().collect()
    }

    /// How often something has struck.
    pub fn struck(&self) -> usize {
        lock(&self.0).struck
    }

    /// Forgets all pending faults and all schedules. What struck stays on record.
    pub fn clear(&self) {
        let mut inner = lock(&self.0);
        inner.queue.clear();
        inner.schedules.clear();
    }

    /// Sets the names that a fault in JSON may name as its vendor.
    pub(crate) fn know(&self, names: impl Iterator<Item = &'static str>) {
        lock(&self.0).names = names.collect();
    }

    /// For a request that has come: what strikes it before the vendor sees it, and what instead of an answer.
    pub(crate) fn strike(&self, target: &Target<'_>) -> Strikes {
        let mut inner = lock(&self.0);
        let mut strikes = Strikes::default();
        let group = |group| move |kind: &FaultKind| kind.group() == group;
        strikes
            .before
            .extend(inner.take(target, group(Group::Before)));
        strikes.instead = inner.take(target, group(Group::Instead));
        for index in 0..inner.schedules.len() {
            let Some(fault) = inner.schedules[index].draw(target) else {
                continue;
            };
            match fault.kind.group() {
                Group::Before => strikes.before.push(fault.clone()),
                Group::Instead if strikes.instead.is_none() => {
                    strikes.instead = Some(fault.clone());
                }
                Group::Answer if strikes.answer.is_none() => {
                    strikes.answer = Some((index, fault));
                    continue;
                }
                _ => continue,
            }
            inner.schedules[index].struck += 1;
            inner.note(target, fault);
        }
        strikes
    }

    /// For the answer to a request: what strikes it.
    pub(crate) fn strike_answer(
        &self,
        target: &Target<'_>,
        strikes: Strikes,
        shape: Shape,
    ) -> Option<FaultKind> {
        let mut inner = lock(&self.0);
        let fits = |kind: &FaultKind| kind.group() == Group::Answer && kind.fits(shape);
        if let Some(fault) = inner.take(target, fits) {
            return Some(fault.kind);
        }
        let (index, fault) = strikes.answer.filter(|(_, fault)| fault.kind.fits(shape))?;
        if let Some(plan) = inner.schedules.get_mut(index) {
            plan.struck += 1;
        }
        inner.note(target, fault.clone());
        Some(fault.kind)
    }
}

impl Inner {
    /// Takes the first fault for `target` that `wanted` wants, and lowers its count.
    fn take(&mut self, target: &Target<'_>, wanted: impl Fn(&FaultKind) -> bool) -> Option<Fault> {
        let index = self
            .queue
            .iter()
            .position(|fault| wanted(&fault.kind) && fault.filter.fits(target))?;
        let fault = self.queue[index].clone();
        if let Some(times) = &mut self.queue[index].times {
            *times -= 1;
            if *times == 0 {
                self.queue.remove(index);
            }
        }
        self.note(target, fault.clone());
        Some(fault)
    }

    fn note(&mut self, target: &Target<'_>, fault: Fault) {
        self.struck += 1;
        if self.strikes.len() == MAX_STRIKES {
            self.strikes.pop_front();
        }
        self.strikes.push_back(Strike {
            vendor: target.vendor.to_owned(),
            method: target.method.to_owned(),
            path: target.path.to_owned(),
            fault,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: Shape = Shape {
        stream: true,
        body: true,
        sized: false,
    };
    const JSON: Shape = Shape {
        stream: false,
        body: true,
        sized: true,
    };

    fn target(vendor: &'static str) -> Target<'static> {
        let (method, path) = ("GET", "/x");
        Target {
            vendor,
            method,
            path,
        }
    }

    fn answer(faults: &Faults, vendor: &'static str, shape: Shape) -> Option<FaultKind> {
        let strikes = faults.strike(&target(vendor));
        faults.strike_answer(&target(vendor), strikes, shape)
    }

    #[test]
    fn a_fault_strikes_its_vendor_as_often_as_it_says() {
        let faults = Faults::default();
        faults.push(Fault::cut_stream(1).vendor("other"));
        faults.push(Fault::cut_stream(2).times(2));
        faults.push(Fault::cut_stream(3).times(0));
        let cut = |after| Some(Fault::cut_stream(after).kind);
        assert_eq!(answer(&faults, "trelent", JSON), None, "no stream");
        assert_eq!(answer(&faults, "trelent", STREAM), cut(2));
        assert_eq!(answer(&faults, "trelent", STREAM), cut(2));
        assert_eq!(answer(&faults, "trelent", STREAM), None);
        assert_eq!(faults.pending().len(), 1);
        assert_eq!(answer(&faults, "other", STREAM), cut(1));
        assert!(faults.pending().is_empty());
        assert_eq!(faults.struck(), 3);
        assert_eq!(faults.strikes()[2].vendor, "other");
        faults.push(Fault::drip(1, std::time::Duration::ZERO).forever());
        for _ in 0..3 {
            assert!(answer(&faults, "any", JSON).is_some());
        }
        assert_eq!(faults.pending().len(), 1);
    }

    #[test]
    fn one_fault_of_each_group_strikes_a_request() {
        let faults = Faults::default();
        let wait = std::time::Duration::from_millis(1);
        for _ in 0..2 {
            faults.push(Fault::delay(wait));
            faults.push(Fault::status(503));
            faults.push(Fault::cut_body(0));
        }
        let strikes = faults.strike(&target("any"));
        assert_eq!(strikes.before, [Fault::delay(wait)]);
        assert_eq!(strikes.instead, Some(Fault::status(503)));
        assert_eq!(faults.pending().len(), 4);
        assert!(
            faults
                .strike_answer(&target("any"), strikes, JSON)
                .is_some()
        );
        assert_eq!(faults.pending().len(), 3);
    }
}
