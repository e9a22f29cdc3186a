//! Browser mode: a publishable key, and the identity token of a user, which a callback can renew.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use agent_core::sdk::secret_header;
use agent_core::{
    Authenticate, BoxFuture, Caller, Credentials, Error, ErrorKind, Result, SecretString,
};

use crate::config::IdentitySource;
use crate::error::ServerError;
use crate::wire;

pub(crate) struct Identity {
    key: SecretString,
    token: Mutex<Option<SecretString>>,
    source: Option<IdentitySource>,
    /// Longest time for a new token.
    limit: Duration,
}

impl Identity {
    pub(crate) fn new(
        key: SecretString,
        token: Option<SecretString>,
        source: Option<IdentitySource>,
        limit: Duration,
    ) -> Self {
        Self {
            key,
            token: Mutex::new(token),
            source,
            limit,
        }
    }

    fn credentials(&self) -> Result<Credentials> {
        let credentials = Credentials::header(wire::PUBLISHABLE_KEY_HEADER, &self.key)?;
        let token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        match token.as_ref().filter(|token| !token.expose().is_empty()) {
            Some(token) => credentials.and_header(wire::IDENTITY_TOKEN_HEADER, token),
            None => Ok(credentials),
        }
    }

    async fn renew(&self, source: &IdentitySource) -> Result<()> {
        let token = match tokio::time::timeout(self.limit, source.token()).await {
            Ok(Ok(token)) => token,
            Ok(Err(error)) => return Err(failed(error.to_string()).with_source(error)),
            Err(_) => {
                let limit = self.limit.as_millis();
                return Err(failed(format!("no identity token within {limit} ms")));
            }
        };
        if secret_header(token.expose()).is_none() {
            return Err(failed(
                "identityToken contains characters that cannot be sent in a header".to_owned(),
            ));
        }
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
        Ok(())
    }
}

/// The pipeline adds the 401 that led to it.
fn failed(why: String) -> Error {
    Error::new(ErrorKind::Api, "Identity token refresh failed")
        .with_code(wire::REFRESH_FAILED)
        .with_retryable(false)
        .with_view(ServerError {
            code: Some(wire::REFRESH_FAILED.to_owned()),
            message: Some(why),
        })
}

impl Authenticate for Identity {
    fn authorize<'a>(
        &'a self,
        _: &'static str,
        _: &'a Caller,
    ) -> BoxFuture<'a, Result<Credentials>> {
        Box::pin(std::future::ready(self.credentials()))
    }

    fn refused<'a>(&'a self, _: &'a Credentials, _: &'a Caller) -> BoxFuture<'a, Result<bool>> {
        Box::pin(async move {
            match &self.source {
                None => Ok(false),
                Some(source) => self.renew(source).await.map(|()| true),
            }
        })
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("key", &self.key)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
