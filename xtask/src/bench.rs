//! Measurements: the programs are in `crates/bench`, the cost of a build is measured here.

use std::fmt::Write as _;
use std::time::Instant;

use crate::consumer;
use crate::process::{Process, Result, cargo};
use crate::workspace::root;

/// Measures and prints; without arguments, everything, and writes `docs/performance.md`. A goal that is missed is no failure.
pub(crate) fn run(args: &[String]) -> Result {
    let report = root().join("docs").join("performance.md");
    let whole = args.is_empty();
    if !whole {
        return program("bench").args(args).run();
    }
    program("bench")
        .args(["--write".as_ref(), report.as_os_str()])
        .run()?;
    // Its exit code says whether goals were missed, which is the gate's business.
    let _ = program("counts")
        .args(["--append".as_ref(), report.as_os_str()])
        .run();
    let builds = builds()?;
    println!("{builds}");
    let failed = |e: std::io::Error| format!("{}: {e}", report.display());
    let text = std::fs::read_to_string(&report).map_err(failed)?;
    std::fs::write(&report, text + &builds).map_err(failed)
}

/// The figures that do not jitter, as a gate.
pub(crate) fn counts() -> Result {
    cargo("run")
        .args(["--quiet", "--package", "bench", "--bin", "counts"])
        .run()
}

fn program(name: &str) -> Process {
    cargo("run").args([
        "--quiet",
        "--release",
        "--package",
        "bench",
        "--bin",
        name,
        "--",
    ])
}

/// Cold builds of a program of ten lines, per SDK and TLS feature, and of bare reqwest.
#[expect(clippy::disallowed_methods, reason = "it measures real time")]
fn builds() -> Result<String> {
    let mut out = String::from(
        "\n## Builds\n\nA cold debug build of a program of ten lines, and the crates below it.\n\n\
         | program | TLS | crates | seconds |\n|---|---|---|---|\n",
    );
    for program in consumer::programs()? {
        let target = root().join("target").join("consumer").join("cold");
        // It may not be there; what can not be removed shows in the figure.
        let _ = std::fs::remove_dir_all(&target);
        let start = Instant::now();
        consumer::build(&program.dir, &target)?;
        let _ = writeln!(
            out,
            "| {} | {} | {} | {:.0} |",
            program.name,
            program.tls,
            consumer::crates_of(&program.dir)?,
            start.elapsed().as_secs_f32()
        );
    }
    Ok(out)
}
