//! What calls take and what the API answers: plain data, one file per concept.
//!
//! Answers are read liberally: a field that is missing, null or of another type than documented is absent, and fields
//! that this version does not know, or can not read, are in `extra` and are written back. Field names are the
//! vendor's in snake case; on the wire they are in camel case. Events of a stream are in [`events`](crate::events).

mod answer;
mod execute;
mod file;
mod status;

pub use crate::fields::Extra;
pub use answer::{
    CancelSessionResponse, SessionTimelineResponse, UpdateAgentModelRequest,
    UpdateAgentModelResponse,
};
pub use execute::{AgentInput, ExecuteAgentRequest, ExecuteAgentResponse};
pub use file::{FileEncoding, SessionFile, SessionFileEntry, SessionFiles};
pub use status::SessionStatus;
