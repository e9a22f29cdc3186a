//! How long to wait before a reconnect: the original's `calculateBackoff`.

use std::time::Duration;

use agent_core::Ambient;
use agent_core::sdk::unit;

use crate::wire;

/// The wait before reconnect number `attempt`, counted from 1: `base` doubled each time, plus a random part of up to
/// 30 % of that, at most `max`.
///
/// Source: package, 0.9.3; the size of the random part is decided here.
///
/// ```
/// use std::time::Duration;
/// use agent_os_sdk::agent_core::SystemAmbient;
/// use agent_os_sdk::calculate_backoff;
///
/// let (base, max) = (Duration::from_secs(1), Duration::from_secs(30));
/// let third = calculate_backoff(3, base, max, &SystemAmbient);
/// assert!(third >= Duration::from_secs(4) && third < Duration::from_millis(5_200));
/// assert_eq!(calculate_backoff(60, base, max, &SystemAmbient), max);
/// ```
pub fn calculate_backoff(
    attempt: u32,
    base: Duration,
    max: Duration,
    ambient: &dyn Ambient,
) -> Duration {
    let whole = agent_core::sdk::backoff(base, Duration::MAX, attempt.saturating_sub(1));
    let jitter = whole.as_secs_f64() * wire::JITTER * unit(ambient.random());
    let jitter = Duration::try_from_secs_f64(jitter).unwrap_or(Duration::MAX);
    whole.saturating_add(jitter).min(max)
}
