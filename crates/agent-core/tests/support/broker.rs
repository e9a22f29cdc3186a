//! The toy vendor's token endpoint: `POST /tokens` with a scope gives `{"token": …, "expires_in": …}`.

use std::sync::Arc;
use std::time::Duration;

use agent_core::sdk::{Auth, ClientCredentials, Exchanged, Request, Token, TokenExchange};
use agent_core::{BoxFuture, Caller, Error, ErrorKind, Result};
use serde_json::json;

use super::TOKEN;

/// Asks for tokens. A 403 means: not for this scope.
#[derive(Debug)]
pub struct Broker {
    /// The scopes that every operation can do with.
    pub scopes: &'static [&'static str],
    pub secret: &'static str,
}

impl Broker {
    /// OAuth2 client credentials of the toy vendor.
    pub fn auth(scopes: &'static [&'static str]) -> Auth {
        Auth::Hook(Arc::new(ClientCredentials::new(Self {
            scopes,
            secret: "client-secret",
        })))
    }
}

impl TokenExchange for Broker {
    fn candidates(&self, _: &'static str) -> Vec<String> {
        self.scopes.iter().map(ToString::to_string).collect()
    }

    fn exchange<'a>(
        &'a self,
        scope: &'a str,
        caller: &'a Caller,
    ) -> BoxFuture<'a, Result<Exchanged>> {
        Box::pin(async move {
            let request = Request::new(&TOKEN)
                .json(&json!({"secret": self.secret, "scope": scope}))
                .without_auth();
            match caller.send(&request).await {
                Ok(response) => {
                    let body: serde_json::Value = response.json()?;
                    Ok(Exchanged::Granted(Token {
                        secret: body["token"].as_str().unwrap_or_default().into(),
                        expires_in: body["expires_in"].as_u64().map(Duration::from_secs),
                    }))
                }
                Err(error) if error.status() == Some(403) => Ok(Exchanged::Refused(error)),
                Err(error) => Err(error),
            }
        })
    }

    fn none_left(&self, candidates: &[String]) -> Error {
        Error::new(
            ErrorKind::Api,
            format!("no scope is left of {}", candidates.join(", ")),
        )
    }
}
