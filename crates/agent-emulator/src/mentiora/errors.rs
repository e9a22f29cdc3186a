//! Mentiora's refusals: `{"error": {"code": …, "message": …}}` with a status.

use hyper::StatusCode;
use hyper::header::{HeaderValue, RETRY_AFTER};
use serde_json::json;

use crate::http::{self, Reply};

/// An answer that says no.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: String,
    message: String,
    retry_after: Option<String>,
}

/// What a handler gives back.
pub(crate) type Answer<T = Reply> = Result<T, Refusal>;

impl Refusal {
    pub(crate) fn new(
        status: StatusCode,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            retry_after: None,
        }
    }

    pub(crate) fn retry_after(mut self, value: Option<String>) -> Self {
        self.retry_after = value;
        self
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_request", message)
    }

    pub(crate) fn not_found(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    pub(crate) fn unauthorized(code: &str, message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    pub(crate) fn into_reply(self) -> Reply {
        let body = json!({"error": {"code": self.code, "message": self.message}});
        let mut reply = http::json(self.status, &body);
        let after = self.retry_after.as_deref().map(HeaderValue::from_str);
        if let Some(Ok(value)) = after {
            reply.headers_mut().insert(RETRY_AFTER, value);
        }
        reply
    }
}
