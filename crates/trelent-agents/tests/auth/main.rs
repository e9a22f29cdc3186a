//! Tokens: the ladder of scopes, the cache, expiry, and what a refused or failing exchange means.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

mod cache;
mod ladder;
mod refresh;
mod server;

#[path = "../support/rig.rs"]
mod rig;
