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
//! A vendor joins with one module that implements [`adapter::Adapter`] and one row in [`vendors::VENDORS`].

pub mod adapter;
pub mod cli;
pub mod compare;
pub mod memory;
pub mod replay;
pub mod report;
pub mod run;
pub mod script;
pub mod sse;
pub mod trelent;
pub mod vector;
pub mod vendors;
pub mod wire;
