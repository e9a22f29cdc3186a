//! The client and its options.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use agent_core::sdk::{Auth, BaseUrl, ClientCredentials, Pipeline, Request, Response, Setup};
use agent_core::{
    Call, Error, HttpConfig, Limit, Raw, Result, Resume, RetryBudget, RetryPolicy, SecretString,
    Timeouts,
};

use crate::auth::Credentials;
use crate::dialect::Trelent;
use crate::ops::{HEALTH, OPS};
use crate::runs::Runs;
use crate::sandboxes::Sandboxes;
use crate::secrets::Secrets;
use crate::tokens::Tokens;
use crate::types::HealthResponse;
use crate::wire;

/// The entry point. Cheap to clone; clones share connections, tokens and the retry budget. Building one sends nothing.
///
/// ```no_run
/// use trelent_agents::{Client, ClientOptions, DEFAULT_API_URL};
///
/// # fn main() -> trelent_agents::Result<()> {
/// // Without credentials, for a server that wants none.
/// let client = Client::new("http://localhost:8000")?;
///
/// // With them.
/// let client = Client::with_options(
///     DEFAULT_API_URL,
///     ClientOptions::new().credentials("my-client-id", "my-client-secret"),
/// )?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    pipeline: Pipeline,
}

/// What a client can be told besides its URL. No environment variable is read but those for
/// proxies. Source: package readme.
#[derive(Clone)]
#[non_exhaustive]
#[must_use]
pub struct ClientOptions {
    /// Client id, together with a client secret. Default: none, requests go out without credentials.
    pub client_id: Option<String>,
    /// Client secret, together with a client id.
    pub client_secret: Option<SecretString>,
    /// Ask for tokens of exactly this scope instead of trying the ladder of scopes. Empty means none.
    pub scope: Option<String>,
    /// Limit of one exchange with the server, from connecting to the last byte of the answer; for event streams, until
    /// the response head. Large imports count: raise it for them. Default 10 s; zero is refused.
    pub timeout: Duration,
    /// Everything that is not Trelent's own: transport, retries, limits, headers.
    pub http: HttpConfig,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            client_id: None,
            client_secret: None,
            scope: None,
            timeout: wire::DEFAULT_TIMEOUT,
            http: HttpConfig::new(),
        }
    }
}

/// Without credentials and headers.
impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("scope", &self.scope)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl ClientOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets both credentials.
    pub fn credentials(
        self,
        client_id: impl Into<String>,
        client_secret: impl Into<SecretString>,
    ) -> Self {
        self.client_id(client_id).client_secret(client_secret)
    }

    /// Sets the client id.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Sets the client secret.
    pub fn client_secret(mut self, client_secret: impl Into<SecretString>) -> Self {
        self.client_secret = Some(client_secret.into());
        self
    }

    /// Sets the one scope to ask tokens of.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Sets the limit of one exchange with the server.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets what is not Trelent's own.
    pub fn http(mut self, http: HttpConfig) -> Self {
        self.http = http;
        self
    }
}

impl Client {
    /// A client without credentials for the API at `api_url`; a path prefix is kept.
    ///
    /// Fails with kind [`Config`](crate::ErrorKind::Config) if the URL is not absolute http or https, or has a query or
    /// a fragment.
    pub fn new(api_url: impl AsRef<str>) -> Result<Self> {
        Self::with_options(api_url, ClientOptions::new())
    }

    /// A client for the API at `api_url`.
    ///
    /// Fails with kind [`Config`](crate::ErrorKind::Config) as [`new`](Self::new) does, and if only one of the two
    /// credentials is given, a limit is zero, or a header can not be sent.
    pub fn with_options(api_url: impl AsRef<str>, options: ClientOptions) -> Result<Self> {
        let auth = match (options.client_id, options.client_secret) {
            (None, None) => Auth::None,
            (Some(client_id), Some(client_secret)) => {
                Auth::Hook(Arc::new(ClientCredentials::new(Credentials {
                    client_id,
                    client_secret,
                    scope: options.scope.filter(|scope| !scope.is_empty()),
                })))
            }
            _ => {
                return Err(Error::config(
                    "client_id and client_secret must both be provided together",
                ));
            }
        };
        if options.timeout.is_zero() {
            return Err(Error::config("timeout must not be zero"));
        }
        let mut timeouts = Timeouts::default();
        timeouts.attempt = Limit::After(options.timeout);
        timeouts.headers = Limit::After(options.timeout);
        let pipeline = Pipeline::new(Setup {
            dialect: &Trelent,
            base: BaseUrl::parse("api_url", api_url.as_ref())?,
            auth,
            timeouts,
            retry: RetryPolicy::default(),
            resume: Resume::auto(),
            operations: OPS,
            http: options.http,
        })?;
        Ok(Self { pipeline })
    }

    /// Whether the service is up. Never authenticated.
    pub fn health(&self) -> Call<HealthResponse> {
        let request = Request::new(&HEALTH).without_auth();
        self.pipeline.call(request, Response::json)
    }

    /// The images of the caller.
    pub fn sandboxes(&self) -> Sandboxes {
        Sandboxes::new(self.pipeline.clone())
    }

    /// Runs: start, list, look at, follow, cancel.
    pub fn runs(&self) -> Runs {
        Runs::new(self.pipeline.clone())
    }

    /// The token exchange, called directly.
    pub fn tokens(&self) -> Tokens {
        Tokens::new(self.pipeline.clone())
    }

    /// Secrets that runs may use. Beyond the package this crate mirrors; seen in the vendor's Python client.
    pub fn secrets(&self) -> Secrets {
        Secrets::new(self.pipeline.clone())
    }

    /// Any path of the API, for what this crate has no method for: the same credentials, retries, limits and errors.
    /// Tokens are asked for with the broadest scope, or with [`ClientOptions::scope`].
    pub fn raw(&self) -> Raw {
        Raw::new(self.pipeline.clone())
    }

    /// What is left of the retry budget that this client's clones share.
    pub fn retry_budget(&self) -> &RetryBudget {
        self.pipeline.retry_budget()
    }
}
