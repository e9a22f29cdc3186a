//! Frames as a stream of text, and as the body of an answer. They pull: nothing runs unless they are polled.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use agent_core::Result;
use bytes::Bytes;
use futures_core::Stream;
use futures_core::stream::FusedStream;
use http_body::{Body, Frame};

use super::{Transform, failure};
use crate::events::AgentStreamEvent;

type Events = Pin<Box<dyn Stream<Item = Result<AgentStreamEvent>> + Send>>;

/// Frames, each one whole text. Made by [`stream_events`](super::stream_events). After the end it stays ended.
pub struct SseFrames {
    /// None after the end: the source is dropped at once, not with the frames.
    events: Option<Events>,
    transform: Transform,
}

impl SseFrames {
    pub(super) fn new(events: Events, transform: Transform) -> Self {
        Self {
            events: Some(events),
            transform,
        }
    }
}

impl Stream for SseFrames {
    type Item = String;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<String>> {
        let this = &mut *self;
        loop {
            let Some(events) = &mut this.events else {
                return Poll::Ready(None);
            };
            let last = match ready!(events.as_mut().poll_next(cx)) {
                None => None,
                Some(Err(error)) => Some(failure(&error)),
                Some(Ok(event)) => match (this.transform)(&event) {
                    Ok(Some(frame)) => return Poll::Ready(Some(frame)),
                    Ok(None) => continue,
                    Err(error) => Some(failure(&*error)),
                },
            };
            this.events = None;
            return Poll::Ready(last);
        }
    }
}

impl FusedStream for SseFrames {
    fn is_terminated(&self) -> bool {
        self.events.is_none()
    }
}

impl fmt::Debug for SseFrames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseFrames")
            .field("ended", &self.events.is_none())
            .finish_non_exhaustive()
    }
}

/// Frames as bytes: a `Stream` and an `http_body::Body`, which never fail.
#[derive(Debug)]
pub struct SseBody(SseFrames);

impl SseBody {
    pub(super) fn new(frames: SseFrames) -> Self {
        Self(frames)
    }
}

impl Stream for SseBody {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let frame = ready!(Pin::new(&mut self.0).poll_next(cx));
        Poll::Ready(frame.map(|frame| Ok(frame.into())))
    }
}

impl Body for SseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.poll_next(cx)
            .map(|item| item.map(|bytes| bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_terminated()
    }
}
