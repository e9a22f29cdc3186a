//! The client and its settings.

use std::sync::Arc;

use agent_core::sdk::{Auth, BaseUrl, Pipeline, Setup};
use agent_core::{
    Call, HttpConfig, Limit, Raw, Result, Resume, RetryBudget, RetryPolicy, Timeouts,
};

use crate::auth::{AuthStrategy, Strategy};
use crate::dialect::Meistrari;
use crate::error::check_segment;
use crate::ops::OPS;
use crate::wire::{self, Endpoints};

/// The entry point: agent sessions. Cheap to clone; clones share connections and the retry budget. Building one sends
/// nothing, and it holds no state of any session.
///
/// ```no_run
/// use meistrari_agent_sdk::{AgentClient, DataTokenAuthStrategy};
///
/// # fn main() -> meistrari_agent_sdk::Result<()> {
/// let client = AgentClient::builder(
///     "https://agent-api.example.com",
///     DataTokenAuthStrategy::new("my-data-token"),
/// )
/// .vault_url("https://vault.example.com")
/// .build()?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct AgentClient {
    pub(crate) pipeline: Pipeline,
    /// The same client for the vault.
    pub(crate) vault: Option<Pipeline>,
    pub(crate) endpoints: Arc<Endpoints>,
}

/// What a client is told. No environment variable is read. Source of the first three: package readme.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use]
pub struct AgentClientConfig {
    /// Origin of the agent API; a path prefix is kept.
    pub base_url: String,
    /// How requests prove who sends them.
    pub auth_strategy: Arc<dyn AuthStrategy>,
    /// Origin of the vault, or of a gateway to it; a path prefix is kept. Needed to resolve vault references only.
    /// Default: none; empty means none.
    pub vault_url: Option<String>,
    /// Paths and names that are not certain.
    pub endpoints: Endpoints,
    /// Everything that is not Meistrari's own: transport, retries, limits, headers. Defaults: 2 retries of calls that
    /// are safe to repeat, 30 s to connect, 60 s per attempt, streams do not resume.
    pub http: HttpConfig,
}

impl AgentClientConfig {
    /// The defaults, for the API at `base_url`.
    pub fn new(base_url: impl Into<String>, auth_strategy: impl AuthStrategy) -> Self {
        Self {
            base_url: base_url.into(),
            auth_strategy: Arc::new(auth_strategy),
            vault_url: None,
            endpoints: Endpoints::default(),
            http: HttpConfig::new(),
        }
    }

    /// Sets where the vault is.
    pub fn vault_url(mut self, url: impl Into<String>) -> Self {
        self.vault_url = Some(url.into());
        self
    }

    /// Sets paths and names that are not certain.
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Sets what is not Meistrari's own.
    pub fn http(mut self, http: HttpConfig) -> Self {
        self.http = http;
        self
    }

    /// As [`AgentClient::new`].
    pub fn build(self) -> Result<AgentClient> {
        AgentClient::new(self)
    }
}

/// As [`AgentClient::new`], under the name of the vendor's function (`agentClient`).
pub fn agent_client(config: AgentClientConfig) -> Result<AgentClient> {
    AgentClient::new(config)
}

impl AgentClient {
    /// A client.
    ///
    /// Fails with kind [`Config`](crate::ErrorKind::Config) if a URL is not absolute http or https or has a query or a
    /// fragment, if a token is empty or can not be sent in a header, or if a limit is zero.
    pub fn new(config: AgentClientConfig) -> Result<Self> {
        let base = BaseUrl::parse("baseUrl", &config.base_url)?;
        let vault = config
            .vault_url
            .as_deref()
            .filter(|url| !url.is_empty())
            .map(|url| BaseUrl::parse("vaultUrl", url))
            .transpose()?;
        config.auth_strategy.validate()?;
        let mut timeouts = Timeouts::default();
        timeouts.connect = Limit::After(wire::CONNECT_TIMEOUT);
        timeouts.headers = Limit::After(wire::TIMEOUT);
        timeouts.attempt = Limit::After(wire::TIMEOUT);
        let pipeline = Pipeline::new(Setup {
            dialect: &Meistrari,
            base,
            auth: Auth::Hook(Arc::new(Strategy(config.auth_strategy))),
            timeouts,
            retry: RetryPolicy::default(),
            resume: Resume::never(),
            operations: OPS,
            http: config.endpoints.apply(config.http),
        })?;
        Ok(Self {
            vault: vault.map(|url| pipeline.at(url)).transpose()?,
            pipeline,
            endpoints: Arc::new(config.endpoints),
        })
    }

    /// Settings to build one from.
    pub fn builder(
        base_url: impl Into<String>,
        auth_strategy: impl AuthStrategy,
    ) -> AgentClientConfig {
        AgentClientConfig::new(base_url, auth_strategy)
    }

    /// The URL below which the paths of [`Endpoints`] are, without a slash at its end.
    pub fn base_url(&self) -> &str {
        self.pipeline.base().as_str()
    }

    /// Any path of the API, for what this crate has no method for: the same credentials, retries, limits and errors.
    pub fn raw(&self) -> Raw {
        Raw::new(self.pipeline.clone())
    }

    /// What is left of the retry budget that this client's clones share.
    pub fn retry_budget(&self) -> &RetryBudget {
        self.pipeline.retry_budget()
    }

    /// A call about one session.
    pub(crate) fn about_session<T: Send + 'static>(
        &self,
        op: &'static agent_core::sdk::Op,
        session_id: String,
        decode: impl FnOnce(&agent_core::sdk::Response) -> Result<T> + Send + 'static,
    ) -> Call<T> {
        Call::new(self.pipeline.clone(), op.name, move |caller| async move {
            check_segment("sessionId", &session_id)?;
            let request = agent_core::sdk::Request::new(op).param("sessionId", session_id);
            let response = caller.send(&request).await?;
            let value = decode(&response)?;
            Ok(agent_core::WithResponse::new(value, response.meta))
        })
    }
}
