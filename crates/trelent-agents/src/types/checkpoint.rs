//! Checkpoints: the states of a sandbox that a run went through.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Extra, Presigned};

/// One entry of a chat history: any JSON object. Its keys are the harness's own.
pub type ChatHistoryEntry = Map<String, Value>;

/// A saved state of a run's sandbox. `Debug` does not show the query of its download address. Source: package readme;
/// fields seen in the vendor's Python client.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckpointResponse {
    /// Id of the checkpoint.
    pub checkpoint_id: String,
    /// Place in the chain, from 0.
    pub index: i64,
    /// Digest of the file system layer.
    pub layer_sha: String,
    /// Where the layer is stored.
    pub s3_path: String,
    /// When it was made; read it with [`parse_timestamp`](super::parse_timestamp).
    pub created_at: String,
    /// A presigned address to download the layer from. Who has it can read the layer: keep it secret.
    #[serde(default)]
    pub download_url: Option<String>,
    /// The conversation up to here.
    #[serde(default)]
    pub chat_history: Option<Vec<ChatHistoryEntry>>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl fmt::Debug for CheckpointResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckpointResponse")
            .field("checkpoint_id", &self.checkpoint_id)
            .field("index", &self.index)
            .field("layer_sha", &self.layer_sha)
            .field("s3_path", &self.s3_path)
            .field("created_at", &self.created_at)
            .field("download_url", &Presigned(&self.download_url))
            .field("chat_history", &self.chat_history)
            .field("extra", &self.extra)
            .finish()
    }
}
