//! Retries: how often, how long to wait, and when not.
//!
//! Here live the policy and the decision. The budget that clients share is in `retry/budget.rs`, the reading of
//! `Retry-After` in `retry/after.rs`. Whether an operation may be repeated at all is declared in its row of the
//! operations table.

use std::time::Duration;

use crate::ambient::{Ambient, random_part};

mod after;
mod budget;

pub(crate) use after::retry_after;
pub use budget::RetryBudget;

/// When and how a failed call is repeated.
///
/// The default: 2 retries; waits of 500 ms doubling to 8 s, each replaced by a random part of itself (full jitter);
/// `Retry-After` honoured up to 60 s and beyond that returned with the error; calls that are not safe to repeat are
/// not repeated. Retries of all clones of a client draw on one [`RetryBudget`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// Attempts after the first.
    pub max_retries: u32,
    /// The first wait.
    pub base: Duration,
    /// The longest wait of the policy's own.
    pub cap: Duration,
    /// Each wait is a random part of itself, so that many clients do not return at once.
    pub jitter: bool,
    /// Longest `Retry-After` that is waited for; above it the error is returned at once.
    pub max_retry_after: Duration,
    /// Also repeat calls that are not safe to repeat. **They may be carried out twice.**
    pub resend_unsafe: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: 2,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(8),
            jitter: true,
            max_retry_after: Duration::from_secs(60),
            resend_unsafe: false,
        }
    }
}

impl RetryPolicy {
    /// No retries.
    pub fn none() -> Self {
        Self::default().max_retries(0)
    }

    /// Sets the number of attempts after the first.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = retries;
        self
    }

    /// Sets the first and the longest wait.
    pub fn backoff(mut self, base: Duration, cap: Duration) -> Self {
        self.base = base;
        self.cap = cap;
        self
    }

    /// Turns jitter on or off.
    pub fn jitter(mut self, jitter: bool) -> Self {
        self.jitter = jitter;
        self
    }

    /// Sets the longest `Retry-After` that is waited for.
    pub fn max_retry_after(mut self, longest: Duration) -> Self {
        self.max_retry_after = longest;
        self
    }

    /// Also repeats calls that are not safe to repeat. **They may be carried out twice.**
    pub fn resend_unsafe(mut self, resend: bool) -> Self {
        self.resend_unsafe = resend;
        self
    }

    /// The wait before retry number `retry` (from 0).
    pub(crate) fn wait(&self, retry: u32, ambient: &dyn Ambient) -> Duration {
        let whole = backoff(self.base, self.cap, retry);
        if self.jitter {
            random_part(ambient, whole)
        } else {
            whole
        }
    }
}

/// `base` doubled `times` times, at most `cap`.
pub fn backoff(base: Duration, cap: Duration, times: u32) -> Duration {
    base.saturating_mul(1_u32.checked_shl(times).unwrap_or(u32::MAX))
        .min(cap)
}
