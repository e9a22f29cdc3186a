//! Programs outside the workspace that depend on one SDK each: they build, and the crates they cost are counted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::process::{Result, cargo};
use crate::workspace::{SDKS, Sdk, root};

/// Crates that an SDK without its features may add to bare reqwest with the same TLS.
const MOST_ADDED: usize = 12;

/// A program outside the workspace.
pub(crate) struct Program {
    pub(crate) name: String,
    /// Its TLS feature.
    pub(crate) tls: &'static str,
    pub(crate) dir: PathBuf,
    /// What it may cost is judged: it has no features but TLS.
    judged: bool,
}

/// Bare reqwest and every SDK, with default features, with TLS alone and with nothing.
pub(crate) fn programs() -> Result<Vec<Program>> {
    let bare = |tls, features| {
        Ok::<_, String>(Program {
            name: "reqwest".to_owned(),
            tls,
            dir: bare(&format!("reqwest-{tls}"), features)?,
            judged: false,
        })
    };
    let mut programs = vec![
        bare("rustls", "default-features = true")?,
        bare("none", "default-features = false, features = [\"http2\"]")?,
    ];
    for sdk in SDKS {
        for (kind, tls, features) in [
            ("default", "rustls", "default-features = true"),
            (
                "rustls",
                "rustls",
                "default-features = false, features = [\"rustls\"]",
            ),
            ("none", "none", "default-features = false"),
        ] {
            programs.push(Program {
                name: format!("{} ({kind})", sdk.package),
                tls,
                dir: program(sdk, kind, features)?,
                judged: kind != "default",
            });
        }
    }
    Ok(programs)
}

/// Builds each SDK's program, and compares the crates below it with bare reqwest's.
pub(crate) fn run() -> Result {
    let mut over = Vec::new();
    let target = root().join("target").join("consumer").join("target");
    let mut bare = Vec::new();
    for program in programs()? {
        let count = crates_of(&program.dir)?;
        if program.name == "reqwest" {
            println!("bare reqwest ({}): {count} crates", program.tls);
            bare.push((program.tls, count));
            continue;
        }
        build(&program.dir, &target)?;
        let alike = bare.iter().find(|(tls, _)| *tls == program.tls);
        let added = count.saturating_sub(alike.map_or(0, |(_, count)| *count));
        println!(
            "{}: {count} crates, {added} more than bare reqwest",
            program.name
        );
        if program.judged && added > MOST_ADDED {
            over.push(format!("{} adds {added}", program.name));
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

/// Builds the program in `dir` into `target`.
pub(crate) fn build(dir: &Path, target: &Path) -> Result {
    cargo("build")
        .args(["--quiet"])
        .env("CARGO_TARGET_DIR", target)
        .dir(dir)
        .run()
}

/// Distinct crates below the program, itself and tokio's macros included alike in all programs.
pub(crate) fn crates_of(dir: &Path) -> Result<usize> {
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
