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
        let value = headers.get(RETRY_AFTER)?.as_bytes();
        leading_seconds(&String::from_utf8_lossy(value))
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

/// The number that `text` begins with, as seconds, if it is above zero: `2`, `0.25`, `1.5s`. What a number is, is
/// JavaScript's word (`parseFloat`): also `1e1`.
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
    let (number, rest) = text.split_at_checked(digits)?;
    let number = text.get(..digits + exponent(rest)).unwrap_or(number);
    let seconds: f64 = number.parse().ok()?;
    (seconds > 0.0 && seconds.is_finite())
        .then(|| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// Length of the exponent that `text` begins with, such as `e-3`; 0 if it begins with none.
fn exponent(text: &str) -> usize {
    let Some(signed) = text.strip_prefix(['e', 'E']) else {
        return 0;
    };
    let power = signed.strip_prefix(['+', '-']).unwrap_or(signed);
    match power.bytes().take_while(u8::is_ascii_digit).count() {
        0 => 0,
        digits => text.len() - power.len() + digits,
    }
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
            ("1e1", ms(10_000)),
            ("25E-2s", ms(250)),
            (".5e+1é", ms(5000)),
            ("2e", ms(2000)),
            ("2e-", ms(2000)),
            ("2é", ms(2000)),
            ("e1", None),
            ("1e999", None),
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
        // What follows the number is not looked at, so it may be in any alphabet.
        let foreign = http::HeaderValue::from_bytes("3 секунды".as_bytes()).unwrap();
        headers.insert(RETRY_AFTER, foreign);
        let wait = SERVER.retry_after(429, &headers, SystemTime::UNIX_EPOCH);
        assert_eq!(wait, Some(Duration::from_secs(3)));
    }
}
