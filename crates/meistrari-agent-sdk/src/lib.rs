#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod agents;
mod auth;
mod client;
mod dialect;
mod error;
pub mod events;
mod execute;
mod fields;
mod files;
mod follow;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod ops;
#[cfg(test)]
mod properties;
mod sessions;
mod types;
mod vault;
pub mod webhooks;
pub mod wire;

pub use agent_core::{
    self, ByteStream, Call, Credentials, Cursor, End, Error, ErrorKind, EventStream, HttpConfig,
    Limit, Raw, RawRequest, ResponseMeta, Result, Resume, RetryPolicy, SecretString, Sent,
    StreamOptions, TimeoutPhase, WithResponse,
};
pub use auth::{ApiKeyAuthStrategy, AuthStrategy, DataTokenAuthStrategy};
pub use client::{AgentClient, AgentClientConfig, agent_client};
pub use error::{ErrorExt, FetchError, is_fetch_error};
pub use events::{
    ErrorEvent, ParsedSessionStream, ResultEvent, SessionStream, SessionStreamEvent, StatusEvent,
    StepsEvent, UnknownEvent, parse_session_stream,
};
pub use sessions::StreamSessionOptions;
pub use types::{
    AgentInput, CancelSessionResponse, ExecuteAgentRequest, ExecuteAgentResponse, Extra,
    FileEncoding, SessionFile, SessionFileEntry, SessionFiles, SessionStatus,
    SessionTimelineResponse, UpdateAgentModelRequest, UpdateAgentModelResponse,
};
pub use vault::{
    ReferenceFormat, ResolvedReference, VaultReference, extract_vault_references,
    is_vault_reference,
};
pub use webhooks::{
    SessionWebhookConfig, SessionWebhookEventPayload, SessionWebhookEventType,
    SessionWebhookSubagent, SessionWebhookUsage,
};
#[cfg(feature = "webhooks")]
pub use webhooks::{sign_webhook, verify_webhook_signature};
pub use wire::{Endpoints, WEBHOOK_SIGNATURE_HEADER};
