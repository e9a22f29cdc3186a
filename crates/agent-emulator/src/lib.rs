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
//! it is interrupted.
//!
//! # Vendors
//!
//! | vendor | prefix | handle | settings |
//! |---|---|---|---|
//! | Trelent | `/trelent` | [`Emulator::trelent`] | [`TrelentOptions`] |
//! | Meistrari | `/meistrari`, and the vault on a port of its own | [`Emulator::meistrari`] | [`MeistrariOptions`] |
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
//! [`Emulator::faults`] queues what shall go wrong:
//!
//! | fault | strikes | does |
//! |---|---|---|
//! | [`Fault::cut_stream`] | the next event stream | sends so many events, then closes or resets the connection |
//!
//! Over HTTP: `POST /_control/faults` with `{"fault": "cut_stream", "after_events": 3}` and, if wanted, `how`
//! (`close`, `reset`), `vendor`, `times`; `GET` lists what is pending, `DELETE` forgets it.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::print_stdout, clippy::print_stderr)]

mod api;
mod clock;
mod control;
mod emulator;
mod faults;
mod http;
mod ids;
mod meistrari;
mod record;
mod server;
mod storage;
mod sync;
mod trelent;
mod vendors;
mod wire;

pub use emulator::{Emulator, EmulatorBuilder};
pub use faults::{Break, Fault, FaultKind, Faults};
pub use meistrari::{
    Commit, Delivery, DeliveryState, MeistrariHandle, MeistrariOptions, SessionView, Turn,
    TurnScenario, TurnScript,
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
