//! The one error type in the words of Meistrari's vectors. The only table of them.

use agent_core::{Cursor, Error, ErrorKind};
use meistrari_agent_sdk::ErrorExt;

use crate::adapter::Failure;

/// What the vectors compare of an error.
pub fn failure(error: &Error) -> Failure {
    let mut failure = Failure::new(kind(error)).with("message", error.message());
    if let Some(refused) = error.as_fetch_error() {
        failure = failure
            .with("status", refused.status())
            .with("method", refused.method())
            .with("url", refused.url());
    }
    if let Some(field) = error.field() {
        failure = failure.with("field", field);
    }
    if let Some(cursor) = error.cursor().and_then(Cursor::as_i64) {
        failure = failure.with("cursor", cursor);
    }
    failure
}

/// The vendor's word for the kind.
fn kind(error: &Error) -> &'static str {
    match error.kind() {
        _ if error.is_fetch_error() => "FetchError",
        _ if error.is_validation() => "Validation",
        _ if error.is_invalid_reference() => "InvalidReference",
        ErrorKind::Config => "Config",
        ErrorKind::Transport | ErrorKind::Timeout => "Transport",
        ErrorKind::Decode => "Decode",
        ErrorKind::Interrupted => "StreamInterrupted",
        // No vector has any other; its name in a diff helps more than a word that is made up.
        ErrorKind::InvalidArgument => "(another argument)",
        ErrorKind::TooLarge => "(too large)",
        ErrorKind::ReconnectsExhausted => "(reconnects exhausted)",
        _ => "(another kind)",
    }
}
