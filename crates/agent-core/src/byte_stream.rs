//! Downloads: the bytes of a file as they come.

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep};

use crate::ambient::now;
use crate::call::{Call, Caller};
use crate::error::{Error, ErrorKind, Result, Sent, TimeoutPhase};
use crate::follow::SILENCE;
use crate::pipeline::{Opened, Pipeline};
use crate::request::Request;
use crate::response::{ResponseMeta, WithResponse};
use crate::transport::ResponseBody;

/// The bytes of a file, in pieces as they come. A body that breaks off is an error, never a short success.
///
/// Pulled by the reader: nothing is buffered ahead. Dropping it closes the connection. After an error it is over.
pub struct ByteStream {
    operation: &'static str,
    meta: ResponseMeta,
    body: Option<ResponseBody>,
    idle: Idle,
}

impl ByteStream {
    fn new(opened: Opened, idle: Option<Duration>) -> Self {
        Self {
            operation: opened.operation,
            meta: opened.meta,
            body: Some(opened.body),
            idle: Idle::new(idle),
        }
    }

    /// What came beside the bytes.
    pub fn response(&self) -> &ResponseMeta {
        &self.meta
    }

    /// The length that the server declared, in bytes.
    pub fn content_length(&self) -> Option<u64> {
        self.meta
            .headers
            .get(http::header::CONTENT_LENGTH)?
            .to_str()
            .ok()?
            .parse()
            .ok()
    }

    /// The operation whose answer it is.
    pub(crate) fn operation(&self) -> &'static str {
        self.operation
    }

    /// All bytes in one piece. More than `limit` bytes are an error of kind
    /// [`TooLarge`](crate::ErrorKind::TooLarge).
    pub async fn collect(mut self, limit: usize) -> Result<Bytes> {
        let too_large = |this: &Self| {
            Error::new(
                ErrorKind::TooLarge,
                format!("the file is larger than {limit} bytes"),
            )
            .with_operation(this.operation)
            .with_attempts(this.meta.attempts)
            .with_sent(Sent::Yes)
        };
        if self
            .content_length()
            .is_some_and(|length| length > limit as u64)
        {
            return Err(too_large(&self));
        }
        let mut all = BytesMut::new();
        while let Some(piece) = self.next().await {
            let piece = piece?;
            if piece.len() > limit - all.len() {
                return Err(too_large(&self));
            }
            all.extend_from_slice(&piece);
        }
        Ok(all.freeze())
    }

    /// The next piece, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for ByteStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        let error = match Pin::new(body).poll_next(cx) {
            Poll::Ready(Some(Ok(bytes))) => {
                this.idle.alive();
                return Poll::Ready(Some(Ok(bytes)));
            }
            Poll::Ready(None) => {
                this.body = None;
                return Poll::Ready(None);
            }
            Poll::Ready(Some(Err(error))) => Error::transport(error),
            Poll::Pending => match this.idle.poll_silent(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(silence) => Error::timeout(TimeoutPhase::Idle, silence),
            },
        };
        this.body = None;
        Poll::Ready(Some(Err(error
            .with_operation(this.operation)
            .with_attempts(this.meta.attempts))))
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream")
            .field("operation", &self.operation)
            .field("status", &self.meta.status.as_u16())
            .finish_non_exhaustive()
    }
}

impl Pipeline {
    /// A call that opens a download.
    pub fn download(&self, request: Request) -> Call<ByteStream> {
        Call::new(self.clone(), request.op().name, move |caller| async move {
            let bytes = caller.download(&request).await?;
            let meta = bytes.meta.clone();
            Ok(WithResponse::new(bytes, meta))
        })
    }
}

impl Caller {
    /// Opens a download.
    pub async fn download(&self, request: &Request) -> Result<ByteStream> {
        let opened = self.open(request).await?;
        let idle = self.pipeline().idle().unwrap_or(SILENCE).duration();
        Ok(ByteStream::new(opened, idle))
    }
}

/// Tells when nothing came for too long. Only time in which somebody waits counts: how long a consumer takes over what
/// it has is not the server's silence.
pub(crate) struct Idle {
    limit: Option<Duration>,
    /// When the waiting for the next byte began.
    since: Option<Instant>,
    timer: Option<Timer>,
}

/// A timer, and whom it wakes.
struct Timer {
    sleep: Pin<Box<Sleep>>,
    waker: Waker,
}

impl Idle {
    /// Counts from the first time that somebody waits.
    pub(crate) fn new(limit: Option<Duration>) -> Self {
        Self {
            limit,
            since: None,
            timer: None,
        }
    }

    /// Something came.
    pub(crate) fn alive(&mut self) {
        self.since = None;
    }

    /// Ready with the length of the silence once it is too long, and again each time it is as long again.
    pub(crate) fn poll_silent(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        let Some(limit) = self.limit else {
            return Poll::Pending;
        };
        let began = self.since.is_none();
        let since = *self.since.get_or_insert_with(now);
        let Some(silent_at) = since.checked_add(limit) else {
            return Poll::Pending;
        };
        // The timer is not moved with every piece: when it fires early, it is set anew. As long as it is set for later
        // and knows whom to wake, it need not be looked at when a new wait begins.
        if began
            && let Some(timer) = &self.timer
            && since < timer.sleep.deadline()
            && timer.waker.will_wake(cx.waker())
        {
            return Poll::Pending;
        }
        let timer = self.timer.get_or_insert_with(|| Timer {
            sleep: Box::pin(tokio::time::sleep_until(silent_at)),
            waker: cx.waker().clone(),
        });
        timer.waker.clone_from(cx.waker());
        loop {
            // Whatever is left of the task's turn: a timer that is not set now may not be looked at again.
            let sleep = &mut timer.sleep;
            let set = unconstrained(poll_fn(|cx| sleep.as_mut().poll(cx)));
            std::task::ready!(pin!(set).poll(cx));
            let now = now();
            if now >= silent_at {
                timer.sleep.as_mut().reset(now + limit);
                // It has woken whom it knew, and knows nobody until it is polled again.
                timer.waker.clone_from(Waker::noop());
                return Poll::Ready(now - since);
            }
            timer.sleep.as_mut().reset(silent_at);
        }
    }
}
