//! The way of a request: from a vendor's operation to its answer.
//!
//! Here lives the client-wide state that clones share. The loop of attempts is in `pipeline/exchange.rs`, one attempt
//! on the wire in `pipeline/attempt.rs`.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use http::header::{HeaderValue, USER_AGENT};

use crate::ambient::{Ambient, SystemAmbient};
use crate::auth::Auth;
use crate::call::{Call, Caller};
use crate::config::{CallOptions, HttpConfig, MAX_BODY_BYTES, MAX_EVENT_BYTES, PlainHttp};
use crate::dialect::Dialect;
use crate::error::{Error, Result};
use crate::follow::Resume;
use crate::op::Op;
use crate::request::{Request, parse_headers};
use crate::response::Response;
use crate::retry::{RetryBudget, RetryPolicy};
use crate::secret::SecretString;
use crate::timeouts::{Limit, Timeouts, refuse_zero};
use crate::transport::Transport;
use crate::url::{BaseUrl, check_template, expand, is_loopback, push_query};

mod attempt;
mod exchange;

pub use attempt::Opened;

/// What a vendor's client is made of; [`Pipeline::new`] turns it into a client.
#[derive(Debug)]
pub struct Setup<'a> {
    /// The vendor's ways.
    pub dialect: &'static dyn Dialect,
    /// The base URL.
    pub base: BaseUrl,
    /// The vendor's way to authenticate.
    pub auth: Auth,
    /// The vendor's time limits.
    pub timeouts: Timeouts,
    /// The vendor's retry policy.
    pub retry: RetryPolicy,
    /// The vendor's rule for resuming streams.
    pub resume: Resume,
    /// Every operation of the vendor: paths can be overridden for these.
    pub operations: &'a [&'static Op],
    /// The user's settings: they win.
    pub http: HttpConfig,
}

/// A client without its vendor's nouns. Cheap to clone; clones share connections, credentials and the retry budget.
#[derive(Clone)]
pub struct Pipeline(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    dialect: &'static dyn Dialect,
    base: BaseUrl,
    transport: Arc<dyn Transport>,
    auth: Auth,
    headers: HeaderMap,
    user_agent: HeaderValue,
    timeouts: Timeouts,
    /// Until the head of an answer that is read whole.
    call_headers: Limit,
    idle: Option<Limit>,
    retry: RetryPolicy,
    resume: Resume,
    budget: Arc<RetryBudget>,
    plain_http: PlainHttp,
    ambient: Arc<dyn Ambient>,
    max_body_bytes: usize,
    max_event_bytes: usize,
    paths: HashMap<&'static str, String>,
}

impl Inner {
    /// What happens when the client's own credentials would go over plain http.
    fn check_own_base(&self) -> Result<()> {
        if self.auth.is_none() && self.headers.is_empty() {
            return Ok(());
        }
        self.check_plain_http(&self.base)
    }

    /// Warns, or fails if the user wants it so, when credentials are about to go to `base` over plain http.
    fn check_plain_http(&self, base: &BaseUrl) -> Result<()> {
        if base.url().scheme() != "http" {
            return Ok(());
        }
        let host = base.url().host_str().unwrap_or_default();
        if self.plain_http == PlainHttp::Refuse && !is_loopback(base.url()) {
            return Err(Error::config(format!(
                "credentials would go over plain http to {host}"
            )));
        }
        if self.dialect.warns_of_plain_http(base) {
            tracing::warn!(
                vendor = self.dialect.vendor(),
                server.address = host,
                "credentials go over plain http: use https"
            );
        }
        Ok(())
    }
}

