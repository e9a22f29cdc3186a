//! The one error type in the words of Trelent's vectors. The only table of them.

use serde_json::Value;
use trelent_agents::{ApiErrorClass, Error, ErrorExt, ErrorKind};

use crate::adapter::Failure;

/// What the vectors compare of an error.
pub fn failure(error: &Error) -> Failure {
    let mut failure = Failure::new(kind(error)).with("message", error.message());
    if let Some(status) = error.status() {
        failure = failure.with("status", status);
    }
    if let Some(detail) = error.detail() {
        failure = failure.with("detail", detail.clone());
    }
    if error.is_validation() {
        let items = serde_json::to_value(error.validation_errors());
        failure = failure.with("errors", items.unwrap_or(Value::Null));
    }
    failure
}

/// The vendor's word for the kind.
fn kind(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Config => "config",
        ErrorKind::InvalidArgument => "invalid_argument",
        ErrorKind::Io => "io",
        ErrorKind::Transport => "transport",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Api => match error.api_class() {
            Some(ApiErrorClass::NotFound) => "not_found",
            Some(ApiErrorClass::Validation) => "validation",
            _ => "api",
        },
        ErrorKind::Decode => "decode",
        // No vector has any other; its name in a diff helps more than a word that is made up.
        ErrorKind::TooLarge => "(too large)",
        ErrorKind::Protocol => "(protocol)",
        ErrorKind::Interrupted => "(interrupted)",
        ErrorKind::ReconnectsExhausted => "(reconnects exhausted)",
        _ => "(another kind)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_local_error_has_neither_status_nor_detail() {
        let failure = failure(&Error::new(ErrorKind::Config, "no"));
        assert_eq!(failure.get("kind"), Some(&json!("config")));
        assert_eq!(failure.get("message"), Some(&json!("no")));
        assert_eq!(failure.get("status"), None);
        assert_eq!(failure.get("detail"), None);
    }
}
