//! Hostile answers: whatever a server sends, a call ends in a typed error, soon, and in little memory.
//!
//! Over real sockets, in a test binary of its own, as it looks at the memory of the whole process. `HOSTILE_ALL` in the
//! environment attacks every operation of each vendor, not only one call and the event stream.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "hostile/attacks.rs"]
mod attacks;
#[path = "hostile/memory.rs"]
mod memory;
#[path = "hostile/server.rs"]
mod server;

use std::time::Duration;

use agent_core::{Error, HttpConfig, Resume, RetryPolicy};
use reliability::figures::Figures;
use reliability::operation::{Kind, Operation};
use reliability::vendors::{Vendor, chosen};
use tokio::time::Instant;

use attacks::{ATTACKS, Attack};
use server::Server;

/// What one call may add to the process.
const MEMORY: u64 = 64 << 20;
/// How long an attack may keep a call, in real time: a debug build on a busy machine reads 1 GiB within it.
const TIME: Duration = Duration::from_secs(60);

/// What came of one attack.
struct Fate {
    took: Duration,
    /// Bytes that the process grew by at its highest; `None` where that can not be seen.
    grew: Option<u64>,
    /// Bytes that the server got rid of.
    sent: u64,
}

/// Whether every operation is attacked.
fn every() -> bool {
    std::env::var_os("HOSTILE_ALL").is_some()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

fn targets(vendor: &Vendor, server: &Server) -> Vec<Operation> {
    let http = HttpConfig::new()
        .retry(RetryPolicy::none())
        .resume(Resume::never())
        .total_timeout(TIME / 6);
    let all = vendor.client(&server.url(), http).unwrap().operations;
    let every = every();
    let mut calls = 0;
    all.into_iter()
        .filter(|operation| {
            calls += usize::from(operation.kind == Kind::Call);
            every || operation.kind != Kind::Call || calls == 1
        })
        .collect()
}

fn strike(attack: &Attack, operation: &Operation) -> (Result<String, Error>, Fate) {
    let runtime = runtime();
    let begin = Instant::now();
    let memory = memory::Peak::begin();
    let result = runtime.block_on(async {
        let limit = tokio::time::timeout(TIME, operation.run());
        limit
            .await
            .unwrap_or_else(|_| panic!("{operation:?} does not end: {}", attack.name))
    });
    let grew = memory.grew();
    let fate = Fate {
        took: begin.elapsed(),
        grew,
        sent: 0,
    };
    (result, fate)
}

#[test]
fn a_hostile_answer_is_a_typed_error_in_little_memory_and_soon() {
    // What only the first call needs is there before anything is measured.
    for vendor in chosen() {
        let calm = Server::start(vendor, attacks::CALM);
        for operation in targets(vendor, &calm) {
            let _ = strike(&attacks::CALM_ATTACK, &operation);
        }
    }
    let mut figures = Figures::new(
        "Hostile answers",
        "The worst of all vendors for each attack, over loopback: how far the resident memory of the process, client and \
         server together, rose above its start (promised: 64 MiB), how long the call took, and how much the server could \
         send before it was hung up on.",
        &[
            "attack",
            "calls",
            "memory, MiB",
            "time, ms",
            "sent, MiB",
            "errors",
        ],
    );
    for attack in ATTACKS {
        let (mut worst, mut calls) = (
            Fate {
                took: Duration::ZERO,
                grew: None,
                sent: 0,
            },
            0,
        );
        let mut kinds: Vec<String> = Vec::new();
        for vendor in chosen() {
            let server = Server::start(vendor, attack.answer);
            for (nth, operation) in targets(vendor, &server).iter().enumerate() {
                if !attack.is_for(operation.kind, nth) {
                    continue;
                }
                let name = format!("{}: {operation:?}: {}", vendor.name, attack.name);
                let (result, mut fate) = strike(attack, operation);
                fate.sent = server.sent();
                match result {
                    Err(error) => {
                        let text = format!("{error} {error:?}");
                        assert!(text.len() < 4_000, "{name}: a text of {} bytes", text.len());
                        let kind = format!("{:?}", error.kind());
                        if !kinds.contains(&kind) {
                            kinds.push(kind);
                        }
                    }
                    // What hands over bytes as they are has nothing to object to.
                    Ok(text) => assert!(nth > 0 && text.len() < 1 << 30, "{name}: {text:.100}"),
                }
                if let Some(grew) = fate.grew {
                    assert!(grew < MEMORY, "{name}: {} MiB more", grew >> 20);
                }
                worst.took = worst.took.max(fate.took);
                worst.grew = worst.grew.max(fate.grew);
                worst.sent = worst.sent.max(fate.sent);
                calls += 1;
            }
        }
        let grew = worst
            .grew
            .map_or("–".to_owned(), |grew| (grew >> 20).to_string());
        let (took, sent) = (worst.took.as_millis(), worst.sent >> 20);
        figures.row(&[&attack.name, &calls, &grew, &took, &sent, &kinds.join(", ")]);
    }
    if memory::Peak::begin().grew().is_none() {
        println!("what memory was used can not be seen on this system: it was not judged");
    }
    figures.publish("70-hostile").unwrap();
}
