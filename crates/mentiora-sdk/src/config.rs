//! What a client can be told.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use agent_core::sdk::{BaseUrl, secret_header};
use agent_core::{BoxFuture, Error, HttpConfig, Result, SecretString};

use crate::wire;

/// How a client proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SdkMode {
    /// With an API key, which is a secret.
    Server,
    /// With a publishable key, which is none, and the identity of a user.
    Browser,
}

impl fmt::Display for SdkMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Browser => "browser",
        })
    }
}

/// Settings of a client: exactly one key, and whatever else differs from the defaults. No environment variable is read.
///
/// `Debug` shows keys and tokens as `****`.
///
/// ```
/// use std::time::Duration;
/// use mentiora_sdk::MentioraConfig;
///
/// let config = MentioraConfig::server("sk_live_…").timeout(Duration::from_secs(60));
/// assert!(!format!("{config:?}").contains("sk_live"));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct MentioraConfig {
    pub(crate) api_key: Option<SecretString>,
    pub(crate) publishable_key: Option<SecretString>,
    pub(crate) identity_token: Option<SecretString>,
    pub(crate) get_identity_token: Option<IdentitySource>,
    pub(crate) base_url: Option<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) retries: Option<u32>,
    pub(crate) debug: bool,
    pub(crate) http: HttpConfig,
}

impl MentioraConfig {
    /// No key yet: set one with [`api_key`](Self::api_key) or [`publishable_key`](Self::publishable_key).
    pub fn new() -> Self {
        Self::default()
    }

    /// Server mode with this API key (the vendor's `MentioraServerConfig`).
    pub fn server(api_key: impl Into<SecretString>) -> Self {
        Self::new().api_key(api_key)
    }

    /// Browser mode with this publishable key (the vendor's `MentioraBrowserConfig`).
    pub fn browser(publishable_key: impl Into<SecretString>) -> Self {
        Self::new().publishable_key(publishable_key)
    }

    /// The key of server mode: `Authorization: Bearer …` on every request.
    pub fn api_key(mut self, key: impl Into<SecretString>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// The key of browser mode: `X-Publishable-Key` on every request.
    pub fn publishable_key(mut self, key: impl Into<SecretString>) -> Self {
        self.publishable_key = Some(key.into());
        self
    }

    /// Who the user is, in browser mode: `X-Identity-Token`, unless it is empty. Default: none.
    pub fn identity_token(mut self, token: impl Into<SecretString>) -> Self {
        self.identity_token = Some(token.into());
        self
    }

    /// Where a new identity token comes from when the server answers 401, in browser mode. The request is then sent
    /// once more, at once and beside the retries; the token is kept for later calls. Calls that get a 401 at the same
    /// time each ask. A failure is the call's error `Identity token refresh failed`, with the failure's text as
    /// [`server_message`](crate::ErrorExt::server_message); so is a token that takes longer than
    /// [`timeout`](Self::timeout). Default: a 401 is the call's error.
    ///
    /// ```
    /// use mentiora_sdk::MentioraConfig;
    ///
    /// let config = MentioraConfig::browser("pk_live_…")
    ///     .get_identity_token(|| async { Ok::<_, std::io::Error>("a-new-token".to_owned()) });
    /// ```
    pub fn get_identity_token<F, Fut, T, E>(mut self, source: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        T: Into<SecretString>,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        self.get_identity_token = Some(IdentitySource(Arc::new(move || {
            let token = source();
            Box::pin(async move { token.await.map(Into::into).map_err(Into::into) })
        })));
        self
    }

    /// Where the API is; a path prefix is kept, slashes at the end are not. Empty means the default,
    /// [`DEFAULT_BASE_URL`](crate::DEFAULT_BASE_URL).
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Limit of one attempt, from connecting to the last byte of the answer; for streams and downloads to be read
    /// piece by piece, until the response head. Default 30 s; zero is refused.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// The vendor's retry policy: so many attempts after the first, whatever failed: 429, 500 to 599, time limits,
    /// broken connections. There are no idempotency keys: **an agent whose answer was lost may run twice**, an upload
    /// may be stored twice. `retries(3)` is what the vendor's client does by default. The
    /// [budget](crate::MentioraClient::retry_budget) that all clones share stands above it: against a server that fails
    /// always, the attempts beyond the first stop at 20 altogether.
    ///
    /// Without this setter the client repeats just as often (3 times), but `agents().run`, `files().upload`,
    /// `knowledge().create` and `add_documents` only when nothing was sent or the server answered 429. Streams and
    /// downloads are never repeated.
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = Some(retries);
        self
    }

    /// Logs each call and how it ended, without contents, at level `INFO` of the `tracing` facility. Default: off.
    pub fn debug(mut self, debug: bool) -> Self {
        self.debug = debug;
        self
    }

    /// Everything that is not the vendor's own: transport, retry policy, limits, headers. What is set here wins over
    /// [`timeout`](Self::timeout) and [`retries`](Self::retries).
    pub fn http(mut self, http: HttpConfig) -> Self {
        self.http = http;
        self
    }

    /// Which mode the keys stand for. The order of these checks is the vendor's.
    pub(crate) fn mode(&self) -> Result<SdkMode> {
        let refuse = |text: &'static str| Err(Error::config(text));
        let mode = match (&self.api_key, &self.publishable_key) {
            (Some(_), Some(_)) => {
                return refuse(
                    "Provide either apiKey (server mode) or publishableKey (browser mode), not both",
                );
            }
            (None, None) => return refuse("Either apiKey or publishableKey is required"),
            (Some(key), None) if key.expose().is_empty() => {
                return refuse("apiKey must be a non-empty string");
            }
            (None, Some(key)) if key.expose().is_empty() => {
                return refuse("publishableKey must be a non-empty string");
            }
            (Some(_), None) => SdkMode::Server,
            (None, Some(_)) => SdkMode::Browser,
        };
        for (name, secret) in [
            ("apiKey", &self.api_key),
            ("publishableKey", &self.publishable_key),
            ("identityToken", &self.identity_token),
        ] {
            if let Some(secret) = secret
                && secret_header(secret.expose()).is_none()
            {
                return Err(Error::config(format!(
                    "{name} contains characters that cannot be sent in a header"
                )));
            }
        }
        if self.timeout.is_some_and(|limit| limit.is_zero()) {
            return refuse("timeout must not be zero");
        }
        Ok(mode)
    }

    pub(crate) fn base(&self) -> Result<BaseUrl> {
        let text = match self.base_url.as_deref() {
            None | Some("") => wire::DEFAULT_BASE_URL,
            Some(text) => text,
        };
        BaseUrl::parse("baseUrl", text)
    }
}

/// Where identity tokens come from.
#[derive(Clone)]
pub(crate) struct IdentitySource(
    #[expect(clippy::type_complexity, reason = "a function that gives a future")]
    Arc<
        dyn Fn() -> BoxFuture<'static, Result<SecretString, Box<dyn StdError + Send + Sync>>>
            + Send
            + Sync,
    >,
);

impl IdentitySource {
    pub(crate) async fn token(&self) -> Result<SecretString, Box<dyn StdError + Send + Sync>> {
        (self.0)().await
    }
}

impl fmt::Debug for IdentitySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentitySource")
    }
}
