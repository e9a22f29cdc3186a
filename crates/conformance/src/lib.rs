//! Replays recorded wire conversations ("vectors", schema 1) against the SDK crates.
//!
//! How it fits together:
//!
//! - [`vector`]: what a vector is, and finding vectors on disk;
//! - [`script`]: its exchanges while they are played, over the [`wire`] or in [`memory`];
//! - [`adapter`]: the seam to a vendor's SDK; [`vendors`] lists the adapters, one module each;
//! - [`compare`]: what happened against what was expected, pure functions;
//! - [`replay`]: one vector from beginning to end; [`run`]: all of them; [`report`]: how that is told;
//! - [`sse`]: the decoder cases, which have a shape of their own.
//!
//! # Adding a vendor
//!
//! 1. A module with a type that implements [`adapter::Adapter`] (how paths compare, which vectors need virtual time,
//!    how a client is built, named body rules) and a session that implements [`adapter::Session`] (one call each).
//!    Keys beyond the schema are in `Vector::extra` and `Step::extra`; replay without retries and without resuming
//!    unless the vector's client options say otherwise.
//! 2. One row in [`vendors::VENDORS`], and the vectors in the SDK crate's `tests/vectors`.
//!
//! Nothing else: servers, waits, steps, comparison and report know no vendor. A vector that contradicts its contract
//! is listed with its reason in `tests/vectors/disputed.json` of the crate.

pub mod adapter;
pub mod agent_os;
pub mod agentrouter;
pub mod args;
pub mod cli;
pub mod compare;
pub mod meistrari;
pub mod memory;
pub mod mentiora;
pub mod replay;
pub mod report;
pub mod run;
pub mod script;
pub mod sse;
pub mod trelent;
pub mod vector;
pub mod vendors;
pub mod wire;

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/migrating/meistrari.md")]
struct MigratingMeistrari;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/migrating/trelent.md")]
struct MigratingTrelent;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/migrating/agent-os.md")]
struct MigratingAgentOs;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/migrating/mentiora.md")]
struct MigratingMentiora;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/migrating/agentrouter.md")]
struct MigratingAgentrouter;
