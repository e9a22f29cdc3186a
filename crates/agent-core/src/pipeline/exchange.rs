//! The loop of attempts: authenticate, send, decide, wait, again.

use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, Request as HttpRequest, Response as HttpResponse, Uri};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::attempt::{Deadlines, Head, Sensitive, Want, Whole, request_id, within};
use super::{Opened, holds_key};
use crate::ambient::now;
use crate::auth::{Auth, Credentials};
use crate::call::Caller;
use crate::error::{Error, ErrorKind, Result, Sent, TimeoutPhase};
use crate::op::Safety;
use crate::request::Request;
use crate::response::{Response, ResponseMeta};
use crate::retry::RetryPolicy;
use crate::timeouts::Limit;
use crate::trace;
use crate::transport::RequestBody;

impl Caller {
    /// Sends `request` and reads the whole answer, with credentials, retries and limits.
    pub async fn send(&self, request: &Request) -> Result<Response> {
        let (meta, body) = self.exchange::<Whole>(request).await?;
        Ok(Response {
            operation: request.op.name,
            meta,
            body,
        })
    }

    /// Sends `request` and gives back the answer as soon as its head is there.
    pub async fn open(&self, request: &Request) -> Result<Opened> {
        let (meta, body) = self.exchange::<Head>(request).await?;
        Ok(Opened {
            operation: request.op.name,
            meta,
            body,
        })
    }

    async fn exchange<W: Want>(&self, request: &Request) -> Result<(ResponseMeta, W::Body)> {
        let mut attempts = 0;
        match self.attempts::<W>(request, &mut attempts).await {
            Ok(response) => {
                let (head, body) = response.into_parts();
                Ok((meta(head, attempts), body))
            }
            Err(error) => {
                let error = if error.operation().is_empty() {
                    error.with_operation(request.op.name)
                } else {
                    error
                };
                Err(self.pipeline.0.dialect.finish(error))
            }
        }
    }

