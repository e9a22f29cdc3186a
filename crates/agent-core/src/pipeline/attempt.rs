//! One attempt on the wire: send, follow redirects, read the answer within the limits.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use http::response::Parts;
use http::{HeaderMap, Request as HttpRequest, Response as HttpResponse};
use tokio::time::{Instant, timeout_at};

use super::Pipeline;
use crate::ambient::now;
use crate::auth::{Credentials, secrets_of_own};
use crate::config::{ERROR_BODY_TIME, MAX_ERROR_BYTES};
use crate::error::{Error, ErrorKind, ErrorResponse, Result, Sent, TimeoutPhase};
use crate::redirect::Redirects;
use crate::request::Request;
use crate::response::ResponseMeta;
use crate::secret::{SecretString, hide_in_body, hide_secrets};
use crate::transport::{ReasonPhrase, RequestBody, ResponseBody, TransportError};

/// An answer whose body is still to be read.
#[derive(Debug)]
pub struct Opened {
    /// Name of the operation.
    pub operation: &'static str,
    /// What came beside the body.
    pub meta: ResponseMeta,
    /// The body.
    pub body: ResponseBody,
}

/// How much of a successful answer belongs to the attempt.
pub(super) trait Want {
    /// What an attempt gives of the body.
    type Body: Send;

    /// Whether the body is read to its end.
    const WHOLE: bool;

    /// Reads what is wanted of the body of an answer with these headers.
    fn read(
        pipeline: &Pipeline,
        headers: &HeaderMap,
        body: ResponseBody,
        deadlines: Deadlines,
    ) -> impl Future<Output = Result<Self::Body>> + Send;
}

/// The whole answer.
pub(super) struct Whole;

/// Its head; the body is left to the caller.
pub(super) struct Head;

impl Want for Whole {
    type Body = Bytes;

    const WHOLE: bool = true;

    async fn read(
        pipeline: &Pipeline,
        headers: &HeaderMap,
        body: ResponseBody,
        deadlines: Deadlines,
    ) -> Result<Bytes> {
        let limit = pipeline.0.max_body_bytes;
        let too_large = || {
            Error::new(
                ErrorKind::TooLarge,
                format!("the answer is larger than {limit} bytes"),
            )
        };
        if content_length(headers).is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        match within(deadlines.first(true), Collect::new(body, limit)).await? {
            (body, None) => Ok(body),
            (_, Some(Cut::TooLarge)) => Err(too_large()),
            (_, Some(Cut::Broken(error))) => Err(Error::transport(error)),
        }
    }
}

impl Want for Head {
    type Body = ResponseBody;

    const WHOLE: bool = false;

    async fn read(
        _: &Pipeline,
        _: &HeaderMap,
        body: ResponseBody,
        _: Deadlines,
    ) -> Result<ResponseBody> {
        Ok(body)
    }
}

/// The time limits of one attempt, as instants.
#[derive(Clone, Copy)]
pub(super) struct Deadlines {
    pub(super) headers: Option<(Instant, Duration)>,
    pub(super) attempt: Option<(Instant, Duration)>,
    pub(super) total: Option<(Instant, Duration)>,
}

impl Deadlines {
    /// The same limits for what took no time of its own for so long; the call's deadline stays.
    pub(super) fn later_by(self, pause: Duration) -> Self {
        let later = |limit: Option<(Instant, Duration)>| {
            limit.and_then(|(at, limit)| Some((at.checked_add(pause)?, limit)))
        };
        Self {
            headers: later(self.headers),
            attempt: later(self.attempt),
            total: self.total,
        }
    }

    /// The limit that expires first until the head is there, or until the whole answer is.
    pub(super) fn first(&self, whole: bool) -> Option<(Instant, TimeoutPhase, Duration)> {
        let of =
            |limit: Option<(Instant, Duration)>, phase| limit.map(|(at, limit)| (at, phase, limit));
        [
            of(self.total, TimeoutPhase::Total),
            of(self.attempt, TimeoutPhase::Attempt),
            of(self.headers.filter(|_| !whole), TimeoutPhase::Headers),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(at, ..)| *at)
    }
}

/// What may be secret of a request.
#[derive(Clone, Copy)]
pub(super) struct Sensitive<'a> {
    pub(super) request: &'a Request,
    /// Its headers, without the credentials.
    pub(super) own: &'a HeaderMap,
    pub(super) credentials: &'a Credentials,
}

impl<'a> Sensitive<'a> {
    /// What must not be shown.
    fn secrets(self, idempotency: &'a str) -> Vec<&'a str> {
        self.credentials
            .secrets()
            .chain(secrets_of_own(self.own, idempotency))
            .chain(self.request.secrets.iter().map(SecretString::expose))
            .collect()
    }
}

impl Pipeline {
    /// Sends `request`; an answer outside 200 to 299 is an error.
    pub(super) async fn attempt<W: Want>(
        &self,
        mut request: HttpRequest<RequestBody>,
        sensitive: Sensitive<'_>,
        redirects: Redirects,
        deadlines: Deadlines,
    ) -> Result<HttpResponse<W::Body>> {
        let mut hops = 0;
        let (response, request) = loop {
            let sent = within(
                deadlines.first(false),
                self.0.transport.send(request.clone()),
            )
            .await
            .and_then(|sent| sent.map_err(Error::transport));
            let response = sent.map_err(|error| {
                if hops > 0 && error.sent() == Sent::Never {
                    // The server has seen the request: it answered with a redirect.
                    return error.with_sent(Sent::Maybe);
                }
                error
            })?;
            if !response.status().is_redirection() {
                break (response, request);
            }
            match redirects.follow(&request, &response, hops) {
                Ok(Some(next)) => request = next,
                Ok(None) => break (response, request),
                Err(why) => {
                    let error = Error::new(ErrorKind::Transport, why).with_retryable(false);
                    return Err(error.with_sent(Sent::Yes));
                }
            }
            hops += 1;
        };
        if !response.status().is_success() {
            let (head, body) = response.into_parts();
            let (response, broken) = self.refused(&request, head, body, deadlines).await;
            let error = self.refusal(sensitive, response);
            return Err(if broken && self.0.dialect.cut_refusal_is_broken() {
                error.with_kind(ErrorKind::Transport)
            } else {
                error
            });
        }
        let (head, body) = response.into_parts();
        match W::read(self, &head.headers, body, deadlines).await {
            Ok(body) => Ok(HttpResponse::from_parts(head, body)),
            Err(error) => Err(error
                .with_sent(Sent::Yes)
                .with_request_id(request_id(&head.headers))),
        }
    }

