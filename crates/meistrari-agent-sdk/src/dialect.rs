//! What this vendor does its own way: the text of refusals, which of them pass, redirects.

use agent_core::Error;
use agent_core::error::ErrorResponse;
use agent_core::sdk::{Dialect, Redirects};

use crate::error::refusal;
use crate::wire;

#[derive(Debug)]
pub(crate) struct Meistrari;

impl Dialect for Meistrari {
    fn vendor(&self) -> &'static str {
        "meistrari"
    }

    fn user_agent(&self) -> &'static str {
        concat!("meistrari-agent-sdk-rust/", env!("CARGO_PKG_VERSION"))
    }

    fn redirects(&self) -> Redirects {
        Redirects::within_origin(wire::MAX_REDIRECTS)
    }

    fn read_error(&self, _: &'static str, response: &ErrorResponse, error: Error) -> Error {
        refusal(response, error)
    }
}
