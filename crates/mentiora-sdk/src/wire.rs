//! Every constant of the vendor's API, in one place.
//!
//! Here live addresses, limits, default values and the literals of the wire. How they are put into requests is
//! elsewhere; the paths are in `ops.rs`.

use std::time::Duration;

/// The vendor's public API. Source: the vendor's client.
pub const DEFAULT_BASE_URL: &str = "https://platform.mentiora.ai";

/// Limit of one attempt, and of opening a stream: 30 s. Source: the vendor's documentation (`timeout`, 30 000 ms).
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Attempts after the first: 3. Source: the vendor's documentation (`retries`).
pub(crate) const DEFAULT_RETRIES: u32 = 3;

/// The first wait between attempts: 1 s, then doubling. Source: the vendor's client.
pub(crate) const BACKOFF_BASE: Duration = Duration::from_secs(1);

/// The longest wait between attempts of the policy's own: 10 s. Source: the vendor's client.
pub(crate) const BACKOFF_CAP: Duration = Duration::from_secs(10);

/// Carries the key in browser mode. Source: the vendor's client.
pub(crate) const PUBLISHABLE_KEY_HEADER: &str = "x-publishable-key";

/// Carries the user's identity in browser mode. Source: the vendor's client.
pub(crate) const IDENTITY_TOKEN_HEADER: &str = "x-identity-token";

/// The host to which a key may go over plain http without a warning. Source: the vendor's client.
pub(crate) const QUIET_HOST: &str = "localhost";

/// Data of a frame that says nothing. Source: the vendor's client.
pub(crate) const DONE: &str = "[DONE]";

/// What the content type of a stream contains. Source: the vendor's client.
pub(crate) const EVENT_STREAM: &str = "text/event-stream";

/// Longest label of a suggestion, in UTF-16 code units. Source: the vendor's reference; the unit is its client's.
pub(crate) const MAX_SUGGESTION_LABEL: usize = 40;

/// Most suggestions of one event. Source: the vendor's reference.
pub(crate) const MAX_SUGGESTIONS: usize = 6;

/// Code of an `error` event that has none. Source: the vendor's client.
pub(crate) const UNKNOWN_CODE: &str = "UNKNOWN";

/// Message of an `error` event that has none. Source: the vendor's client.
pub(crate) const UNKNOWN_ERROR: &str = "Unknown error";

/// Code of the error when the callback for identity tokens fails. Source: the vendor's client.
pub(crate) const REFRESH_FAILED: &str = "token_refresh_failed";

/// Names of the frames of a stream. Source: the vendor's client.
pub(crate) mod frame {
    pub(crate) const RESOLVED: &str = "agent.resolved";
    pub(crate) const TEXT: &str = "chat.output_text.delta";
    pub(crate) const TOOL_CALL: &str = "chat.tool_call.delta";
    pub(crate) const TOOL_RESULT: &str = "chat.tool_call.result";
    pub(crate) const COMPLETED: &str = "chat.completed";
    pub(crate) const SUGGESTIONS: &str = "chat.suggestions";
    pub(crate) const ERROR: &str = "error";
}
