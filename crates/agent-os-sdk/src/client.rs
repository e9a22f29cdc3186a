//! The client and its options.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use agent_core::sdk::{Auth, BaseUrl, Pipeline, Setup};
use agent_core::{
    Error, HttpConfig, Limit, Result, Resume, RetryBudget, RetryPolicy, SecretString, Timeouts,
};

use crate::agents::Agents;
use crate::auth::AuthModule;
use crate::chatwoot::Chatwoot;
use crate::credentials::Credentials;
use crate::dialect::AgentOs;
use crate::headers::{HeaderProvider, PerRequest, check_token};
use crate::me::Me;
use crate::members::Members;
use crate::ops::OPS;
use crate::raw::Raw;
use crate::runs::Runs;
use crate::triggers::Triggers;
use crate::wire;

/// The entry point. Cheap to clone; clones share connections and the retry budget. Building one sends nothing.
///
/// ```no_run
/// use agent_os_sdk::{AgentOsClient, ClientOptions};
///
/// # fn main() -> agent_os_sdk::Result<()> {
/// let client = AgentOsClient::with_options(
///     "https://agent-os.example.com",
///     ClientOptions::new().token("my-token").header("x-workspace", "blue"),
/// )?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct AgentOsClient {
    pipeline: Pipeline,
}

/// What a client can be told besides its URL. No environment variable is read.
#[derive(Clone)]
#[non_exhaustive]
#[must_use]
pub struct ClientOptions {
    /// Sent as `Authorization: Bearer …` with every request to the base URL. Default: none. Source: decided here; another
    /// scheme goes into a header.
    pub token: Option<SecretString>,
    /// Limit of one exchange with the server, from connecting to the last byte of the answer; for event streams, until
    /// the response head. Default 30 s; zero is refused.
    pub timeout: Duration,
    /// Everything that is not Agent OS' own: transport, retries, limits.
    pub http: HttpConfig,
    headers: Vec<(String, SecretString)>,
    provider: Option<HeaderProvider>,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            token: None,
            timeout: wire::DEFAULT_TIMEOUT,
            http: HttpConfig::new(),
            headers: Vec::new(),
            provider: None,
        }
    }
}

impl ClientOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the token.
    pub fn token(mut self, token: impl Into<SecretString>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Adds a header for every request to the base URL, such as a workspace's id; it replaces a default of that name,
    /// the token included. Checked when the client is built. It is never sent to another origin, and never shown.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers
            .push((name.into(), SecretString::from(value.into())));
        self
    }

    /// Asks for headers anew before every request, the counterpart of the original's `headers()` function. They replace
    /// the token, and give way to those of [`header`](Self::header) and of the call. What can not be sent is an error of
    /// kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    ///
    /// For sources that must wait, such as a token endpoint, implement
    /// [`Authenticate`](crate::agent_core::Authenticate); given with
    /// [`HttpConfig::authenticate`](crate::HttpConfig::authenticate), it stands in for the token and for this function.
    ///
    /// ```
    /// use agent_os_sdk::ClientOptions;
    ///
    /// let options = ClientOptions::new()
    ///     .headers(|| vec![("x-trace-id".to_owned(), "trace-1".to_owned())]);
    /// ```
    pub fn headers<F>(mut self, provider: F) -> Self
    where
        F: Fn() -> Vec<(String, String)> + Send + Sync + 'static,
    {
        self.provider = Some(Arc::new(provider));
        self
    }

    /// Sets the limit of one exchange with the server.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets what is not Agent OS' own.
    pub fn http(mut self, http: HttpConfig) -> Self {
        self.http = http;
        self
    }
}

/// Without the values of headers.
impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("ClientOptions")
            .field("token", &self.token)
            .field("timeout", &self.timeout)
            .field("headers", &headers)
            .field("provider", &self.provider.is_some())
            .finish_non_exhaustive()
    }
}

impl AgentOsClient {
    /// A client without credentials for the API at `base_url`; a path prefix is kept.
    ///
    /// Fails with kind [`Config`](crate::ErrorKind::Config) if the URL is not absolute http or https, or has a query, a
    /// fragment or a user name.
    pub fn new(base_url: impl AsRef<str>) -> Result<Self> {
        Self::with_options(base_url, ClientOptions::new())
    }

    /// A client for the API at `base_url`.
    ///
    /// Fails with kind [`Config`](crate::ErrorKind::Config) as [`new`](Self::new) does, and if the token is empty or can
    /// not be sent, a limit is zero, or a header can not be sent.
    pub fn with_options(base_url: impl AsRef<str>, options: ClientOptions) -> Result<Self> {
        if let Some(token) = &options.token {
            check_token(token)?;
        }
        let auth = match (options.token, options.provider) {
            (None, None) => Auth::None,
            (Some(token), None) => Auth::bearer(&token)?,
            (token, Some(provider)) => Auth::Hook(Arc::new(PerRequest { token, provider })),
        };
        if options.timeout.is_zero() {
            return Err(Error::config("timeout must not be zero"));
        }
        let mut timeouts = Timeouts::default();
        timeouts.connect = Limit::After(wire::DEFAULT_CONNECT_TIMEOUT);
        timeouts.attempt = Limit::After(options.timeout);
        timeouts.headers = Limit::After(options.timeout);
        let mut resume = Resume::auto()
            .max_reconnects(wire::MAX_RECONNECTS)
            .backoff(wire::BASE_DELAY, wire::MAX_DELAY);
        resume.healthy_after = wire::HEALTHY_AFTER;
        let http = options
            .headers
            .into_iter()
            .fold(options.http, |http, (name, value)| {
                http.header(name, value.expose())
            });
        let pipeline = Pipeline::new(Setup {
            dialect: &AgentOs,
            base: BaseUrl::parse("base_url", base_url.as_ref())?,
            auth,
            timeouts,
            retry: RetryPolicy::default(),
            resume,
            operations: OPS,
            http,
        })?;
        Ok(Self { pipeline })
    }

    /// Agents: make, change, look at, list, delete.
    pub fn agents(&self) -> Agents {
        Agents::new(self.pipeline.clone())
    }

    /// The module of the original by this name. Nothing of it is known but the name.
    pub fn auth(&self) -> AuthModule {
        AuthModule::new(self.pipeline.clone())
    }

    /// Inboxes of the customer's Chatwoot.
    pub fn chatwoot(&self) -> Chatwoot {
        Chatwoot::new(self.pipeline.clone())
    }

    /// Credentials of other services.
    pub fn credentials(&self) -> Credentials {
        Credentials::new(self.pipeline.clone())
    }

    /// Who is calling.
    pub fn me(&self) -> Me {
        Me::new(self.pipeline.clone())
    }

    /// The members of the workspace.
    pub fn members(&self) -> Members {
        Members::new(self.pipeline.clone())
    }

    /// Runs: start, look at, follow, wait for.
    pub fn runs(&self) -> Runs {
        Runs::new(self.pipeline.clone())
    }

    /// What starts agents from outside.
    pub fn triggers(&self) -> Triggers {
        Triggers::new(self.pipeline.clone())
    }

    /// Any path of the API, with the same credentials, retries, limits and errors.
    pub fn raw(&self) -> Raw {
        Raw::new(self.pipeline.clone())
    }

    /// What is left of the retry budget that this client's clones share.
    pub fn retry_budget(&self) -> &RetryBudget {
        self.pipeline.retry_budget()
    }
}
