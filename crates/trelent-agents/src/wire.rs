//! Every constant of the vendor's API, in one place.
//!
//! Here live addresses, limits, default values and the literals of the wire. Some are educated guesses, seen only in
//! the vendor's Python client, and must be easy to correct. How they are put into requests is elsewhere.

use std::time::Duration;

/// The vendor's public API. Source: seen in the vendor's Python client; the npm package asks for the address.
pub const DEFAULT_API_URL: &str = "https://agents.trelent.com";

/// Limit of one HTTP exchange, 10 s. Source: package readme (`timeoutMs`, 10 000).
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Model sent for a Claude Code harness without one. Source: seen in the vendor's Python client.
pub(crate) const DEFAULT_CLAUDE_CODE_MODEL: &str = "claude-sonnet-4-6";

/// Model sent for a Codex harness without one. Source: seen in the vendor's Python client.
pub(crate) const DEFAULT_CODEX_MODEL: &str = "gpt-5.4";

/// Model sent for a Gemini harness without one. Source: seen in the vendor's Python client.
pub(crate) const DEFAULT_GEMINI_MODEL: &str = "gemini-3.1-pro-preview";

/// How long a run may take when nothing is said, in seconds. Source: package readme.
pub(crate) const DEFAULT_RUN_TIMEOUT_SECONDS: u64 = 3600;

/// The shortest time limit of a run, in seconds. Source: seen in the vendor's Python client.
pub(crate) const MIN_RUN_TIMEOUT_SECONDS: u64 = 60;

/// The longest time limit of a run, in seconds. Source: seen in the vendor's Python client.
pub(crate) const MAX_RUN_TIMEOUT_SECONDS: u64 = 86_400;

/// All scopes begin with this. Source: package readme.
pub(crate) const SCOPE_PREFIX: &str = "AgentOrchestrator:";

/// Most redirects of one request. Source: decided here; the vendor's own client has its platform's limit.
pub(crate) const MAX_REDIRECTS: u8 = 10;

/// Time between two questions for a run's status while waiting for it, 2 s. Source: what users of the vendor's Python
/// client do.
pub(crate) const WAIT_INTERVAL: Duration = Duration::from_secs(2);

/// A silent connection is given up after so many limits of silence, although the run is said to go on: 10 minutes with
/// the default of 120 s.
pub(crate) const SILENT_LIMITS: u32 = 5;

/// The history of a run that is over is asked for so many times more when each time it falls silent at the same place,
/// before its end was seen.
pub(crate) const SILENT_REPLAYS: u32 = 2;

/// Longest `Retry-After` that a reconnect waits for, 60 s.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// `version` of an event that names none. Source: seen in the vendor's Python client.
pub(crate) const DEFAULT_EVENT_VERSION: &str = "v1";

/// Literals of import and export connectors. Source: seen in the vendor's Python client.
pub(crate) mod connector {
    #[cfg(feature = "imports")]
    /// Source of an import whose archive is part of the request.
    pub(crate) const DATA_BALL: &str = "data_ball";
    #[cfg(feature = "imports")]
    /// Drain of an import that unpacks the archive in the sandbox.
    pub(crate) const DECOMPRESS_TARFILE: &str = "decompress_tarfile";
    /// Source of an export: the files at the end of the run.
    pub(crate) const RUN_SNAPSHOT: &str = "run_snapshot";
    /// The files of a snapshot that are exported: all.
    pub(crate) const SNAPSHOT_INCLUDE: &[&str] = &["/**"];
    /// Drain of an export that writes to an S3 bucket. Newer servers may call it `object_storage_dump`.
    pub(crate) const S3_DUMP: &str = "s3_dump";
    /// A workspace shared between runs, as source of imports and exports.
    pub(crate) const SHARED_DRIVE: &str = "shared_drive";
}
