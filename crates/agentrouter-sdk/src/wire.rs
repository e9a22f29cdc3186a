//! Every constant of the vendor's API, in one place.
//!
//! Here live the address, limits, default values and the literals of the wire. How they are put into requests is
//! elsewhere; paths are in `ops.rs`.

use std::time::Duration;

/// Where a self-hosted server usually listens, and the address of a client that is given none. Source: seen in the
/// vendor's client; the package readme calls it the usual address of a local server.
pub const DEFAULT_BASE_URL: &str = "http://127.0.0.1:8787";

/// Time between two polls of a run that is followed, 1 s. Source: seen in the vendor's client.
pub const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Longest time a run is followed, 10 minutes. Source: seen in the vendor's client.
pub const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(600);

/// Events asked for in one poll: the most that the server gives. Source: seen in the vendor's client.
pub(crate) const PAGE_LIMIT: u32 = 500;

/// Most redirects of one request. Source: the fetch standard, which the vendor's client follows.
pub(crate) const MAX_REDIRECTS: u8 = 20;

/// The shortest wait of adaptive polling, 1 ms.
pub(crate) const SHORTEST_ADAPTIVE_WAIT: Duration = Duration::from_millis(1);

/// How long a conversation that is not continuable yet is tried again, 8 s. Source: seen in the vendor's client.
pub(crate) const CONTINUE_WINDOW: Duration = Duration::from_secs(8);

/// How long closing waits for the sandbox to be reclaimed, 30 s. Source: seen in the vendor's client.
pub(crate) const CLOSE_WINDOW: Duration = Duration::from_secs(30);

/// The wait after attempt `attempt` (from 1) of continuing or closing: 250 ms more each time, at most 1 s. Source: seen
/// in the vendor's client.
pub(crate) fn window_wait(attempt: u32) -> Duration {
    Duration::from_millis(250)
        .saturating_mul(attempt)
        .min(Duration::from_secs(1))
}

/// Name of the server-sent event that says nothing. Source: seen on the vendor's server.
pub(crate) const HEARTBEAT: &str = "heartbeat";

/// Longest `Retry-After` that polling waits for before it asks again, 60 s.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Message of an error body that has none. Source: seen in the vendor's client.
pub(crate) const ERROR_MESSAGE: &str = "AgentRouter API error";

/// Messages of the client's own errors. Source: seen in the vendor's client.
pub(crate) mod message {
    pub(crate) const WAIT_TIMEOUT: &str = "Run did not reach a terminal state before maxWaitMs";
    pub(crate) const INVALID_RUN_AGENT_REQUEST: &str =
        "runAgent requires either { task } to start or { continueRun, message } to continue";
    pub(crate) const INVALID_STREAM_AGENT_REQUEST: &str =
        "streamAgent requires either { task } to start or { continueRun, message } to continue";
}
