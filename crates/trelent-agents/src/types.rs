//! What the API answers: plain data, one file per resource.
//!
//! Unknown fields of an answer are kept in `extra` and written back. Optional fields may be absent or null; a missing
//! required one fails the decode. Timestamps stay the server's text; [`parse_timestamp`] reads them. The events of a
//! run are in [`events`](crate::events).

use std::fmt;

mod checkpoint;
mod health;
mod run;
mod sandbox;
mod secret;
mod timestamp;
mod token;

pub use checkpoint::{ChatHistoryEntry, CheckpointResponse};
pub use health::HealthResponse;
pub use run::{
    CancelRunResponse, FileOutput, HarnessInfo, HarnessKind, OutputFile, RunData, RunResult,
    RunStatus, RunStatusResponse, TerminalStatus, WorkflowIds,
};
pub use sandbox::RegistrySandbox;
pub use secret::{
    DeleteSecretResponse, RunSecretBinding, RunSecretSpec, SecretResponse, SecretsProvider,
};
pub use timestamp::parse_timestamp;
pub use token::{TokenRequest, TokenResponse};

/// Fields of an answer that this version does not know, as the server sent them.
pub type Extra = serde_json::Map<String, serde_json::Value>;

/// A presigned address in `Debug` output: its query is a credential and stays out.
struct Presigned<'a>(&'a Option<String>);

impl fmt::Debug for Presigned<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.as_deref().map(|url| match url.split_once('?') {
            Some((address, _)) => format!("{address}?[redacted]"),
            None => url.to_owned(),
        });
        shown.fmt(f)
    }
}

#[cfg(test)]
mod tests;
