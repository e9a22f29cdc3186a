//! The client and its options. What one can do with it is beside the resource: `runs.rs`, `run_events.rs`,
//! `approvals.rs`, `conversations.rs`, `artifacts.rs`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use agent_core::sdk::{Auth, BaseUrl, Op, Pipeline, Request, Response, SILENCE, Setup};
use agent_core::{
    Call, Error, HttpConfig, Raw, Result, Resume, RetryBudget, RetryPolicy, SecretString, Timeouts,
    Transport,
};
use serde::de::DeserializeOwned;

use crate::dialect::AgentRouter;
use crate::ops::OPS;
use crate::wire;

/// Makes a client: [`AgentRouterClient::new`], under the name of the vendor's package.
pub fn agentrouter(options: AgentRouterOptions) -> Result<AgentRouterClient> {
    AgentRouterClient::new(options)
}

/// The entry point. Cheap to clone; clones share connections and the retry budget. Building one sends nothing.
///
/// ```no_run
/// use agentrouter_sdk::{AgentRouterOptions, agentrouter};
///
/// # fn main() -> agentrouter_sdk::Result<()> {
/// let client = agentrouter(AgentRouterOptions::new("my-api-key").base_url("https://agents.example.com"))?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct AgentRouterClient {
    pub(crate) pipeline: Pipeline,
}

/// What a client can be told. No environment variable is read. Source: package readme.
#[derive(Clone)]
#[non_exhaustive]
#[must_use]
pub struct AgentRouterOptions {
    /// The key, sent as bearer token. It belongs on a server, not into a program that others can look into.
    pub api_key: SecretString,
    /// Address of the API; a path prefix is kept. Default [`DEFAULT_BASE_URL`](crate::DEFAULT_BASE_URL).
    pub base_url: Option<String>,
    /// Headers for every request, such as one for tenancy; names are case-insensitive. They may replace
    /// `authorization`, and give an `idempotency-key` to calls that have none. Treated as credentials: they go to no
    /// other origin and are never shown.
    pub default_headers: BTreeMap<String, String>,
    /// Everything that is not AgentRouter's own: transport, retries, limits.
    pub http: HttpConfig,
}

impl AgentRouterOptions {
    /// The defaults, with this key.
    pub fn new(api_key: impl Into<SecretString>) -> Self {
        Self {
            api_key: api_key.into(),
            base_url: None,
            default_headers: BTreeMap::new(),
            http: HttpConfig::new(),
        }
    }

    /// Sets the address of the API.
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = Some(base_url.into());
        self
    }

    /// Adds a header for every request.
    pub fn default_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.default_headers.insert(name.into(), value.into());
        self
    }

    /// Sets the headers for every request.
    pub fn default_headers<N: Into<String>, V: Into<String>>(
        mut self,
        headers: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let headers = headers.into_iter();
        self.default_headers = headers.map(|(n, v)| (n.into(), v.into())).collect();
        self
    }

    /// Sends through a transport of your own: what `fetchImpl` is for.
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.http = self.http.transport(transport);
        self
    }

    /// Sets what is not AgentRouter's own.
    pub fn http(mut self, http: HttpConfig) -> Self {
        self.http = http;
        self
    }
}

impl fmt::Debug for AgentRouterOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names only: a header may be a credential.
        let headers: Vec<_> = self.default_headers.keys().collect();
        f.debug_struct("AgentRouterOptions")
            .field("base_url", &self.base_url)
            .field("default_headers", &headers)
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

impl AgentRouterClient {
    /// A client with these options.
    ///
    /// Fails with kind [`Config`](crate::ErrorKind::Config) if the key is empty or has control characters, the address
    /// is not absolute http or https, a header can not be sent, or a limit is zero.
    pub fn new(options: AgentRouterOptions) -> Result<Self> {
        let key = options.api_key.expose();
        if key.is_empty() {
            return Err(Error::config("api_key must not be empty"));
        }
        if key.chars().any(char::is_control) {
            return Err(Error::config("api_key must not have control characters"));
        }
        let base_url = options
            .base_url
            .as_deref()
            .unwrap_or(wire::DEFAULT_BASE_URL);
        let mut http = options.http;
        for (name, value) in options.default_headers {
            // What is beyond Latin-1 is no header value: the vendor's client fails with it on the first call.
            if value.chars().any(|c| c > '\u{FF}') {
                return Err(Error::config(
                    "the value of a default header can not be sent in a header",
                ));
            }
            http = http.header(name, value);
        }
        let mut timeouts = Timeouts::default();
        // A call for JSON has its limit for an attempt; before the head of a download or a stream, silence counts.
        timeouts.headers = SILENCE;
        let pipeline = Pipeline::new(Setup {
            dialect: &AgentRouter,
            base: BaseUrl::parse("base_url", base_url)?,
            auth: Auth::bearer(&options.api_key)?,
            timeouts,
            retry: RetryPolicy::default(),
            resume: Resume::auto(),
            operations: OPS,
            http,
        })?;
        Ok(Self { pipeline })
    }

    /// Any path of the API, for what this crate has no method for: the same credentials, retries, limits and errors.
    pub fn raw(&self) -> Raw {
        Raw::new(self.pipeline.clone())
    }

    /// What is left of the retry budget that this client's clones share.
    pub fn retry_budget(&self) -> &RetryBudget {
        self.pipeline.retry_budget()
    }

    /// A call whose answer is JSON.
    pub(crate) fn call<T: DeserializeOwned + Send + 'static>(&self, request: Request) -> Call<T> {
        self.pipeline.call(request, Response::json)
    }

    /// A call about one run without further input.
    pub(crate) fn about<T: DeserializeOwned + Send + 'static>(
        &self,
        op: &'static Op,
        run_id: impl Into<String>,
    ) -> Call<T> {
        self.call(Request::new(op).param("run_id", run_id))
    }
}
