//! Agent OS' refusals: `{"code": …, "message": …}` with a status.

use hyper::StatusCode;
use serde_json::{Map, Value};

use crate::http::{self, Reply};

/// An answer that says no.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: Map<String, Value>,
}

/// What a handler gives back.
pub(crate) type Answer<T = Reply> = Result<T, Refusal>;

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let mut body = Map::new();
        body.insert("code".to_owned(), code.into());
        body.insert("message".to_owned(), message.into().into());
        Self { status, body }
    }

    /// One more field beside code and message.
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        self.body.insert(key.to_owned(), value.into());
        self
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            format!("there is no such {what}"),
        )
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "VALIDATION_ERROR",
            message,
        )
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    pub(crate) fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message)
    }

    /// A key that was used before; `id` is what was made then.
    pub(crate) fn duplicate(key: &str, id: &str) -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "IDEMPOTENCY_CONFLICT",
            "this idempotency key was used before",
        )
        .with(key, id)
    }

    pub(crate) fn into_reply(self) -> Reply {
        http::json(self.status, &Value::Object(self.body))
    }
}
