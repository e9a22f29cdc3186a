//! Streams and waiting, on virtual time: what is asked when, what is delivered, how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

mod closing;
mod failures;
mod polling;
mod server;
mod snapshots;
mod waiting;

#[path = "../support/rig.rs"]
mod rig;