impl Pipeline {
    /// Checks the settings and builds the client. Sends nothing.
    pub fn new(setup: Setup<'_>) -> Result<Self> {
        let http = setup.http;
        let timeouts = http.timeouts(setup.timeouts);
        timeouts.validate()?;
        if let Some(idle) = http.idle {
            refuse_zero("idle timeout", idle).map_err(Error::config)?;
        }
        let headers = parse_headers(http.headers.iter())?;
        let user_agent = http
            .user_agent
            .as_deref()
            .unwrap_or(setup.dialect.user_agent());
        let user_agent = HeaderValue::from_str(user_agent)
            .map_err(|_| Error::config("the user agent can not be sent in a header"))?;
        let mut paths = HashMap::new();
        for (name, template) in http.paths {
            let op = setup
                .operations
                .iter()
                .find(|op| op.name == name)
                .ok_or_else(|| Error::config(format!("there is no operation {name:?}")))?;
            check_template(&template, op)?;
            paths.insert(op.name, template);
        }
        let auth = http.auth.unwrap_or(setup.auth);
        let transport = match http.transport {
            Some(transport) => transport,
            None => crate::transport::default_transport(timeouts.connect)?,
        };
        // Who sets the limit of an attempt, and none for heads, means the whole answer.
        let call_headers = match (http.attempt, http.headers_limit) {
            (Some(_), None) => Limit::Off,
            _ => timeouts.headers,
        };
        let inner = Inner {
            dialect: setup.dialect,
            base: setup.base,
            transport,
            auth,
            headers,
            user_agent,
            timeouts,
            call_headers,
            idle: http.idle,
            retry: http.retry.unwrap_or(setup.retry),
            resume: http.resume.unwrap_or(setup.resume),
            budget: Arc::default(),
            plain_http: http.plain_http,
            ambient: http.ambient.unwrap_or_else(|| Arc::new(SystemAmbient)),
            max_body_bytes: http.max_body_bytes.unwrap_or(MAX_BODY_BYTES),
            max_event_bytes: http.max_event_bytes.unwrap_or(MAX_EVENT_BYTES),
            paths,
        };
        inner.check_own_base()?;
        Ok(Self(Arc::new(inner)))
    }

    /// The same client for another server of the vendor's: it shares connections, credentials, settings and the retry
    /// budget.
    pub fn at(&self, base: BaseUrl) -> Result<Self> {
        let mut inner = Inner::clone(&self.0);
        inner.base = base;
        inner.check_own_base()?;
        Ok(Self(Arc::new(inner)))
    }

