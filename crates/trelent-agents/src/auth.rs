//! How the client gets its tokens: the exchange and the ladder of scopes.
//!
//! The cache, its expiry and the one refresh after a 401 are `agent_core`'s.

use std::fmt;
use std::time::Duration;

use agent_core::sdk::{
    Exchanged, Redirects, Request, Response, Token, TokenExchange, secret_header,
};
use agent_core::{BoxFuture, Caller, Error, ErrorKind, Result, SecretString, Sent};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use crate::error::no_scope_left;
use crate::ops::{TOKEN_EXCHANGE, scope_ladder};
use crate::wire;

/// Tokens for the scopes of the ladder, or for the one scope that the user wants.
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    pub(crate) client_secret: SecretString,
    pub(crate) scope: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl TokenExchange for Credentials {
    fn candidates(&self, operation: &'static str) -> Vec<String> {
        match &self.scope {
            Some(scope) => vec![scope.clone()],
            None => scope_ladder(operation),
        }
    }

    fn exchange<'a>(
        &'a self,
        scope: &'a str,
        caller: &'a Caller,
    ) -> BoxFuture<'a, Result<Exchanged>> {
        Box::pin(async move {
            let body = json!({
                "client_id": self.client_id,
                "client_secret": self.client_secret.expose(),
                "scope": scope,
            });
            let request = Request::new(&TOKEN_EXCHANGE)
                .json(&body)
                .secret(self.client_secret.clone())
                .without_auth()
                .redirects(Redirects::within_origin(wire::MAX_REDIRECTS));
            let answer = caller.send(&request).await;
            // Whatever became of the exchange, nothing of the call that needs the token was sent.
            let granted = answer
                .and_then(|response| token(&response))
                .map_err(|error| error.with_sent(Sent::Never));
            match granted {
                Ok(token) => Ok(Exchanged::Granted(token)),
                Err(error) if is_rejection(&error) => Ok(Exchanged::Refused(error)),
                Err(error) => Err(error),
            }
        })
    }

    fn none_left(&self, candidates: &[String]) -> Error {
        let parts = no_scope_left(&candidates.iter().map(String::as_str).collect::<Vec<_>>());
        Error::new(ErrorKind::Api, parts.message.clone()).with_view(parts)
    }
}

/// Whether the token endpoint refused this scope, as opposed to being out of order.
fn is_rejection(error: &Error) -> bool {
    error
        .status()
        .is_some_and(|status| (400..500).contains(&status) && !matches!(status, 408 | 425 | 429))
}

/// What the exchange needs of the answer: less than `tokens.create` promises.
#[derive(Deserialize)]
struct Granted {
    access_token: String,
    #[serde(default)]
    expires_in: Value,
    /// What else there is. With it, an array is no answer: serde would read the fields in their order.
    #[serde(flatten)]
    _rest: IgnoredAny,
}

fn token(response: &Response) -> Result<Token> {
    let granted: Granted = response.json()?;
    let seconds = match &granted.expires_in {
        Value::Number(seconds) => seconds.as_f64(),
        Value::String(seconds) => seconds.trim().parse().ok(),
        _ => None,
    };
    if secret_header(&granted.access_token).is_none() {
        return Err(
            Error::decode("the access token can not be sent in a header")
                .with_operation(TOKEN_EXCHANGE.name),
        );
    }
    Ok(Token {
        secret: granted.access_token.into(),
        expires_in: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
    })
}
