//! One open connection of a stream: whether its bytes can be read, the bytes, and how long it is silent.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream as _;
use http::header::{CONTENT_ENCODING, HeaderValue};
use tokio::time::Instant;

use crate::byte_stream::Idle;
use crate::error::{Error, ErrorKind, Sent};
use crate::response::ResponseMeta;
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

/// Encodings whose bytes are no text. Others pass: servers write `none`, say, to keep proxies from compressing.
const COMPRESSED: [&[u8]; 7] = [
    b"br",
    b"compress",
    b"deflate",
    b"gzip",
    b"x-compress",
    b"x-gzip",
    b"zstd",
];

/// The error for a stream whose body is compressed. Nobody asked for that: read as it came, it would have no events.
pub(super) fn refuse_encoding(meta: &ResponseMeta) -> Option<Error> {
    let compressed = |value: &&HeaderValue| {
        value.as_bytes().split(|byte| *byte == b',').any(|coding| {
            let coding = coding.trim_ascii();
            COMPRESSED
                .iter()
                .any(|known| coding.eq_ignore_ascii_case(known))
        })
    };
    let mut values = meta.headers.get_all(CONTENT_ENCODING).iter();
    let value = values.find(compressed)?;
    let name = String::from_utf8_lossy(value.as_bytes());
    let error = Error::new(
        ErrorKind::Protocol,
        format!("the event stream is encoded as {name}, which was not asked for"),
    );
    Some(
        error
            .with_sent(Sent::Yes)
            .with_request_id(meta.request_id.clone())
            .with_attempts(meta.attempts),
    )
}
