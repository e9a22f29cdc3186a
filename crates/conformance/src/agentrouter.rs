//! The adapter for AgentRouter: the way into its SDK. Which calls wait by themselves is in `agentrouter/session.rs`,
//! the SDK's errors in the vendor's words in `agentrouter/errors.rs`.

pub mod errors;
mod requests;
mod session;

pub use session::AgentRouter;
