//! The shared core of the agent platform SDKs.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod cursor;
pub mod error;
mod open_enum;
pub mod sse;
pub mod transport;

pub use cursor::Cursor;
pub use error::{Error, ErrorKind, Result, Sent, TimeoutPhase};
pub use transport::{BoxFuture, Transport};

/// What the SDK crates build on. Not for users, and without any promise of stability.
#[doc(hidden)]
pub mod sdk {
    pub use serde;
}
