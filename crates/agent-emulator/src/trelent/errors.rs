//! Trelent's refusals: `{"detail": …}` with a status; with 422 a list of what is wrong with the request.

use hyper::StatusCode;
use hyper::header::WWW_AUTHENTICATE;
use serde_json::{Value, json};

use crate::http::{self, Reply};

/// An answer that says no.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    detail: Value,
}

/// What a handler gives back.
pub(crate) type Answer<T = Reply> = Result<T, Refusal>;

impl Refusal {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: Value::String(detail.into()),
        }
    }

    /// 422 with its items; see `validate.rs` for their shape.
    pub(crate) fn invalid(items: Vec<Value>) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            detail: Value::Array(items),
        }
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("{what} not found"))
    }

    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    pub(crate) fn unauthorized(detail: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(crate) fn into_reply(self) -> Reply {
        let mut reply = http::json(self.status, &json!({"detail": self.detail}));
        if self.status == StatusCode::UNAUTHORIZED {
            http::set_header(&mut reply, WWW_AUTHENTICATE, "Bearer");
        }
        reply
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }
}
