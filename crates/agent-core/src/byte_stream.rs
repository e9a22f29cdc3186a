//! Downloads: the bytes of a file as they come.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio::time::{Instant, Sleep};

use crate::ambient::now;
use crate::call::Call;
use crate::error::{Error, Result, TimeoutPhase};
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

    /// The next piece, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes>> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
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
            let opened = caller.open(&request).await?;
            let meta = opened.meta.clone();
            let idle = caller.pipeline().idle().unwrap_or(SILENCE).duration();
            Ok(WithResponse::new(ByteStream::new(opened, idle), meta))
        })
    }
}

/// Tells when nothing came for too long, counted from when it was first waited for: bytes lie in the socket while the
/// caller is busy with the ones before, and what nobody reads is no silence.
pub(crate) struct Idle {
    limit: Option<Duration>,
    /// Since when the next byte is waited for.
    waiting: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Idle {
    /// Nothing is waited for yet.
    pub(crate) fn new(limit: Option<Duration>) -> Self {
        Self {
            limit,
            waiting: None,
            timer: None,
        }
    }

    /// Something came.
    pub(crate) fn alive(&mut self) {
        self.waiting = None;
    }

    /// To be called when nothing has come. Ready with the length of the silence once it is too long, and again each
    /// time it is as long again.
    pub(crate) fn poll_silent(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        let Some(limit) = self.limit else {
            return Poll::Pending;
        };
        // The timer is not moved with every piece: when it fires early, it is set anew.
        loop {
            let since = *self.waiting.get_or_insert_with(now);
            let Some(silent_at) = since.checked_add(limit) else {
                return Poll::Pending;
            };
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(silent_at)));
            std::task::ready!(timer.as_mut().poll(cx));
            let now = now();
            if now >= silent_at {
                timer.as_mut().reset(now + limit);
                return Poll::Ready(now - since);
            }
            timer.as_mut().reset(silent_at);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    async fn pass(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    /// Whether it is silent at once.
    async fn silent(idle: &mut Idle) -> Option<Duration> {
        poll_fn(|cx| {
            Poll::Ready(match idle.poll_silent(cx) {
                Poll::Ready(silence) => Some(silence),
                Poll::Pending => None,
            })
        })
        .await
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_counted_from_when_bytes_are_waited_for() {
        let mut idle = Idle::new(Some(LIMIT));
        pass(100).await;
        assert_eq!(silent(&mut idle).await, None, "nobody had waited");
        pass(59).await;
        assert_eq!(silent(&mut idle).await, None);
        idle.alive();
        // The caller is busy with what came.
        pass(100).await;
        assert_eq!(silent(&mut idle).await, None, "nobody had waited");
        let start = now();
        let silence = poll_fn(|cx| idle.poll_silent(cx)).await;
        assert_eq!((silence, start.elapsed()), (LIMIT, LIMIT));
        let silence = poll_fn(|cx| idle.poll_silent(cx)).await;
        assert_eq!((silence, start.elapsed()), (2 * LIMIT, 2 * LIMIT));
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_limit_nothing_is_silence() {
        let mut idle = Idle::new(None);
        assert_eq!(silent(&mut idle).await, None);
        pass(1_000_000).await;
        assert_eq!(silent(&mut idle).await, None);
    }
}
