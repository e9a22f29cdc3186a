// Its examples need `LocalImporter`.
#![cfg_attr(feature = "imports", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "imports"),
    doc = "Client for the Trelent agent orchestration API. Unofficial: not affiliated with Trelent."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod auth;
mod body;
mod client;
mod connectors;
mod dialect;
mod error;
pub mod events;
mod follow;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod harness;
#[doc(hidden)]
pub mod ops;
#[cfg(test)]
mod properties;
mod run;
mod run_options;
mod runs;
mod sandboxes;
mod secrets;
mod shape;
mod tokens;
mod types;
mod wait;
mod wire;

pub use agent_core::{
    self, Call, Cursor, End, Error, ErrorKind, EventStream, HttpConfig, Limit, Raw, RawRequest,
    ResponseMeta, Result, Resume, RetryPolicy, SecretString, Sent, StreamOptions, TimeoutPhase,
    WithResponse,
};
pub use client::{Client, ClientOptions};
pub use connectors::{
    Exporter, Importer, S3Exporter, SharedWorkspaceExporter, SharedWorkspaceImporter,
};
#[cfg(feature = "imports")]
pub use connectors::{ImportProgress, LocalImporter};
pub use error::{ApiErrorClass, ErrorExt, LocSegment, ValidationItem};
pub use events::{CommonEvent, ContentBlock, EventData, EventType, TextDelta, ToolKind, Usage};
pub use harness::{ClaudeCodeHarnessSpec, CodexHarnessSpec, GeminiHarnessSpec, HarnessSpec};
pub use run::Run;
pub use run_options::{CreateRunOptions, ResumeRunOptions};
pub use runs::Runs;
pub use sandboxes::Sandboxes;
pub use secrets::Secrets;
pub use tokens::Tokens;
pub use types::{
    CancelRunResponse, ChatHistoryEntry, CheckpointResponse, DeleteSecretResponse, Extra,
    FileOutput, HarnessInfo, HarnessKind, HealthResponse, OutputFile, RegistrySandbox, RunData,
    RunResult, RunSecretBinding, RunSecretSpec, RunStatus, RunStatusResponse, SecretResponse,
    SecretsProvider, TerminalStatus, TokenRequest, TokenResponse, WorkflowIds, parse_timestamp,
};
pub use wait::Wait;
pub use wire::DEFAULT_API_URL;

#[cfg(test)]
mod vectors;
