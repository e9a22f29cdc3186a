//! What a vendor does differently: everything the pipeline asks an SDK crate.

use std::fmt;
use std::time::{Duration, SystemTime};

use http::HeaderMap;

use crate::error::Error;
use crate::error::ErrorResponse;
use crate::redirect::Redirects;
use crate::retry::retry_after;
use crate::url::{BaseUrl, Encoding, is_loopback};

/// A vendor's ways. Every method but three has the usual answer as its default.
pub trait Dialect: fmt::Debug + Send + Sync + 'static {
    /// The vendor's name in spans, such as `trelent`.
    fn vendor(&self) -> &'static str;

    /// The `user-agent` header.
    fn user_agent(&self) -> &'static str;

    /// Reads the body of an answer outside 200 to 299: sets message, code, details and views. Kind, response,
    /// request id and `Retry-After` are set already; the message is the status' reason phrase.
    fn read_error(&self, operation: &'static str, response: &ErrorResponse, error: Error) -> Error;

    /// How values are encoded in paths.
    fn path_encoding(&self) -> Encoding {
        Encoding::Unreserved
    }

    /// How values are encoded in queries.
    fn query_encoding(&self) -> Encoding {
        Encoding::Form
    }

    /// Whether a content type among the client's headers stands above what an operation says of its body.
    fn client_says_content_type(&self) -> bool {
        false
    }

    /// Whether an answer outside 200 to 299 whose body breaks off is a broken connection, of kind `Transport`: with its
    /// status, if one asks for that.
    fn cut_refusal_is_broken(&self) -> bool {
        false
    }

    /// Which redirects are followed.
    fn redirects(&self) -> Redirects {
        Redirects::within_origin(5)
    }

    /// Whether a failure is passing, so that a safe call may be repeated.
    fn is_retryable(&self, error: &Error) -> bool {
        error.is_retryable()
    }

    /// Whether even an unsafe call may be repeated after this failure, by the vendor's own ruling.
    fn resend_unsafe(&self, _error: &Error) -> bool {
        false
    }

    /// How long the answer asks to wait.
    fn retry_after(&self, _status: u16, headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
        retry_after(headers, now)
    }

    /// Whether credentials that go to `base`, a plain http URL, are worth a warning.
    /// [`PlainHttp::Refuse`](crate::PlainHttp::Refuse) does not ask: it refuses every host that is not this machine.
    fn warns_of_plain_http(&self, base: &BaseUrl) -> bool {
        !is_loopback(base.url())
    }

    /// The header that carries an idempotency key.
    fn idempotency_header(&self) -> &'static str {
        "idempotency-key"
    }

    /// Whether a key is minted for keyed operations that have none, when retries are on.
    fn mints_idempotency_keys(&self) -> bool {
        false
    }

    /// The last word on a request's error before it reaches the caller or a stream's rules: a place for the vendor's
    /// own texts. What is wrong with the form of a successful answer is said where it is decoded.
    fn finish(&self, error: Error) -> Error {
        error
    }
}
