//! What a client sends with every request: its token, and headers that are asked for anew each time.

use std::fmt;
use std::sync::Arc;

use agent_core::{Authenticate, BoxFuture, Caller, Credentials, Error, Result, SecretString};

/// Gives the headers for one request.
pub(crate) type HeaderProvider = Arc<dyn Fn() -> Vec<(String, String)> + Send + Sync>;

/// A token that can be sent.
pub(crate) fn check_token(token: &SecretString) -> Result<()> {
    let text = token.expose();
    if text.is_empty() {
        return Err(Error::config("token must not be empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::config("token must not hold control characters"));
    }
    Ok(())
}

/// The token together with the headers of a provider, which win.
pub(crate) struct PerRequest {
    pub(crate) token: Option<SecretString>,
    pub(crate) provider: HeaderProvider,
}

impl PerRequest {
    fn headers(&self) -> Result<Credentials> {
        let mut headers = (self.provider)();
        if let Some(token) = &self.token {
            headers.insert(
                0,
                (
                    "authorization".to_owned(),
                    format!("Bearer {}", token.expose()),
                ),
            );
        }
        let mut credentials = Credentials::none();
        for (index, (name, value)) in headers.iter().enumerate() {
            // The last of a name wins.
            let replaced = headers
                .iter()
                .skip(index + 1)
                .any(|(later, _)| later.eq_ignore_ascii_case(name));
            if !replaced {
                credentials = credentials
                    .and_header(name, &SecretString::from(value.as_str()))
                    .map_err(|_| {
                        Error::invalid_argument(format!("the header {name:?} can not be sent"))
                    })?;
            }
        }
        Ok(credentials)
    }
}

impl Authenticate for PerRequest {
    fn authorize<'a>(
        &'a self,
        _operation: &'static str,
        _caller: &'a Caller,
    ) -> BoxFuture<'a, Result<Credentials>> {
        Box::pin(std::future::ready(self.headers()))
    }
}

impl fmt::Debug for PerRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerRequest")
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}
