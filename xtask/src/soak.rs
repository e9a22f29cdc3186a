//! The long form of what the tests show in short: thousands of fault schedules, thousands of streams, every attack. Its
//! figures are the second half of `docs/reliability.md`; the first is written by hand.

use std::fmt::Write as _;
use std::path::Path;

use crate::process::{Process, Result, cargo, tool};
use crate::workspace::{SDKS, features_without_tls, root};

/// Fault schedules per vendor when nobody asks for another number.
const SCHEDULES: &str = "1000";
/// Streams at the same time, likewise.
const STREAMS: &str = "2000";

/// Behind this line of the document everything is measured.
const MARK: &str = "<!-- What follows is written by `cargo xtask soak`. -->";

/// `soak [--schedules N] [--streams N] [vendor…]`: prints the figures; without arguments, writes the document.
pub(crate) fn run(args: &[String]) -> Result {
    let (mut schedules, mut streams) = (SCHEDULES, STREAMS);
    let mut vendors = Vec::new();
    let mut rest = args.iter().map(String::as_str);
    while let Some(arg) = rest.next() {
        let target = match arg {
            "--schedules" => &mut schedules,
            "--streams" => &mut streams,
            vendor if SDKS.iter().any(|sdk| sdk.vendor == vendor) => {
                vendors.push(vendor);
                continue;
            }
            other => return Err(usage(other)),
        };
        let number = rest.next().unwrap_or_default();
        if !number.parse::<u32>().is_ok_and(|number| number > 0) {
            return Err(usage(number));
        }
        *target = number;
    }
    let folder = root().join("target").join("soak");
    // It may not be there; what can not be removed would show in the figures.
    let _ = std::fs::remove_dir_all(&folder);
    let suite = |tests: &[&str], filter: &str| {
        tests
            .iter()
            .fold(suites(), |run, test| run.args(["--test", test]))
            .args(["--", "--nocapture", "--test-threads=1", filter])
            .env("SCHEDULES", schedules)
            .env("STREAMS", streams)
            .env("HOSTILE_ALL", "1")
            .env("VENDORS", vendors.join(","))
            .env("FIGURES", folder.as_os_str())
            .run()
    };
    suite(&["streams"], "schedules::")?;
    suite(&["limits", "crowd", "hostile", "secrets"], "")?;
    if args.is_empty() {
        write(&root().join("docs").join("reliability.md"), &folder)
    } else {
        Ok(())
    }
}

/// The suites' packages, built as the tests are.
fn suites() -> Process {
    cargo("test")
        .args(["--quiet", "--package", "conformance", "--package"])
        .args(["reliability", "--no-default-features"])
        .args(["--features", &features_without_tls()])
}

fn usage(wrong: &str) -> String {
    let names: Vec<_> = SDKS.iter().map(|sdk| sdk.vendor).collect();
    format!(
        "{wrong:?} can not be: soak [--schedules N] [--streams N] [vendor…], with vendors {}",
        names.join(", ")
    )
}

/// Puts the tables of `folder` into the document, in the order of their names, in place of those that are there.
fn write(document: &Path, folder: &Path) -> Result {
    let failed = |path: &Path| {
        let path = path.display().to_string();
        move |e: std::io::Error| format!("{path}: {e}")
    };
    let text = std::fs::read_to_string(document).map_err(failed(document))?;
    let Some((by_hand, _)) = text.split_once(MARK) else {
        return Err(format!("{} has no line {MARK}", document.display()));
    };
    let mut tables = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        tables.push(entry.map_err(failed(folder))?.path());
    }
    tables.sort();
    let mut out = format!("{by_hand}{MARK}\n");
    let date = tool("date").args(["-u", "+%Y-%m-%d"]).output()?;
    let _ = write!(
        out,
        "\nMachine: {}. Date: {}. Debug build, two runtime threads.\n",
        machine(),
        date.trim()
    );
    for table in tables {
        out += &std::fs::read_to_string(&table).map_err(failed(&table))?;
    }
    std::fs::write(document, out).map_err(failed(document))
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    format!("{cores} cores, {arch}, {os}")
}
