//! Client for the Trelent agent orchestration API, a port of the npm package `@trelent/agents` 0.2.7.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[allow(dead_code, reason = "the client sends these bodies")]
mod body;
mod connectors;
#[allow(dead_code, reason = "the client reads error bodies with it")]
mod error;
#[allow(dead_code, reason = "the event stream decodes with it")]
pub mod events;
mod harness;
mod run_options;
mod types;
#[allow(dead_code, reason = "the client uses the rest")]
mod wire;

pub use agent_core::{Error, ErrorKind, Result};
pub use connectors::{
    Exporter, Importer, S3Exporter, SharedWorkspaceExporter, SharedWorkspaceImporter,
};
#[cfg(feature = "imports")]
pub use connectors::{ImportProgress, LocalImporter};
pub use error::{ApiErrorClass, ErrorExt, LocSegment, ValidationItem};
pub use events::{CommonEvent, ContentBlock, EventData, EventType, TextDelta, ToolKind, Usage};
pub use harness::{ClaudeCodeHarnessSpec, CodexHarnessSpec, GeminiHarnessSpec, HarnessSpec};
pub use run_options::{CreateRunOptions, ResumeRunOptions};
pub use types::{
    CancelRunResponse, ChatHistoryEntry, CheckpointResponse, DeleteSecretResponse, Extra,
    FileOutput, HarnessInfo, HarnessKind, HealthResponse, OutputFile, RegistrySandbox, RunData,
    RunResult, RunSecretBinding, RunSecretSpec, RunStatus, RunStatusResponse, SecretResponse,
    SecretsProvider, TokenRequest, TokenResponse, WorkflowIds, parse_timestamp,
};
pub use wire::DEFAULT_API_URL;

#[cfg(test)]
mod vectors;
