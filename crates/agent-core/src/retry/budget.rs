//! The retry budget: what keeps retries from multiplying the load on a server that is down.

use std::sync::atomic::{AtomicU32, Ordering};

/// Tokens that the retries of all clones of a client share.
///
/// It starts with 100. A retry costs 5, after a time limit 10; a call that succeeds at the first attempt gives 1
/// back. When it is spent, failures are returned at once: against a server that fails always, the attempts beyond
/// the first stop at 20 altogether.
#[derive(Debug)]
pub struct RetryBudget {
    tokens: AtomicU32,
}

const CAPACITY: u32 = 100;
const RETRY: u32 = 5;
const TIMEOUT_RETRY: u32 = 10;

impl Default for RetryBudget {
    fn default() -> Self {
        Self {
            tokens: AtomicU32::new(CAPACITY),
        }
    }
}

impl RetryBudget {
    /// Tokens left.
    pub fn available(&self) -> u32 {
        self.tokens.load(Ordering::Relaxed)
    }

    /// Takes what a retry costs; `false` if there is not enough.
    pub(crate) fn take(&self, after_timeout: bool) -> bool {
        let cost = if after_timeout { TIMEOUT_RETRY } else { RETRY };
        self.tokens
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
                tokens.checked_sub(cost)
            })
            .is_ok()
    }

    /// Gives back what a success earns.
    pub(crate) fn refund(&self) {
        // Full is the usual state: look before writing, so that parallel calls do not fight over the cache line.
        if self.available() < CAPACITY {
            let _ = self
                .tokens
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tokens| {
                    (tokens < CAPACITY).then_some(tokens + 1)
                });
        }
    }
}
