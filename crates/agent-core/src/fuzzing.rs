//! What must hold whatever comes in: one function per subject, which panics if it does not.
//!
//! The properties of this crate's tests call them with generated input, the fuzz targets with input that a fuzzer
//! finds. The decoder of event streams is apart, in `tests/sse_decoder`. Not for users.

// Panicking is how these report; nothing else calls them.
#![allow(clippy::missing_panics_doc, clippy::panic, clippy::unwrap_used)]

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use url::Url;

use crate::error::{Error, ErrorKind, ErrorResponse};
use crate::redirect::Redirects;
use crate::retry;
use crate::transport::{RequestBody, ResponseBody};
use crate::url::{BaseUrl, Encoding, expand, is_loopback, push_query, same_origin};

/// The longest line that an [`Error`] prints, in characters.
pub const LONGEST_LINE: usize = 1_000;

/// Reads a wait from headers with any values; an empty value stands for no header. `now` is in seconds since 1970.
pub fn retry_after(ms: &[u8], value: &[u8], date: &[u8], now: u64) -> Option<Duration> {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("retry-after-ms", ms),
        ("retry-after", value),
        ("date", date),
    ] {
        if !value.is_empty()
            && let Ok(value) = HeaderValue::from_bytes(value)
        {
            headers.insert(name, value);
        }
    }
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
    let wait = retry::retry_after(&headers, now);
    let number = |name: &str| headers.get(name)?.to_str().ok()?.parse::<u32>().ok();
    if let Some(ms) = number("retry-after-ms") {
        // `u32` reads a sign, which a wait has not.
        if !headers["retry-after-ms"].as_bytes().starts_with(b"+") {
            assert_eq!(wait, Some(Duration::from_millis(ms.into())));
        }
    } else if !headers.contains_key("retry-after-ms")
        && let Some(seconds) = number("retry-after")
        && !headers["retry-after"].as_bytes().starts_with(b"+")
    {
        assert_eq!(wait, Some(Duration::from_secs(seconds.into())));
    }
    if headers.is_empty() {
        assert_eq!(wait, None);
    }
    wait
}

/// Puts any value into a path: it is one segment that decodes to the value, or it is refused.
pub fn path(value: &str) {
    const BASE: &str = "https://api.example/v1";
    for encoding in [Encoding::Unreserved, Encoding::UriComponent] {
        let params = [("id".into(), value.to_owned())];
        let mut text = BASE.to_owned();
        match expand(&mut text, "/runs/{id}/events", &params, encoding) {
            Ok(()) => {
                let url = unchanged(&text);
                let segments: Vec<_> = url.path_segments().unwrap().collect();
                let ["v1", "runs", segment, "events"] = segments[..] else {
                    panic!("{value:?} is not one segment: {text}")
                };
                assert_eq!(decode(segment), value);
                assert!(!matches!(value, "" | "." | ".."));
                assert_eq!((url.query(), url.fragment()), (None, None));
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InvalidArgument);
                assert!(matches!(value, "" | "." | ".."), "{value:?} is refused");
            }
        }

        let mut text = BASE.to_owned();
        let dots = value.split('/').any(|part| matches!(part, "." | ".."));
        match expand(&mut text, "/files/{+id}", &params, encoding) {
            Ok(()) => {
                let url = unchanged(&text);
                let segments = url.path_segments().unwrap().skip(2).map(decode);
                assert!(segments.eq(value.split('/')), "{value:?} in {text}");
                assert!(!dots && !value.is_empty());
            }
            Err(_) => assert!(dots || value.is_empty(), "{value:?} is refused"),
        }
    }
}

