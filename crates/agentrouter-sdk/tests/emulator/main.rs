//! Whole jobs against the emulator, over real HTTP on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

mod artifacts;
mod faults;
mod runs;
mod turns;
mod world;
