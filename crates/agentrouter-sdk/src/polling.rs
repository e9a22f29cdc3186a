//! How often a followed run is asked about.

use std::time::Duration;

use agent_core::sdk::backoff;

use crate::wire;

/// How often a run that is followed is asked about.
///
/// The API has no live stream: following is asking for the next page of events and then for the run's status, again
/// and again. The default is that of the vendor's client: every second, exactly.
///
/// ```
/// use std::time::Duration;
/// use agentrouter_sdk::Polling;
///
/// let exact = Polling::every(Duration::from_millis(250));
/// let adaptive = Polling::adaptive().between(Duration::from_millis(50), Duration::from_secs(5));
/// # let _ = (exact, adaptive);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Polling(Mode);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Exact(Duration),
    Adaptive {
        shortest: Duration,
        longest: Duration,
    },
}

impl Default for Polling {
    /// Every second.
    fn default() -> Self {
        Self::every(wire::DEFAULT_POLL_INTERVAL)
    }
}

impl Polling {
    /// Exactly this long between two polls, whatever happens; with zero as fast as the server answers. A poll is two
    /// requests: the events, then the status.
    pub fn every(interval: Duration) -> Self {
        Self(Mode::Exact(interval))
    }

    /// Quickly while events come, more and more slowly while none do: 100 ms, doubled with every poll that brings
    /// nothing, at most 2 s. The status is asked for only when a page brought nothing or the event that ends the run.
    pub fn adaptive() -> Self {
        Self(Mode::Adaptive {
            shortest: Duration::from_millis(100),
            longest: Duration::from_secs(2),
        })
    }

    /// Adapts between these two waits.
    pub fn between(self, shortest: Duration, longest: Duration) -> Self {
        Self(Mode::Adaptive {
            shortest,
            longest: longest.max(shortest),
        })
    }

    /// Whether the status is left out while it says nothing that the events do not.
    pub(crate) fn is_adaptive(self) -> bool {
        matches!(self.0, Mode::Adaptive { .. })
    }

    /// The wait after so many polls in a row that brought nothing.
    pub(crate) fn wait(self, quiet: u32) -> Duration {
        match self.0 {
            Mode::Exact(interval) => interval,
            // Twice nothing is nothing: what adapts begins with something.
            Mode::Adaptive { shortest, longest } => {
                let shortest = shortest.max(wire::SHORTEST_ADAPTIVE_WAIT);
                backoff(shortest, longest.max(shortest), quiet)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_interval_never_changes() {
        let ms = Duration::from_millis;
        for quiet in [0, 1, 100, u32::MAX] {
            assert_eq!(Polling::default().wait(quiet), ms(1000));
            assert_eq!(Polling::every(ms(7)).wait(quiet), ms(7));
            assert_eq!(Polling::every(Duration::ZERO).wait(quiet), ms(0));
        }
    }

    #[test]
    fn an_adaptive_interval_doubles_up_to_its_bound() {
        let waits = |polling: Polling| {
            [0, 1, 2, 4, 5, u32::MAX].map(|quiet| polling.wait(quiet).as_millis())
        };
        assert_eq!(
            waits(Polling::adaptive()),
            [100, 200, 400, 1600, 2000, 2000]
        );
        let narrow = Polling::adaptive().between(Duration::from_secs(3), Duration::from_secs(1));
        assert_eq!(waits(narrow), [3000; 6]);
        let zero = Polling::adaptive().between(Duration::ZERO, Duration::ZERO);
        assert_eq!(waits(zero), [1; 6]);
    }
}
