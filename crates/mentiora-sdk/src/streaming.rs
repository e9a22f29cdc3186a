//! Helpers that turn a stream of events into a server-sent event answer for a browser.
//!
//! Source: the vendor's page on streaming helpers and its client. No web framework is needed or known here: an answer
//! is plain data, or an [`http::Response`] whose body is a `Stream` of bytes and an `http_body::Body` at once.
//!
//! | framework | how |
//! |---|---|
//! | axum | `response.into_http()?.map(axum::body::Body::new)` |
//! | hyper | `response.into_http()?` as it is |
//! | actix-web | `builder.streaming(response.body)`, after `status` and `headers` |
//! | any other | `status`, `headers`, and `body`, a `Stream<Item = Result<Bytes, Infallible>>` |
//!
//! The browser gets what an error says, also its server's words: map errors to texts of your own if that is too much.

use std::error::Error as StdError;
use std::fmt;

use agent_core::{Error, Result};
use futures_core::Stream;
use http::header::{HeaderName, HeaderValue};
use serde::Serialize;

use crate::events::AgentStreamEvent;

mod frames;

pub use frames::{SseBody, SseFrames};

/// The headers of an answer. `connection` has a meaning in HTTP/1 only; servers leave it out of HTTP/2.
pub const SSE_HEADERS: [(&str, &str); 4] = [
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Cache-Control", "no-cache, no-transform"),
    ("Connection", "keep-alive"),
    ("X-Accel-Buffering", "no"),
];

/// One frame: `data: `, the data as compact JSON, and a blank line. Members keep the order in which `data` writes them.
///
/// Fails with kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if the data can not be written as JSON.
///
/// ```
/// #[derive(serde::Serialize)]
/// struct Delta<'a> {
///     r#type: &'a str,
///     delta: &'a str,
/// }
///
/// let frame = mentiora_sdk::format_sse_event(&Delta { r#type: "delta", delta: "Hi" })?;
/// assert_eq!(frame, "data: {\"type\":\"delta\",\"delta\":\"Hi\"}\n\n");
/// # Ok::<(), mentiora_sdk::Error>(())
/// ```
pub fn format_sse_event(data: &(impl Serialize + ?Sized)) -> Result<String> {
    let json = serde_json::to_string(data).map_err(|error| {
        Error::invalid_argument("the data can not be written as JSON").with_source(error)
    })?;
    Ok(format!("data: {json}\n\n"))
}

/// What the default transform writes; the order of the members is the vendor's.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Shown<'a> {
    Delta {
        delta: &'a str,
    },
    Done {
        #[serde(rename = "threadId")]
        thread_id: &'a str,
        output: &'a str,
        status: &'a str,
    },
    Error {
        message: &'a str,
    },
}

/// The frame of an event by default: text, the end and errors are shown, the rest is not.
fn shown(event: &AgentStreamEvent) -> Result<Option<String>> {
    let shown = match event {
        AgentStreamEvent::OutputTextDelta(event) => Shown::Delta {
            delta: &event.delta,
        },
        AgentStreamEvent::ChatCompleted(event) => Shown::Done {
            thread_id: &event.thread_id,
            output: &event.output,
            status: event.status.as_str(),
        },
        AgentStreamEvent::Error(event) => Shown::Error {
            message: &event.message,
        },
        _ => return Ok(None),
    };
    format_sse_event(&shown).map(Some)
}

