//! What was asked: a bounded record of requests for tests to look at. Which credentials a request carried can be
//! asked, but not read.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use crate::http::{self, Request};
use crate::sync::lock;

/// Requests kept; the oldest go first.
const MAX_REQUESTS: usize = 10_000;
/// Body bytes kept in all; the oldest requests go first.
const MAX_BODY_BYTES: usize = 256 << 20;

/// A request that the emulator received.
#[derive(Clone)]
pub struct RecordedRequest {
    /// The method, such as `POST`.
    pub method: String,
    /// The path below the vendor's prefix as it was sent, such as `/runs/run%201`.
    pub path: String,
    /// The decoded pairs of the query.
    pub query: Vec<(String, String)>,
    /// The headers in order, names in lower case. Values of headers that are made for credentials are replaced by
    /// `[redacted]`; ask [`has_bearer`](Self::has_bearer) or [`shows`](Self::shows) instead.
    pub headers: Vec<(String, String)>,
    /// The body, whole. It may hold secrets; `Debug` shows only its length.
    pub body: Bytes,
    /// The status of the answer; `None` while there is none yet.
    pub status: Option<u16>,
    raw: HeaderMap,
}

impl RecordedRequest {
    fn new(request: &Request) -> Self {
        Self {
            method: request.method.to_string(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: redacted(&request.headers),
            body: request.body.clone(),
            status: None,
            raw: request.headers.clone(),
        }
    }

    /// The first value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `Null` when it is not JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether the request carried exactly this bearer token.
    pub fn has_bearer(&self, token: &str) -> bool {
        let value = self.raw.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        value.and_then(|value| value.strip_prefix(b"Bearer ")) == Some(token.as_bytes())
    }

    /// Whether this text is anywhere in the value of any header or in the query.
    pub fn shows(&self, secret: &str) -> bool {
        let in_value =
            |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).contains(secret);
        self.raw.values().any(in_value)
            || self.query.iter().any(|(_, value)| value.contains(secret))
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &self.query)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

fn redacted(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |name: &HeaderName, value: &HeaderValue| {
        if http::is_credential(name) {
            "[redacted]".to_owned()
        } else {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        }
    };
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), text(name, value)))
        .collect()
}

/// The record of one vendor or of the storage.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    requests: VecDeque<RecordedRequest>,
    dropped: usize,
    body_bytes: usize,
}

impl Recorder {
    /// Notes a request and returns its number.
    pub(crate) fn note(&self, request: &Request) -> usize {
        let mut log = lock(&self.0);
        log.body_bytes += request.body.len();
        log.requests.push_back(RecordedRequest::new(request));
        while log.requests.len() > MAX_REQUESTS
            || (log.body_bytes > MAX_BODY_BYTES && log.requests.len() > 1)
        {
            let old = log
                .requests
                .pop_front()
                .map_or(0, |request| request.body.len());
            log.body_bytes -= old;
            log.dropped += 1;
        }
        log.dropped + log.requests.len() - 1
    }

    /// Notes the status of the answer to request `number`.
    pub(crate) fn answered(&self, number: usize, status: u16) {
        let mut log = lock(&self.0);
        let dropped = log.dropped;
        if let Some(request) = number
            .checked_sub(dropped)
            .and_then(|index| log.requests.get_mut(index))
        {
            request.status = Some(status);
        }
    }

    pub(crate) fn count(&self) -> usize {
        let log = lock(&self.0);
        log.dropped + log.requests.len()
    }

    pub(crate) fn all(&self) -> Vec<RecordedRequest> {
        lock(&self.0).requests.iter().cloned().collect()
    }
}
