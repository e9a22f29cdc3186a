//! Keys: an API key as a bearer token, or a publishable key with the identity token of a user.

use std::collections::BTreeSet;

use hyper::header::AUTHORIZATION;

use super::errors::{Answer, Refusal};
use crate::http::Request;

pub(crate) struct Auth {
    api_key: String,
    publishable_key: String,
    /// Identity tokens that are good; none: browser mode needs none.
    pub(crate) identity_tokens: Option<BTreeSet<String>>,
}

impl Auth {
    pub(crate) fn new(
        api_key: String,
        publishable_key: String,
        identity_tokens: Option<BTreeSet<String>>,
    ) -> Self {
        Self {
            api_key,
            publishable_key,
            identity_tokens,
        }
    }

    /// Refuses what has not exactly one good key.
    pub(crate) fn check(&self, request: &Request, server_only: bool) -> Answer<()> {
        let bearer = request.header(AUTHORIZATION);
        let publishable = request.header("x-publishable-key");
        match (bearer, publishable) {
            (None, None) => Err(Refusal::unauthorized(
                "missing_api_key",
                "An API key is required",
            )),
            (Some(_), Some(_)) => Err(Refusal::invalid(
                "Authorization and X-Publishable-Key can not be sent together",
            )),
            (Some(value), None) if value.strip_prefix("Bearer ") == Some(&self.api_key) => {
                if request.headers.contains_key("x-identity-token") {
                    return Err(Refusal::invalid("An API key needs no identity token"));
                }
                Ok(())
            }
            (Some(_), None) => Err(Refusal::unauthorized("invalid_api_key", "Invalid API key")),
            (None, Some(_)) if server_only => Err(Refusal::unauthorized(
                "missing_api_key",
                "Traces need an API key",
            )),
            (None, Some(key)) if key == self.publishable_key => {
                self.identity(request.header("x-identity-token"))
            }
            (None, Some(_)) => Err(Refusal::unauthorized(
                "invalid_publishable_key",
                "Invalid publishable key",
            )),
        }
    }

    /// Expires all identity tokens, if any is needed, and says how many were good.
    pub(crate) fn expire_tokens(&mut self) -> Option<usize> {
        let tokens = self.identity_tokens.as_mut()?;
        let count = tokens.len();
        tokens.clear();
        Some(count)
    }

    fn identity(&self, token: Option<&str>) -> Answer<()> {
        match (&self.identity_tokens, token) {
            (None, _) => Ok(()),
            (Some(good), Some(token)) if good.contains(token) => Ok(()),
            (Some(_), _) => Err(Refusal::unauthorized(
                "token_expired",
                "The identity token is missing or has expired",
            )),
        }
    }
}
