//! The emulator, asked over raw HTTP on loopback, as the vendors' documents say that their APIs are asked.
//!
//! No SDK is involved, and no type of the emulator's own decides what an answer looks like: the field tables are
//! written out here. No test sleeps: runs have a pace of zero, or tokio's clock is paused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can not go on should stop"
)]

mod agent_os;
mod agentrouter;
mod auth;
mod binary;
mod bodies;
mod checkpoints;
mod client;
mod control;
mod events;
mod faults;
mod files;
mod frame;
mod meistrari;
mod meistrari_webhooks;
mod mentiora;
mod raw;
mod readme;
mod runs;
mod secrets;
mod shapes;
mod strikes;
mod support;
