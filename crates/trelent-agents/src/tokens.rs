//! The token exchange, called directly.

use agent_core::Call;
use agent_core::sdk::{Pipeline, Redirects, Request, Response};

use crate::ops::TOKENS_CREATE;
use crate::types::{TokenRequest, TokenResponse};
use crate::wire;

/// The token exchange: [`Client::tokens`](crate::Client::tokens).
#[derive(Clone, Debug)]
pub struct Tokens {
    pipeline: Pipeline,
}

impl Tokens {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self { pipeline }
    }

    /// Exchanges credentials for a token. Uses neither the client's credentials nor its cached tokens, and does not
    /// fill the cache.
    pub fn create(&self, request: &TokenRequest) -> Call<TokenResponse> {
        let request = Request::new(&TOKENS_CREATE)
            .json(request)
            .secret(request.client_secret.clone())
            .without_auth()
            .redirects(Redirects::within_origin(wire::MAX_REDIRECTS));
        self.pipeline.call(request, Response::json)
    }
}
