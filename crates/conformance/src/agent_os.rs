//! The adapter for Agent OS.
//!
//! - `agent_os/args.rs`: arguments of vectors as the SDK's;
//! - `agent_os/errors.rs`: the SDK's errors in the vendor's words;
//! - `agent_os/session.rs`: every call into the SDK, and nothing else.

mod args;
pub mod errors;
mod session;

pub use session::AgentOs;
