//! Every item of the npm package has its counterpart here: a missing one does not compile.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]
#![allow(
    clippy::too_many_lines,
    clippy::match_same_arms,
    reason = "a list is as long as what it lists"
)]

mod answers;
mod client;
mod events;
mod operations;
mod options;

#[path = "../support/rig.rs"]
mod rig;
