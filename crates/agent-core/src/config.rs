//! What every client can be told, whatever its vendor.

use std::sync::Arc;
use std::time::Duration;

use crate::ambient::Ambient;
use crate::auth::{Auth, Authenticate};
use crate::follow::Resume;
use crate::retry::RetryPolicy;
use crate::secret::{HeaderList, SecretString};
use crate::timeouts::{Limit, Timeouts};
use crate::transport::Transport;

/// Settings of the HTTP side of a client: transport, time limits, retries, headers.
///
/// What is not set keeps the vendor's default, which each SDK crate documents.
///
/// ```
/// use std::time::Duration;
/// use agent_core::{HttpConfig, Limit, RetryPolicy};
///
/// let http = HttpConfig::new()
///     .retry(RetryPolicy::default().max_retries(4))
///     .total_timeout(Duration::from_secs(30))
///     .idle_timeout(Limit::Off)
///     .header("x-tenant", "blue");
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct HttpConfig {
    pub(crate) transport: Option<Arc<dyn Transport>>,
    pub(crate) auth: Option<Auth>,
    pub(crate) connect: Option<Limit>,
    pub(crate) headers_limit: Option<Limit>,
    pub(crate) attempt: Option<Limit>,
    pub(crate) total: Option<Limit>,
    pub(crate) idle: Option<Limit>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) resume: Option<Resume>,
    pub(crate) headers: HeaderList,
    pub(crate) user_agent: Option<String>,
    pub(crate) plain_http: PlainHttp,
    pub(crate) ambient: Option<Arc<dyn Ambient>>,
    pub(crate) max_body_bytes: Option<usize>,
    pub(crate) max_event_bytes: Option<usize>,
    pub(crate) paths: Vec<(String, String)>,
}

/// What happens when credentials would go over plain http to a host that is not this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlainHttp {
    /// A warning through `tracing` when the client is built.
    #[default]
    Warn,
    /// The client is not built: an error of kind [`Config`](crate::ErrorKind::Config).
    Refuse,
}

impl HttpConfig {
    /// The vendor's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends through `transport`, which several clients can share.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.transport = Some(transport);
        self
    }

    /// Authenticates with a source of your own instead of the vendor's way.
    pub fn authenticate(mut self, auth: Arc<dyn Authenticate>) -> Self {
        self.auth = Some(Auth::Hook(auth));
        self
    }

    /// Time for connecting. A transport of your own keeps its own.
    pub fn connect_timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.connect = Some(limit.into());
        self
    }

    /// Time until the response head, for streams and downloads too. Calls whose
    /// [`attempt_timeout`](Self::attempt_timeout) you set and this not have no limit of their own for the head.
    pub fn headers_timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.headers_limit = Some(limit.into());
        self
    }

    /// Time for one attempt of a call, from connecting to the last byte of the answer.
    pub fn attempt_timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.attempt = Some(limit.into());
        self
    }

    /// Time for a whole call with its retries and waits.
    pub fn total_timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.total = Some(limit.into());
        self
    }

    /// Longest silence of a stream or download while somebody waits for it; comments count as life. Default: 120 s
    /// where the stream resumes by itself, 10 minutes where it can not.
    pub fn idle_timeout(mut self, limit: impl Into<Limit>) -> Self {
        self.idle = Some(limit.into());
        self
    }

    /// When and how failed calls are repeated.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = Some(policy);
        self
    }

    /// Whether and how streams resume after a break.
    pub fn resume(mut self, resume: Resume) -> Self {
        self.resume = Some(resume);
        self
    }

    /// A header for every request to the vendor, such as one for tracing or tenancy. It is treated as a credential:
    /// it goes to no other origin and is never shown. Checked when the client is built.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// Replaces the `user-agent` header.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.user_agent = Some(user_agent.into());
        self
    }

    /// What happens when credentials would go over plain http to another machine.
    pub fn plain_http(mut self, rule: PlainHttp) -> Self {
        self.plain_http = rule;
        self
    }

    /// Replaces the wall clock and the source of randomness, for tests.
    pub fn ambient(mut self, ambient: Arc<dyn Ambient>) -> Self {
        self.ambient = Some(ambient);
        self
    }

    /// Largest answer that is read whole, in bytes. Default 32 MiB.
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = Some(bytes);
        self
    }

    /// Largest event of a stream, in bytes. Default 16 MiB.
    pub fn max_event_bytes(mut self, bytes: usize) -> Self {
        self.max_event_bytes = Some(bytes);
        self
    }

    /// Replaces the path template of one operation, for servers that serve it elsewhere. The templates and the names
    /// of the operations are in each SDK's documentation.
    pub fn path(mut self, operation: impl Into<String>, template: impl Into<String>) -> Self {
        self.paths.push((operation.into(), template.into()));
        self
    }

    /// `defaults` with what is set here.
    pub(crate) fn timeouts(&self, mut defaults: Timeouts) -> Timeouts {
        for (target, limit) in [
            (&mut defaults.connect, self.connect),
            (&mut defaults.headers, self.headers_limit),
            (&mut defaults.attempt, self.attempt),
            (&mut defaults.total, self.total),
        ] {
            if let Some(limit) = limit {
                *target = limit;
            }
        }
        defaults
    }
}

/// Options of one call.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallOptions {
    pub(crate) attempt: Option<Limit>,
    pub(crate) total: Option<Limit>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) idempotency_key: Option<SecretString>,
    pub(crate) headers: HeaderList,
}

/// Largest answer that is read whole.
pub(crate) const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
/// Largest event of a stream.
pub(crate) const MAX_EVENT_BYTES: usize = 16 * 1024 * 1024;
/// Most of an error's body that is read.
pub(crate) const MAX_ERROR_BYTES: usize = 1024 * 1024;
/// Longest time that reading an error's body may add.
pub(crate) const ERROR_BODY_TIME: Duration = Duration::from_secs(5);
