//! Credentials of other services, kept by Agent OS.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Extra, Names};

/// A credential. `Debug` shows neither values nor unknown fields; `Serialize` writes everything, secrets included.
///
/// Source: package, 0.9.3, for the three sections; the other fields are decided here. Servers that write the sections
/// as `Values` and `PublicConfig` are read by [`values`](Self::values) and [`public_config`](Self::public_config).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Credential {
    /// Id of the credential.
    pub id: String,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for, such as `chatwoot`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub credential_type: Option<String>,
    /// Fields this version does not know, and the three sections.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Credential {
    /// The secret values (`values`, else `Values`); there only when they were asked for.
    pub fn values(&self) -> Option<&Value> {
        self.section("values", "Values")
    }

    /// What of it is no secret (`publicConfig`, else `PublicConfig`).
    pub fn public_config(&self) -> Option<&Value> {
        self.section("publicConfig", "PublicConfig")
    }

    /// The section `data`.
    pub fn data(&self) -> Option<&Value> {
        self.section("data", "data")
    }

    fn section(&self, name: &str, other: &str) -> Option<&Value> {
        [name, other]
            .iter()
            .filter_map(|name| self.extra.get(*name))
            .find(|section| !section.is_null())
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credential")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("credential_type", &self.credential_type)
            .field("extra", &Names(&self.extra))
            .finish()
    }
}
