//! The one error type in the words of Agent OS' vectors. The only table of them.

use agent_os_sdk::{Error, ErrorExt, ErrorKind};
use serde_json::Value;

use crate::adapter::Failure;

/// What the vectors compare of an error.
pub fn failure(error: &Error) -> Failure {
    let kind = kind(error);
    // Of an answer the server's words count; where it has none, there is no message.
    let message = match kind {
        "api" => error.server_message(),
        _ => Some(error.message()),
    };
    let of_answer = error.last_failure().unwrap_or(error);
    Failure::new(kind)
        .with("message", message.map_or(Value::Null, Value::from))
        .with("code", of_answer.code().map_or(Value::Null, Value::from))
        .with(
            "status",
            of_answer.answer_status().map_or(Value::Null, Value::from),
        )
        .with("run_id", error.run_id().map_or(Value::Null, Value::from))
        .with("body", error.details().cloned().unwrap_or_default())
}

/// The vendor's word for the kind.
fn kind(error: &Error) -> &'static str {
    if error.chatwoot_code().is_some() {
        return "chatwoot";
    }
    match error.kind() {
        ErrorKind::Config => "config",
        ErrorKind::InvalidArgument => "invalid_argument",
        ErrorKind::Api => "api",
        ErrorKind::Transport => "transport",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Decode => "decode",
        ErrorKind::Protocol => "protocol",
        ErrorKind::ReconnectsExhausted => "reconnects_exhausted",
        ErrorKind::Operation if error.is_stream_ended() => "stream_ended",
        ErrorKind::Operation if error.is_no_attempt() => "no_attempt",
        // No vector has any other; its name in a diff helps more than a word that is made up.
        ErrorKind::Io => "(io)",
        ErrorKind::TooLarge => "(too large)",
        ErrorKind::Interrupted => "(interrupted)",
        _ => "(another kind)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_local_error_has_its_own_words_and_no_status() {
        let failure = failure(&Error::new(ErrorKind::Config, "no"));
        assert_eq!(failure.get("kind"), Some(&json!("config")));
        assert_eq!(failure.get("message"), Some(&json!("no")));
        assert_eq!(failure.get("status"), Some(&json!(null)));
    }

    #[test]
    fn an_answer_without_words_has_no_message() {
        let failure = failure(&Error::new(ErrorKind::Api, "Not Found"));
        assert_eq!(failure.get("message"), Some(&json!(null)));
    }
}
