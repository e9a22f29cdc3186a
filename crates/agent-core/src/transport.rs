//! The seam between the SDKs and the network.
//!
//! Here live the [`Transport`] trait and the types that cross it: `http` types and bytes, nothing of reqwest; the
//! implementation on reqwest is in `transport/reqwest_transport.rs`. Retries, authentication, redirects and
//! time limits are above this seam and work with any transport.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;

mod reqwest_transport;

pub use reqwest_transport::ReqwestTransport;
pub(crate) use reqwest_transport::default_transport;

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Sends one HTTP request and gives back the answer's head and its body as it arrives.
///
/// The default implementation is built on reqwest. Write your own to test without a network, to record traffic, or
/// to use another HTTP client. Rules an implementation keeps:
///
/// - one call is one request on the wire: no retries, no redirects, no decompression, no cookies, no added credentials;
/// - the future resolves when the response head is there; the body follows in pieces as they come, and a body that
///   breaks off before its end is an error item, never a quiet end;
/// - dropping the future or the body abandons the exchange and closes its connection;
/// - no time limits but that for connecting: the others are the caller's.
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends `request`. The URI is absolute; `content-length` follows from the body and is not set.
    fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>>;
}

/// A request body that can be sent more than once: shared pieces of bytes, cheap to clone.
#[derive(Clone, Default)]
pub struct RequestBody {
    chunks: Option<Arc<[Bytes]>>,
    len: u64,
}

impl RequestBody {
    /// No body at all: neither content nor `content-type` is sent.
    pub const fn empty() -> Self {
        Self {
            chunks: None,
            len: 0,
        }
    }

    /// A body made of pieces that are sent one after the other. Large bodies need no second, contiguous copy.
    pub fn from_chunks(chunks: impl Into<Arc<[Bytes]>>) -> Self {
        let chunks = chunks.into();
        let len = chunks.iter().map(|chunk| chunk.len() as u64).sum();
        Self {
            chunks: Some(chunks),
            len,
        }
    }

    /// Whether no body is sent. A body of zero bytes made by [`from_chunks`](Self::from_chunks) is a body.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_none()
    }

    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// The pieces, in order.
    pub fn chunks(&self) -> &[Bytes] {
        self.chunks.as_deref().unwrap_or_default()
    }

    /// All bytes in one piece; copies unless there is one piece only.
    pub fn to_bytes(&self) -> Bytes {
        match self.chunks() {
            [] => Bytes::new(),
            [one] => one.clone(),
            many => {
                let mut all = BytesMut::with_capacity(usize::try_from(self.len).unwrap_or(0));
                for chunk in many {
                    all.extend_from_slice(chunk);
                }
                all.freeze()
            }
        }
    }
}

impl From<Bytes> for RequestBody {
    fn from(bytes: Bytes) -> Self {
        Self::from_chunks([bytes])
    }
}

impl From<Vec<u8>> for RequestBody {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl fmt::Debug for RequestBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The content may hold secrets and prompts.
        write!(f, "RequestBody({} bytes)", self.len)
    }
}

/// A response body: pieces of bytes as they arrive, in order. An error item is the last one; after the end or an
/// error the stream within is dropped and not asked again.
pub struct ResponseBody(Option<Pieces>);

type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>;

impl ResponseBody {
    /// A body from any stream of pieces.
    pub fn from_stream(
        stream: impl Stream<Item = Result<Bytes, TransportError>> + Send + 'static,
    ) -> Self {
        Self(Some(Box::pin(stream)))
    }

    /// A body that is there already.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        Self::from_stream(Once(Some(bytes.into())))
    }
}

impl Stream for ResponseBody {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(pieces) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let piece = ready!(pieces.as_mut().poll_next(cx));
        if !matches!(piece, Some(Ok(_))) {
            self.0 = None;
        }
        Poll::Ready(piece)
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResponseBody")
    }
}

struct Once(Option<Bytes>);

impl Stream for Once {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().filter(|bytes| !bytes.is_empty()).map(Ok))
    }
}

/// The reason phrase of an HTTP/1 answer, when it is not the standard one of its status. A transport puts it into
/// the extensions of the response; HTTP/2 has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonPhrase(pub String);

/// How far an exchange had come when the transport failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportPhase {
    /// No connection was made (address look-up, TCP, TLS): the server has seen nothing of the request.
    Connect,
    /// The connection broke before the response head was there: the server may have seen the request.
    Request,
    /// The connection broke within the response body.
    Body,
}

/// Why a [`Transport`] failed. Its text holds no URL, header or body.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    phase: TransportPhase,
    timeout: bool,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl TransportError {
    /// A failure in `phase` described by `message`.
    pub fn new(phase: TransportPhase, message: impl Into<String>) -> Self {
        Self {
            phase,
            timeout: false,
            message: message.into(),
            source: None,
        }
    }

    /// Adds the cause. Its text must not hold secrets either.
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Marks the failure as a time limit of the transport's own, such as that for connecting.
    pub fn timed_out(mut self) -> Self {
        self.timeout = true;
        self
    }

    /// How far the exchange had come.
    pub fn phase(&self) -> TransportPhase {
        self.phase
    }

    /// Whether a time limit of the transport's own expired.
    pub fn is_timeout(&self) -> bool {
        self.timeout
    }
}
