//! How the vendor's error bodies are read, and the vendor's view of the shared error.

use std::fmt;

use agent_core::error::ErrorResponse;
use agent_core::sdk::read_json;
use agent_core::{Error, ErrorKind};
use bytes::Bytes;
use serde_json::Value;

use crate::chatwoot::ChatwootErrorCode;

/// Code of the error of [`Runs::create_and_stream`](crate::Runs::create_and_stream) for a run without an attempt.
pub(crate) const NO_ATTEMPT: &str = "no_attempt";

/// Code of the error of [`Runs::wait_for`](crate::Runs::wait_for) when no event matched.
pub(crate) const STREAM_ENDED: &str = "stream_ended";

/// What Agent OS says beyond the shared [`Error`]. Bring it into scope to use it.
///
/// ```
/// use agent_os_sdk::{Error, ErrorExt};
///
/// fn report(error: &Error) {
///     if let Some(run_id) = error.run_id() {
///         println!("the run {run_id} exists and goes on: {error}");
///     }
///     if error.is_conflict() {
///         println!("the key was used before: {:?}", error.details());
///     }
/// }
/// ```
pub trait ErrorExt {
    /// The run that exists in spite of the error and goes on: it was created by
    /// [`create_and_stream`](crate::Runs::create_and_stream), or by a create whose answer can not be read.
    fn run_id(&self) -> Option<&str>;

    /// The server's own words. None if it gave none: [`Error::message`] is the status' reason phrase then.
    fn server_message(&self) -> Option<&str>;

    /// Status of the answer, also of a successful one that could not be used (kinds `Decode` and `Protocol`).
    fn answer_status(&self) -> Option<u16>;

    /// Content type of a successful answer that could not be used.
    fn answer_content_type(&self) -> Option<&str>;

    /// Text of a successful answer that could not be used. It may hold secrets.
    fn answer_text(&self) -> Option<String>;

    /// The failure behind kind `ReconnectsExhausted`, with its status and code if it was an HTTP answer.
    fn last_failure(&self) -> Option<&Error>;

    /// Which of the Chatwoot module's failures it is. None if it came from elsewhere.
    fn chatwoot_code(&self) -> Option<&ChatwootErrorCode>;

    /// Whether the run had no attempt to follow: [`run_id`](Self::run_id) tells which run.
    fn is_no_attempt(&self) -> bool;

    /// Whether a stream was over before what was waited for.
    fn is_stream_ended(&self) -> bool;

    /// Whether a 409 may be the answer to a repetition by this client itself: an earlier attempt with the same key may
    /// have landed, and its work is done. The body ([`Error::details`]) may name it.
    fn may_be_own_duplicate(&self) -> bool;
}

impl ErrorExt for Error {
    fn run_id(&self) -> Option<&str> {
        self.view::<View>()?.run_id.as_deref()
    }

    fn server_message(&self) -> Option<&str> {
        self.view::<View>()
            .filter(|view| view.message)
            .map(|_| self.message())
    }

    fn answer_status(&self) -> Option<u16> {
        self.status()
            .or_else(|| Some(self.view::<View>()?.answer.as_ref()?.status))
    }

    fn answer_content_type(&self) -> Option<&str> {
        self.view::<View>()?
            .answer
            .as_ref()?
            .content_type
            .as_deref()
    }

    fn answer_text(&self) -> Option<String> {
        let answer = self.view::<View>()?.answer.as_ref()?;
        Some(String::from_utf8_lossy(&answer.body).into_owned())
    }

    fn last_failure(&self) -> Option<&Error> {
        if self.kind() != ErrorKind::ReconnectsExhausted {
            return None;
        }
        std::error::Error::source(self)?.downcast_ref()
    }

    fn chatwoot_code(&self) -> Option<&ChatwootErrorCode> {
        self.view::<View>()?.chatwoot.as_ref()
    }

    fn is_no_attempt(&self) -> bool {
        self.kind() == ErrorKind::Operation && self.code() == Some(NO_ATTEMPT)
    }

    fn is_stream_ended(&self) -> bool {
        self.kind() == ErrorKind::Operation && self.code() == Some(STREAM_ENDED)
    }

    fn may_be_own_duplicate(&self) -> bool {
        self.is_conflict() && self.attempts() > 1
    }
}

/// What an error carries beyond the shared fields.
#[derive(Clone, Default)]
pub(crate) struct View {
    pub(crate) run_id: Option<String>,
    /// The message is the server's own.
    pub(crate) message: bool,
    pub(crate) chatwoot: Option<ChatwootErrorCode>,
    pub(crate) answer: Option<Answer>,
}

/// A successful answer that could not be used.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Bytes,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Changes the view of an error, or gives it one.
pub(crate) fn with_view(error: Error, change: impl FnOnce(&mut View)) -> Error {
    let mut view = error.view::<View>().cloned().unwrap_or_default();
    change(&mut view);
    error.with_view(view)
}

/// Whether the same call may succeed later, by the status of its answer.
pub(crate) fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// The body of an answer: JSON, else text; none if it is empty.
pub(crate) fn body_of(response: &ErrorResponse) -> Option<Value> {
    if response.body.is_empty() {
        return None;
    }
    Some(read_json(&response.body).unwrap_or_else(|_| Value::String(response.text().into_owned())))
}

/// Reads an answer of Agent OS outside 200 to 299.
pub(crate) fn read(response: &ErrorResponse, error: Error) -> Error {
    let mut error = error.with_retryable(is_passing(response.status.as_u16()));
    let Some(body) = body_of(response) else {
        return error;
    };
    let inner = body.get("error").filter(|inner| inner.is_object());
    let source = inner.unwrap_or(&body);
    let text = |name: &str| source.get(name)?.as_str();
    let code = text("code").or_else(|| text("error"));
    let message = ["message", "detail", "title"]
        .iter()
        .filter_map(|name| text(name))
        .find(|text| !text.is_empty())
        .or_else(|| text("error"));
    if let Some(code) = code {
        error = error.with_code(code.to_owned());
    }
    if let Some(message) = message {
        error = with_view(error.with_message(message.to_owned()), |view| {
            view.message = true;
        });
    }
    error.with_details(body)
}
