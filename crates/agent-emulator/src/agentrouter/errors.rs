//! AgentRouter's refusals: `{"error": {"code", "message", "details"}}` with a status. Unknown routes are answered by the
//! server's framework, in its own form.

use hyper::header::{HeaderValue, RETRY_AFTER};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::http::{self, Reply};

/// An answer that says no.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    status: StatusCode,
    body: Value,
    retry_after: Option<u64>,
}

/// What a handler gives back.
pub(crate) type Answer<T = Reply> = Result<T, Refusal>;

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &str, message: &str) -> Self {
        Self::with_details(status, code, message, &json!({}))
    }

    pub(crate) fn with_details(
        status: StatusCode,
        code: &str,
        message: &str,
        details: &Value,
    ) -> Self {
        Self {
            status,
            body: json!({"error": {"code": code, "message": message, "details": details}}),
            retry_after: None,
        }
    }

    pub(crate) fn conflict(code: &str, message: &str) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    pub(crate) fn invalid(issues: &[Value]) -> Self {
        let details = json!({"issues": issues});
        let status = StatusCode::BAD_REQUEST;
        Self::with_details(status, "validation_error", "Invalid request", &details)
    }

    /// Without details, as the server's framework refuses bodies.
    pub(crate) fn bad_request(status: StatusCode, message: &str) -> Self {
        Self {
            status,
            body: json!({"error": {"code": "bad_request", "message": message}}),
            retry_after: None,
        }
    }

    pub(crate) fn unauthorized() -> Self {
        let status = StatusCode::UNAUTHORIZED;
        Self::new(status, "unauthorized", "Missing or invalid bearer token")
    }

    pub(crate) fn run_not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "run_not_found", "Run not found")
    }

    pub(crate) fn artifact_not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "artifact_not_found",
            "Artifact not found",
        )
    }

    pub(crate) fn no_route(method: &Method, path: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            body: json!({
                "message": format!("Route {method}:{path} not found"), "error": "Not Found", "statusCode": 404,
            }),
            retry_after: None,
        }
    }

    pub(crate) fn retry_after(mut self, seconds: Option<u64>) -> Self {
        self.retry_after = seconds;
        self
    }

    pub(crate) fn into_reply(self) -> Reply {
        let mut reply = http::json(self.status, &self.body);
        if let Some(seconds) = self.retry_after {
            reply
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        reply
    }
}
