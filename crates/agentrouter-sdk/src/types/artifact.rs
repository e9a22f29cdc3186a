//! Artifacts: the files that a run left.

use agent_core::SaveOptions;
use agent_core::sdk::or_default;
use serde::{Deserialize, Serialize};

use super::{Extra, RunId};

/// A file that a run left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Artifact {
    /// Its id.
    pub id: String,
    /// The run that left it.
    #[serde(default, deserialize_with = "or_default")]
    pub run_id: RunId,
    /// What it is, such as `workspace_patch`, `stdout_log` or `session_events`.
    #[serde(default, deserialize_with = "or_default")]
    pub kind: String,
    /// Where the server keeps it.
    #[serde(default, deserialize_with = "or_default")]
    pub r2_key: String,
    /// Content type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Length in bytes.
    #[serde(default, deserialize_with = "or_default")]
    pub size_bytes: u64,
    /// SHA-256 of the content, in hexadecimal digits.
    #[serde(default, deserialize_with = "or_default")]
    pub sha256: String,
    /// What else the server knows about it.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: Extra,
    /// When it was stored.
    #[serde(default, deserialize_with = "or_default")]
    pub created_at: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Artifact {
    /// For saving it to a file: checks that it is whole by its length, and with the feature `checksums` also by its
    /// SHA-256. A digest that is not 64 hexadecimal digits is not checked.
    pub fn save_options(&self) -> SaveOptions {
        let options = SaveOptions::new().expect_bytes(self.size_bytes);
        #[cfg(feature = "checksums")]
        if self.sha256.len() == 64 && self.sha256.bytes().all(|b| b.is_ascii_hexdigit()) {
            return options.expect_sha256(&self.sha256);
        }
        options
    }
}

/// The files that a run left.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ArtifactList {
    /// The files.
    pub items: Vec<Artifact>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
