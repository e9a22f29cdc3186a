//! What the API takes and answers: plain data, one file per resource.
//!
//! Unknown fields of an answer are kept in `extra` and written back. Optional fields may be absent or null; a missing
//! required one fails the decode. Timestamps stay the server's text. The events of a followed run are in `events.rs`.

mod agent;
mod credential;
mod event;
mod page;
mod run;
mod trigger;

pub use agent::{Agent, AgentBundle, CreateAgent, UpdateAgent};
pub use credential::Credential;
pub use event::{PollEvents, RunEventDto, RunEventsPollResponse};
pub use page::{PaginatedResponse, PaginationParams};
pub use run::{
    CreateRun, CreateRunResponse, Run, RunListResponse, RunStatus, RunStreamEvent, Thread,
    WaitRunResponse,
};
pub use trigger::{Trigger, TriggerConfig, TriggerFilter};

/// Fields of an answer that this version does not know, as the server sent them.
pub type Extra = serde_json::Map<String, serde_json::Value>;

/// The names of fields whose values may be secret, for `Debug`.
struct Names<'a>(&'a Extra);

impl std::fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}
