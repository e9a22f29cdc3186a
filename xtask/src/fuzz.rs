//! Fuzzing: the targets below `crates/*/fuzz`, and the properties of the tests with more cases.

use std::path::{Path, PathBuf};

use crate::process::{Result, cargo, cargo_nightly};
use crate::workspace::{CORE_FEATURES, SDKS, root};

/// Seconds for each target when nobody asks for another number.
const SECONDS: &str = "60";
/// Seconds for each target in continuous integration.
const SMOKE_SECONDS: &str = "5";
/// Cases of each property in continuous integration.
const SMOKE_CASES: &str = "2000";

/// A target of cargo-fuzz.
struct Target {
    /// The folder of the fuzz package.
    dir: PathBuf,
    name: String,
}

/// `fuzz [--seconds N] [target…]`.
pub(crate) fn run(args: &[String]) -> Result {
    let (seconds, names) = match args {
        [flag, seconds, names @ ..] if flag == "--seconds" => (seconds.as_str(), names),
        names => (SECONDS, names),
    };
    if seconds.parse::<u32>().is_err() || names.iter().any(|name| name.starts_with('-')) {
        return Err("usage: cargo xtask fuzz [--seconds N] [target…]".to_owned());
    }
    let targets = select(names)?;
    if let Some(missing) = missing() {
        return Err(missing);
    }
    fuzz(&targets, seconds)
}

/// What continuous integration runs.
pub(crate) fn smoke() -> Result {
    properties()?;
    if let Some(missing) = missing() {
        println!("the fuzz targets are left out: {missing}");
        return Ok(());
    }
    fuzz(&select(&[])?, SMOKE_SECONDS)
}

/// The properties, with more cases than in the tests. Built as the tests are, so that nothing is built twice.
fn properties() -> Result {
    let core = ("agent-core", CORE_FEATURES);
    let sdks = SDKS.iter().map(|sdk| (sdk.package, sdk.features));
    for (package, features) in std::iter::once(core).chain(sdks) {
        println!("--- {package}: {SMOKE_CASES} cases of each property");
        cargo("test")
            .args(["--quiet", "--package", package, "--no-default-features"])
            .args(["--features", &features.join(",")])
            .args(["--lib", "--tests", "--", "properties::"])
            .env("PROPTEST_CASES", SMOKE_CASES)
            .run()?;
    }
    Ok(())
}

/// Runs each target, beginning with its seeds and what earlier runs found interesting.
fn fuzz(targets: &[Target], seconds: &str) -> Result {
    let built = root().join("target").join("fuzz");
    let mut failed = Vec::new();
    for target in targets {
        println!("--- {}: {seconds} s", target.name);
        // With the versions of the workspace, as far as it has them.
        let lock = target.dir.join("Cargo.lock");
        std::fs::copy(root().join("Cargo.lock"), &lock).map_err(|e| shown(&lock, &e))?;
        let corpus = target.dir.join("corpus").join(&target.name);
        std::fs::create_dir_all(&corpus).map_err(|e| shown(&corpus, &e))?;
        let mut run = cargo_nightly("fuzz")
            .args(["run", "--fuzz-dir"])
            .args([&target.dir])
            .args(["--target-dir"])
            .args([&built])
            .args([&target.name])
            .args([&corpus]);
        let seeds = target.dir.join("seeds").join(&target.name);
        if seeds.is_dir() {
            run = run.args([seeds]);
        }
        let run = run.args([
            "--",
            &format!("-max_total_time={seconds}"),
            "-print_final_stats=1",
            "-print_funcs=0",
            "-verbosity=0",
        ]);
        if let Err(why) = run.run() {
            println!("--- {}: {why}", target.name);
            failed.push(target.name.as_str());
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} failed; the input is in the folder `artifacts` beside the target: docs/testing.md tells how to keep it",
        failed.join(", ")
    ))
}

/// What is needed for fuzzing and is not on this machine.
fn missing() -> Option<String> {
    if cargo_nightly("--version").quiet().is_err() {
        return Some("there is no nightly compiler: rustup toolchain install nightly".to_owned());
    }
    if cargo_nightly("fuzz").args(["--version"]).quiet().is_err() {
        return Some("there is no cargo-fuzz: cargo install cargo-fuzz".to_owned());
    }
    None
}

/// The targets of these names, or all.
fn select(names: &[String]) -> Result<Vec<Target>> {
    let all = targets()?;
    if let Some(unknown) = names
        .iter()
        .find(|name| all.iter().all(|target| target.name != **name))
    {
        let known: Vec<_> = all.iter().map(|target| target.name.as_str()).collect();
        return Err(format!(
            "there is no target {unknown:?}; there are {}",
            known.join(", ")
        ));
    }
    let wanted = |target: &Target| names.is_empty() || names.contains(&target.name);
    Ok(all.into_iter().filter(wanted).collect())
}

/// Every file in `crates/*/fuzz/fuzz_targets`.
fn targets() -> Result<Vec<Target>> {
    let mut found = Vec::new();
    for package in files(&root().join("crates"))? {
        let dir = package.join("fuzz");
        let sources = dir.join("fuzz_targets");
        if !sources.is_dir() {
            continue;
        }
        for source in files(&sources)? {
            if let Some(name) = source.file_stem().and_then(|name| name.to_str()) {
                found.push(Target {
                    dir: dir.clone(),
                    name: name.to_owned(),
                });
            }
        }
    }
    Ok(found)
}

/// What is in a folder, sorted.
fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir).map_err(|e| shown(dir, &e))?;
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    Ok(paths)
}

fn shown(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
