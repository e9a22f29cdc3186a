//! The vendors, a row each: how a client is built, and its operations.
//!
//! Every secret that a client is given, and every text that a caller would not find in a log, holds [`PLANTED`].

use std::fmt::Debug;

use agent_core::{Error, HttpConfig};

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
        build: trelent::client,
    },
    Vendor {
        name: "meistrari",
        build: meistrari::client,
    },
    Vendor {
        name: "agentrouter",
        build: agentrouter::client,
    },
    Vendor {
        name: "mentiora",
        build: mentiora::client,
    },
    Vendor {
        name: "agent-os",
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
