//! Spans and their fields, by the names of OpenTelemetry's HTTP conventions. Nothing secret goes in: no header, no
//! body, no query, no text of the server's.

use tracing::Span;

use crate::dialect::Dialect;
use crate::error::{Error, ErrorKind, Result, TimeoutPhase};
use crate::op::Op;

/// The span of one call, around all its attempts and waits.
pub(crate) fn call(dialect: &dyn Dialect, operation: &'static str) -> Span {
    tracing::info_span!(
        "call",
        otel.name = operation,
        otel.kind = "internal",
        vendor = dialect.vendor(),
        operation,
        error.r#type = tracing::field::Empty,
    )
}

/// Notes how a call ended.
pub(crate) fn called<T>(span: &Span, result: &Result<T>) {
    if let Err(error) = result {
        span.record("error.type", error_type(error));
    }
}

/// The span of one attempt.
pub(crate) fn attempt(dialect: &dyn Dialect, op: &Op, uri: &http::Uri, resend: u32) -> Span {
    tracing::debug_span!(
        "attempt",
        otel.kind = "client",
        vendor = dialect.vendor(),
        operation = op.name,
        http.request.method = op.method.as_str(),
        http.request.resend_count = resend,
        server.address = uri.host().unwrap_or_default(),
        server.port = uri.port_u16(),
        url.scheme = uri.scheme_str(),
        url.template = op.path,
        http.response.status_code = tracing::field::Empty,
        error.r#type = tracing::field::Empty,
    )
}

/// Notes how an attempt ended.
pub(crate) fn attempted<B>(span: &Span, result: &Result<http::Response<B>>) {
    if span.is_disabled() {
        return;
    }
    match result {
        Ok(response) => {
            span.record("http.response.status_code", response.status().as_u16());
        }
        Err(error) => {
            if let Some(status) = error.status() {
                span.record("http.response.status_code", status);
            }
            span.record("error.type", error_type(error));
        }
    }
}

/// A short, fixed word for the class of an error.
pub(crate) fn error_type(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Config => "config",
        ErrorKind::InvalidArgument => "invalid_argument",
        ErrorKind::Io => "io",
        ErrorKind::Transport if error.is_connect() => "connect",
        ErrorKind::Transport => "transport",
        ErrorKind::Timeout => match error.timeout_phase() {
            Some(TimeoutPhase::Connect) => "timeout_connect",
            Some(TimeoutPhase::Headers) => "timeout_headers",
            Some(TimeoutPhase::Total) => "timeout_total",
            Some(TimeoutPhase::Idle) => "timeout_idle",
            _ => "timeout",
        },
        ErrorKind::Api => match error.status() {
            Some(400..=499) => "api_4xx",
            Some(500..=599) => "api_5xx",
            _ => "api",
        },
        ErrorKind::Decode => "decode",
        ErrorKind::TooLarge => "too_large",
        ErrorKind::Protocol => "protocol",
        ErrorKind::Interrupted => "interrupted",
        ErrorKind::ReconnectsExhausted => "reconnects_exhausted",
        ErrorKind::Operation => "operation",
    }
}
