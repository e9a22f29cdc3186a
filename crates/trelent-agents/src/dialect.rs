//! What this vendor does its own way: errors, redirects, names.

use agent_core::Error;
use agent_core::error::ErrorResponse;
use agent_core::sdk::{Dialect, Redirects};

use crate::error::{read, read_token_refusal};
use crate::ops::TOKEN_EXCHANGE;
use crate::wire;

#[derive(Debug)]
pub(crate) struct Trelent;

impl Dialect for Trelent {
    fn vendor(&self) -> &'static str {
        "trelent"
    }

    fn user_agent(&self) -> &'static str {
        concat!("trelent-agents-rust/", env!("CARGO_PKG_VERSION"))
    }

    fn redirects(&self) -> Redirects {
        Redirects::anywhere(wire::MAX_REDIRECTS)
    }

    fn cut_refusal_is_broken(&self) -> bool {
        true
    }

    fn read_error(&self, operation: &'static str, response: &ErrorResponse, error: Error) -> Error {
        let status = response.status.as_u16();
        let parts = if operation == TOKEN_EXCHANGE.name {
            read_token_refusal(status, &response.text())
        } else {
            read(status, &response.text())
        };
        error
            .with_message(parts.message.clone())
            .with_details(parts.detail.clone())
            .with_view(parts)
    }
}
