//! How the Chatwoot module fails.

use agent_core::error::ErrorResponse;
use agent_core::sdk::read_json;
use agent_core::{Error, ErrorKind, open_enum};
use serde_json::Value;

use crate::error::{is_passing, with_view};

open_enum! {
    /// Which of the Chatwoot module's failures an error is. Source: package, 0.9.3.
    pub enum ChatwootErrorCode {
        /// The credential is empty.
        CredentialNotFound = "CREDENTIAL_NOT_FOUND",
        /// The credential has no usable address or token.
        InvalidCredential = "INVALID_CREDENTIAL",
        /// Neither credential nor Chatwoot names an account; the source tells why Chatwoot did not.
        AccountIdMissing = "ACCOUNT_ID_MISSING",
        /// Declared by the package, and never given.
        ConfigMissing = "CONFIG_MISSING",
        /// Chatwoot refused, and named no code of its own.
        ApiError = "API_ERROR",
        /// Chatwoot could not be reached.
        UnknownError = "UNKNOWN_ERROR",
        /// The list of triggers is empty of anything.
        TriggerFetchFailed = "TRIGGER_FETCH_FAILED",
        /// None of the agent's triggers leads to Chatwoot.
        NoTrigger = "NO_TRIGGER",
        /// The agent's trigger names no credential.
        MissingCredentialId = "MISSING_CREDENTIAL_ID",
        ..Other
    }
}

impl ChatwootErrorCode {
    /// The error that the original gives with this code.
    pub(super) fn error(self) -> Error {
        let message = match &self {
            Self::CredentialNotFound => "Credential not found",
            Self::InvalidCredential => {
                "Invalid Chatwoot credential: missing URL/Endpoint or API Access Token/Key"
            }
            Self::AccountIdMissing => {
                "Invalid Chatwoot credential: missing Account ID and auto-discovery failed."
            }
            Self::ConfigMissing => "Config not found",
            Self::TriggerFetchFailed => "Failed to fetch triggers",
            Self::NoTrigger => "No compatible trigger found for this agent",
            Self::MissingCredentialId => "Trigger configuration missing credential_id",
            Self::ApiError | Self::UnknownError | Self::Other(_) => "Chatwoot API error",
        };
        marked(Error::new(ErrorKind::Operation, message), self)
    }
}

/// Whether an operation speaks to Chatwoot itself.
pub(crate) fn is_direct(operation: &str) -> bool {
    operation.starts_with("chatwoot.")
}

/// Reads an answer of Chatwoot outside 200 to 299.
pub(crate) fn read_error(response: &ErrorResponse, error: Error) -> Error {
    let error = error.with_retryable(is_passing(response.status.as_u16()));
    let json = response
        .headers
        .get("content-type")
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.to_ascii_lowercase().contains("application/json"));
    let body = read_json(&response.body)
        .ok()
        .filter(|body: &Value| json && !body.is_null());
    let Some(body) = body else {
        let standard = || response.status.canonical_reason().unwrap_or_default();
        let reason = match &*response.reason {
            "" => standard(),
            reason => reason,
        };
        let text = format!("Chatwoot API error: {reason}");
        return marked(error.with_message(text), ChatwootErrorCode::ApiError);
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let code = text("code").map_or(ChatwootErrorCode::ApiError, Into::into);
    let error = match text("message").or_else(|| text("error")) {
        Some(message) => with_view(error.with_message(message.to_owned()), |view| {
            view.message = true;
        }),
        None => error,
    };
    marked(error.with_details(body.clone()), code)
}

/// Marks what never got an answer.
pub(crate) fn finish(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Transport | ErrorKind::Timeout => marked(error, ChatwootErrorCode::UnknownError),
        _ => error,
    }
}

fn marked(error: Error, code: ChatwootErrorCode) -> Error {
    with_view(error.with_code(code.as_str().to_owned()), |view| {
        view.chatwoot = Some(code);
    })
}