    async fn attempts<W: Want>(
        &self,
        request: &Request,
        attempts: &mut u32,
    ) -> Result<HttpResponse<W::Body>> {
        if let Some(refused) = &request.refused {
            return Err(Error::invalid_argument(refused.clone()));
        }
        let inner = &*self.pipeline.0;
        let uri = self.pipeline.url_of(request)?;
        let headers = self.pipeline.headers_of(request, &self.options)?;
        let keyed = headers
            .get(inner.dialect.idempotency_header())
            .is_some_and(holds_key);
        let redirects = request.redirects.unwrap_or(inner.dialect.redirects());
        let mut may_have_landed = Sent::Never;
        let mut refreshed = false;
        let mut retries = 0;
        // What is sent once, and the repeat after a 401, share one limit for the head.
        let mut opening: Option<Deadlines> = None;
        loop {
            let asked = now();
            let credentials = self
                .authorize(request)
                .await
                .map_err(|error| aside(error, may_have_landed, *attempts))?;
            let begun = now();
            let http = self.http_request(request, &uri, &headers, &credentials);
            let span = trace::attempt(inner.dialect, request.op, http.uri(), *attempts);
            *attempts += 1;
            let deadlines = match opening {
                Some(opening) => opening.later_by(begun - asked),
                None => self.deadlines::<W>(),
            };
            opening = (request.once && !W::WHOLE).then_some(deadlines);
            let sensitive = Sensitive {
                request,
                own: &headers,
                credentials: &credentials,
            };
            let result = self
                .pipeline
                .attempt::<W>(http, sensitive, redirects, deadlines)
                .instrument(span.clone())
                .await;
            trace::attempted(&span, &result);
            let error = match result {
                Ok(response) => {
                    if retries == 0 {
                        inner.budget.refund();
                    }
                    return Ok(response);
                }
                Err(error) => error,
            };
            may_have_landed = latest(may_have_landed, error.sent());
            let error = error
                .with_attempts(*attempts)
                .with_retries(retries)
                .with_sent(may_have_landed);
            if error.is_unauthorized()
                && !refreshed
                && let Auth::Hook(hook) = &inner.auth
                && request.authenticate
            {
                let nested = self.nested();
                let refused = self.in_time(hook.refused(&credentials, &nested));
                let again = within(opening.and_then(|opening| opening.first(false)), refused)
                    .await
                    .map_err(|timeout| aside(timeout, may_have_landed, *attempts))?;
                match again {
                    Ok(true) => {
                        refreshed = true;
                        continue;
                    }
                    Ok(false) => {}
                    Err(failed) => return Err(failed.caused_by_answer(error)),
                }
            }
            if request.once {
                return Err(error);
            }
            let repeatable = match request.op.safety {
                Safety::Safe => true,
                Safety::Keyed => keyed,
                Safety::Unsafe => false,
            };
            match self.next_wait(&error, retries, repeatable) {
                None => return Err(error),
                Some(pause) => {
                    tracing::debug!(
                        operation = request.op.name,
                        error.r#type = trace::error_type(&error),
                        wait_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                        "retry"
                    );
                    retries += 1;
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    /// The request as it is sent with these credentials.
    fn http_request(
        &self,
        request: &Request,
        uri: &Uri,
        headers: &HeaderMap,
        credentials: &Credentials,
    ) -> HttpRequest<RequestBody> {
        let mut http = HttpRequest::new(request.body.clone());
        *http.method_mut() = request.op.method.clone();
        *http.uri_mut() = uri.clone();
        *http.headers_mut() = headers.clone();
        for (name, value) in &credentials.headers {
            if self.gives_way(request, name) {
                http.headers_mut().insert(name, value.clone());
            } else {
                // A header of the user's own of that name wins, and so does what the request is about.
                http.headers_mut().entry(name).or_insert(value.clone());
            }
        }
        http
    }

    /// Whether the request's header of that name is but a default.
    fn gives_way(&self, request: &Request, name: &http::HeaderName) -> bool {
        let own = (!request.is_foreign() && self.pipeline.0.headers.contains_key(name))
            || self
                .options
                .headers
                .iter()
                .any(|(own, _)| name.as_str().eq_ignore_ascii_case(own));
        let of_body = *name == CONTENT_TYPE && self.pipeline.0.dialect.client_says_content_type();
        (matches!(*name, ACCEPT | USER_AGENT) || of_body) && !own
    }

    async fn authorize(&self, request: &Request) -> Result<Credentials> {
        match &self.pipeline.0.auth {
            Auth::Fixed(credentials) if request.authenticate => Ok(credentials.clone()),
            Auth::Hook(hook) if request.authenticate => {
                self.in_time(hook.authorize(request.op.name, &self.nested()))
                    .await
            }
            _ => Ok(Credentials::none()),
        }
    }

    /// What `work` gives, unless the call's deadline comes first.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match self.deadline {
            None => work.await,
            Some((at, limit)) => tokio::time::timeout_at(at, work)
                .await
                .unwrap_or_else(|_| Err(Error::timeout(TimeoutPhase::Total, limit))),
        }
    }

    /// How long to wait before the next attempt, or `None` if there is to be none.
    fn next_wait(&self, error: &Error, retries: u32, repeatable: bool) -> Option<Duration> {
        let inner = &*self.pipeline.0;
        let policy = self.retry_policy();
        if retries >= policy.max_retries
            || error.timeout_phase() == Some(TimeoutPhase::Total)
            || !inner.dialect.is_retryable(error)
            || !(repeatable || policy.resend_unsafe || inner.dialect.resend_unsafe(error))
        {
            return None;
        }
        let wait = match error.retry_after() {
            Some(after) if after > policy.max_retry_after => return None,
            Some(after) => after,
            None => policy.wait(retries, &*inner.ambient),
        };
        if let Some((at, _)) = self.deadline
            && now().checked_add(wait).is_none_or(|then| then >= at)
        {
            return None;
        }
        inner
            .budget
            .take(error.kind() == ErrorKind::Timeout)
            .then_some(wait)
    }

    fn retry_policy(&self) -> &RetryPolicy {
        self.options
            .retry
            .as_ref()
            .unwrap_or(&self.pipeline.0.retry)
    }

    fn deadlines<W: Want>(&self) -> Deadlines {
        let limits = &self.pipeline.0.timeouts;
        let start = now();
        let at = |limit: Limit| -> Option<(Instant, Duration)> {
            let limit = limit.duration()?;
            Some((start.checked_add(limit)?, limit))
        };
        let (headers, attempt) = match self.options.attempt {
            None if W::WHOLE => (at(self.pipeline.0.call_headers), at(limits.attempt)),
            None => (at(limits.headers), None),
            // The limit of this very call stands above the client's for heads.
            Some(own) if W::WHOLE => (None, at(own)),
            Some(own) => (at(own), None),
        };
        Deadlines {
            headers,
            attempt,
            total: self.deadline,
        }
    }
}

/// The error of what only serves a request, such as a token exchange. Whether that was sent says nothing about the
/// request itself.
fn aside(error: Error, may_have_landed: Sent, attempts: u32) -> Error {
    let error = error.with_sent(may_have_landed);
    match attempts {
        0 => error,
        attempts => error.with_attempts(attempts),
    }
}

/// What came beside a body.
fn meta(head: http::response::Parts, attempts: u32) -> ResponseMeta {
    ResponseMeta {
        request_id: request_id(&head.headers),
        status: head.status,
        headers: head.headers,
        attempts,
    }
}

/// The graver of two: whether any attempt may have reached the server.
fn latest(a: Sent, b: Sent) -> Sent {
    match (a, b) {
        (Sent::Yes, _) | (_, Sent::Yes) => Sent::Yes,
        (Sent::Maybe, _) | (_, Sent::Maybe) => Sent::Maybe,
        _ => Sent::Never,
    }
}
