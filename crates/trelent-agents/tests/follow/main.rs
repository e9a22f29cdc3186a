//! Following a run: nothing lost, nothing repeated, nothing hangs. On virtual time.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

mod closing;
mod opening;
mod reconnects;
mod resuming;
mod server;
mod silence;
mod vendor;

#[path = "../support/rig.rs"]
mod rig;
