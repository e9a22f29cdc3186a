//! Measures the SDKs against peers in one run: `cargo xtask bench`.
//!
//! Each section has a file. Speeds are taken by the program `bench`; what is counted (allocations, bytes) by the program
//! `counts`, whose allocator counts and therefore is slow. A section interleaves what it compares and takes medians, so that
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
    clippy::missing_panics_doc,
    reason = "a measurement that can not be taken ends the run"
)]
#![allow(clippy::disallowed_methods, reason = "it measures real time")]
#![allow(
    clippy::format_push_string,
    reason = "loads are written before anything is measured"
)]

use std::sync::OnceLock;

pub mod calls;
pub mod decoder;
pub mod end_to_end;
pub mod events;
pub mod following;
pub mod idle;
mod load;
pub mod report;
pub mod server;

/// What an allocator has done so far.
#[derive(Clone, Copy, Debug)]
pub struct Allocated {
    /// Number of allocations.
    pub count: usize,
    /// Bytes allocated and not given back.
    pub live: usize,
}

/// The counting allocator of the running program, where it has one.
pub static ALLOCATED: OnceLock<fn() -> Allocated> = OnceLock::new();

fn allocated() -> Allocated {
    ALLOCATED.get().expect("the program counts allocations")()
}

/// Runs sections of one kind by the command line: `[--write FILE | --append FILE] [--quick] [section…]`.
pub fn run(sections: &[(&str, Section)]) -> report::Report {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut report = report::Report::new();
    let quick = args
        .iter()
        .position(|arg| arg == "--quick")
        .map(|at| args.remove(at));
    let mut file = |flag: &str| {
        let at = args.iter().position(|arg| arg == flag)?;
        args.drain(at..(at + 2).min(args.len())).nth(1)
    };
    let (write, append) = (file("--write"), file("--append"));
    for arg in &args {
        if !sections.iter().any(|(name, _)| name == arg) {
            let names: Vec<_> = sections.iter().map(|(name, _)| *name).collect();
            eprintln!(
                "there is no section {arg:?}; there are {}",
                names.join(", ")
            );
            std::process::exit(2);
        }
    }
    for (name, run) in sections {
        if args.is_empty() || args.iter().any(|arg| arg == name) {
            eprintln!("measuring {name} …");
            run(&mut report, quick.is_some());
        }
    }
    print!("{}", report.text());
    for (path, begins) in [(write, true), (append, false)] {
        if let Some(path) = path {
            report
                .write(std::path::Path::new(&path), begins)
                .expect("the report can not be written");
        }
    }
    report
}

/// Measures one section, quickly or well.
pub type Section = fn(&mut report::Report, bool);
