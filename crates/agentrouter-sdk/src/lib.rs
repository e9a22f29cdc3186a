#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod agent;
mod approvals;
mod artifacts;
mod client;
mod conversations;
mod dialect;
pub mod error;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
#[doc(hidden)]
pub mod ops;
mod parts;
mod polling;
#[cfg(test)]
mod properties;
mod run_events;
mod runs;
mod runtime;
mod types;
mod wait;
mod watch;
mod wire;

pub use agent::{
    AgentRunStream, RunAgentCreateRequest, RunAgentRequest, RunAgentResumeRequest,
    StreamAgentCreateRequest, StreamAgentRequest, StreamAgentResumeRequest, run_agent,
    stream_agent,
};
pub use agent_core::{
    self, ByteStream, Call, Cursor, End, Error, ErrorKind, EventStream, HttpConfig, Limit,
    Progress, Raw, RawRequest, ResponseMeta, Result, Resume, RetryPolicy, SaveOptions,
    SecretString, Sent, StreamOptions, TimeoutPhase, WithResponse,
};
pub use approvals::RunActionDecisionRequest;
pub use client::{AgentRouterClient, AgentRouterOptions, agentrouter};
pub use error::{ActionDigestMismatch, AgentRouterError, ErrorExt};
pub use parts::{
    ActionPart, AgentStreamPart, ApprovalDecisionPart, ApprovalRequestPart, DonePart, ErrorPart,
    ExecutionPart, MessagePart, NoProgressPart, ProgressPart, TextPart,
};
pub use polling::Polling;
pub use run_events::{ListRunEventsQuery, StreamRunOptions};
pub use runs::{CreateRunRequest, ListRunsQuery};
pub use runtime::{
    ClaudeCodeRuntimeOptions, ClaudeCodeRuntimeSelection, CodexRuntimeOptions,
    CodexRuntimeSelection, ResolvedClaudeCodeRuntime, ResolvedCodexRuntime,
    ResolvedRuntimeSelection, RuntimeSelection, claude_code, codex,
};
pub use types::{
    ActionApprovalDecision, ActionApprovalMode, AgentResponse, AgentResponseTextPart,
    AgentRunResult, Artifact, ArtifactList, ArtifactRef, ClaudeCodePermissionMode, CloseRunResult,
    CodexRuntimeMode, ContinueRunResult, ConversationId, EventCursor, EventVisibility,
    ExecutionStreamStatus, Extra, NoProgressSignal, Run, RunEvent, RunEventPage, RunEventType,
    RunFailure, RunId, RunList, RunSession, RunStatus, RunStatusFilter, RunTurn, RunTurnsResult,
};
pub use wait::CreateAndWaitRequest;
pub use wire::{DEFAULT_BASE_URL, DEFAULT_MAX_WAIT, DEFAULT_POLL_INTERVAL};
