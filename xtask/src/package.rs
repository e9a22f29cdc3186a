//! The packages as they would be published: what is in them, and that they build.

use crate::process::{Result, cargo};
use crate::workspace::{published, root};

/// What every package has.
const NEEDED: [&str; 5] = [
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "src/lib.rs",
];
/// What a package may have besides.
const ALLOWED: [&str; 6] = [
    ".cargo_vcs_info.json",
    "Cargo.lock",
    "Cargo.toml.orig",
    "FAULTS.md",
    "examples/",
    "src/",
];
/// Longest package, compressed.
const MOST_BYTES: u64 = 256 << 10;

/// Packages every published crate and builds it from there, without TLS.
pub(crate) fn run() -> Result {
    for package in published() {
        contents(package)?;
    }
    let mut all = cargo("package").args(["--quiet", "--allow-dirty", "--no-default-features"]);
    for package in published() {
        all = all.args(["--package", package]);
    }
    all.run()?;
    for package in published() {
        size(package)?;
    }
    Ok(())
}

fn contents(package: &str) -> Result {
    let list = cargo("package")
        .args(["--quiet", "--list", "--allow-dirty", "--package", package])
        .output()?;
    let files: Vec<&str> = list.lines().collect();
    let missing: Vec<_> = NEEDED.iter().filter(|file| !files.contains(file)).collect();
    let known = |file: &&str| {
        NEEDED.contains(file) || ALLOWED.iter().any(|allowed| file.starts_with(allowed))
    };
    let strange: Vec<_> = files.iter().filter(|file| !known(file)).collect();
    if missing.is_empty() && strange.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the package {package} lacks {missing:?}, and has {strange:?}"
    ))
}

fn size(package: &str) -> Result {
    let version = env!("CARGO_PKG_VERSION");
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), std::path::PathBuf::from);
    let file = target
        .join("package")
        .join(format!("{package}-{version}.crate"));
    let failed = |e: std::io::Error| format!("{}: {e}", file.display());
    let bytes = std::fs::metadata(&file).map_err(failed)?.len();
    println!("{package}: {} KiB compressed", bytes >> 10);
    if bytes > MOST_BYTES {
        return Err(format!(
            "{package} is larger than {} KiB: should its `include` leave something out?",
            MOST_BYTES >> 10
        ));
    }
    Ok(())
}
