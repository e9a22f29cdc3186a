//! The lower bounds of direct dependencies: a program outside the workspace depends on every published crate, asks for
//! each of their direct dependencies at exactly the oldest version that the workspace allows, and is checked.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use crate::process::{Result, cargo};
use crate::workspace::{root, surfaces};

/// Checks all published crates, with all features but TLS, on the lower bounds. What these need in turn is as new as
/// they allow.
pub(crate) fn run() -> Result {
    let dir = root().join("target").join("minimal-versions");
    let failed = |e: std::io::Error| format!("{}: {e}", dir.display());
    std::fs::create_dir_all(dir.join("src")).map_err(failed)?;
    std::fs::write(dir.join("Cargo.toml"), manifest()?).map_err(failed)?;
    std::fs::write(dir.join("src/main.rs"), "fn main() {}\n").map_err(failed)?;
    cargo("generate-lockfile")
        .args(["--quiet"])
        .dir(&dir)
        .run()
        .map_err(|why| format!("a bound is too low for what else is needed: {why}"))?;
    cargo("check").args(["--quiet", "--locked"]).dir(&dir).run()
}

fn manifest() -> Result<String> {
    let mut text = String::from(
        "[package]\nname = \"minimal-versions\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
         [workspace]\n\n[dependencies]\n",
    );
    let mut direct = BTreeSet::new();
    for surface in surfaces() {
        let package = surface.package;
        let path = root().join("crates").join(package);
        let features: Vec<_> = surface
            .features
            .split(',')
            .filter(|name| !name.is_empty())
            .collect();
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "{package} = {{ path = {path:?}, default-features = false, features = {features:?} }}"
        );
        let own = read(&path.join("Cargo.toml"))?;
        direct.extend(names(&own, "[dependencies]").map(str::to_owned));
    }
    let workspace = read(&root().join("Cargo.toml"))?;
    for row in rows(&workspace, "[workspace.dependencies]") {
        let name = row.split(' ').next().unwrap_or_default();
        if row.contains("path = ") || !direct.contains(name) {
            continue;
        }
        let version = row.split_once("version = ").map_or(row, |(_, rest)| rest);
        let version = version
            .split('"')
            .nth(1)
            .ok_or_else(|| format!("no version: {row}"))?;
        let zeros = 2_usize.saturating_sub(version.matches('.').count());
        let version = version.to_owned() + &".0".repeat(zeros);
        println!("{name} {version}");
        let _ = writeln!(
            text,
            "{name} = {{ version = \"={version}\", default-features = false }}"
        );
    }
    Ok(text)
}

/// The names in a table of a manifest, whether `name = …` or `name.workspace = …`.
fn names<'a>(manifest: &'a str, table: &str) -> impl Iterator<Item = &'a str> {
    rows(manifest, table).filter_map(|row| row.split([' ', '.']).next())
}

/// The rows of a table of a manifest.
fn rows<'a>(manifest: &'a str, table: &str) -> impl Iterator<Item = &'a str> {
    let lines = manifest
        .lines()
        .skip_while(move |line| *line != table)
        .skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}
