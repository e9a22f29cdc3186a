//! The transport on reqwest: the only place that names it.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::fmt;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use http::Method;
use http::header::{CONTENT_LENGTH, HeaderValue};
use http_body::{Frame, SizeHint};

use super::{
    BoxFuture, ReasonPhrase, RequestBody, ResponseBody, Transport, TransportError, TransportPhase,
};
use crate::error::{Error, Result};
use crate::timeouts::{Limit, refuse_zero};

/// Sends through reqwest. Cheap to clone; clones, and clients that are given the same one, share connections.
#[derive(Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
}

pub(crate) fn default_transport(connect: Limit) -> Result<Arc<dyn Transport>> {
    Ok(Arc::new(ReqwestTransport::new(connect)?))
}

impl ReqwestTransport {
    /// A transport with reqwest's defaults and this limit for connecting. Proxies are taken from the environment
    /// (`HTTPS_PROXY`, `NO_PROXY` …). Zero is refused.
    pub fn new(connect_timeout: impl Into<Limit>) -> Result<Self> {
        let connect = connect_timeout.into();
        refuse_zero("connect timeout", connect).map_err(Error::config)?;
        let mut builder = reqwest::Client::builder();
        if let Some(limit) = connect.duration() {
            builder = builder.connect_timeout(limit);
        }
        Self::build(builder)
    }

    /// A transport from your own builder: proxies, certificate authorities, DNS, connection pool.
    ///
    /// What would break the SDKs' promises is overruled: redirects, retries, decompression and the `referer` header
    /// are off (redirects and retries are followed above the transport, by rules that know about credentials and
    /// about what may be repeated). A total or read timeout of the builder would cut healthy streams: set
    /// [`HttpConfig`](crate::HttpConfig)'s limits instead. `default_headers` of the builder go to every origin: set
    /// [`HttpConfig::header`](crate::HttpConfig::header) instead.
    #[cfg(feature = "reqwest-0-13")]
    pub fn from_builder(builder: reqwest::ClientBuilder) -> Result<Self> {
        Self::build(builder)
    }

    fn build(builder: reqwest::ClientBuilder) -> Result<Self> {
        let client = builder
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd()
            .build()
            .map_err(|error| {
                Error::config("the HTTP client can not be built").with_source(error.without_url())
            })?;
        Ok(Self { client })
    }
}

impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // reqwest's own shows default headers and proxies, which may hold credentials.
        f.write_str("ReqwestTransport")
    }
}

impl Transport for ReqwestTransport {
    fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> BoxFuture<'static, std::result::Result<http::Response<ResponseBody>, TransportError>> {
        let client = self.client.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let url = reqwest::Url::parse(&head.uri.to_string()).map_err(|error| {
                TransportError::new(TransportPhase::Connect, "the URL can not be sent")
                    .with_source(error)
            })?;
            let mut request = reqwest::Request::new(head.method, url);
            *request.headers_mut() = head.headers;
            match body.chunks() {
                chunks if chunks.iter().all(Bytes::is_empty) => {
                    // Below, nothing is said about a body without content; there are servers that ask for its length.
                    let expected = [Method::POST, Method::PUT, Method::PATCH];
                    if !body.is_empty() || expected.contains(request.method()) {
                        let headers = request.headers_mut();
                        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
                    }
                }
                [one] => *request.body_mut() = Some(one.clone().into()),
                _ => *request.body_mut() = Some(reqwest::Body::wrap(Chunks { body, next: 0 })),
            }
            let response = client.execute(request).await.map_err(|error| {
                let phase = if error.is_connect() {
                    TransportPhase::Connect
                } else {
                    TransportPhase::Request
                };
                failure(phase, error)
            })?;
            Ok(answer(response))
        })
    }
}

fn answer(mut response: reqwest::Response) -> http::Response<ResponseBody> {
    let (status, version) = (response.status(), response.version());
    let headers = std::mem::take(response.headers_mut());
    let mut extensions = std::mem::take(response.extensions_mut());
    if let Some(reason) = extensions.remove::<hyper::ext::ReasonPhrase>() {
        let text = String::from_utf8_lossy(reason.as_bytes()).into_owned();
        extensions.insert(ReasonPhrase(text));
    }
    let mut answer = http::Response::new(ResponseBody::from_stream(Incoming(response)));
    *answer.status_mut() = status;
    *answer.version_mut() = version;
    *answer.headers_mut() = headers;
    *answer.extensions_mut() = extensions;
    answer
}

fn failure(phase: TransportPhase, error: reqwest::Error) -> TransportError {
    let timed_out = error.is_timeout();
    let message = match phase {
        TransportPhase::Connect => "connecting failed",
        TransportPhase::Request => "the request failed",
        TransportPhase::Body => "reading the answer failed",
    };
    // The URL may hold identifiers and signatures.
    let error = TransportError::new(phase, message).with_source(Cause::of(&error.without_url(), 0));
    if timed_out { error.timed_out() } else { error }
}

/// A chain of causes as text: the types of the HTTP stack stay inside.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Cause {
    text: String,
    #[source]
    next: Option<Box<Cause>>,
}

impl Cause {
    fn of(error: &(dyn StdError + 'static), depth: u8) -> Self {
        let next = error
            .source()
            .filter(|_| depth < 16)
            .map(|next| Box::new(Self::of(next, depth + 1)));
        Self {
            text: error.to_string(),
            next,
        }
    }
}

/// A request body in pieces, of known length.
struct Chunks {
    body: RequestBody,
    next: usize,
}

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Infallible>>> {
        let chunk = self.body.chunks().get(self.next).cloned();
        self.next += 1;
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.next >= self.body.chunks().len()
    }

    fn size_hint(&self) -> SizeHint {
        let sent: u64 = self
            .body
            .chunks()
            .iter()
            .take(self.next)
            .map(|chunk| chunk.len() as u64)
            .sum();
        SizeHint::with_exact(self.body.len() - sent)
    }
}

/// A response's body as a stream of its data; trailers are not used.
struct Incoming(reqwest::Response);

impl Stream for Incoming {
    type Item = std::result::Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            // The future holds nothing between two polls. Below it are two layers less than below the body as one of
            // reqwest's own type.
            return Poll::Ready(match ready!(pin!(self.0.chunk()).poll(cx)) {
                Ok(None) => None,
                Ok(Some(data)) if data.is_empty() => continue,
                Ok(Some(data)) => Some(Ok(data)),
                Err(error) => Some(Err(failure(TransportPhase::Body, error))),
            });
        }
    }
}
