//! What every SDK promises under fire, tried on all of them: one suite, a row per vendor.
//!
//! Here is what the suites share: [`vendors`] builds each vendor's client and lists its operations. The suites are the
//! files in `tests`, one per promise; what they measure goes where [`figures`] says. Streams under faults from seeds are
//! in `crates/conformance/tests/streams`, which has an emulator and recordings at hand.
#![allow(
    clippy::missing_panics_doc,
    reason = "only tests use it: what can not go on should stop"
)]

pub mod figures;
pub mod operation;
pub mod vendors;
