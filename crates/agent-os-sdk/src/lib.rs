#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod agents;
mod auth;
mod chatwoot;
mod client;
mod credentials;
mod decode;
mod dialect;
mod error;
mod events;
mod follow;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod headers;
mod lists;
mod me;
mod members;
mod ops;
mod patch;
#[cfg(test)]
mod properties;
mod raw;
mod run_stream;
mod runs;
mod sse;
mod triggers;
mod types;
mod wait_for;
mod wire;

pub use agent_core::{
    self, ByPage, ByteStream, Call, Cursor, End, Error, ErrorKind, EventStream, HttpConfig, Limit,
    Pages, ResponseMeta, Result, Resume, RetryPolicy, SecretString, Sent, StreamOptions,
    TimeoutPhase, WithResponse,
};
pub use agents::Agents;
pub use auth::AuthModule;
pub use chatwoot::{
    Chatwoot, ChatwootConfig, ChatwootErrorCode, ChatwootInboxUrlResponse, InboxId,
};
pub use client::{AgentOsClient, ClientOptions};
pub use credentials::Credentials;
pub use error::ErrorExt;
pub use events::{FollowEvent, FollowEventType, is_terminal_run_event, narrow_follow_event};
pub use follow::{FollowOptions, calculate_backoff};
pub use me::Me;
pub use members::Members;
pub use patch::Patch;
pub use raw::{Raw, RawMethod, RequestOptions};
pub use run_stream::RunStream;
pub use runs::Runs;
pub use sse::{SseEvent, SseOptions, SseStream, parse_sse};
pub use triggers::Triggers;
pub use types::{
    Agent, AgentBundle, CreateAgent, CreateRun, CreateRunResponse, Credential, Extra,
    PaginatedResponse, PaginationParams, PollEvents, Run, RunEventDto, RunEventsPollResponse,
    RunListResponse, RunStatus, RunStreamEvent, Thread, Trigger, TriggerConfig, TriggerFilter,
    UpdateAgent, WaitRunResponse,
};
pub use wait_for::WaitForOptions;
