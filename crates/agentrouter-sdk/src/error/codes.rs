//! The error codes that are known. Servers may send others.
//!
//! Source: the client's own from the package readme, the server's seen on the vendor's server.

/// The client's own: the run was not over when the longest wait was.
pub const WAIT_TIMEOUT: &str = "wait_timeout";
/// The client's own: a `run_agent` request that neither starts nor continues anything.
pub const INVALID_RUN_AGENT_REQUEST: &str = "invalid_run_agent_request";
/// The client's own: a `stream_agent` request that neither starts nor continues anything.
pub const INVALID_STREAM_AGENT_REQUEST: &str = "invalid_stream_agent_request";
/// An answer that names no code.
pub const API_ERROR: &str = "api_error";
/// 400: the request is not valid; details hold `issues`.
pub const VALIDATION_ERROR: &str = "validation_error";
/// 400: malformed JSON; 413: a body over 1 MiB.
pub const BAD_REQUEST: &str = "bad_request";
/// 400: tools and provider arguments can not be chosen per run.
pub const UNSUPPORTED_TOOL_CONFIGURATION: &str = "unsupported_tool_configuration";
/// 400: sources and workspaces can not be attached to a run.
pub const UNSUPPORTED_WORKSPACE_ATTACHMENT: &str = "unsupported_workspace_attachment";
/// 401: the API key is wrong or missing.
pub const UNAUTHORIZED: &str = "unauthorized";
/// 404: there is no such run.
pub const RUN_NOT_FOUND: &str = "run_not_found";
/// 404: there is no such artifact.
pub const ARTIFACT_NOT_FOUND: &str = "artifact_not_found";
/// 409: the idempotency key was used with another body.
pub const IDEMPOTENCY_CONFLICT: &str = "idempotency_conflict";
/// 409: the first request with this idempotency key is still at work.
pub const IDEMPOTENCY_IN_PROGRESS: &str = "idempotency_in_progress";
/// 409: the run can not be continued (yet, or any more).
pub const RUN_NOT_CONTINUABLE: &str = "run_not_continuable";
/// 409: the conversation is closed.
pub const SESSION_CLOSED: &str = "session_closed";
/// 409: a turn is in progress.
pub const RUN_BUSY: &str = "run_busy";
/// 409: the run has not asked for this approval.
pub const APPROVAL_NOT_REQUESTED: &str = "approval_not_requested";
/// 409: the decision is for another action than the one that waits.
pub const ACTION_DIGEST_MISMATCH: &str = "action_digest_mismatch";
/// 409: the other decision is recorded already.
pub const APPROVAL_ALREADY_DECIDED: &str = "approval_already_decided";
/// 409: the run's own record of the action is not valid.
pub const INVALID_ACTION_EVENT: &str = "invalid_action_event";
/// 500: the server failed.
pub const INTERNAL_ERROR: &str = "internal_error";
/// 501: the server has no store for artifacts.
pub const ARTIFACT_DOWNLOAD_UNCONFIGURED: &str = "artifact_download_unconfigured";