/// Puts any pairs into a query: they decode to what they were.
pub fn query(pairs: &[(&str, &str)]) {
    for encoding in [Encoding::Unreserved, Encoding::UriComponent, Encoding::Form] {
        let mut text = String::from("https://api.example/v1");
        for (name, value) in pairs {
            push_query(&mut text, name, value, encoding);
        }
        // The URL library writes `'` in a query as `%27`, as browsers do.
        let url = unchanged(&text.replace('\'', "%27"));
        assert_eq!(url.path(), "/v1");
        let decoded = url.query_pairs();
        let expected = pairs.iter().map(|(name, value)| (*name, *value));
        assert!(
            decoded.eq(expected.map(|(name, value)| (Cow::from(name), Cow::from(value)))),
            "{pairs:?} in {text}"
        );
    }
}

/// Parses `text` as URL and as the URI of a request: neither changes it.
fn unchanged(text: &str) -> Url {
    let url = Url::parse(text).unwrap();
    assert_eq!(url.as_str(), text);
    assert_eq!(url.host_str(), Some("api.example"));
    // That is how long a URI may be.
    if text.len() < usize::from(u16::MAX) {
        assert_eq!(text.parse::<Uri>().unwrap().to_string(), text);
    }
    url
}

fn decode(segment: &str) -> Cow<'_, str> {
    percent_decode_str(segment).decode_utf8().unwrap()
}

/// Parses any base URL: what is taken has nothing but scheme, host, port and path.
pub fn base_url(text: &str) {
    let Ok(base) = BaseUrl::parse("api_url", text) else {
        return;
    };
    let url = base.url();
    assert!(matches!(url.scheme(), "http" | "https"));
    assert!(url.username().is_empty() && url.password().is_none());
    assert_eq!((url.query(), url.fragment()), (None, None));
    assert!(!base.as_str().ends_with('/'));
    let again = BaseUrl::parse("api_url", base.as_str()).unwrap();
    assert!(same_origin(url, again.url()));
    assert_eq!(again.as_str(), base.as_str());
    let _ = is_loopback(url);
    // A path below it stays there.
    let below = Url::parse(&format!("{}/runs", base.as_str())).unwrap();
    assert!(same_origin(url, &below), "{text:?} leads to {below}");
    assert!(below.path().ends_with("/runs"));
}

/// Answers a request below `base`, which carries credentials, with a redirect to any place: it is not followed, or
/// followed without them when the place is of another origin.
pub fn redirect(base: &str, location: &[u8]) {
    let Ok(base) = BaseUrl::parse("api_url", base) else {
        return;
    };
    let Ok(uri) = format!("{}/runs?x=1", base.as_str()).parse::<Uri>() else {
        return;
    };
    let Ok(location) = HeaderValue::from_bytes(location) else {
        return;
    };
    let origin = Url::parse(&uri.to_string()).unwrap();
    let harmless = [header::ACCEPT, header::CONTENT_TYPE, header::USER_AGENT];
    for (method, status) in [
        (Method::GET, StatusCode::FOUND),
        (Method::POST, StatusCode::SEE_OTHER),
        (Method::POST, StatusCode::TEMPORARY_REDIRECT),
    ] {
        for rewrite_to_get in [false, true] {
            for same_origin_only in [false, true] {
                let rules = Redirects {
                    max_hops: 3,
                    same_origin: same_origin_only,
                    rewrite_to_get,
                    excess_fails: false,
                };
                let mut request = Request::new(RequestBody::empty());
                *request.uri_mut() = uri.clone();
                *request.method_mut() = method.clone();
                let secret = ["authorization", "cookie", "x-api-key", "idempotency-key"];
                let names = secret.map(HeaderName::from_static);
                for name in names.iter().chain(&harmless) {
                    let value = HeaderValue::from_static("value");
                    request.headers_mut().insert(name, value);
                }
                let mut response = Response::new(ResponseBody::from_bytes(Bytes::new()));
                *response.status_mut() = status;
                response
                    .headers_mut()
                    .insert(header::LOCATION, location.clone());

                assert!(matches!(
                    Redirects::NONE.follow(&request, &response, 0),
                    Ok(None)
                ));
                assert!(matches!(rules.follow(&request, &response, 3), Ok(None)));
                let Ok(Some(next)) = rules.follow(&request, &response, 0) else {
                    continue;
                };
                let target = Url::parse(&next.uri().to_string()).unwrap();
                assert!(matches!(target.scheme(), "http" | "https"));
                assert!(target.username().is_empty() && target.password().is_none());
                assert_eq!(target.fragment(), None);
                // Both read the same host: the connection goes where the rules looked.
                assert_eq!(next.uri().host(), target.host_str());
                assert_eq!(next.uri().port_u16(), target.port());
                if !same_origin(&origin, &target) {
                    assert!(!same_origin_only, "{target} is another origin");
                    for name in next.headers().keys() {
                        assert!(harmless.contains(name), "{name} is sent to {target}");
                    }
                }
            }
        }
    }
}

