//! The one error type in the words of Trelent's vectors. The only table of them.

use agent_core::{Error, ErrorKind};
use serde_json::Value;

use crate::adapter::Failure;

/// What the vectors compare of an error.
pub fn failure(error: &Error) -> Failure {
    let mut failure = Failure::new(kind(error)).with("message", error.message());
    if let Some(status) = error.status() {
        failure = failure.with("status", status).with("detail", detail(error));
        if let Some(items @ Value::Array(_)) = error.details() {
            failure = failure.with("errors", items.clone());
        }
    }
    failure
}

/// The vendor's word for the kind.
fn kind(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Config => "config",
        ErrorKind::InvalidArgument => "invalid_argument",
        ErrorKind::Io => "io",
        ErrorKind::Transport | ErrorKind::Interrupted | ErrorKind::ReconnectsExhausted => {
            "transport"
        }
        ErrorKind::Timeout => "timeout",
        // A refused token exchange is of the general kind, whatever its status.
        ErrorKind::Api if text(error).starts_with("Token request failed: ") => "api",
        ErrorKind::Api => match error.status() {
            Some(404) => "not_found",
            Some(422) => "validation",
            _ => "api",
        },
        ErrorKind::Decode | ErrorKind::TooLarge | ErrorKind::Protocol => "decode",
        _ => "unknown",
    }
}

/// The error's `detail`: the server's value, or the text that stands for a list of items.
fn detail(error: &Error) -> Value {
    match error.details() {
        None | Some(Value::Array(_)) => text(error).into(),
        Some(detail) => detail.clone(),
    }
}

/// The message without the status in front.
fn text(error: &Error) -> &str {
    let message = error.message();
    message
        .strip_prefix("HTTP ")
        .and_then(|rest| Some(rest.split_once(": ")?.1))
        .unwrap_or(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent_core::error::ErrorResponse;
    use serde_json::json;

    fn answered(status: u16, message: &'static str) -> Error {
        Error::new(ErrorKind::Api, message).with_response(ErrorResponse {
            method: http::Method::GET,
            url: String::new(),
            status: http::StatusCode::from_u16(status).unwrap(),
            reason: String::new(),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
            truncated: false,
        })
    }

    #[test]
    fn a_status_decides_the_word() {
        for (status, message, word) in [
            (404, "HTTP 404: gone", "not_found"),
            (422, "HTTP 422: bad", "validation"),
            (500, "HTTP 500: oops", "api"),
            (404, "HTTP 404: Token request failed: x", "api"),
            (422, "HTTP 422: Token request failed: x", "api"),
        ] {
            assert_eq!(
                failure(&answered(status, message)).get("kind"),
                Some(&json!(word))
            );
        }
    }

    #[test]
    fn detail_is_the_value_or_its_text() {
        let plain = failure(&answered(404, "HTTP 404: a: b"));
        assert_eq!(plain.get("detail"), Some(&json!("a: b")));
        assert_eq!(plain.get("errors"), None);
        let object = failure(&answered(400, "HTTP 400: {}").with_details(json!({})));
        assert_eq!(object.get("detail"), Some(&json!({})));
        let items = json!([{"loc": ["a"], "msg": "m", "type": "t"}]);
        let listed = failure(&answered(422, "HTTP 422: a: m").with_details(items.clone()));
        assert_eq!(listed.get("detail"), Some(&json!("a: m")));
        assert_eq!(listed.get("errors"), Some(&items));
    }

    #[test]
    fn local_errors_have_no_detail() {
        let local = failure(&Error::config("no"));
        assert_eq!(local, Failure::new("config").with("message", "no"));
    }
}
