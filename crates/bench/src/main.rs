//! `cargo xtask bench`: measures the SDKs against peers in one run.
//!
//! Here is the command line; each section has a file. A section interleaves what it compares and takes medians, so that
//! what else the machine does hits all alike: read ratios, not absolute numbers.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "figures are rounded for people"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement that can not be taken ends the run"
)]
#![allow(clippy::disallowed_methods, reason = "it measures real time")]
#![allow(
    clippy::format_push_string,
    reason = "loads are written before anything is measured"
)]

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

mod calls;
mod decoder;
mod end_to_end;
mod events;
mod idle;
mod load;
mod report;
mod server;

use report::Report;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const HELP: &str = "\
usage: bench [--write FILE] [--quick] [section…]
       bench counts          only what does not jitter, as a gate: exits 1 on a miss
sections: decoder calls events end-to-end idle
";

/// Measures one section, quickly or well.
type Run = fn(&mut Report, bool);

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().map(String::as_str) == Some("serve") {
        return server::run();
    }
    let quick = take(&mut args, "--quick");
    let write = args
        .iter()
        .position(|arg| arg == "--write")
        .map(|at| args.drain(at..at + 2).nth(1).expect("--write takes a file"));
    let mut report = Report::new();
    if args.first().map(String::as_str) == Some("counts") {
        calls::counts(&mut report);
        events::counts(&mut report);
        idle::run(&mut report);
        print!("{}", report.text());
        std::process::exit(i32::from(report.missed() > 0));
    }
    let sections: &[(&str, Run)] = &[
        ("decoder", decoder::run),
        ("calls", calls::run),
        ("events", events::run),
        ("end-to-end", end_to_end::run),
        ("idle", |report, _| idle::run(report)),
    ];
    for arg in &args {
        if !sections.iter().any(|(name, _)| name == arg) {
            eprintln!("there is no section {arg:?}\n{HELP}");
            std::process::exit(2);
        }
    }
    for (name, run) in sections {
        if args.is_empty() || args.iter().any(|arg| arg == name) {
            eprintln!("measuring {name} …");
            run(&mut report, quick);
        }
    }
    print!("{}", report.text());
    if let Some(path) = write {
        report
            .write(std::path::Path::new(&path))
            .expect("the report can not be written");
    }
}

fn take(args: &mut Vec<String>, flag: &str) -> bool {
    let found = args.iter().position(|arg| arg == flag);
    if let Some(at) = found {
        args.remove(at);
    }
    found.is_some()
}
