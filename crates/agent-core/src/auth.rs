//! How requests prove who sends them.
//!
//! Here live the strategies that need no state and the [`Authenticate`] hook; OAuth2 client credentials with their
//! cache are in `auth/client_credentials.rs`.

use std::fmt;
use std::sync::Arc;

use http::header::{AUTHORIZATION, HeaderName, HeaderValue};

use crate::call::Caller;
use crate::error::{Error, Result};
use crate::secret::{SecretString, hide_secret, secret_header};
use crate::transport::BoxFuture;

mod client_credentials;

pub use client_credentials::{ClientCredentials, Exchanged, Token, TokenExchange};

/// Gives each request its credentials: a hook for token sources of your own.
///
/// Asked anew before every attempt, so it may rotate credentials; it should cache what is dear. What it gives is sent
/// to the client's base URL only, never to another origin.
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

    /// `text` without these credentials, if it shows any of them. A hook may also give headers that are none, such as
    /// one for tenancy, and whose values belong into messages: only those count that are called like credentials.
    pub(crate) fn hide(&self, text: &str) -> Option<String> {
        const WORDS: [&str; 5] = ["auth", "cookie", "key", "secret", "token"];
        let mut clean = None;
        for (name, value) in &self.headers {
            if !WORDS.iter().any(|word| name.as_str().contains(word)) {
                continue;
            }
            let value = value.to_str().unwrap_or_default();
            // Without the scheme, such as `Bearer`.
            let secret = value.rsplit(' ').next().unwrap_or_default();
            let shown = clean.as_deref().unwrap_or(text);
            clean = hide_secret(shown, secret).or(clean);
        }
        clean
    }

    /// Adds one more header.
    pub fn and_header(mut self, name: &str, key: &SecretString) -> Result<Self> {
        let name = name
            .parse()
            .map_err(|_| Error::config(format!("{name:?} is not a valid header name")))?;
        let value = secret_header(key.expose())
            .ok_or_else(|| Error::config("the key can not be sent in a header"))?;
        self.headers.push((name, value));
        Ok(self)
    }
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
