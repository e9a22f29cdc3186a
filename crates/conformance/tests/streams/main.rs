//! Event streams under the knife: whatever happens to a connection, no event is lost, repeated or reordered, nothing
//! hangs, and nothing that is not safe to repeat is sent twice.
//!
//! - `cuts.rs`: every recorded stream, split and cut at every byte, in memory and on virtual time;
//! - `schedules.rs`: whole jobs over real sockets against the emulator, with faults drawn from seeds.
//!
//! Both are driven by tables; a vendor joins with a module of its own and a row in [`cuts::SUBJECTS`] and in
//! [`schedules::JOBS`].

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that can not go on should stop"
)]

mod agent_os;
mod agentrouter;
mod cuts;
mod feed;
mod meistrari;
mod mentiora;
mod recordings;
mod schedules;
mod trelent;
