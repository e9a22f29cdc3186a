//! The stream parser on its own, over bytes that the caller got in another way.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use agent_core::sse::Decoder;
use agent_core::{Cursor, Error, ErrorKind};
use bytes::Bytes;
use futures_core::Stream;
use futures_core::stream::FusedStream;

use super::{Progress, SessionStreamEvent, Step};

/// Reads the events of a session from bytes of your own (`parseSessionStream`), by the same rules as
/// [`stream_session`](crate::AgentClient::stream_session): it ends after an `error` event or a final `result`, and bytes
/// that end or fail before that give a last error of kind [`Interrupted`](crate::ErrorKind::Interrupted).
///
/// ```
/// use bytes::Bytes;
/// use futures_util::StreamExt as _;
/// use meistrari_agent_sdk::parse_session_stream;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> meistrari_agent_sdk::Result<()> {
/// let bytes = futures_util::stream::iter([
///     Ok::<_, std::io::Error>(Bytes::from("data: {\"kind\":\"result\",\"resu")),
///     Ok(Bytes::from("lt\":42,\"nextCursor\":7}\n\n")),
/// ]);
/// let mut events = parse_session_stream(bytes);
/// while let Some(event) = events.next().await {
///     assert_eq!(event?.kind(), "result");
/// }
/// assert_eq!(events.cursor().and_then(|cursor| cursor.as_i64()), Some(7));
/// # Ok(()) }
/// ```
pub fn parse_session_stream<S, E>(bytes: S) -> ParsedSessionStream<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    ParsedSessionStream {
        bytes,
        decoder: Decoder::new(),
        progress: Progress::new(None),
        over: false,
    }
}

/// The events in a stream of bytes: what [`parse_session_stream`] gives.
pub struct ParsedSessionStream<S> {
    bytes: S,
    decoder: Decoder,
    progress: Progress,
    over: bool,
}

impl<S> ParsedSessionStream<S> {
    /// The latest `nextCursor`.
    pub fn cursor(&self) -> Option<Cursor> {
        self.progress.cursor.map(Into::into)
    }
}

impl<S, E> Stream for ParsedSessionStream<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Item = Result<SessionStreamEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if this.over {
                return Poll::Ready(None);
            }
            match this.decoder.next_frame() {
                Ok(Some(frame)) => match this.progress.frame(&frame) {
                    Step::Skip => {}
                    Step::Item(item) => return Poll::Ready(Some(item)),
                    Step::Last(event) => {
                        this.over = true;
                        return Poll::Ready(Some(Ok(event)));
                    }
                },
                Ok(None) => match ready!(Pin::new(&mut this.bytes).poll_next(cx)) {
                    Some(Ok(bytes)) => this.decoder.feed(bytes),
                    end => {
                        this.over = true;
                        if !this.progress.may_end() {
                            let cause = end.and_then(Result::err).map(|cause| {
                                Error::new(ErrorKind::Transport, "the bytes broke off")
                                    .with_source(cause)
                            });
                            return Poll::Ready(Some(Err(this.progress.interrupted(cause))));
                        }
                    }
                },
                Err(too_large) => {
                    this.over = true;
                    let error = Error::new(ErrorKind::TooLarge, too_large.to_string())
                        .with_cursor(this.cursor());
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

impl<S, E> FusedStream for ParsedSessionStream<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    fn is_terminated(&self) -> bool {
        self.over
    }
}

impl<S> fmt::Debug for ParsedSessionStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedSessionStream")
            .field("cursor", &self.cursor())
            .field("over", &self.over)
            .finish_non_exhaustive()
    }
}
