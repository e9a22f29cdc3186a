//! The one error type of all SDKs.
//!
//! Here live [`Error`], its kinds and what it tells; how its `Display` line is made is in `error/display.rs`. How a
//! vendor's error body becomes a code and a message is in that vendor's crate.

use std::any::Any;
use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use crate::cursor::Cursor;
use crate::read_json::read_json;
use crate::transport::{TransportError, TransportPhase};

mod display;

/// A result with the SDKs' error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, with everything a caller needs to decide what to do next.
///
/// One pointer wide. `Display` is one line: operation, status, code, message, request id, attempts, and whether the
/// request was sent. The cause, where there is one, is in [`source`](std::error::Error::source).
///
/// Neither `Display` nor `Debug` shows credentials, headers or bodies. The message of an answer is the server's text
/// and is shown, but for the request's credentials, which become `****`.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    operation: &'static str,
    code: Option<Cow<'static, str>>,
    details: Option<Value>,
    response: Option<Box<ErrorResponse>>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    retryable: Option<bool>,
    phase: Option<TimeoutPhase>,
    limit: Option<Duration>,
    connect: bool,
    sent: Sent,
    attempts: u32,
    retries: u32,
    cursor: Option<Cursor>,
    view: Option<Box<dyn Any + Send + Sync>>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The class of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client can not be built from what it was given. Nothing was sent.
    Config,
    /// An argument of a call was refused before anything was sent.
    InvalidArgument,
    /// A local file could not be read or written. Nothing was sent, or the download was given up.
    Io,
    /// No connection, TLS failure, or a connection that broke before the answer was complete.
    Transport,
    /// A time limit expired; [`Error::timeout_phase`] tells which.
    Timeout,
    /// The server answered with a status outside 200 to 299; [`Error::status`] tells which.
    Api,
    /// A successful answer, or an event of a stream, does not have the documented form.
    Decode,
    /// An answer, an event or a line is larger than the limit.
    TooLarge,
    /// The server broke the protocol, such as a stream that is not an event stream.
    Protocol,
    /// An event stream was cut before its end and could not, or was not to, be resumed; [`Error::cursor`] tells how
    /// far it came.
    Interrupted,
    /// Every reconnect that the stream's policy allows was used up; the cause is the last failure.
    ReconnectsExhausted,
    /// The operation's own rule ended it, such as a wait that lasted too long; [`Error::code`] tells which.
    Operation,
}

/// Whether the request may have reached the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sent {
    /// Nothing of it left this machine: repeating the call is safe.
    Never,
    /// It may have arrived: the server may or may not have acted on it.
    Maybe,
    /// The server answered, or an earlier attempt of the same call may have landed.
    Yes,
}

/// Which time limit expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutPhase {
    /// Making the connection.
    Connect,
    /// Waiting for the response head.
    Headers,
    /// One attempt, from connecting to the last byte of the body.
    Attempt,
    /// The whole call, with its retries and waits.
    Total,
    /// No byte of a stream for too long.
    Idle,
}

/// The answer behind an error.
#[derive(Clone)]
pub struct ErrorResponse {
    /// Method of the request.
    pub method: Method,
    /// Full URL of the request, query included. It may hold identifiers and signatures: mind where you print it.
    pub url: String,
    /// Status of the answer.
    pub status: StatusCode,
    /// Reason phrase: the one sent, else the standard one of the status, else empty.
    pub reason: String,
    /// Headers of the answer.
    pub headers: HeaderMap,
    /// The body, as far as it was read (at most 1 MiB).
    pub body: Bytes,
    /// The body was longer than what was read, or broke off.
    pub truncated: bool,
}

impl ErrorResponse {
    /// The body as text; invalid UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// The body as JSON, if it is. A byte order mark is skipped; bytes and halves of characters that are no text become
    /// U+FFFD.
    pub fn json(&self) -> Option<Value> {
        read_json(&self.body).ok()
    }
}

impl std::fmt::Debug for ErrorResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ErrorResponse")
            .field("method", &self.method)
            .field("status", &self.status.as_u16())
            .field("body_bytes", &self.body.len())
            .field("truncated", &self.truncated)
            .finish_non_exhaustive()
    }
}

