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
    /// The event of this number, from 1, as the vendor's server sends it; its text names the number as
    /// [`mark`](Self::mark) does.
    pub event: fn(u64) -> String,
    /// The event of this number with which a stream ends.
    pub last: fn(u64) -> String,
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
        event: trelent::event,
        last: trelent::last,
    },
    Vendor {
        name: "meistrari",
        tokens: None,
        build: meistrari::client,
        event: meistrari::event,
        last: meistrari::last,
    },
    Vendor {
        name: "agentrouter",
        tokens: None,
        build: agentrouter::client,
        event: agentrouter::event,
        last: agentrouter::last,
    },
    Vendor {
        name: "mentiora",
        tokens: None,
        build: mentiora::client,
        event: mentiora::event,
        last: mentiora::last,
    },
    Vendor {
        name: "agent-os",
        tokens: None,
        build: agent_os::client,
        event: agent_os::event,
        last: agent_os::last,
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
    /// What is in the text of the event of this number, and of no other.
    pub fn mark(number: u64) -> String {
        format!("<{number}>")
    }

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
