//! What this vendor does its own way: errors, redirects, encodings, idempotency keys.

use agent_core::Error;
use agent_core::error::ErrorResponse;
use agent_core::sdk::{Dialect, Encoding, Redirects};

use crate::error::{codes, read};
use crate::wire;

#[derive(Debug)]
pub(crate) struct AgentRouter;

impl Dialect for AgentRouter {
    fn vendor(&self) -> &'static str {
        "agentrouter"
    }

    fn user_agent(&self) -> &'static str {
        concat!("agentrouter-sdk-rust/", env!("CARGO_PKG_VERSION"))
    }

    fn path_encoding(&self) -> Encoding {
        Encoding::UriComponent
    }

    fn query_encoding(&self) -> Encoding {
        Encoding::Form
    }

    fn redirects(&self) -> Redirects {
        Redirects {
            max_hops: wire::MAX_REDIRECTS,
            same_origin: false,
            rewrite_to_get: true,
            excess_fails: true,
        }
    }

    fn mints_idempotency_keys(&self) -> bool {
        true
    }

    fn read_error(&self, _: &'static str, response: &ErrorResponse, error: Error) -> Error {
        let body = read(&response.body);
        // The first attempt is still at work under the same key: asking again gives its run.
        let in_progress = body.code == codes::IDEMPOTENCY_IN_PROGRESS;
        let mut error = error.with_message(body.message).with_code(body.code);
        if let Some(details) = body.details {
            error = error.with_details(details);
        }
        if in_progress {
            error = error.with_retryable(true);
        }
        error
    }
}
