//! What does not jitter: `counts [--append FILE] [section…]`. Exits with 1 when a goal is missed.

use std::alloc::System;
use std::process::ExitCode;

use bench::{ALLOCATED, Allocated, calls, events, following, idle, server};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        server::run();
        return ExitCode::SUCCESS;
    }
    ALLOCATED.get_or_init(|| {
        || {
            let stats = ALLOCATOR.stats();
            Allocated {
                count: stats.allocations,
                live: stats
                    .bytes_allocated
                    .saturating_sub(stats.bytes_deallocated),
            }
        }
    });
    let report = bench::run(&[
        ("calls", calls::counts),
        ("events", events::counts),
        ("following", following::counts),
        ("idle", idle::run),
    ]);
    ExitCode::from(u8::from(report.missed() > 0))
}
