//! Meistrari's refusals: `{"error": …}` with a status; with 409 and 422 also `"success": false`.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::http::{self, Reply};

/// An answer that says no.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: Value,
}

/// What a handler gives back.
pub(crate) type Answer<T = Reply> = Result<T, Refusal>;

impl Refusal {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            body: json!({"error": error.into()}),
        }
    }

    /// 400: something at `path` is not as it must be.
    pub(crate) fn invalid(path: &str, message: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            body: json!({"error": "Validation", "details": [{"path": path, "message": message}]}),
        }
    }

    /// 422: a webhook that must not be registered.
    pub(crate) fn webhook(error: &str) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            body: json!({"success": false, "error": error}),
        }
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("{what} not found"))
    }

    pub(crate) fn conflict(error: impl Into<String>) -> Self {
        Self {
            status: StatusCode::CONFLICT,
            body: json!({"success": false, "error": error.into()}),
        }
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized")
    }

    pub(crate) fn into_reply(self) -> Reply {
        http::json(self.status, &self.body)
    }
}