impl Error {
    /// An error of `kind` with `message`. Everything else is added with the `with_…` methods.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: "",
            code: None,
            details: None,
            response: None,
            request_id: None,
            retry_after: None,
            retryable: None,
            phase: None,
            limit: None,
            connect: false,
            sent: Sent::Never,
            attempts: 0,
            retries: 0,
            cursor: None,
            view: None,
            source: None,
        }))
    }

    /// The class.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// HTTP status of the answer, if the server answered with one outside 200 to 299.
    pub fn status(&self) -> Option<u16> {
        self.0
            .response
            .as_ref()
            .map(|response| response.status.as_u16())
    }

    /// The vendor's error code, or this SDK's for kind [`Operation`](ErrorKind::Operation).
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What happened, in the words that the vendor's own client uses where it has any.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Structured details that the server gave.
    pub fn details(&self) -> Option<&Value> {
        self.0.details.as_ref()
    }

    /// The answer behind the error.
    pub fn response(&self) -> Option<&ErrorResponse> {
        self.0.response.as_deref()
    }

    /// The id that the server gave the request: quote it to the vendor's support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long the server asked to wait before the next try.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the same call may succeed later: broken connections, time limits, and the statuses that the vendor's
    /// contract names (by default 408, 425, 429, 500, 502, 503, 504). It says nothing about whether repeating is
    /// *safe*: see [`sent`](Self::sent).
    pub fn is_retryable(&self) -> bool {
        self.0.retryable.unwrap_or_else(|| match self.0.kind {
            ErrorKind::Transport | ErrorKind::Timeout => true,
            ErrorKind::Api => self
                .status()
                .is_some_and(|s| matches!(s, 408 | 425 | 429 | 500 | 502 | 503 | 504)),
            _ => false,
        })
    }

    /// Whether the request may have reached the server.
    pub fn sent(&self) -> Sent {
        self.0.sent
    }

    /// How many times the request was tried; 0 when it failed before the first.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Which operation failed, such as `runs.create`; empty if none was under way.
    pub fn operation(&self) -> &str {
        self.0.operation
    }

    /// Position of the last event that was delivered before a stream failed.
    pub fn cursor(&self) -> Option<Cursor> {
        self.0.cursor
    }

    /// Which limit expired, for kind [`Timeout`](ErrorKind::Timeout).
    pub fn timeout_phase(&self) -> Option<TimeoutPhase> {
        self.0.phase
    }

    /// How long the limit was that expired, for kind [`Timeout`](ErrorKind::Timeout). None where the transport's own
    /// limit expired, and for [`Idle`](TimeoutPhase::Idle) the length of the silence.
    pub fn timeout_limit(&self) -> Option<Duration> {
        self.0.limit
    }

    /// Whether a time limit expired.
    pub fn is_timeout(&self) -> bool {
        self.0.kind == ErrorKind::Timeout
    }

    /// Whether the last attempt made no connection. Of an earlier attempt, or of the request that a redirect answered,
    /// the server may have seen more: see [`sent`](Self::sent).
    pub fn is_connect(&self) -> bool {
        self.0.connect
    }

    /// Whether the server answered 404.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether the server answered 409.
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(409)
    }

    /// Whether the server answered 401.
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(401)
    }

    /// Whether the server answered 429.
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(429)
    }

    /// Adds the cause. Its text must hold no secret.
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Sets the code.
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = Some(code.into());
        self
    }
}

