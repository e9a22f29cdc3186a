//! The one error type in the words of AgentRouter's vectors. The only table of them.

use agentrouter_sdk::{Error, ErrorExt, ErrorKind};
use serde_json::{Map, Value};

use crate::adapter::Failure;

/// What the vectors compare of an error.
pub fn failure(error: &Error) -> Failure {
    let mut failure = Failure::new(kind(error)).with("message", error.message());
    if let Some(code) = error.code() {
        failure = failure.with("code", code);
    }
    if let Some(status) = error.status_code() {
        failure = failure.with("status", status);
    }
    if let Some(details) = error.details() {
        failure = failure.with("details", details.clone());
    }
    failure
}

/// The same as a value within a result.
pub fn value(error: &Error) -> Value {
    let failure = failure(error);
    let members = ["kind", "message", "code", "status", "details"]
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), failure.get(key)?.clone())));
    Value::Object(members.collect::<Map<_, _>>())
}

/// The vendor's word for the kind.
fn kind(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Api => "api",
        ErrorKind::Operation => "sdk",
        ErrorKind::Config => "config",
        ErrorKind::InvalidArgument => "invalid_argument",
        ErrorKind::Decode => "decode",
        // The vendor has no limits of time, and so its vectors no word of their own for them.
        ErrorKind::Transport | ErrorKind::Timeout => "transport",
        // No vector has any other; its name in a diff helps more than a word that is made up.
        ErrorKind::TooLarge => "(too large)",
        ErrorKind::Protocol => "(protocol)",
        ErrorKind::Interrupted => "(interrupted)",
        ErrorKind::ReconnectsExhausted => "(reconnects exhausted)",
        ErrorKind::Io => "(io)",
        _ => "(another kind)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_error_of_the_sdk_has_a_code_and_no_status() {
        let error = Error::new(ErrorKind::Operation, "no").with_code("wait_timeout");
        let expected = json!({"kind": "sdk", "message": "no", "code": "wait_timeout"});
        assert_eq!(value(&error), expected);
    }

    #[test]
    fn a_limit_of_time_is_a_failure_of_the_transport() {
        let error = Error::new(ErrorKind::Timeout, "no");
        assert_eq!(value(&error)["kind"], "transport");
    }
}
