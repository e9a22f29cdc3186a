//! The adapter for Trelent: what its contract adds to the schema, and the way into its SDK.
//!
//! - `trelent/fixture.rs`: the files that imports are made from;
//! - `trelent/archive.rs` and `trelent/imports.rs`: the body rule `trelent_imports`;
//! - `trelent/errors.rs`: the SDK's errors in the vendor's words;
//! - `trelent/session.rs`: every call into the SDK, and nothing else.

pub mod archive;
pub mod errors;
pub mod fixture;
pub mod imports;
mod session;

pub use session::Trelent;
