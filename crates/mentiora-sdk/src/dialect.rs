//! What this vendor does its own way: errors and their texts, what is repeated and when, redirects, names.

use std::time::{Duration, SystemTime};

use agent_core::error::ErrorResponse;
use agent_core::sdk::{BaseUrl, Dialect, Redirects};
use agent_core::{Error, ErrorKind, TimeoutPhase};
use http::HeaderMap;
use http::header::RETRY_AFTER;

use crate::error::{Refusal, ServerError};
use crate::ops::{AGENTS_STREAM, FILES_DOWNLOAD};
use crate::wire;

/// The vendor's ways, by mode.
#[derive(Debug)]
pub(crate) struct Mentiora {
    warns: bool,
}

/// With an API key.
pub(crate) static SERVER: Mentiora = Mentiora { warns: true };

/// With a publishable key, which is no secret: nothing to warn of.
pub(crate) static BROWSER: Mentiora = Mentiora { warns: false };

impl Dialect for Mentiora {
    fn vendor(&self) -> &'static str {
        "mentiora"
    }

    fn user_agent(&self) -> &'static str {
        concat!("mentiora-sdk-rust/", env!("CARGO_PKG_VERSION"))
    }

    fn redirects(&self) -> Redirects {
        Redirects::NONE
    }

    /// The vendor's rule: the exact host `localhost` is quiet, 127.0.0.1 is not.
    fn warns_of_plain_http(&self, base: &BaseUrl) -> bool {
        self.warns && base.url().host_str() != Some(wire::QUIET_HOST)
    }

    fn is_retryable(&self, error: &Error) -> bool {
        match error.kind() {
            ErrorKind::Transport | ErrorKind::Timeout => true,
            ErrorKind::Api => matches!(error.status(), Some(429 | 500..=599)),
            _ => false,
        }
    }

    /// Without a connection nothing was sent, and what was answered 429 was not done.
    fn resend_unsafe(&self, error: &Error) -> bool {
        error.is_connect() || error.is_rate_limited()
    }

    fn retry_after(&self, status: u16, headers: &HeaderMap, _now: SystemTime) -> Option<Duration> {
        if status != 429 {
            return None;
        }
        leading_seconds(headers.get(RETRY_AFTER)?.to_str().ok()?)
    }

    fn read_error(&self, operation: &'static str, response: &ErrorResponse, error: Error) -> Error {
        let Refusal { message, server } = Refusal::read(operation, response);
        let error = error.with_message(message);
        let error = match &server.code {
            Some(code) if !code.is_empty() => error.with_code(code.clone()),
            _ => error,
        };
        error.with_view::<ServerError>(server)
    }

    fn finish(&self, error: Error) -> Error {
        let text = match error.kind() {
            ErrorKind::Timeout if error.timeout_phase() != Some(TimeoutPhase::Idle) => {
                match error.timeout_limit() {
                    Some(limit) => format!("Request timeout after {}ms", limit.as_millis()),
                    // The transport's own limit for connecting: a failure like any other to connect.
                    None => unreachable_text(&error),
                }
            }
            ErrorKind::Transport => unreachable_text(&error),
            _ => return error,
        };
        error.with_message(text)
    }
}

fn unreachable_text(error: &Error) -> String {
    let cause = error.message();
    match error.operation() {
        name if name == AGENTS_STREAM.name => format!("Stream request failed: {cause}"),
        name if name == FILES_DOWNLOAD.name => format!("Network error: {cause}"),
        _ => format!("Failed after {} attempts: {cause}", error.retries() + 1),
    }
}

/// The number that `text` begins with, as seconds, if it is above zero: `2`, `0.25`, `1.5s`.
pub(crate) fn leading_seconds(text: &str) -> Option<Duration> {
    let text = text.trim_start();
    let text = text.strip_prefix('+').unwrap_or(text);
    let mut dots = 0;
    let digits: usize = text
        .bytes()
        .take_while(|byte| {
            dots += usize::from(*byte == b'.');
            byte.is_ascii_digit() || (*byte == b'.' && dots == 1)
        })
        .count();
    let seconds: f64 = text.get(..digits)?.parse().ok()?;
    (seconds > 0.0 && seconds.is_finite())
        .then(|| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_leading_number_above_zero_is_a_wait() {
        let ms = |n| Some(Duration::from_millis(n));
        for (text, expected) in [
            ("2", ms(2000)),
            ("0.25", ms(250)),
            (".5", ms(500)),
            ("1.5s", ms(1500)),
            ("1.5.5", ms(1500)),
            (" 3 ", ms(3000)),
            ("0", None),
            ("-1", None),
            ("", None),
            (".", None),
            ("Infinity", None),
            ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ] {
            assert_eq!(leading_seconds(text), expected, "{text}");
        }
        assert_eq!(leading_seconds(&"9".repeat(300)), Some(Duration::MAX));
        assert_eq!(leading_seconds(&"9".repeat(400)), None);
    }

    #[test]
    fn the_wait_counts_on_429_alone() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, http::HeaderValue::from_static("2"));
        let at = |status| SERVER.retry_after(status, &headers, SystemTime::UNIX_EPOCH);
        assert_eq!(at(429), Some(Duration::from_secs(2)));
        assert_eq!(at(503), None);
    }
}
