//! Agent platform APIs on one local server, stateful and with scripted faults.
//!
//! For tests of programs that call these platforms, and for trying out their SDKs without an account. Each vendor's
//! API lives below a prefix of its own, keeps its state in memory, and checks requests strictly: unknown and missing
//! keys, wrong types and wrong credentials get the vendor's own refusal. It shares no types with any SDK, so a
//! misreading of an API does not hide in both.
//!
//! Unofficial: not affiliated with, or endorsed by, any of the vendors.
//!
//! # Quick start
//!
//! ```
//! use std::time::Duration;
//! use agent_emulator::Emulator;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let emulator = Emulator::builder().pace(Duration::ZERO).start().await?;
//! let trelent = emulator.trelent();
//! // Give these to the client under test:
//! println!("{} {} {}", trelent.base_url(), trelent.client_id(), trelent.client_secret());
//! // … and look at what it did:
//! assert_eq!(trelent.request_count(), 0);
//! emulator.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! As a command, `agent-emulator --port 8080` prints the variables that programs read, then `ready`, and serves until
//! it is interrupted. `GET /health` answers once it serves.
//!
//! # Vendors
//!
//! | vendor | prefix | handle | settings |
//! |---|---|---|---|
//! | Trelent | `/trelent` | [`Emulator::trelent`] | [`TrelentOptions`] |
//! | Meistrari | `/meistrari`, and the vault on a port of its own | [`Emulator::meistrari`] | [`MeistrariOptions`] |
//! | AgentRouter | `/agentrouter` | [`Emulator::agentrouter`] | [`AgentRouterOptions`] |
//! | Mentiora | `/mentiora` | [`Emulator::mentiora`] | [`MentioraOptions`] |
//! | Agent OS | `/agent-os` | [`Emulator::agent_os`] | [`AgentOsOptions`] |
//!
//! Files behind presigned URLs come from a second port, so from another origin: [`Emulator::storage`]. It refuses
//! every request that carries other credentials than the URL's signature.
//!
//! # Time
//!
//! Everything follows tokio's clock, so a paused clock moves runs and expires tokens. Simplest for tests is
//! [`pace(Duration::ZERO)`](EmulatorBuilder::pace) together with [`Script::hold`]: no waiting, and no race.
//!
//! # Faults
//!
//! [`Emulator::faults`] queues what is to go wrong, for every vendor alike: refusals, resets, silence, garbage, cuts and
//! stalls of streams and bodies, expiring tokens. [`Fault`] has a function for each kind, and its page shows them all,
//! in Rust and in the JSON that programs in other languages send.
//!
//! ```
//! use agent_emulator::{Emulator, Fault};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let emulator = Emulator::builder().start().await?;
//! emulator.faults().push(Fault::status(503).on("POST", "/runs").times(2));
//! emulator.faults().push(Fault::reset_stream(12));
//! assert_eq!(emulator.faults().pending().len(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! # From other languages
//!
//! `/_control/faults` holds the faults; below `/_control/{vendor}/` a program lists requests and runs, says what the next run
//! does, releases held ones and expires tokens. The README shows one conversation per vendor with curl.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod agent_os;
mod agentrouter;
mod api;
mod clock;
mod control;
mod emulator;
mod faults;
mod http;
mod ids;
mod live;
mod meistrari;
mod mentiora;
mod record;
mod scenario;
mod server;
mod storage;
mod strike;
mod sync;
mod table;
mod trelent;
mod vendors;
mod wire;

pub use agent_os::{
    AgentOsHandle, AgentOsOptions, AgentOsPlan, AgentOsRunView, AgentOsScenario, AgentOsScript,
    ChatwootHandle, Positions,
};
pub use agentrouter::{
    AgentRouterHandle, AgentRouterOptions, AgentRouterPlan, AgentRouterRun, AgentRouterScenario,
    AgentRouterScript,
};
pub use emulator::{Emulator, EmulatorBuilder};
pub use faults::{Break, Fault, FaultKind, Faults, InvalidFault, RetryAfter, Schedule, Strike};
pub use meistrari::{
    Commit, Delivery, DeliveryState, MeistrariHandle, MeistrariOptions, SessionView, Turn,
    TurnScenario, TurnScript,
};
pub use mentiora::{
    EmulatedAgent, MentioraHandle, MentioraOptions, MentioraPlan, MentioraRun, MentioraScenario,
    MentioraScript,
};
pub use record::RecordedRequest;
pub use storage::Storage;
pub use trelent::{
    FileKind, FileTree, ImportEntry, Node, Plan, RunView, Scenario, Script, TokenExchange,
    TrelentHandle, TrelentOptions,
};

/// The examples of the README, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
