//! The lower bounds of direct dependencies: a program outside the workspace depends on every published crate, has each
//! direct dependency at the oldest version that the workspace allows, and is checked.

use std::path::{Path, PathBuf};

use crate::process::{Result, cargo};
use crate::workspace::{root, surfaces};

/// Pins every direct dependency to its lower bound, and checks all published crates with all features but TLS.
pub(crate) fn run() -> Result {
    let dir = program()?;
    cargo("generate-lockfile")
        .args(["--quiet"])
        .dir(&dir)
        .run()?;
    for (name, bound) in bounds()? {
        let Some(locked) = locked(&dir, &name, &bound)? else {
            continue;
        };
        if locked == bound {
            continue;
        }
        let spec = format!("{name}@{locked}");
        cargo("update")
            .args(["--quiet", "--package", &spec, "--precise", &bound])
            .dir(&dir)
            .run()
            .map_err(|why| {
                format!("{name} {bound} is too low a bound for what else is needed: {why}")
            })?;
        println!("{name}: {bound} instead of {locked}");
    }
    cargo("check").args(["--quiet", "--locked"]).dir(&dir).run()
}

/// The program, with the toolchain's newest versions of everything.
fn program() -> Result<PathBuf> {
    let dir = root().join("target").join("minimal-versions");
    let mut manifest = String::from(
        "[package]\nname = \"minimal-versions\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
         [workspace]\n\n[dependencies]\n",
    );
    for surface in surfaces() {
        let path = root().join("crates").join(surface.package);
        let features: Vec<_> = surface
            .features
            .split(',')
            .filter(|name| !name.is_empty())
            .collect();
        manifest += &format!(
            "{} = {{ path = {path:?}, default-features = false, features = {features:?} }}\n",
            surface.package
        );
    }
    let failed = |e: std::io::Error| format!("{}: {e}", dir.display());
    std::fs::create_dir_all(dir.join("src")).map_err(failed)?;
    std::fs::write(dir.join("Cargo.toml"), manifest).map_err(failed)?;
    std::fs::write(dir.join("src/main.rs"), "fn main() {}\n").map_err(failed)?;
    Ok(dir)
}

/// Name and lower bound of each dependency in the workspace's table, paths apart.
fn bounds() -> Result<Vec<(String, String)>> {
    let text = read(&root().join("Cargo.toml"))?;
    let table = text
        .split("[workspace.dependencies]\n")
        .nth(1)
        .unwrap_or_default();
    let rows = table.lines().take_while(|line| !line.starts_with('['));
    let mut found = Vec::new();
    for row in rows.filter(|row| !row.contains("path = ")) {
        let Some((name, value)) = row.split_once(" = ") else {
            continue;
        };
        let value = value
            .split_once("version = ")
            .map_or(value, |(_, rest)| rest);
        let version = value
            .split('"')
            .nth(1)
            .ok_or_else(|| format!("no version: {row}"))?;
        let zeros = 2_usize.saturating_sub(version.matches('.').count());
        found.push((name.to_owned(), version.to_owned() + &".0".repeat(zeros)));
    }
    Ok(found)
}

/// The version in the lock file that a bound is about: one that is compatible with it.
fn locked(dir: &Path, name: &str, bound: &str) -> Result<Option<String>> {
    let text = read(&dir.join("Cargo.lock"))?;
    let start = format!("name = \"{name}\"\nversion = \"");
    let versions = text.split("[[package]]\n").filter_map(|package| {
        let rest = package.strip_prefix(&start)?;
        rest.split('"').next()
    });
    Ok(versions
        .filter(|version| series(version) == series(bound))
        .map(str::to_owned)
        .next())
}

/// Up to the first number that is not 0: versions that share it are compatible.
fn series(version: &str) -> &str {
    let mut end = 0;
    for part in version.split('.') {
        end += part.len() + 1;
        if part != "0" {
            break;
        }
    }
    version.get(..end - 1).unwrap_or(version)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}
