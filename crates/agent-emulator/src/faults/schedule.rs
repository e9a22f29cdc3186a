//! Faults by chance, and repeatable: the same seed and the same requests give the same faults.

use std::collections::HashMap;

use super::queue::Target;
use super::{Fault, Filter};

/// Faults that strike by chance, drawn from a seed.
///
/// For each request at most one of a schedule's faults is drawn. The draw depends on the seed, on the request's vendor,
/// method and path, and on how often that has come before: not on other requests, so what runs at the same time does
/// not disturb it. A fault that can not strike the answer (such as a cut of an event stream where there is none) does
/// not strike. [`Fault::times`] does not count here.
///
/// ```
/// use agent_emulator::{Fault, Schedule};
///
/// let schedule = Schedule::seeded(7)
///     .chance(0.1, Fault::status(503).on("POST", "/runs"))
///     // After 0 to 30 events:
///     .chance_within(0.3, 30, Fault::cut_stream(0))
///     .at_most(100);
/// # let _ = schedule;
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "a schedule does nothing until the faults get it"]
pub struct Schedule {
    pub(crate) seed: u64,
    pub(crate) at_most: Option<usize>,
    pub(crate) chances: Vec<Chance>,
}

/// One fault of a schedule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chance {
    pub(crate) probability: f64,
    /// How much may be added to the number of events or bytes before the fault.
    pub(crate) within: usize,
    pub(crate) fault: Fault,
}

impl Schedule {
    /// No faults yet.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            at_most: None,
            chances: Vec::new(),
        }
    }

    /// Strikes each request that the fault's filter lets through with this probability, 0 to 1. When those of all the
    /// faults that fit a request come to more than 1, the last ones get what is left.
    pub fn chance(self, probability: f64, fault: Fault) -> Self {
        self.chance_within(probability, 0, fault)
    }

    /// As [`chance`](Self::chance), and up to `within` is added to the number of events or bytes after which the fault
    /// strikes. Faults without such a number stay as they are.
    pub fn chance_within(mut self, probability: f64, within: usize, fault: Fault) -> Self {
        self.chances.push(Chance {
            probability,
            within,
            fault,
        });
        self
    }

    /// Ends the schedule after so many strikes. With requests at the same time it is chance which of them come first.
    pub fn at_most(mut self, strikes: usize) -> Self {
        self.at_most = Some(strikes);
        self
    }
}

/// A schedule at work.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) schedule: Schedule,
    pub(crate) struck: usize,
    /// How often each request has come, by the hash of what it is.
    seen: HashMap<u64, u64>,
}

impl Plan {
    pub(crate) fn new(schedule: Schedule) -> Self {
        Self {
            schedule,
            struck: 0,
            seen: HashMap::new(),
        }
    }

    /// What chance has for this request.
    pub(crate) fn draw(&mut self, target: &Target<'_>) -> Option<Fault> {
        let schedule = &self.schedule;
        if schedule.at_most.is_some_and(|most| self.struck >= most) {
            return None;
        }
        let what = hash(target);
        let seen = self.seen.entry(what).or_default();
        *seen += 1;
        let mut dice = Dice(schedule.seed ^ what ^ seen.wrapping_mul(0xd1b5_4a32_d192_ed03));
        let mut left = dice.unit();
        let fits = |filter: &Filter| filter.fits(target);
        for chance in schedule.chances.iter().filter(|c| fits(&c.fault.filter)) {
            if left >= chance.probability {
                left -= chance.probability;
                continue;
            }
            let mut fault = chance.fault.clone();
            if let Some(place) = fault.kind.place_mut() {
                *place = place.saturating_add(dice.up_to(chance.within));
            }
            return Some(fault);
        }
        None
    }
}

/// FNV-1a over what the request is.
fn hash(target: &Target<'_>) -> u64 {
    [target.vendor, target.method, target.path]
        .iter()
        .flat_map(|text| text.bytes().chain([0]))
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    /// At least 0, below 1.
    fn unit(&mut self) -> f64 {
        // 32 bits are plenty for probabilities, and exact in a double.
        f64::from(u32::try_from(self.next() >> 32).unwrap_or_default()) / 4_294_967_296.0
    }

    fn up_to(&mut self, most: usize) -> usize {
        let most = u64::try_from(most).unwrap_or(u64::MAX);
        let drawn = self.next() % most.saturating_add(1);
        usize::try_from(drawn).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(seed: u64, paths: &[&str]) -> Vec<(String, Option<Fault>)> {
        let schedule = Schedule::seeded(seed)
            .chance(0.25, Fault::status(503))
            .chance_within(0.25, 9, Fault::cut_stream(1).on("GET", "/a"));
        let mut plan = Plan::new(schedule);
        let mut draw = |path: &str| {
            let (vendor, method) = ("any", "GET");
            plan.draw(&Target {
                vendor,
                method,
                path,
            })
        };
        paths
            .iter()
            .map(|path| ((*path).to_owned(), draw(path)))
            .collect()
    }

    #[test]
    fn a_seed_and_the_requests_give_the_same_faults_whatever_comes_between() {
        let a = ["/a"; 400];
        let first = draws(1, &a);
        assert_eq!(first, draws(1, &a));
        assert_ne!(first, draws(2, &a));
        let mixed: Vec<_> = (0..800)
            .map(|n| if n % 2 == 0 { "/a" } else { "/b" })
            .collect();
        let mut mixed = draws(1, &mixed);
        mixed.retain(|(path, _)| path == "/a");
        assert_eq!(first, mixed);
    }

    #[test]
    fn chances_and_numbers_are_as_wide_as_they_say() {
        let drawn: Vec<_> = draws(3, &vec!["/a"; 4000])
            .into_iter()
            .filter_map(|(_, fault)| fault)
            .collect();
        let statuses = drawn.iter().filter(|f| **f == Fault::status(503)).count();
        assert!((800..1200).contains(&statuses), "{statuses}");
        assert!((1700..2300).contains(&drawn.len()), "{}", drawn.len());
        for after in 1..=10 {
            let cut = Fault::cut_stream(after).on("GET", "/a");
            assert!(drawn.contains(&cut), "{after}");
        }
        let elsewhere = draws(3, &["/b"; 400]);
        let cuts = |(_, fault): &(String, Option<Fault>)| {
            fault.as_ref().is_some_and(|f| *f != Fault::status(503))
        };
        assert!(!elsewhere.iter().any(cuts));
    }

    #[test]
    fn a_schedule_ends_after_so_many_strikes() {
        let faults = crate::Faults::default();
        faults.schedule(Schedule::seeded(1).chance(1.0, Fault::reset()).at_most(3));
        let target = Target {
            vendor: "any",
            method: "GET",
            path: "/",
        };
        let struck = (0..10).filter(|_| faults.strike(&target).instead.is_some());
        assert_eq!(struck.count(), 3);
    }
}
