//! One open connection of a stream: its bytes, and how long it is silent.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream as _;
use tokio::time::Instant;

use crate::byte_stream::Idle;
use crate::error::Error;
use crate::transport::ResponseBody;

/// An open connection.
pub(super) struct Connection {
    pub(super) body: ResponseBody,
    pub(super) opened: Instant,
    pub(super) idle: Idle,
}

/// What came of waiting for bytes.
pub(super) enum Chunk {
    Bytes(Bytes),
    Eof,
    Lost(Error),
    Silent(Duration),
}

impl Connection {
    /// Waits for bytes.
    pub(super) fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Chunk> {
        match Pin::new(&mut self.body).poll_next(cx) {
            Poll::Pending => self.idle.poll_silent(cx).map(Chunk::Silent),
            Poll::Ready(Some(Ok(bytes))) => {
                self.idle.alive();
                Poll::Ready(Chunk::Bytes(bytes))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Chunk::Lost(Error::transport(error))),
            Poll::Ready(None) => Poll::Ready(Chunk::Eof),
        }
    }
}
