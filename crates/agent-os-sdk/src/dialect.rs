//! What this vendor does its own way: errors, redirects, names.

use agent_core::error::ErrorResponse;
use agent_core::sdk::{Dialect, Encoding, Redirects};
use agent_core::{Error, ErrorKind};

use crate::{chatwoot, error, wire};

#[derive(Debug)]
pub(crate) struct AgentOs;

impl Dialect for AgentOs {
    fn vendor(&self) -> &'static str {
        "agent-os"
    }

    fn user_agent(&self) -> &'static str {
        concat!("agent-os-sdk-rust/", env!("CARGO_PKG_VERSION"))
    }

    fn read_error(&self, operation: &'static str, response: &ErrorResponse, error: Error) -> Error {
        if chatwoot::is_direct(operation) {
            chatwoot::read_error(response, error)
        } else {
            error::read(response, error)
        }
    }

    fn path_encoding(&self) -> Encoding {
        Encoding::UriComponent
    }

    fn query_encoding(&self) -> Encoding {
        Encoding::UriComponent
    }

    fn client_says_content_type(&self) -> bool {
        true
    }

    fn redirects(&self) -> Redirects {
        Redirects::within_origin(wire::MAX_REDIRECTS)
    }

    /// Narrower than [`Error::is_retryable`], which is also true of 501 and its like.
    fn is_retryable(&self, error: &Error) -> bool {
        match error.status() {
            Some(status) => matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504),
            None => matches!(error.kind(), ErrorKind::Transport | ErrorKind::Timeout),
        }
    }

    fn idempotency_header(&self) -> &'static str {
        wire::IDEMPOTENCY_HEADER
    }

    fn finish(&self, error: Error) -> Error {
        if chatwoot::is_direct(error.operation()) {
            chatwoot::finish(error)
        } else {
            error
        }
    }
}
