//! The settings of the vendor Meistrari.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use serde_json::{Map, Value};

use super::script::Turn;

/// Settings for Meistrari: credentials, where webhooks are delivered, and what turns do.
///
/// ```
/// use agent_emulator::{Emulator, MeistrariOptions, TurnScenario};
///
/// let meistrari = MeistrariOptions::new()
///     .data_token("dt_test")
///     .webhook_host("hooks.example.com", ([127, 0, 0, 1], 9000).into())
///     .turn(TurnScenario::Single);
/// let builder = Emulator::builder().meistrari(meistrari);
/// # let _ = builder;
/// ```
#[derive(Clone, Default)]
#[must_use = "settings do nothing until the builder gets them"]
pub struct MeistrariOptions {
    pub(crate) data_token: Option<String>,
    pub(crate) api_key: Option<String>,
    pub(crate) hosts: BTreeMap<String, SocketAddr>,
    pub(crate) turn: Turn,
}

impl MeistrariOptions {
    /// The defaults: credentials derived from the seed, no webhook is delivered, standard turns. Every organisation and
    /// repository exists.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the data token that is known.
    pub fn data_token(mut self, token: impl Into<String>) -> Self {
        self.data_token = Some(token.into());
        self
    }

    /// Sets the API key that is known. The vault does not take it.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Delivers to `address`, over plain http, what is registered for `https://<host>/…`. An address that is not this
    /// machine's is left out: an emulator calls nobody else.
    pub fn webhook_host(mut self, host: impl Into<String>, address: SocketAddr) -> Self {
        if address.ip().is_loopback() {
            self.hosts.insert(host.into().to_ascii_lowercase(), address);
        }
        self
    }

    /// Sets what turns do when neither their message nor [`next_turn`](crate::MeistrariHandle::next_turn) says
    /// otherwise.
    pub fn turn(mut self, turn: impl Into<Turn>) -> Self {
        self.turn = turn.into();
        self
    }
}

/// Reads `{"host": …, "address": …}`.
pub(crate) fn host(body: &[u8]) -> Result<(String, SocketAddr), String> {
    let fields: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| format!("the body is no JSON object: {error}"))?;
    let text = |name: &str| {
        let value = fields.get(name).and_then(Value::as_str);
        value.ok_or_else(|| format!("{name} must be a string"))
    };
    let host = text("host")?.to_ascii_lowercase();
    let address: SocketAddr = text("address")?
        .parse()
        .map_err(|_| "address must be like 127.0.0.1:9000".to_owned())?;
    match fields
        .keys()
        .find(|key| !matches!(key.as_str(), "host" | "address"))
    {
        Some(unknown) => Err(format!("unknown key {unknown}")),
        None if !address.ip().is_loopback() => Err("address must be on loopback".to_owned()),
        None => Ok((host, address)),
    }
}

impl fmt::Debug for MeistrariOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeistrariOptions")
            .field("hosts", &self.hosts)
            .field("turn", &self.turn)
            .finish_non_exhaustive()
    }
}