/// What the pipeline and the SDK crates set, and users do not.
#[doc(hidden)]
impl Error {
    pub fn config(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Config, message)
    }

    pub fn invalid_argument(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    pub fn decode(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Decode, message).with_sent(Sent::Yes)
    }

    pub fn timeout(phase: TimeoutPhase, limit: Duration) -> Self {
        let what = match phase {
            TimeoutPhase::Connect => "no connection",
            TimeoutPhase::Headers => "no answer",
            TimeoutPhase::Attempt => "no complete answer",
            TimeoutPhase::Total => "the call was not finished",
            TimeoutPhase::Idle => "no data",
        };
        let mut error = Self::new(
            ErrorKind::Timeout,
            format!("{what} within {} ms", limit.as_millis()),
        );
        error.0.phase = Some(phase);
        error.0.limit = Some(limit);
        error.0.connect = phase == TimeoutPhase::Connect;
        error.0.sent = match phase {
            TimeoutPhase::Connect => Sent::Never,
            TimeoutPhase::Idle => Sent::Yes,
            _ => Sent::Maybe,
        };
        error
    }

    pub fn transport(error: TransportError) -> Self {
        let mut root: &dyn std::error::Error = &error;
        while let Some(next) = root.source() {
            root = next;
        }
        let (phase, what) = match error.phase() {
            TransportPhase::Connect => (TimeoutPhase::Connect, "connecting failed"),
            TransportPhase::Request => (TimeoutPhase::Headers, "the connection broke"),
            TransportPhase::Body => (
                TimeoutPhase::Attempt,
                "the connection broke within the answer",
            ),
        };
        let timed_out = error.is_timeout();
        let kind = if timed_out {
            ErrorKind::Timeout
        } else {
            ErrorKind::Transport
        };
        let connect = error.phase() == TransportPhase::Connect;
        let sent = match error.phase() {
            TransportPhase::Connect => Sent::Never,
            TransportPhase::Request => Sent::Maybe,
            TransportPhase::Body => Sent::Yes,
        };
        let mut this = Self::new(kind, format!("{what}: {root}"));
        this.0.phase = timed_out.then_some(phase);
        this.0.connect = connect;
        this.0.sent = sent;
        this.with_source(error)
    }

    pub fn with_operation(mut self, operation: &'static str) -> Self {
        self.0.operation = operation;
        self
    }

    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.0.message = message.into();
        self
    }

    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    pub fn with_details(mut self, details: Value) -> Self {
        self.0.details = Some(details);
        self
    }

    pub fn with_response(mut self, response: ErrorResponse) -> Self {
        self.0.response = Some(Box::new(response));
        self.0.sent = Sent::Yes;
        self
    }

    pub fn with_request_id(mut self, id: Option<String>) -> Self {
        self.0.request_id = id;
        self
    }

    pub fn with_retry_after(mut self, after: Option<Duration>) -> Self {
        self.0.retry_after = after;
        self
    }

    pub fn with_retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = Some(retryable);
        self
    }

    pub fn with_sent(mut self, sent: Sent) -> Self {
        self.0.sent = sent;
        self
    }

    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Attempts that the retry policy made after the first: unlike [`attempts`](Self::attempts) without the one
    /// repeat after a 401.
    pub fn retries(&self) -> u32 {
        self.0.retries
    }

    pub fn with_retries(mut self, retries: u32) -> Self {
        self.0.retries = retries;
        self
    }

    /// Takes over what is known of the answer that led to this error, where it has none of its own. A time limit has
    /// no answer.
    pub fn caused_by_answer(mut self, answer: Self) -> Self {
        if self.0.response.is_none() && !self.is_timeout() {
            self.0.response = answer.0.response;
            self.0.request_id = answer.0.request_id;
        }
        self.with_attempts(answer.0.attempts)
            .with_retries(answer.0.retries)
            .with_sent(answer.0.sent)
    }

    /// What came beside the body of the answer behind the error.
    pub fn response_meta(&self) -> Option<crate::response::ResponseMeta> {
        let response = self.0.response.as_deref()?;
        Some(crate::response::ResponseMeta {
            status: response.status,
            headers: response.headers.clone(),
            request_id: self.0.request_id.clone(),
            attempts: self.0.attempts,
        })
    }

    pub fn with_cursor(mut self, cursor: Option<Cursor>) -> Self {
        self.0.cursor = cursor;
        self
    }

    /// Attaches a vendor's own view of the error, found again by its type.
    pub fn with_view<T: Any + Send + Sync>(mut self, view: T) -> Self {
        self.0.view = Some(Box::new(view));
        self
    }

    pub fn view<T: Any>(&self) -> Option<&T> {
        self.0.view.as_ref()?.downcast_ref()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
