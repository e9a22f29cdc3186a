//! The adapter for Meistrari: every call into its SDK, and its errors in the vendor's words.
//!
//! - `meistrari/session.rs`: a client and its calls;
//! - `meistrari/errors.rs`: the table of error kinds.

pub mod errors;
mod session;

pub use session::Meistrari;
