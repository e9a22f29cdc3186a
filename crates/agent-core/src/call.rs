//! Calls: what a client's methods return, and how options are chained before `.await`.

use std::fmt;
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument as _;

use crate::ambient::now;
use crate::config::CallOptions;
use crate::error::{Error, Result, TimeoutPhase};
use crate::pipeline::Pipeline;
use crate::request::Request;
use crate::response::{Response, WithResponse};
use crate::retry::RetryPolicy;
use crate::secret::{HeaderList, SecretString};
use crate::timeouts::{Limit, refuse_zero};
use crate::trace;
use crate::transport::BoxFuture;

/// A call that is sent when it is awaited.
///
/// Options chain before `.await`; they win over the client's.
///
/// ```no_run
/// # use std::time::Duration;
/// # use agent_core::{Call, Result, RetryPolicy};
/// # async fn demo(list: fn() -> Call<Vec<String>>) -> Result<()> {
/// let names = list().await?;
/// let answer = list()
///     .timeout(Duration::from_secs(3))
///     .retry(RetryPolicy::none())
///     .with_response()
///     .await?;
/// println!("{} names, request {:?}", answer.value.len(), answer.response.request_id);
/// # Ok(()) }
/// ```
///
/// Dropping the future abandons the call: a request that was under way may or may not have arrived.
#[must_use = "a call sends nothing until it is awaited"]
pub struct Call<T> {
    pipeline: Pipeline,
    operation: &'static str,
    options: CallOptions,
    run: Run<T>,
}

type Run<T> = Box<dyn FnOnce(Caller) -> BoxFuture<'static, Result<WithResponse<T>>> + Send>;

impl<T: Send + 'static> Call<T> {
    /// A call that does what `run` does with the caller that it is given. Several requests share one deadline.
    #[doc(hidden)]
    pub fn new<F>(
        pipeline: Pipeline,
        operation: &'static str,
        run: impl FnOnce(Caller) -> F + Send + 'static,
    ) -> Self
    where
        F: Future<Output = Result<WithResponse<T>>> + Send + 'static,
    {
        Self {
            pipeline,
            operation,
            options: CallOptions::default(),
            run: Box::new(move |caller| Box::pin(run(caller))),
        }
    }

    pub(crate) fn request(
        pipeline: Pipeline,
        request: Request,
        decode: impl FnOnce(&Response) -> Result<T> + Send + 'static,
    ) -> Self {
        Self::new(pipeline, request.op.name, move |caller| async move {
            let response = caller.send(&request).await?;
            let value = decode(&response)?;
            Ok(WithResponse::new(value, response.meta))
        })
    }

    /// With all options at once.
    pub(crate) fn with_options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// Limits one attempt, from connecting to the last byte of the answer. Zero is refused.
    pub fn timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.options.attempt = Some(limit.into());
        self
    }

    /// Limits the whole call with its retries and waits. Zero is refused.
    pub fn total_timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.options.total = Some(limit.into());
        self
    }

    /// When and how a failure is repeated.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.options.retry = Some(policy);
        self
    }

    /// Sends this idempotency key, where the operation takes one: the vendor then does the work once, however often
    /// the request arrives. Empty means none.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.options.idempotency_key = Some(SecretString::from(key.into()));
        self
    }

    /// Sends one more header. It wins over the client's of that name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.headers.push(name, value);
        self
    }

    /// Also gives status, headers, request id and number of attempts. An error carries them anyway.
    pub fn with_response(self) -> Call<WithResponse<T>> {
        self.then(|answer| {
            let response = answer.response.clone();
            WithResponse::new(answer, response)
        })
    }

    /// The same call with its value turned into another.
    pub fn map<U: Send + 'static>(self, f: impl FnOnce(T) -> U + Send + 'static) -> Call<U> {
        self.then(|answer| answer.map(f))
    }

    fn then<U: Send + 'static>(
        self,
        f: impl FnOnce(WithResponse<T>) -> WithResponse<U> + Send + 'static,
    ) -> Call<U> {
        let run = self.run;
        Call {
            pipeline: self.pipeline,
            operation: self.operation,
            options: self.options,
            run: Box::new(move |caller| {
                let future = run(caller);
                Box::pin(async move { future.await.map(f) })
            }),
        }
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T>;
    type IntoFuture = BoxFuture<'static, Result<T>>;

    fn into_future(self) -> Self::IntoFuture {
        let span = trace::call(self.pipeline.dialect(), self.operation);
        let inner = span.clone();
        let call = async move {
            let result = self.perform().await;
            trace::called(&inner, &result);
            result
        };
        Box::pin(call.instrument(span))
    }
}

impl<T> Call<T> {
    async fn perform(self) -> Result<T> {
        let operation = self.operation;
        let total = self.options.total.unwrap_or(self.pipeline.timeouts().total);
        for (name, limit) in [
            ("timeout", self.options.attempt),
            ("total timeout", self.options.total),
        ] {
            if let Some(limit) = limit {
                refuse_zero(name, limit)
                    .map_err(|text| Error::invalid_argument(text).with_operation(operation))?;
            }
        }
        let deadline = total
            .duration()
            .and_then(|limit| Some((now().checked_add(limit)?, limit)));
        let dialect = self.pipeline.dialect();
        let run = (self.run)(Caller::new(self.pipeline, self.options, deadline));
        let result = match deadline {
            None => run.await,
            // The steps of a call keep the deadline themselves and know more about it; this catches the rest.
            Some((at, limit)) => tokio::time::timeout_at(at, run).await.unwrap_or_else(|_| {
                Err(dialect.finish(Error::timeout(TimeoutPhase::Total, limit)))
            }),
        };
        result.map(|answer| answer.value).map_err(|error| {
            if error.operation().is_empty() {
                error.with_operation(operation)
            } else {
                error
            }
        })
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &self.operation)
            .finish_non_exhaustive()
    }
}

/// What sends requests on behalf of one call or stream: the client with the call's options and deadline.
#[derive(Clone)]
pub struct Caller {
    pub(crate) pipeline: Pipeline,
    pub(crate) options: Arc<CallOptions>,
    pub(crate) deadline: Option<(Instant, Duration)>,
}

impl Caller {
    pub(crate) fn new(
        pipeline: Pipeline,
        options: CallOptions,
        deadline: Option<(Instant, Duration)>,
    ) -> Self {
        Self {
            pipeline,
            options: Arc::new(options),
            deadline,
        }
    }

    /// For a request that serves this call, such as a token exchange: the same limits and retries, but neither the
    /// call's headers nor its idempotency key.
    pub fn nested(&self) -> Self {
        let options = if self.options.headers.is_empty() && self.options.idempotency_key.is_none() {
            Arc::clone(&self.options)
        } else {
            Arc::new(CallOptions {
                headers: HeaderList::default(),
                idempotency_key: None,
                ..(*self.options).clone()
            })
        };
        Self {
            pipeline: self.pipeline.clone(),
            options,
            deadline: self.deadline,
        }
    }

    /// The client.
    pub fn pipeline(&self) -> &Pipeline {
        &self.pipeline
    }

    /// Waits, but not beyond the call's deadline: then that is the error.
    pub async fn sleep(&self, wait: Duration) -> Result<()> {
        let sleep = tokio::time::sleep(wait);
        match self.deadline {
            None => sleep.await,
            Some((at, limit)) => tokio::time::timeout_at(at, sleep)
                .await
                .map_err(|_| Error::timeout(TimeoutPhase::Total, limit))?,
        }
        Ok(())
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Caller")
    }
}
