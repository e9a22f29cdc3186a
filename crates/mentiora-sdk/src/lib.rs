#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod agents;
mod answer;
mod client;
mod config;
mod dialect;
mod error;
pub mod events;
mod files;
mod follow;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod identity;
mod ids;
mod knowledge;
mod number;
#[doc(hidden)]
pub mod ops;
mod params;
#[cfg(test)]
mod properties;
pub mod streaming;
mod traces;
mod types;
mod wire;

pub use agent_core::{
    self, ByteStream, Call, End, Error, ErrorKind, EventStream, HttpConfig, Limit, Raw, RawRequest,
    ResponseMeta, Result, RetryPolicy, SecretString, Sent, StreamOptions, TimeoutPhase,
    WithResponse,
};
pub use agents::AgentsClient;
pub use client::MentioraClient;
pub use config::{MentioraConfig, SdkMode};
pub use error::{
    ConfigurationError, ErrorClass, ErrorExt, MentioraError, NetworkError, ValidationError,
};
pub use events::{
    AgentErrorEvent, AgentResolvedEvent, AgentStreamEvent, ChatCompletedEvent, CustomEvent,
    OutputTextDeltaEvent, SuggestionItem, SuggestionsEvent, ToolCallDeltaEvent,
    ToolCallResultEvent,
};
pub use files::{
    DeleteFileResult, FileMetadata, FilesClient, ListFilesParams, ListFilesResult,
    UploadFileParams, UploadFileResult,
};
pub use knowledge::{
    AddDocumentsParams, AddDocumentsResult, CreateKnowledgeParams, CreateKnowledgeResult,
    DeleteResult, DocumentDetails, DocumentStatus, DocumentSummary, KnowledgeClient,
    KnowledgeDetails, KnowledgeSummary, ListDocumentsResult, ListKnowledgeResult,
    PaginationOptions, UpdateKnowledgeParams,
};
pub use params::{AgentRunParams, ModelParams};
pub use streaming::{
    CreateStreamResponseOptions, SSE_HEADERS, StreamResponse, create_stream_response,
    format_sse_event, stream_events,
};
pub use traces::{
    SendTraceResult, TraceError, TraceEvent, TraceTime, TraceType, TracingClient, UsageInfo,
};
pub use types::{AgentRunResult, AgentRunStatus, AgentToolCall, AgentUsage, Extra};
pub use wire::DEFAULT_BASE_URL;
