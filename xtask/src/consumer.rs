//! Programs outside the workspace that depend on one SDK each: they build, and the crates they cost are counted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::process::{Result, cargo};
use crate::workspace::{SDKS, Sdk, root};

/// Crates that an SDK without its features may add to bare reqwest with the same TLS.
const MOST_ADDED: usize = 12;

/// Builds each SDK's program with default features and with none, and bare reqwest beside them.
pub(crate) fn run() -> Result {
    let bare_tls = crates_of(&bare("reqwest-tls", "default-features = true")?)?;
    let bare_none = crates_of(&bare(
        "reqwest-none",
        "default-features = false, features = [\"http2\"]",
    )?)?;
    println!("bare reqwest: {bare_tls} crates with default features, {bare_none} without TLS");
    let mut over = Vec::new();
    for sdk in SDKS {
        for (kind, features, bare) in [
            ("default", "default-features = true", bare_tls),
            (
                "rustls",
                "default-features = false, features = [\"rustls\"]",
                bare_tls,
            ),
            ("none", "default-features = false", bare_none),
        ] {
            let dir = program(sdk, kind, features)?;
            if kind != "rustls" {
                build(&dir)?;
            }
            let count = crates_of(&dir)?;
            let added = count.saturating_sub(bare);
            println!(
                "{} ({kind}): {count} crates, {added} more than bare reqwest",
                sdk.package
            );
            if kind != "default" && added > MOST_ADDED {
                over.push(format!("{} ({kind}) adds {added}", sdk.package));
            }
        }
    }
    if over.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "more than {MOST_ADDED} crates added: {}",
            over.join(", ")
        ))
    }
}

fn program(sdk: &Sdk, kind: &str, features: &str) -> Result<PathBuf> {
    let path = root().join("crates").join(sdk.package);
    let path = path.display();
    let dependency = format!("{} = {{ path = '{path}', {features} }}", sdk.package);
    let main = format!(
        "#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {{{}    Ok(())\n}}\n",
        sdk.consumer
    );
    write(&format!("{}-{kind}", sdk.vendor), &dependency, &main)
}

fn bare(name: &str, features: &str) -> Result<PathBuf> {
    let dependency = format!("reqwest = {{ version = \"0.13\", {features} }}");
    let main = "#[tokio::main]\nasync fn main() {\n    \
                println!(\"{:?}\", reqwest::get(\"http://127.0.0.1:9\").await.is_ok());\n}\n";
    write(name, &dependency, main)
}

/// Writes a package below `target/consumer`, with the workspace's lock file so that versions are the same.
fn write(name: &str, dependency: &str, main: &str) -> Result<PathBuf> {
    let dir = root().join("target").join("consumer").join(name);
    let manifest = format!(
        "[package]\nname = \"consumer-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
         [workspace]\n\n[dependencies]\n{dependency}\n\
         tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n"
    );
    let failed = |e: std::io::Error| format!("{}: {e}", dir.display());
    std::fs::create_dir_all(dir.join("src")).map_err(failed)?;
    std::fs::write(dir.join("Cargo.toml"), manifest).map_err(failed)?;
    std::fs::write(dir.join("src/main.rs"), main).map_err(failed)?;
    std::fs::copy(root().join("Cargo.lock"), dir.join("Cargo.lock")).map_err(failed)?;
    Ok(dir)
}

fn build(dir: &Path) -> Result {
    cargo("build")
        .args(["--quiet"])
        .env(
            "CARGO_TARGET_DIR",
            root().join("target").join("consumer").join("target"),
        )
        .dir(dir)
        .run()
}

/// Distinct crates below the program, itself and tokio's macros included alike in all programs.
fn crates_of(dir: &Path) -> Result<usize> {
    let tree = cargo("tree")
        .args(["--edges", "normal", "--prefix", "none", "--format", "{p}"])
        .dir(dir)
        .output()?;
    let names: BTreeSet<&str> = tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)").trim())
        .filter(|line| !line.is_empty())
        .collect();
    Ok(names.len().saturating_sub(1))
}