/// The last frame after a failure. An error of this crate is shown by its message alone.
fn failure(error: &(dyn StdError + 'static)) -> String {
    let text = match error.downcast_ref::<Error>() {
        Some(error) => error.message().to_owned(),
        None => error.to_string(),
    };
    format_sse_event(&Shown::Error { message: &text }).unwrap_or_default()
}

type BoxError = Box<dyn StdError + Send + Sync>;
type Transform = Box<dyn FnMut(&AgentStreamEvent) -> Result<Option<String>, BoxError> + Send>;

fn boxed<T, E, F>(mut transform: F) -> Transform
where
    F: FnMut(&AgentStreamEvent) -> Result<Option<T>, E> + Send + 'static,
    T: Serialize,
    E: Into<BoxError>,
{
    Box::new(move |event| match transform(event).map_err(Into::into)? {
        Some(value) => Ok(Some(format_sse_event(&value)?)),
        None => Ok(None),
    })
}

/// The frames that show `events`, one by one as they come; the form that fits any framework.
///
/// `transform` gives what is shown of an event, or nothing to leave it out. When `events` or `transform` fails, a last
/// frame `{"type":"error","message":…}` tells it, and the frames end. An `error` *event* is shown like any other.
/// Nothing is read ahead; dropping the frames drops `events`, which closes its connection.
pub fn stream_events<T, E, F>(
    events: impl Stream<Item = Result<AgentStreamEvent>> + Send + 'static,
    transform: F,
) -> SseFrames
where
    F: FnMut(&AgentStreamEvent) -> Result<Option<T>, E> + Send + 'static,
    T: Serialize,
    E: Into<BoxError>,
{
    SseFrames::new(Box::pin(events), boxed(transform))
}

/// What differs from the usual answer.
#[must_use]
#[derive(Default)]
pub struct CreateStreamResponseOptions {
    transform: Option<Transform>,
    headers: Vec<(String, String)>,
}

impl CreateStreamResponseOptions {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows of each event what `transform` gives, and leaves it out if that is nothing; a failure is the last frame.
    ///
    /// By default `output_text_delta` is shown as `{"type":"delta","delta":…}`, `chat_completed` as
    /// `{"type":"done","threadId":…,"output":…,"status":…}`, `error` as `{"type":"error","message":…}`, and the rest is
    /// left out.
    pub fn transform<T, E, F>(mut self, transform: F) -> Self
    where
        F: FnMut(&AgentStreamEvent) -> Result<Option<T>, E> + Send + 'static,
        T: Serialize,
        E: Into<BoxError>,
    {
        self.transform = Some(boxed(transform));
        self
    }

    /// Adds a header. One of [`SSE_HEADERS`], in whatever case, is replaced.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl fmt::Debug for CreateStreamResponseOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateStreamResponseOptions")
            .field("transform", &self.transform.is_some())
            .field("headers", &names(&self.headers))
            .finish()
    }
}

/// What of headers may be shown: a value can be a cookie.
fn names(headers: &[(String, String)]) -> Vec<&str> {
    headers.iter().map(|(name, _)| name.as_str()).collect()
}

/// An answer to a browser. Made by [`create_stream_response`]. `Debug` shows the names of the headers alone.
#[non_exhaustive]
pub struct StreamResponse {
    /// 200.
    pub status: u16,
    /// [`SSE_HEADERS`] and those of the options.
    pub headers: Vec<(String, String)>,
    /// The frames, as they come.
    pub body: SseBody,
}

impl fmt::Debug for StreamResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamResponse")
            .field("status", &self.status)
            .field("headers", &names(&self.headers))
            .field("body", &self.body)
            .finish()
    }
}

impl StreamResponse {
    /// It as the `http` crate has answers.
    ///
    /// Fails with kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument) if a header of the options can not be
    /// sent.
    pub fn into_http(self) -> Result<http::Response<SseBody>> {
        let mut response = http::Response::new(self.body);
        for (name, value) in &self.headers {
            let refuse = || Error::invalid_argument(format!("the header {name:?} can not be sent"));
            let name: HeaderName = name.parse().map_err(|_| refuse())?;
            let value = HeaderValue::from_str(value).map_err(|_| refuse())?;
            response.headers_mut().append(name, value);
        }
        Ok(response)
    }
}

/// Shows `events` to a browser: the vendor's `createStreamResponse`.
///
/// Returns at once; the events are read as the body is, so the first failure of a stream that could not be opened is
/// told in the body too. When the browser leaves, the server drops the body and with it the stream.
///
/// ```no_run
/// # use mentiora_sdk::{AgentRunParams, CreateStreamResponseOptions, MentioraClient, create_stream_response};
/// # fn demo(client: &MentioraClient, question: String) {
/// let events = client.agents().stream(AgentRunParams::tag("production", question));
/// let response = create_stream_response(events, CreateStreamResponseOptions::new());
/// # }
/// ```
pub fn create_stream_response(
    events: impl Stream<Item = Result<AgentStreamEvent>> + Send + 'static,
    options: CreateStreamResponseOptions,
) -> StreamResponse {
    let transform = options
        .transform
        .unwrap_or_else(|| Box::new(|event: &AgentStreamEvent| shown(event).map_err(Into::into)));
    let given = |name: &str| {
        let mut headers = options.headers.iter();
        headers.any(|(given, _)| given.eq_ignore_ascii_case(name))
    };
    let mut headers: Vec<_> = SSE_HEADERS
        .iter()
        .filter(|(name, _)| !given(name))
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    headers.extend(options.headers.iter().cloned());
    StreamResponse {
        status: 200,
        headers,
        body: SseBody::new(SseFrames::new(Box::pin(events), transform)),
    }
}

#[cfg(test)]
mod tests;
