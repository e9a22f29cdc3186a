//! Licences, sources, banned crates and advisories of all dependencies, by cargo-deny where it is installed.

use crate::process::{Process, Result, cargo};

/// Runs cargo-deny, or says that it is not there.
pub(crate) fn run() -> Result {
    if deny(&["--version"]).quiet().is_err() {
        println!("skipped: there is no cargo-deny (cargo install --locked cargo-deny)");
        return Ok(());
    }
    let check = ["--log-level", "error", "--all-features", "check"];
    deny(&check).args(["bans", "licenses", "sources"]).run()?;
    if deny(&["fetch", "db"]).quiet().is_err() {
        println!("advisories are not checked: their database can not be fetched");
        return Ok(());
    }
    deny(&check).args(["advisories"]).run()
}

fn deny(args: &[&str]) -> Process {
    cargo("deny").args(args)
}