    /// A call that sends `request` once it is awaited and reads the answer with `decode`.
    pub fn call<T: Send + 'static>(
        &self,
        request: Request,
        decode: impl FnOnce(&Response) -> Result<T> + Send + 'static,
    ) -> Call<T> {
        Call::request(self.clone(), request, decode)
    }

    /// What sends requests with the client's own options, for streams and for loops that belong to an operation.
    pub fn caller(&self) -> Caller {
        Caller::new(self.clone(), CallOptions::default(), None)
    }

    /// The vendor's ways.
    pub(crate) fn dialect(&self) -> &'static dyn Dialect {
        self.0.dialect
    }

    /// The base URL.
    pub fn base(&self) -> &BaseUrl {
        &self.0.base
    }

    /// The wall clock and randomness.
    pub fn ambient(&self) -> &Arc<dyn Ambient> {
        &self.0.ambient
    }

    /// The client's time limits.
    pub fn timeouts(&self) -> Timeouts {
        self.0.timeouts
    }

    /// Longest silence that the user set for streams and downloads.
    pub(crate) fn idle(&self) -> Option<Limit> {
        self.0.idle
    }

    /// The client's rule for resuming streams.
    pub fn resume(&self) -> &Resume {
        &self.0.resume
    }

    /// Largest answer that is read whole, in bytes.
    pub fn max_body_bytes(&self) -> usize {
        self.0.max_body_bytes
    }

    /// Largest event of a stream, in bytes.
    pub fn max_event_bytes(&self) -> usize {
        self.0.max_event_bytes
    }

    /// What is left of the retry budget.
    pub fn retry_budget(&self) -> &RetryBudget {
        &self.0.budget
    }

    /// Warns, or fails if the user wants it so, when credentials are about to go to `base` over plain http.
    pub fn check_plain_http(&self, base: &BaseUrl) -> Result<()> {
        self.0.check_plain_http(base)
    }

    /// The absolute URL of `request`.
    pub fn url_of(&self, request: &Request) -> Result<http::Uri> {
        if let Some(url) = &request.url {
            let plain = url.username().is_empty() && url.password().is_none();
            if !matches!(url.scheme(), "http" | "https") || !plain {
                return Err(Error::invalid_argument(
                    "the URL must be http or https and hold no user name or password",
                ));
            }
            let text = url.as_str().split('#').next().unwrap_or_default();
            return text
                .parse()
                .map_err(|_| Error::invalid_argument("the URL can not be sent"));
        }
        let dialect = self.0.dialect;
        let overridden = self.0.paths.get(request.op.name);
        let overridden = overridden.map_or(request.op.path, String::as_str);
        let template = request.path.as_deref().unwrap_or(overridden);
        let base = request.base.as_deref().unwrap_or(&self.0.base).as_str();
        let mut text = String::with_capacity(base.len() + template.len() + 64);
        text.push_str(base);
        expand(
            &mut text,
            template,
            &request.params,
            dialect.path_encoding(),
        )?;
        for (name, value) in &request.query {
            push_query(&mut text, name, value, dialect.query_encoding());
        }
        text.parse()
            .map_err(|_| Error::invalid_argument("the URL of this call can not be sent"))
    }

    /// Every header but the credentials, which may differ from attempt to attempt.
    fn headers_of(&self, request: &Request, options: &CallOptions) -> Result<HeaderMap> {
        let mut headers = request.headers.clone();
        // An absolute URL is another's: neither the client's headers nor the call's are meant for it.
        if request.url.is_some() {
            return Ok(headers);
        }
        headers.insert(USER_AGENT, self.0.user_agent.clone());
        // The client's headers are for the vendor: another URL is another's.
        if !request.is_foreign() {
            for (name, value) in &self.0.headers {
                // What the body is, the operation knows best, unless the vendor has it otherwise.
                if name != http::header::CONTENT_TYPE
                    || request.body.is_empty()
                    || self.0.dialect.client_says_content_type()
                {
                    headers.insert(name.clone(), value.clone());
                }
            }
        }
        for (name, value) in options.headers.iter() {
            let (name, mut value) =
                crate::request::parse_header(name, value).map_err(Error::invalid_argument)?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        if let Some(key) = self.idempotency_key(request, options, &headers) {
            // Spaces at its ends are dropped on the way, as those of every header.
            let key = key.expose().trim_matches(' ');
            let value = HeaderValue::from_str(key)
                .ok()
                .filter(|_| is_key(key))
                .ok_or_else(|| {
                    Error::invalid_argument(
                        "an idempotency key must be visible ASCII and spaces, and not spaces alone",
                    )
                })?;
            headers.insert(self.0.dialect.idempotency_header(), value);
        }
        Ok(headers)
    }

    fn idempotency_key(
        &self,
        request: &Request,
        options: &CallOptions,
        headers: &HeaderMap,
    ) -> Option<SecretString> {
        if request.op.safety != crate::op::Safety::Keyed {
            return None;
        }
        let given = options
            .idempotency_key
            .clone()
            .filter(|key| !key.expose().is_empty())
            .or_else(|| request.idempotency_key.clone());
        let dialect = self.0.dialect;
        let header = headers.get(dialect.idempotency_header());
        if given.is_some() || header.is_some_and(holds_key) {
            return given;
        }
        let retries = options.retry.as_ref().unwrap_or(&self.0.retry).max_retries;
        (dialect.mints_idempotency_keys() && retries > 0).then(|| {
            format!(
                "{:016x}{:016x}",
                self.0.ambient.random(),
                self.0.ambient.random()
            )
            .into()
        })
    }
}

/// Whether an idempotency header holds a key: what is empty, or will be once spaces are trimmed on the way, is none.
fn holds_key(value: &HeaderValue) -> bool {
    !value.as_bytes().trim_ascii().is_empty()
}

fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| (b' '..=b'~').contains(&b))
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("vendor", &self.0.dialect.vendor())
            .field("base", &self.0.base.as_str())
            .finish_non_exhaustive()
    }
}
