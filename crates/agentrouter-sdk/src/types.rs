//! What the API answers: plain data, one file per resource.
//!
//! Unknown fields of an answer are kept in `extra` and written back; unknown values of enumerations survive. What the
//! server leaves out gets an empty default where that says the same, so that servers of other versions can be read.
//! Times stay the server's text (ISO 8601, UTC, milliseconds).

mod artifact;
mod conversation;
mod enums;
mod event;
mod ids;
mod run;
mod session;

pub use artifact::{Artifact, ArtifactList};
pub use conversation::{CloseRunResult, ContinueRunResult, RunTurn, RunTurnsResult};
pub use enums::{
    ActionApprovalDecision, ActionApprovalMode, ClaudeCodePermissionMode, CodexRuntimeMode,
    EventVisibility, ExecutionStreamStatus, NoProgressSignal, RunEventType, RunStatus,
    RunStatusFilter,
};
pub use event::{ArtifactRef, RunEvent, RunEventPage};
pub use ids::{ConversationId, RunId};
pub use run::{Run, RunFailure, RunList};
pub use session::{AgentResponse, AgentResponseTextPart, AgentRunResult, EventCursor, RunSession};

/// Fields of an answer that this version does not know, as the server sent them.
pub type Extra = serde_json::Map<String, serde_json::Value>;

#[cfg(test)]
mod tests;
