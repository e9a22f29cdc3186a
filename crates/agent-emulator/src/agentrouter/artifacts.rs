//! The files that a run leaves.

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::clock::Moment;

/// A file that a run left.
#[derive(Debug, Clone)]
pub(crate) struct Artifact {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) r2_key: String,
    pub(crate) content_type: &'static str,
    pub(crate) content: Bytes,
    pub(crate) at: Moment,
}

impl Artifact {
    pub(crate) fn show(&self, run_id: &str, created_at: &str) -> Value {
        json!({
            "id": self.id,
            "runId": run_id,
            "kind": self.kind,
            "r2Key": self.r2_key,
            "contentType": self.content_type,
            "sizeBytes": self.content.len(),
            "sha256": sha256(&self.content),
            "metadata": {},
            "createdAt": created_at,
        })
    }

    pub(crate) fn reference(&self) -> Value {
        json!({"artifactId": self.id, "r2Key": self.r2_key})
    }
}

/// The SHA-256 of some bytes in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