/// Reads any text as a signature, and verifies with it: only the true one verifies.
#[cfg(feature = "webhooks")]
pub fn signature(text: &str, bytes: &[u8]) {
    use crate::webhook::{hex, parse_signature, sign, verify};

    if let Some(signature) = parse_signature(text) {
        let same = text.eq_ignore_ascii_case(&hex(&signature)) || text.len() == 44;
        assert!(same, "{text:?} is read as {signature:?}");
        assert_eq!(
            verify(b"secret", bytes, &signature),
            sign(b"secret", bytes) == signature
        );
    }
    let signature = sign(bytes, text.as_bytes());
    assert_eq!(parse_signature(&hex(&signature)), Some(signature));
    assert_eq!(
        verify(bytes, text.as_bytes(), &signature),
        !bytes.is_empty()
    );
    assert_eq!(verify(b"secret", text.as_bytes(), bytes), {
        bytes == sign(b"secret", text.as_bytes())
    });
}

/// Without the feature `webhooks` there is nothing to check.
#[cfg(not(feature = "webhooks"))]
pub fn signature(_text: &str, _bytes: &[u8]) {}

/// Prints errors with any texts of a server: one line, not long.
pub fn error_line(one: &str, two: &str) {
    let response = ErrorResponse {
        method: Method::GET,
        url: "https://api.example/v1".to_owned(),
        status: StatusCode::CONFLICT,
        reason: one.to_owned(),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(two.as_bytes()),
        truncated: false,
    };
    for error in [
        Error::new(ErrorKind::Api, one.to_owned()).with_code(two.to_owned()),
        Error::new(ErrorKind::Api, two.to_owned())
            .with_operation("runs.create")
            .with_response(response)
            .with_code(one.to_owned())
            .with_request_id(Some(one.to_owned()))
            .with_retry_after(Some(Duration::MAX))
            .with_cursor(Some(u64::MAX.into()))
            .with_attempts(u32::MAX),
        Error::decode("x").with_source(Error::config(one.to_owned())),
    ] {
        one_line(&error);
    }
}

/// Fails unless `error` is printed as one line that is not long.
pub fn one_line(error: &Error) {
    for line in [error.to_string(), format!("{error:?}")] {
        let breaks = |c: char| {
            c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}')
                // What Unicode calls Bidi_Control.
                || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}')
                || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!line.contains(breaks), "more than one line: {line:?}");
        assert!(line.chars().count() <= LONGEST_LINE, "long: {line:?}");
    }
}

/// JSON with the keys of all objects in the opposite order.
pub fn reversed(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<_> = fields
                .iter()
                .rev()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), reversed(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(reversed).collect();
            format!("[{}]", items.join(","))
        }
        other => other.to_string(),
    }
}

/// Whether there is a number with a fraction or exponent in `value`: where JSON is read
/// a second time, a whole one is without its fraction of zero then.
pub fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(items) => items.iter().any(has_fraction),
        Value::Object(fields) => fields.values().any(has_fraction),
        _ => false,
    }
}
