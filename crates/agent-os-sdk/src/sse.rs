//! Server-sent events of any path: [`parse_sse`], the original's `parseSSE`. Runs are followed with
//! [`Runs::follow`](crate::Runs::follow) instead, which reconnects.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use agent_core::sdk::read_json_text;
use agent_core::sse::{Decoder, Frame};
use agent_core::{Error, ErrorKind, Result, Sent};
use bytes::Bytes;
use futures_core::Stream;
use futures_core::stream::FusedStream;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One server-sent event. Source: package, 0.9.3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SseEvent<T = Value> {
    /// The event's own id: not that of an earlier one.
    #[serde(default)]
    pub id: Option<String>,
    /// Its name; `message` if it has none.
    #[serde(default)]
    pub event: Option<String>,
    /// Its data as JSON; what is not JSON is a text.
    pub data: T,
}

impl SseEvent {
    /// An event with this data, without id and name.
    pub fn new(data: Value) -> Self {
        Self {
            id: None,
            event: None,
            data,
        }
    }

    /// Sets the id.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Sets the name.
    #[must_use]
    pub fn event(mut self, name: impl Into<String>) -> Self {
        self.event = Some(name.into());
        self
    }
}

impl From<Frame> for SseEvent {
    fn from(frame: Frame) -> Self {
        let text = frame.data();
        Self {
            id: frame.id().map(Into::into),
            event: Some(frame.event().into_owned()),
            data: read_json_text(&text).unwrap_or_else(|_| Value::String(text.into_owned())),
        }
    }
}

/// Options of a stream of server-sent events. Source: package, 0.9.3, for the names.
#[derive(Default)]
#[non_exhaustive]
#[must_use]
pub struct SseOptions {
    /// Called once, before the first event.
    pub on_open: Option<Box<dyn FnOnce() + Send>>,
    /// Headers for the request that opens the stream: read by [`Raw::stream_sse`](crate::Raw::stream_sse).
    pub headers: Vec<(String, String)>,
}

impl SseOptions {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what is called once, before the first event.
    pub fn on_open(mut self, f: impl FnOnce() + Send + 'static) -> Self {
        self.on_open = Some(Box::new(f));
        self
    }

    /// Adds a header to the request that opens the stream.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// Header values may be secret.
impl fmt::Debug for SseOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseOptions").finish_non_exhaustive()
    }
}

/// Reads server-sent events out of any stream of bytes, such as that of [`Raw::stream_get`](crate::Raw::stream_get).
///
/// By the WHATWG standard, with one change: an event's id is its own. A block without its blank line at the end is
/// dropped. An event above 16 MiB is an error of kind `TooLarge`, and the last item.
///
/// ```
/// use agent_os_sdk::{SseOptions, parse_sse};
/// use futures_util::stream;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> agent_os_sdk::Result<()> {
/// let body = stream::iter([Ok("id: 7\nevent: tick\nda".into()), Ok("ta: {\"n\": 1}\n\n".into())]);
/// let mut events = parse_sse(body, SseOptions::new().on_open(|| println!("open")));
/// let event = events.next().await.unwrap()?;
/// assert_eq!(event.id.as_deref(), Some("7"));
/// assert_eq!(event.data["n"], 1);
/// assert!(events.next().await.is_none());
/// # Ok(()) }
/// ```
pub fn parse_sse<S>(body: S, options: SseOptions) -> SseStream<S>
where
    S: Stream<Item = Result<Bytes>> + Unpin,
{
    SseStream {
        body: Some(body),
        decoder: Decoder::new(),
        on_open: options.on_open,
    }
}

/// The events that [`parse_sse`] reads. Dropping it drops the body.
pub struct SseStream<S> {
    /// None once it is over.
    body: Option<S>,
    decoder: Decoder,
    on_open: Option<Box<dyn FnOnce() + Send>>,
}

impl<S: Stream<Item = Result<Bytes>> + Unpin> SseStream<S> {
    /// The next event, or `None` at the end or after an error. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<SseEvent>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl<S: Stream<Item = Result<Bytes>> + Unpin> Stream for SseStream<S> {
    type Item = Result<SseEvent>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(on_open) = this.on_open.take() {
            on_open();
        }
        loop {
            let Some(body) = &mut this.body else {
                return Poll::Ready(None);
            };
            match this.decoder.next_frame() {
                Ok(Some(frame)) => return Poll::Ready(Some(Ok(frame.into()))),
                Ok(None) => {}
                Err(too_large) => {
                    this.body = None;
                    let error = Error::new(ErrorKind::TooLarge, too_large.to_string());
                    return Poll::Ready(Some(Err(error.with_sent(Sent::Yes))));
                }
            }
            match ready!(Pin::new(body).poll_next(cx)) {
                Some(Ok(bytes)) => this.decoder.feed(bytes),
                Some(Err(error)) => {
                    this.body = None;
                    return Poll::Ready(Some(Err(error)));
                }
                None => this.body = None,
            }
        }
    }
}

impl<S: Stream<Item = Result<Bytes>> + Unpin> FusedStream for SseStream<S> {
    fn is_terminated(&self) -> bool {
        self.body.is_none()
    }
}

impl<S> fmt::Debug for SseStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseStream")
            .field("over", &self.body.is_none())
            .finish_non_exhaustive()
    }
}
