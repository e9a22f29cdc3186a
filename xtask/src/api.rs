//! The public surface of every published crate, written down in `docs/api`, so that a change of it is seen in review.
//!
//! It is read from rustdoc's JSON, which a stable compiler writes when it is told that it may; a compiler whose JSON the
//! `public-api` crate can not read is skipped, and says so.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::process::{Result, cargo};
use crate::workspace::{Surface, root, surfaces};

/// Set where this program stands in for rustdoc.
const AS_RUSTDOC: &str = "XTASK_AS_RUSTDOC";
/// What the reader ends with when it does not know the JSON.
const UNREADABLE: i32 = 3;
/// Crates whose types may show: the standard library and what the whole ecosystem shares.
const SHARED: [&str; 10] = [
    "alloc",
    "bytes",
    "core",
    "futures_core",
    "http",
    "http_body",
    "serde",
    "serde_core",
    "serde_json",
    "std",
];
/// Others, behind features that say so: `reqwest-0-13`, and the paused clock of `testing`.
const OPT_IN: [&str; 2] = [
    "reqwest::async_impl::client::ClientBuilder",
    "tokio::time::instant::Instant",
];

/// Compares the surfaces with what is written down, or writes them.
pub(crate) fn run(args: &[String]) -> Result {
    let write = match args {
        [] => false,
        [flag] if flag == "--write" => true,
        _ => return Err("usage: cargo xtask api [--write]".to_owned()),
    };
    cargo("build")
        .args(["--quiet", "--package", "xtask", "--features", "api"])
        .args(["--bin", "public-api"])
        .run()?;
    let mut changed = Vec::new();
    for surface in surfaces() {
        let Some(now) = read(&surface)? else {
            println!(
                "skipped: this compiler's rustdoc writes a JSON that public-api does not read"
            );
            return Ok(());
        };
        foreign(&surface, &now)?;
        let path = root()
            .join("docs/api")
            .join(format!("{}.txt", surface.package));
        let failed = |e: std::io::Error| format!("{}: {e}", path.display());
        if write {
            std::fs::write(&path, now).map_err(failed)?;
            continue;
        }
        let before = std::fs::read_to_string(&path).map_err(failed)?;
        let difference = difference(&before, &now);
        if !difference.is_empty() {
            println!("{}:\n{}", surface.package, difference.join("\n"));
            changed.push(surface.package);
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the public surface changed: {}; if that is meant, cargo xtask api --write, and docs/releasing.md says which \
         version it needs",
        changed.join(", ")
    ))
}

/// The items of a crate, one a line; `None` when the JSON can not be read.
fn read(surface: &Surface) -> Result<Option<String>> {
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    cargo("rustdoc")
        .args(["--quiet", "--lib", "--package", surface.package])
        .args(["--no-default-features", "--features", &surface.features])
        .args(["--", "-Z", "unstable-options", "--output-format", "json"])
        .env("RUSTDOC", own)
        .env(AS_RUSTDOC, "1")
        .run()?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let json = target
        .join("doc")
        .join(format!("{}.json", surface.package.replace('-', "_")));
    let failed = |e: std::io::Error| format!("public-api: {e}");
    let reader = target.join("debug").join("public-api");
    let output = Command::new(reader).arg(json).output().map_err(failed)?;
    if output.status.code() == Some(UNREADABLE) {
        println!("{}", String::from_utf8_lossy(&output.stderr).trim());
        return Ok(None);
    }
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// Fails if a type of a crate shows that users should not have to know.
fn foreign(surface: &Surface, items: &str) -> Result {
    let own = surface.package.replace('-', "_");
    let mut found = BTreeSet::new();
    for item in items.lines() {
        for path in item.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')) {
            let Some((name, rest)) = path.split_once("::") else {
                continue;
            };
            let word = name.chars().next().is_some_and(|c| c.is_ascii_lowercase());
            let known = name == own || name == "agent_core" || SHARED.contains(&name);
            if word && !rest.is_empty() && !known && !OPT_IN.contains(&path) {
                found.insert(path);
            }
        }
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(format!(
        "types of other crates show in {}: {found:?}",
        surface.package
    ))
}

/// What went (`-`) and what came (`+`).
fn difference(before: &str, now: &str) -> Vec<String> {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
    let (before, now) = (lines(before), lines(now));
    let gone = before.difference(&now).map(|line| format!("- {line}"));
    gone.chain(now.difference(&before).map(|line| format!("+ {line}")))
        .collect()
}

/// Runs as rustdoc, with leave to write JSON, if that is what this process is for. Only this one process gets the
/// leave, so that nothing else is built anew.
pub(crate) fn as_rustdoc() -> Option<ExitCode> {
    std::env::var_os(AS_RUSTDOC)?;
    let status = Command::new("rustdoc")
        .args(std::env::args_os().skip(1))
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTDOC")
        .status();
    Some(match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}