    /// An answer outside 200 to 299, and whether its body broke off. What can not be read of it is done without: the
    /// status is what counts.
    async fn refused(
        &self,
        request: &HttpRequest<RequestBody>,
        head: Parts,
        body: ResponseBody,
        deadlines: Deadlines,
    ) -> (ErrorResponse, bool) {
        let mut collect = Collect::new(body, MAX_ERROR_BYTES);
        let until = now() + ERROR_BODY_TIME;
        let until = deadlines
            .first(true)
            .map_or(until, |(at, ..)| at.min(until));
        let (body, truncated, broken) = match timeout_at(until, &mut collect).await {
            Ok((body, cut)) => (body, cut.is_some(), matches!(cut, Some(Cut::Broken(_)))),
            Err(_) => (collect.take(), true, false),
        };
        let standard = head.status.canonical_reason().unwrap_or_default();
        let reason = head
            .extensions
            .get::<ReasonPhrase>()
            .map_or(standard, |reason| reason.0.as_str());
        let response = ErrorResponse {
            method: request.method().clone(),
            url: request.uri().to_string(),
            status: head.status,
            reason: reason.to_owned(),
            headers: head.headers,
            body,
            truncated,
        };
        (response, broken)
    }

    /// The error for an answer outside 200 to 299. A server that repeats a secret of the request in its complaint must
    /// not bring it into messages. The answer itself, which is never printed, stays as it came.
    fn refusal(&self, sensitive: Sensitive<'_>, response: ErrorResponse) -> Error {
        let dialect = self.0.dialect;
        let operation = sensitive.request.op.name;
        let secrets = sensitive.secrets(dialect.idempotency_header());
        let retry_after = dialect.retry_after(
            response.status.as_u16(),
            &response.headers,
            self.0.ambient.wall_clock(),
        );
        let without = |text: String| hide_secrets(&text, &secrets).unwrap_or(text);
        let error = Error::new(ErrorKind::Api, without(response.reason.clone()))
            .with_request_id(request_id(&response.headers).map(without))
            .with_retry_after(retry_after);
        let error = match hide_in_body(&response.text(), &secrets) {
            None => dialect.read_error(operation, &response, error),
            Some(clean) => {
                let mut shown = response.clone();
                shown.body = clean.into();
                dialect.read_error(operation, &shown, error)
            }
        };
        error.with_response(response)
    }
}

/// `future`, unless the limit expires first.
pub(super) async fn within<F: Future>(
    limit: Option<(Instant, TimeoutPhase, Duration)>,
    future: F,
) -> Result<F::Output> {
    match limit {
        None => Ok(future.await),
        Some((at, phase, limit)) => timeout_at(at, future)
            .await
            .map_err(|_| Error::timeout(phase, limit)),
    }
}

/// The id that the server gave a request.
pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    ["x-request-id", "request-id"]
        .iter()
        .find_map(|name| headers.get(*name)?.to_str().ok())
        .map(str::to_owned)
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(http::header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// Why a body was not read to its end.
enum Cut {
    TooLarge,
    Broken(TransportError),
}

/// Reads a body into one piece, up to a limit. A body of one piece is not copied.
struct Collect {
    body: ResponseBody,
    limit: usize,
    first: Bytes,
    more: BytesMut,
}

impl Collect {
    fn new(body: ResponseBody, limit: usize) -> Self {
        Self {
            body,
            limit,
            first: Bytes::new(),
            more: BytesMut::new(),
        }
    }

    fn len(&self) -> usize {
        self.first.len() + self.more.len()
    }

    fn push(&mut self, chunk: Bytes) {
        if self.len() == 0 {
            self.first = chunk;
        } else {
            if self.more.is_empty() {
                self.more
                    .extend_from_slice(&std::mem::take(&mut self.first));
            }
            self.more.extend_from_slice(&chunk);
        }
    }

    /// What was read so far.
    fn take(&mut self) -> Bytes {
        if self.more.is_empty() {
            std::mem::take(&mut self.first)
        } else {
            std::mem::take(&mut self.more).freeze()
        }
    }
}

impl Future for Collect {
    type Output = (Bytes, Option<Cut>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let cut = match std::task::ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(mut chunk)) => {
                    let room = self.limit - self.len();
                    let too_large = chunk.len() > room;
                    chunk.truncate(room);
                    if !chunk.is_empty() {
                        self.push(chunk);
                    }
                    if !too_large {
                        continue;
                    }
                    Some(Cut::TooLarge)
                }
                Some(Err(error)) => Some(Cut::Broken(error)),
                None => None,
            };
            return Poll::Ready((self.take(), cut));
        }
    }
}
