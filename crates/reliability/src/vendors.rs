//! The vendors, a row each: how a client is built, and its operations.
//!
//! Every secret that a client is given, and every text that a caller would not find in a log, holds [`PLANTED`].

use std::fmt::Debug;

use agent_core::{Error, HttpConfig};
use serde_json::{Value, json};

use crate::operation::Operation;

mod agent_os;
mod agentrouter;
mod meistrari;
mod mentiora;
mod trelent;

/// What every secret holds.
pub const PLANTED: &str = "planted";

/// A vendor.
#[derive(Clone, Copy, Debug)]
pub struct Vendor {
    /// Its short name.
    pub name: &'static str,
    /// Where a client gets tokens before its calls, below the base URL; `None` if it needs none.
    pub tokens: Option<&'static str>,
    build: fn(&str, HttpConfig) -> Result<Client, Error>,
}

/// A vendor's client.
#[derive(Debug)]
pub struct Client {
    /// All that can be called.
    pub operations: Vec<Operation>,
    /// The `Debug` of options and clients.
    pub shown: Vec<String>,
}

/// All of them.
pub const VENDORS: &[Vendor] = &[
    Vendor {
        name: "trelent",
        tokens: Some("/token"),
        build: trelent::client,
    },
    Vendor {
        name: "meistrari",
        tokens: None,
        build: meistrari::client,
    },
    Vendor {
        name: "agentrouter",
        tokens: None,
        build: agentrouter::client,
    },
    Vendor {
        name: "mentiora",
        tokens: None,
        build: mentiora::client,
    },
    Vendor {
        name: "agent-os",
        tokens: None,
        build: agent_os::client,
    },
];

/// The vendors that `VENDORS` in the environment names, or all.
pub fn chosen() -> impl Iterator<Item = &'static Vendor> {
    let names = std::env::var("VENDORS").unwrap_or_default();
    let chosen = move |vendor: &&Vendor| {
        names.is_empty() || names.split(',').any(|name| name == vendor.name)
    };
    VENDORS.iter().filter(chosen)
}

impl Vendor {
    /// The answer to a request at `path` if it is for a token.
    pub fn token(&self, path: &str) -> Option<Value> {
        (self.tokens? == path).then(
            || json!({"access_token": "planted-token", "token_type": "Bearer", "expires_in": 3600}),
        )
    }

    /// A client of the server at `url`, full of secrets.
    ///
    /// # Errors
    /// If the settings can not be.
    pub fn client(&self, url: &str, http: HttpConfig) -> Result<Client, Error> {
        let http = http.header("x-tenant", "planted-header");
        (self.build)(url, http)
    }
}

fn shown(value: &impl Debug) -> [String; 2] {
    [format!("{value:?}"), format!("{value:#?}")]
}
