//! The seam for the wall clock and for randomness.
//!
//! Monotonic time and timers are tokio's, which tests can pause; what tokio can not pause comes through [`Ambient`].
//! Nothing else in the SDKs reads a clock or rolls dice (a lint forbids it).

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// The wall clock and a source of random numbers.
///
/// The wall clock is read for `Retry-After` dates and time stamps only: a clock that jumps never shortens or
/// lengthens a time limit. Random numbers spread retries and make idempotency keys; they need not be secret.
pub trait Ambient: fmt::Debug + Send + Sync + 'static {
    /// The time of day.
    fn wall_clock(&self) -> SystemTime;

    /// 64 random bits.
    fn random(&self) -> u64;
}

/// The machine's clock and random numbers seeded by the operating system: the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemAmbient;

impl Ambient for SystemAmbient {
    #[expect(clippy::disallowed_methods, reason = "this is the seam")]
    fn wall_clock(&self) -> SystemTime {
        SystemTime::now()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the seam")]
    fn random(&self) -> u64 {
        fastrand::u64(..)
    }
}

/// A repeatable [`Ambient`] for tests: a seeded generator, and a wall clock that moves with tokio's time.
#[derive(Debug)]
pub struct SeededAmbient {
    rng: Mutex<fastrand::Rng>,
    wall_start: SystemTime,
    start: Instant,
}

impl SeededAmbient {
    /// Random numbers from `seed`; the wall clock begins at `wall_start`.
    pub fn new(seed: u64, wall_start: SystemTime) -> Self {
        Self {
            rng: Mutex::new(fastrand::Rng::with_seed(seed)),
            wall_start,
            start: now(),
        }
    }
}

impl Ambient for SeededAmbient {
    fn wall_clock(&self) -> SystemTime {
        self.wall_start + now().duration_since(self.start)
    }

    fn random(&self) -> u64 {
        self.rng
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .u64(..)
    }
}

/// Monotonic time, which tests can pause.
pub fn now() -> Instant {
    Instant::now()
}

/// A number in `[0, 1)` from 64 random bits.
#[expect(
    clippy::cast_precision_loss,
    reason = "53 bits are what a double holds"
)]
pub fn unit(random: u64) -> f64 {
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

/// A uniformly random part of `whole`, in whole microseconds.
pub fn random_part(ambient: &dyn Ambient, whole: Duration) -> Duration {
    whole.mul_f64(unit(ambient.random()))
}
