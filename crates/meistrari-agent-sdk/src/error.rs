//! The vendor's view of the shared error: `FetchError`, and what was wrong with an argument.
//!
//! Here live the text of refusals, [`FetchError`] and [`ErrorExt`]. When a call fails, and whether it is tried again,
//! is decided elsewhere.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use agent_core::error::ErrorResponse;
use agent_core::sdk::pretty_json;
use agent_core::{Error, ErrorKind};
use http::HeaderMap;
use serde_json::Value;

use crate::wire;

mod presigned;

pub(crate) use presigned::without_signature;

/// An answer with a status outside 200 to 299, as the vendor's own client tells of it: a view of an [`Error`].
///
/// `Display` is that client's text in several lines, body included: `Failed to <METHOD> <url>: <status> <reason>:`, and
/// in the next line the body, indented if it is JSON. [`Error`]'s own `Display` is one line. Source: seen in
/// `@meistrari/vault-sdk`; the readme names the class.
///
/// ```
/// use meistrari_agent_sdk::{Error, ErrorExt};
///
/// fn is_busy(error: &Error) -> bool {
///     error.as_fetch_error().is_some_and(|refused| refused.status() == 409)
/// }
/// ```
#[derive(Clone, Copy)]
pub struct FetchError<'a> {
    error: &'a Error,
    response: &'a ErrorResponse,
}

impl<'a> FetchError<'a> {
    /// `FetchError`, the class in the vendor's client.
    pub const NAME: &'static str = "FetchError";

    /// HTTP status.
    pub fn status(&self) -> u16 {
        self.response.status.as_u16()
    }

    /// HTTP method of the request.
    pub fn method(&self) -> &'a str {
        self.response.method.as_str()
    }

    /// URL of the request; that of a download without its query, which is a credential.
    pub fn url(&self) -> &'a str {
        &self.response.url
    }

    /// Headers of the answer.
    pub fn headers(&self) -> &'a HeaderMap {
        &self.response.headers
    }

    /// Body of the answer as text, as far as it was read (at most 1 MiB); invalid UTF-8 is replaced.
    pub fn body(&self) -> Cow<'a, str> {
        self.response.text()
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<Value> {
        self.response.json()
    }

    /// The whole text.
    pub fn message(&self) -> &'a str {
        self.error.message()
    }

    /// Whether the same call may succeed later: 408, 429, 500, 502, 503, 504.
    pub fn is_retryable(&self) -> bool {
        self.error.is_retryable()
    }

    /// How long the server asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.error.retry_after()
    }
}

impl fmt::Display for FetchError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl fmt::Debug for FetchError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FetchError").field(self.error).finish()
    }
}

/// Whether `error` is an answer with a status outside 200 to 299 (`isFetchError`). Branch on
/// [`status`](Error::status): 409 means that the session is in another state than the call needs.
pub fn is_fetch_error(error: &Error) -> bool {
    error.kind() == ErrorKind::Api
}

/// What this vendor's errors say beyond the shared [`Error`]. Bring it into scope to use it.
pub trait ErrorExt {
    /// As [`is_fetch_error`].
    fn is_fetch_error(&self) -> bool;

    /// The answer of the server, if it is one with a status outside 200 to 299.
    fn as_fetch_error(&self) -> Option<FetchError<'_>>;

    /// Whether an argument was refused before anything was sent; [`field`](Self::field) says which.
    fn is_validation(&self) -> bool {
        self.field().is_some()
    }

    /// The argument that was refused, in the vendor's spelling, such as `webhooks[0].url`.
    fn field(&self) -> Option<&str>;

    /// Whether a text was refused that is no vault reference.
    fn is_invalid_reference(&self) -> bool {
        self.reference().is_some()
    }

    /// The text that is no vault reference. It is not part of the error's text, as it may be a signed URL.
    fn reference(&self) -> Option<&str>;

    /// Whether a session's stream was cut before its end; [`Error::cursor`] tells where to go on from.
    fn is_stream_interrupted(&self) -> bool;
}

impl ErrorExt for Error {
    fn is_fetch_error(&self) -> bool {
        is_fetch_error(self)
    }

    fn as_fetch_error(&self) -> Option<FetchError<'_>> {
        let response = self.response().filter(|_| is_fetch_error(self))?;
        Some(FetchError {
            error: self,
            response,
        })
    }

    fn field(&self) -> Option<&str> {
        self.view::<Field>().map(|field| field.0.as_str())
    }

    fn reference(&self) -> Option<&str> {
        self.view::<Reference>()
            .map(|reference| reference.0.as_str())
    }

    fn is_stream_interrupted(&self) -> bool {
        self.kind() == ErrorKind::Interrupted
    }
}

struct Field(String);

struct Reference(String);

/// An argument that is refused before anything is sent.
pub(crate) fn validation(field: impl Into<String>, message: impl Into<String>) -> Error {
    Error::invalid_argument(message.into()).with_view(Field(field.into()))
}

/// A text that is no vault reference.
pub(crate) fn invalid_reference(text: &str) -> Error {
    Error::invalid_argument("not a vault reference: vault:// and a file id are expected")
        .with_view(Reference(text.to_owned()))
}

/// Refuses what can not stand alone as one segment of a path.
pub(crate) fn check_segment(field: &str, value: &str) -> Result<(), Error> {
    if value.trim().is_empty() {
        return Err(validation(field, format!("{field} must not be empty")));
    }
    if matches!(value, "." | "..") {
        return Err(validation(
            field,
            format!("{field} must not be a dot segment"),
        ));
    }
    Ok(())
}

/// What an answer outside 200 to 299 says.
pub(crate) fn refusal(response: &ErrorResponse, error: Error) -> Error {
    let passing = matches!(response.status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504);
    error.with_message(text(response)).with_retryable(passing)
}

fn text(response: &ErrorResponse) -> String {
    let body = response.text();
    // As fetch gives the text of an answer: without a byte order mark.
    let body = body.strip_prefix('\u{feff}').unwrap_or(&body);
    let shown = if body.len() > wire::MAX_ERROR_TEXT {
        format!("{}…", prefix(body, wire::MAX_ERROR_TEXT))
    } else {
        pretty_json(body).unwrap_or_else(|| body.to_owned())
    };
    format!(
        "Failed to {} {}: {} {}:\n{shown}",
        response.method,
        response.url,
        response.status.as_u16(),
        response.status.canonical_reason().unwrap_or_default(),
    )
}

/// The first `length` bytes of `text`, or less, so that no character is torn.
fn prefix(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests;
