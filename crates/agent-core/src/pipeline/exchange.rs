//! The loop of attempts: authenticate, send, decide, wait, again.

use std::time::Duration;

use http::Request as HttpRequest;
use http::header::{ACCEPT, USER_AGENT};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::attempt::{Deadlines, Got, Want, request_id, within};
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

impl Caller {
    /// Sends `request` and reads the whole answer, with credentials, retries and limits.
    pub async fn send(&self, request: &Request) -> Result<Response> {
        let (got, attempts) = self.exchange(request, Want::Whole).await?;
        let Got::Whole(response) = got else {
            return Err(Error::decode("the answer was not read"));
        };
        let (head, body) = response.into_parts();
        Ok(Response {
            operation: request.op.name,
            meta: meta(head, attempts),
            body,
        })
    }

    /// Sends `request` and gives back the answer as soon as its head is there.
    pub async fn open(&self, request: &Request) -> Result<Opened> {
        let (got, attempts) = self.exchange(request, Want::Head).await?;
        let Got::Head(response) = got else {
            return Err(Error::decode("the answer was read already"));
        };
        let (head, body) = response.into_parts();
        Ok(Opened {
            operation: request.op.name,
            meta: meta(head, attempts),
            body,
        })
    }

    async fn exchange(&self, request: &Request, want: Want) -> Result<(Got, u32)> {
        let mut attempts = 0;
        let result = self.attempts(request, want, &mut attempts).await;
        result.map(|got| (got, attempts)).map_err(|error| {
            let error = if error.operation().is_empty() {
                error.with_operation(request.op.name)
            } else {
                error
            };
            self.pipeline.0.dialect.finish(error)
        })
    }

    async fn attempts(&self, request: &Request, want: Want, attempts: &mut u32) -> Result<Got> {
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
        let opening = (request.once && want == Want::Head).then(|| self.deadlines(want));
        loop {
            let credentials = self
                .authorize(request)
                .await
                .map_err(|error| aside(error, may_have_landed, *attempts))?;
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
            let span = trace::attempt(inner.dialect, request.op, http.uri(), *attempts);
            *attempts += 1;
            let deadlines = opening.unwrap_or_else(|| self.deadlines(want));
            let result = self
                .pipeline
                .attempt(request.op.name, http, redirects, want, deadlines)
                .instrument(span.clone())
                .await;
            trace::attempted(&span, &result);
            let error = match result {
                Ok(got) => {
                    if retries == 0 {
                        inner.budget.refund();
                    }
                    return Ok(got);
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

    /// Whether the request's header of that name is but a default.
    fn gives_way(&self, request: &Request, name: &http::HeaderName) -> bool {
        let own = (!request.is_foreign() && self.pipeline.0.headers.contains_key(name))
            || self
                .options
                .headers
                .iter()
                .any(|(own, _)| name.as_str().eq_ignore_ascii_case(own));
        matches!(*name, ACCEPT | USER_AGENT) && !own
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

    fn deadlines(&self, want: Want) -> Deadlines {
        let limits = &self.pipeline.0.timeouts;
        let start = now();
        let at = |limit: Limit| -> Option<(Instant, Duration)> {
            let limit = limit.duration()?;
            Some((start.checked_add(limit)?, limit))
        };
        let attempt = self.options.attempt.unwrap_or(limits.attempt);
        match want {
            Want::Whole => Deadlines {
                // The limit of this very call stands above the client's for heads.
                headers: match self.options.attempt {
                    None => at(self.pipeline.0.call_headers),
                    Some(_) => None,
                },
                attempt: at(attempt),
                total: self.deadline,
            },
            Want::Head => Deadlines {
                headers: at(self.options.attempt.unwrap_or(limits.headers)),
                attempt: None,
                total: self.deadline,
            },
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
