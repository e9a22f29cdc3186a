//! How the vendor's error bodies are read, and the vendor's view of the shared error.
//!
//! Here live the rules for code, message and details, the client's own errors, and [`ErrorExt`]. When a call fails,
//! and whether it is tried again, is decided elsewhere.

use agent_core::sdk::read_json;
use agent_core::{Error, ErrorKind, Sent};
use serde_json::{Map, Value, json};

use crate::types::{RunId, RunStatus};
use crate::wire;

pub mod codes;

/// The vendor's name for the error: the shared one. `status_code()`, and what else the vendor's error tells, is in
/// [`ErrorExt`].
pub type AgentRouterError = Error;

/// What the vendor's error says beyond the shared [`Error`]. Bring it into scope to use it.
///
/// ```
/// use agentrouter_sdk::{AgentRouterError, ErrorExt};
///
/// fn report(error: &AgentRouterError) {
///     if error.is_agent_router_error() {
///         println!("{:?} {:?} {:?}", error.code(), error.status_code(), error.details());
///     } else {
///         println!("connection, time limit, argument …: {error}");
///     }
///     if let Some(mismatch) = error.action_digest_mismatch() {
///         println!("the run waits for {}, not {}", mismatch.expected, mismatch.received);
///     }
/// }
/// ```
pub trait ErrorExt {
    /// The HTTP status of the API's answer (`statusCode`).
    fn status_code(&self) -> Option<u16>;

    /// Whether it is what the vendor's client calls an `AgentRouterError`: an answer of the API, or one of the
    /// client's own rules. The others are failures of the connection, of decoding, of an argument.
    fn is_agent_router_error(&self) -> bool;

    /// Whether the run was not over when the longest wait was (code `wait_timeout`). The run goes on.
    fn is_wait_timeout(&self) -> bool;

    /// The two digests, if a decision was refused because it was for another action (code `action_digest_mismatch`).
    fn action_digest_mismatch(&self) -> Option<ActionDigestMismatch<'_>>;

    /// Whether a decision was refused because the other one is recorded already (code `approval_already_decided`).
    fn is_approval_already_decided(&self) -> bool;

    /// The run that was being waited for when this happened: it exists and may still be at work. Set by
    /// `create_run_and_wait`, `run_agent` and `stream_agent`, once they have a run.
    fn run_id(&self) -> Option<&RunId>;
}

/// Why a decision was refused: it named another action than the one that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActionDigestMismatch<'a> {
    /// Digest of the action that waits for a decision.
    pub expected: &'a str,
    /// Digest that was sent.
    pub received: &'a str,
}

impl ErrorExt for Error {
    fn status_code(&self) -> Option<u16> {
        self.status()
    }

    fn is_agent_router_error(&self) -> bool {
        matches!(self.kind(), ErrorKind::Api | ErrorKind::Operation)
    }

    fn is_wait_timeout(&self) -> bool {
        self.kind() == ErrorKind::Operation && self.code() == Some(codes::WAIT_TIMEOUT)
    }

    fn action_digest_mismatch(&self) -> Option<ActionDigestMismatch<'_>> {
        if self.code() != Some(codes::ACTION_DIGEST_MISMATCH) {
            return None;
        }
        let text = |key| self.details()?.get(key)?.as_str();
        Some(ActionDigestMismatch {
            expected: text("expected").unwrap_or_default(),
            received: text("received").unwrap_or_default(),
        })
    }

    fn is_approval_already_decided(&self) -> bool {
        self.code() == Some(codes::APPROVAL_ALREADY_DECIDED)
    }

    fn run_id(&self) -> Option<&RunId> {
        self.view::<RunId>()
    }
}

/// An error body as far as it could be understood.
#[derive(Debug, PartialEq)]
pub(crate) struct ErrorBody {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) details: Option<Value>,
}

/// Reads the body of an answer outside 200 to 299.
pub(crate) fn read(body: &[u8]) -> ErrorBody {
    let envelope: Map<String, Value> = read_json(body).unwrap_or_default();
    let error = envelope.get("error").and_then(Value::as_object);
    let take = |key| error?.get(key).cloned();
    let text = |value: Option<Value>, default: &str| match value {
        Some(Value::String(text)) => text,
        _ => default.to_owned(),
    };
    ErrorBody {
        code: text(take("code"), codes::API_ERROR),
        message: text(take("message"), wire::ERROR_MESSAGE),
        details: take("details").filter(|details| details.is_object() || details.is_array()),
    }
}

/// The run was not over in time.
pub(crate) fn wait_timeout(run_id: &RunId, status: &RunStatus) -> Error {
    Error::new(ErrorKind::Operation, wire::message::WAIT_TIMEOUT)
        .with_code(codes::WAIT_TIMEOUT)
        .with_details(json!({"runId": run_id, "status": status}))
        .with_sent(Sent::Yes)
}

/// A request that neither starts nor continues anything. Nothing was sent.
pub(crate) fn invalid_request(code: &'static str, message: &'static str) -> Error {
    Error::new(ErrorKind::Operation, message).with_code(code)
}

#[cfg(test)]
mod tests;
