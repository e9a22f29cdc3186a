//! The adapter for Trelent: what its contract adds to the schema, and the way into its SDK.
//!
//! - `trelent/fixture.rs`: the files that imports are made from;
//! - `trelent/archive.rs` and `trelent/imports.rs`: the body rule `trelent_imports`;
//! - `trelent/errors.rs`: the SDK's errors in the vendor's words;
//! - `trelent/session.rs`: every call into the SDK, and nothing else.

use crate::adapter::Adapter;

pub mod archive;
pub mod errors;
pub mod fixture;
pub mod imports;
#[cfg(feature = "trelent")]
mod session;

/// The adapter; none if this build is without the SDK.
pub fn adapter() -> Option<Box<dyn Adapter>> {
    #[cfg(feature = "trelent")]
    return Some(Box::new(session::Trelent));
    #[cfg(not(feature = "trelent"))]
    None
}
