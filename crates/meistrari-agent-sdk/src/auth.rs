//! How requests prove who sends them: the vendor's two strategies, and the trait for your own.

use std::fmt;
use std::sync::Arc;

use agent_core::sdk::secret_header;
use agent_core::{Authenticate, BoxFuture, Caller, Credentials, Error, Result, SecretString};

use crate::wire;

/// Gives the headers that prove who sends a request. Source: package readme.
///
/// Asked anew for every request, so a strategy of your own may rotate tokens. What it gives goes to the origins of
/// `base_url` and `vault_url` and to no other. For a token source that has to wait, implement
/// [`Authenticate`] and give it to [`HttpConfig::authenticate`](crate::HttpConfig::authenticate).
///
/// ```
/// use meistrari_agent_sdk::{AuthStrategy, Credentials, Result, SecretString};
///
/// #[derive(Debug)]
/// struct FromFile;
///
/// impl AuthStrategy for FromFile {
///     fn headers(&self) -> Result<Credentials> {
///         let token = std::fs::read_to_string("/run/secrets/data-token").unwrap_or_default();
///         Credentials::header("x-data-token", &SecretString::from(token.trim()))
///     }
/// }
/// ```
pub trait AuthStrategy: fmt::Debug + Send + Sync + 'static {
    /// The headers to add. An error is the error of the call; nothing is sent then.
    fn headers(&self) -> Result<Credentials>;

    /// Called once when a client is built: an error here is that of building it.
    fn validate(&self) -> Result<()> {
        Ok(())
    }
}

/// Header `x-data-token`: accepted by the agent API and by the vault. Source: package readme.
#[derive(Clone, Debug)]
pub struct DataTokenAuthStrategy {
    token: SecretString,
}

impl DataTokenAuthStrategy {
    /// With this token. An empty one, or one that can not be sent in a header, is refused when the client is built.
    pub fn new(token: impl Into<SecretString>) -> Self {
        Self {
            token: token.into(),
        }
    }
}

impl AuthStrategy for DataTokenAuthStrategy {
    fn headers(&self) -> Result<Credentials> {
        self.validate()?;
        Credentials::header(wire::DATA_TOKEN_HEADER, &self.token)
    }

    fn validate(&self) -> Result<()> {
        check("data token", &self.token)
    }
}

/// Header `Authorization: Bearer …`: for the agent API. Source: package readme.
///
/// The vault itself takes no API keys: with this strategy `vault_url` must be an API gateway.
#[derive(Clone, Debug)]
pub struct ApiKeyAuthStrategy {
    key: SecretString,
}

impl ApiKeyAuthStrategy {
    /// With this key; `Bearer` is put before it whatever it begins with. An empty one, or one that can not be sent in
    /// a header, is refused when the client is built.
    pub fn new(key: impl Into<SecretString>) -> Self {
        Self { key: key.into() }
    }
}

impl AuthStrategy for ApiKeyAuthStrategy {
    fn headers(&self) -> Result<Credentials> {
        self.validate()?;
        Credentials::bearer(&self.key)
    }

    fn validate(&self) -> Result<()> {
        check("API key", &self.key)
    }
}

fn check(name: &str, secret: &SecretString) -> Result<()> {
    if secret.expose().is_empty() {
        return Err(Error::config(format!("{name} must not be empty")));
    }
    match secret_header(secret.expose()) {
        Some(_) => Ok(()),
        None => Err(Error::config(format!("{name} is not a valid header value"))),
    }
}

/// A strategy as the core asks it.
#[derive(Debug)]
pub(crate) struct Strategy(pub(crate) Arc<dyn AuthStrategy>);

impl Authenticate for Strategy {
    fn authorize<'a>(
        &'a self,
        _: &'static str,
        _: &'a Caller,
    ) -> BoxFuture<'a, Result<Credentials>> {
        Box::pin(std::future::ready(self.0.headers()))
    }
}
