//! `Retry-After` in its three forms.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// How long the answer asks to wait: `retry-after-ms` (milliseconds), else `retry-after` as seconds (a fraction is
/// allowed) or as an HTTP date.
///
/// A date is compared with the answer's own `date` header where there is one, so that a wrong clock on this machine
/// does no harm. A date in the past is no wait; what can not be read is as absent.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    if let Some(wait) = text(headers, "retry-after-ms").and_then(|text| number(text, 1e-3)) {
        return Some(wait);
    }
    let value = text(headers, RETRY_AFTER.as_str())?;
    number(value, 1.0).or_else(|| {
        let at = httpdate::parse_http_date(value).ok()?;
        let now = text(headers, DATE.as_str())
            .and_then(|date| httpdate::parse_http_date(date).ok())
            .unwrap_or(now);
        Some(at.duration_since(now).unwrap_or_default())
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

fn number(text: &str, unit: f64) -> Option<Duration> {
    // `f64` reads more than digits: `inf`, `1e9`, `+1`.
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let seconds = text.parse::<f64>().ok()? * unit;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}
