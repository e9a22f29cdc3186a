//! How requests prove who sends them.
//!
//! Here live the strategies that need no state and the [`Authenticate`] hook; OAuth2 client credentials with their
//! cache are in `auth/client_credentials.rs`.

use std::fmt;
use std::sync::Arc;

use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

use crate::call::Caller;
use crate::error::{Error, Result};
use crate::request::parse_header_name;
use crate::secret::{SecretString, secret_header};
use crate::transport::BoxFuture;

mod client_credentials;

pub use client_credentials::{ClientCredentials, Exchanged, Token, TokenExchange};

/// Gives each request its credentials: a hook for token sources of your own.
///
/// Asked anew before every attempt, so it may rotate credentials; it should cache what is dear. What it gives is sent
/// to the client's base URL only, never to another origin. Of the time limits only that for a whole call covers it: a
/// hook that may hang needs one of its own.
pub trait Authenticate: fmt::Debug + Send + Sync + 'static {
    /// The credentials for a request of `operation`. An error ends the call with that error, nothing is sent.
    fn authorize<'a>(
        &'a self,
        operation: &'static str,
        caller: &'a Caller,
    ) -> BoxFuture<'a, Result<Credentials>>;

    /// Called when the server answered 401 to `credentials`. `true` repeats the request, once, with what
    /// [`authorize`](Self::authorize) gives then. By default the 401 is the call's error.
    fn refused<'a>(
        &'a self,
        _credentials: &'a Credentials,
        _caller: &'a Caller,
    ) -> BoxFuture<'a, Result<bool>> {
        Box::pin(std::future::ready(Ok(false)))
    }
}

/// The headers that prove who sends a request.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) cached: Option<u64>,
}

impl Credentials {
    /// None.
    pub fn none() -> Self {
        Self::default()
    }

    /// `Authorization: Bearer <token>`.
    pub fn bearer(token: &SecretString) -> Result<Self> {
        let value = secret_header(&format!("Bearer {}", token.expose()))
            .ok_or_else(|| Error::config("the token can not be sent in a header"))?;
        Ok(Self {
            headers: vec![(AUTHORIZATION, value)],
            cached: None,
        })
    }

    /// A key in the header `name`.
    pub fn header(name: &str, key: &SecretString) -> Result<Self> {
        Self::none().and_header(name, key)
    }

    /// What must not be shown of these headers. A hook may also give headers that are no credentials, such as one for
    /// tenancy, and whose values belong into messages: only those count that are called like credentials.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        secrets_of(self.headers.iter().map(|(name, value)| (name, value)))
    }

    /// Adds one more header.
    pub fn and_header(mut self, name: &str, key: &SecretString) -> Result<Self> {
        let name = parse_header_name(name).map_err(Error::config)?;
        let value = secret_header(key.expose())
            .ok_or_else(|| Error::config("the key can not be sent in a header"))?;
        self.headers.push((name, value));
        Ok(self)
    }
}

/// What must not be shown of the headers that a request has anyway. Those that the user set may be anything: what is
/// short is no key, and neither is the one for idempotency, `idempotency`.
pub(crate) fn secrets_of_own<'a>(
    own: &'a HeaderMap,
    idempotency: &'a str,
) -> impl Iterator<Item = &'a str> {
    const SHORTEST: usize = 8;
    secrets_of(
        own.iter()
            .filter(move |(name, value)| value.is_sensitive() && *name != idempotency),
    )
    .filter(|secret| secret.len() >= SHORTEST)
}

fn secrets_of<'a>(
    headers: impl Iterator<Item = (&'a HeaderName, &'a HeaderValue)>,
) -> impl Iterator<Item = &'a str> {
    const WORDS: [&str; 5] = ["auth", "cookie", "key", "secret", "token"];
    headers
        .filter(|(name, _)| WORDS.iter().any(|word| name.as_str().contains(word)))
        // Without the scheme, such as `Bearer`.
        .filter_map(|(_, value)| str::from_utf8(value.as_bytes()).ok()?.rsplit(' ').next())
}

/// A client's way to authenticate. `Debug` shows which way it is: a hook's own may hold secrets.
#[derive(Clone, Default)]
pub enum Auth {
    /// Not at all.
    #[default]
    None,
    /// The same headers every time.
    Fixed(Credentials),
    /// Asked for each request.
    Hook(Arc<dyn Authenticate>),
}

impl Auth {
    /// `Authorization: Bearer <token>`.
    pub fn bearer(token: &SecretString) -> Result<Self> {
        Credentials::bearer(token).map(Self::Fixed)
    }

    /// A key in the header `name`.
    pub fn header(name: &str, key: &SecretString) -> Result<Self> {
        Credentials::header(name, key).map(Self::Fixed)
    }

    /// Whether requests go out without credentials.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Fixed(_) => "Fixed",
            Self::Hook(_) => "Hook",
        })
    }
}
