//! OAuth2 client credentials: tokens by exchange, cached until shortly before they expire.
//!
//! What is asked of the token endpoint, and which scopes an operation can do with, is the vendor's
//! ([`TokenExchange`]); the cache, its expiry, single flight and the one refresh after a 401 are here.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{Authenticate, Credentials};
use crate::ambient::now;
use crate::call::Caller;
use crate::error::{Error, Result};
use crate::secret::SecretString;
use crate::transport::BoxFuture;

/// A token is not used in its last 30 seconds, or in the last half of its life if that is shorter.
const SKEW: Duration = Duration::from_secs(30);

/// A longer life is not believed, and could not be added to the clock.
const LONGEST_LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A vendor's token endpoint.
pub trait TokenExchange: fmt::Debug + Send + Sync + 'static {
    /// The scopes that `operation` can do with, the one to try first in front.
    fn candidates(&self, operation: &'static str) -> Vec<String>;

    /// Asks for a token of `scope`.
    fn exchange<'a>(
        &'a self,
        scope: &'a str,
        caller: &'a Caller,
    ) -> BoxFuture<'a, Result<Exchanged>>;

    /// The error when every candidate was refused earlier and none is left to try.
    fn none_left(&self, candidates: &[String]) -> Error;
}

/// What a token endpoint said.
#[derive(Debug)]
pub enum Exchanged {
    /// Here is a token.
    Granted(Token),
    /// Not for this scope: the next candidate is tried.
    Refused(Error),
}

/// A token.
#[derive(Debug)]
pub struct Token {
    /// The text for `Authorization: Bearer`.
    pub secret: SecretString,
    /// Its life, counted from when the exchange was started. Without one it is used for one call only.
    pub expires_in: Option<Duration>,
}

/// Authenticates with tokens from a [`TokenExchange`].
///
/// Tokens are cached per scope for the life of the client and shared by its clones; N parallel first calls cost one
/// exchange, unless it fails or its token can not be shared: then each makes its own. A scope that was refused is not
/// asked for again once a later candidate was granted. After a 401 to a cached token the token is dropped and the call
/// repeated once with a new one.
pub struct ClientCredentials<X> {
    exchange: X,
    cache: Mutex<Cache>,
    flight: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Cache {
    tokens: HashMap<String, Cached>,
    refused: HashSet<String>,
    generation: u64,
    /// Exchanges that left no token for those who waited.
    misses: u64,
}

struct Cached {
    credentials: Credentials,
    fresh_until: Instant,
}

impl Cache {
    fn fresh(&self, candidates: &[String]) -> Option<Credentials> {
        let now = now();
        self.open(candidates)
            .filter_map(|scope| self.tokens.get(scope))
            .find(|cached| now < cached.fresh_until)
            .map(|cached| cached.credentials.clone())
    }

    fn open<'a>(&'a self, candidates: &'a [String]) -> impl Iterator<Item = &'a String> {
        candidates
            .iter()
            .filter(|scope| !self.refused.contains(*scope))
    }
}

impl<X: TokenExchange> ClientCredentials<X> {
    /// Tokens from `exchange`; nothing is asked yet.
    pub fn new(exchange: X) -> Self {
        Self {
            exchange,
            cache: Mutex::default(),
            flight: tokio::sync::Mutex::default(),
        }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        // No code that can panic runs under the lock.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn acquire(&self, operation: &'static str, caller: &Caller) -> Result<Credentials> {
        let candidates = self.exchange.candidates(operation);
        if let Some(credentials) = self.cache().fresh(&candidates) {
            return Ok(credentials);
        }
        let misses = self.cache().misses;
        let flight = self.flight.lock().await;
        if let Some(credentials) = self.cache().fresh(&candidates) {
            return Ok(credentials);
        }
        // Who has waited in vain does not stand in line for the next exchange: the waits would add up.
        let flight = (self.cache().misses == misses).then_some(flight);
        let result = self.exchange(&candidates, caller).await;
        let mut cache = self.cache();
        if cache.fresh(&candidates).is_none() {
            cache.misses += 1;
        }
        drop(cache);
        drop(flight);
        result
    }

    async fn exchange(&self, candidates: &[String], caller: &Caller) -> Result<Credentials> {
        let open: Vec<String> = self.cache().open(candidates).cloned().collect();
        let mut refused = Vec::new();
        let mut last = None;
        for scope in open {
            let started = now();
            match self.exchange.exchange(&scope, caller).await? {
                Exchanged::Granted(token) => {
                    return self.granted(scope, &token, started, refused);
                }
                Exchanged::Refused(error) => {
                    last = Some(error);
                    refused.push(scope);
                }
            }
        }
        Err(last.unwrap_or_else(|| self.exchange.none_left(candidates)))
    }

    fn granted(
        &self,
        scope: String,
        token: &Token,
        started: Instant,
        refused: Vec<String>,
    ) -> Result<Credentials> {
        let mut credentials = Credentials::bearer(&token.secret)?;
        let mut cache = self.cache();
        cache.refused.extend(refused);
        let life = token.expires_in.unwrap_or_default().min(LONGEST_LIFE);
        let usable = life.saturating_sub(SKEW.min(life / 2));
        if let Some(fresh_until) = started.checked_add(usable)
            && !usable.is_zero()
        {
            cache.generation += 1;
            let mut kept = credentials.clone();
            kept.cached = Some(cache.generation);
            cache.tokens.insert(
                scope,
                Cached {
                    credentials: kept,
                    fresh_until,
                },
            );
        }
        // For this call the token is a new one: a 401 to it would not be helped by another.
        credentials.cached = None;
        Ok(credentials)
    }
}

impl<X: TokenExchange> Authenticate for ClientCredentials<X> {
    fn authorize<'a>(
        &'a self,
        operation: &'static str,
        caller: &'a Caller,
    ) -> BoxFuture<'a, Result<Credentials>> {
        Box::pin(self.acquire(operation, caller))
    }

    fn refused<'a>(
        &'a self,
        credentials: &'a Credentials,
        _caller: &'a Caller,
    ) -> BoxFuture<'a, Result<bool>> {
        if credentials.cached.is_some() {
            self.cache()
                .tokens
                .retain(|_, cached| cached.credentials.cached != credentials.cached);
        }
        Box::pin(std::future::ready(Ok(credentials.cached.is_some())))
    }
}

impl<X> fmt::Debug for ClientCredentials<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientCredentials")
    }
}
