//! Every constant of the vendor's API, in one place.
//!
//! Here live limits, default values and the literals of the wire; paths are in `ops.rs`. Some are educated guesses, not
//! shown by any published source, and must be easy to correct.

use std::time::Duration;

/// Limit of one HTTP exchange, 30 s. Source: decided here.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Limit for connecting, 10 s. Source: decided here.
pub(crate) const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Most redirects of one request, all within the origin. Source: decided here.
pub(crate) const MAX_REDIRECTS: u8 = 5;

/// Events of one page when nothing is said. Source: package, 0.9.3.
pub(crate) const DEFAULT_POLL_LIMIT: u64 = 100;

/// Reconnects in a row without a new event. Source: package, 0.9.3.
pub(crate) const MAX_RECONNECTS: u32 = 10;

/// First wait before a reconnect, 1 s. Source: package, 0.9.3.
pub(crate) const BASE_DELAY: Duration = Duration::from_secs(1);

/// Longest wait before a reconnect, 30 s. Source: the package has a cap; its value is decided here.
pub(crate) const MAX_DELAY: Duration = Duration::from_secs(30);

/// Largest random part that is added to a wait. Source: decided here.
pub(crate) const JITTER: f64 = 0.3;

/// A connection that was open this long makes the count of reconnects start again, 30 s. Source: decided here.
pub(crate) const HEALTHY_AFTER: Duration = Duration::from_secs(30);

/// Longest `Retry-After` that a reconnect waits for, 60 s.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Most error frames that a stream remembers in order not to show one twice. Source: decided here.
pub(crate) const MAX_SEEN_ERRORS: usize = 4096;

/// How long `wait_for` waits when nothing is said, 5 minutes. Source: decided here.
pub(crate) const DEFAULT_WAIT: Duration = Duration::from_secs(300);

/// Types of events that end a run, upper-cased. Source: package, 0.9.3.
pub(crate) const TERMINAL_TYPES: [&str; 3] = ["RUN_FINISHED", "RUN_FAILED", "RUN_CANCELLED"];

/// Type of an event that has none. Source: package, 0.9.3.
pub(crate) const UNKNOWN_TYPE: &str = "UNKNOWN";

/// The header that carries an idempotency key. Source: that there is one, the package shows; its spelling is the usual
/// one.
pub(crate) const IDEMPOTENCY_HEADER: &str = "idempotency-key";

/// The header that names the last event seen. Source: package, 0.9.3.
pub(crate) const LAST_EVENT_ID: &str = "last-event-id";

/// Errors with this text: see [`Runs::follow`](crate::Runs::follow). Source: package, 0.9.3.
pub(crate) const ATTEMPT_REQUIRED: &str = "attemptId is required for run event streaming";

/// Source: package, 0.9.3.
pub(crate) const NO_ATTEMPT: &str =
    "Run created without current_attempt_id; cannot stream SSOT events";

/// What the chat service Chatwoot is asked with. Source: package, 0.9.3.
pub(crate) mod chatwoot {
    /// The header that carries the token.
    pub(crate) const TOKEN_HEADER: &str = "api_access_token";

    /// Where a credential may hold the address, the first that is there wins.
    pub(crate) const URL: [(&str, &str); 7] = [
        ("publicConfig", "url"),
        ("data", "url"),
        ("values", "url"),
        ("publicConfig", "endpoint"),
        ("data", "endpoint"),
        ("values", "endpoint"),
        ("values", "base_url"),
    ];

    /// Where a credential may hold the account.
    pub(crate) const ACCOUNT: [(&str, &str); 6] = [
        ("publicConfig", "account_id"),
        ("data", "account_id"),
        ("values", "account_id"),
        ("publicConfig", "accountId"),
        ("data", "accountId"),
        ("values", "accountId"),
    ];

    /// Where a credential may hold the token: secret values before the rest.
    pub(crate) const TOKEN: [(&str, &str); 7] = [
        ("values", "api_access_token"),
        ("data", "api_access_token"),
        ("values", "api_key"),
        ("data", "api_key"),
        ("values", "apiKey"),
        ("data", "apiKey"),
        ("values", "api_token"),
    ];
}
