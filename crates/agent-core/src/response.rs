//! Answers: what came beside the value.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::read_json::read_json;

/// What the server sent beside the value. `Debug` does not show the headers: cookies and signed addresses are secrets.
#[derive(Clone)]
#[non_exhaustive]
pub struct ResponseMeta {
    /// Status of the last answer.
    pub status: StatusCode,
    /// Headers of the last answer.
    pub headers: HeaderMap,
    /// The id that the server gave the request, if it gave one.
    pub request_id: Option<String>,
    /// How many times the request was sent.
    pub attempts: u32,
}

impl std::fmt::Debug for ResponseMeta {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseMeta")
            .field("status", &self.status.as_u16())
            .field("request_id", &self.request_id)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// A value together with the answer it came in: what [`Call::with_response`](crate::Call::with_response) gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WithResponse<T> {
    /// The value.
    pub value: T,
    /// What came beside it.
    pub response: ResponseMeta,
}

impl<T> WithResponse<T> {
    /// A value and its answer.
    pub fn new(value: T, response: ResponseMeta) -> Self {
        Self { value, response }
    }

    /// Another value with the same answer.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> WithResponse<U> {
        WithResponse {
            value: f(self.value),
            response: self.response,
        }
    }
}

/// A successful answer, read whole.
#[derive(Clone)]
pub struct Response {
    /// Name of the operation.
    pub operation: &'static str,
    /// What came beside the body.
    pub meta: ResponseMeta,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// The body as JSON of the given form. Bytes that are no text become U+FFFD, as a browser reads it.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        read_json(&self.body).map_err(|source| self.decode_error(&source))
    }

    /// A [`Decode`](crate::ErrorKind::Decode) error about this answer. It tells where the body is wrong, and shows
    /// nothing of it: serde's own text could quote a token.
    pub fn decode_error(&self, source: &serde_json::Error) -> Error {
        let what = if self.body.is_empty() {
            "the answer has no body".to_owned()
        } else {
            match self.content_type() {
                Some(kind) if !kind.contains("json") => {
                    format!("the answer is not the expected JSON but {kind}")
                }
                _ => "the answer is not the expected JSON".to_owned(),
            }
        };
        Error::decode(format!("{what}: {}", Where(source)))
            .with_operation(self.operation)
            .with_request_id(self.meta.request_id.clone())
            .with_attempts(self.meta.attempts)
    }

    /// The `content-type` header.
    pub fn content_type(&self) -> Option<&str> {
        content_type(&self.meta.headers)
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("operation", &self.operation)
            .field("status", &self.meta.status.as_u16())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

pub(crate) fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(http::header::CONTENT_TYPE)?.to_str().ok()
}

/// The JSON decoder's error text can quote values of the body; the kind, the missing field and the place are enough.
struct Where<'a>(&'a serde_json::Error);

impl std::fmt::Display for Where<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.0.to_string();
        let known = [
            "missing field",
            "EOF while",
            "recursion limit",
            "duplicate field",
        ];
        if known.iter().any(|known| text.starts_with(known)) {
            return f.write_str(&text);
        }
        let what = match self.0.classify() {
            serde_json::error::Category::Data => "a value of the wrong type",
            serde_json::error::Category::Eof => "it ends too early",
            _ => "not JSON",
        };
        write!(
            f,
            "{what} at line {} column {}",
            self.0.line(),
            self.0.column()
        )
    }
}
