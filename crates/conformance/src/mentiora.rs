//! The adapter for Mentiora: the way into its SDK.
//!
//! - `mentiora/client.rs`: a client from a vector's options;
//! - `mentiora/session.rs`: every call into the SDK, but
//! - `mentiora/params.rs`: what an agent is asked;
//! - `mentiora/local.rs`: the operations that need no client: the event stream's frames, and the streaming helpers;
//! - `mentiora/errors.rs`: the SDK's errors in the vendor's words.

mod client;
pub mod errors;
mod local;
mod params;
mod session;

pub use session::Mentiora;
