//! Limits on the length of source files: one concept per file.

use std::path::Path;

use crate::process::Result;
use crate::workspace::root;

/// Longest source file, tests apart, in lines.
const LONGEST: usize = 500;

/// Fails if a source file is too long, and prints the median.
pub(crate) fn run() -> Result {
    let mut sizes = Vec::new();
    for folder in ["crates", "xtask"] {
        collect(&root().join(folder), &mut sizes)?;
    }
    sizes.sort();
    let median = sizes.get(sizes.len() / 2).map_or(0, |(lines, _)| *lines);
    println!("{} source files, median {median} lines", sizes.len());
    let long: Vec<_> = sizes
        .iter()
        .filter(|(lines, _)| *lines > LONGEST)
        .map(|(lines, name)| format!("{name} has {lines}"))
        .collect();
    if long.is_empty() {
        Ok(())
    } else {
        Err(format!("more than {LONGEST} lines: {}", long.join(", ")))
    }
}

fn collect(dir: &Path, sizes: &mut Vec<(usize, String)>) -> Result {
    let failed = |e: std::io::Error| format!("{}: {e}", dir.display());
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if path.is_dir() {
            if !matches!(name, "tests" | "target") {
                collect(&path, sizes)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs"
        {
            let text = std::fs::read_to_string(&path).map_err(failed)?;
            let shown = path
                .strip_prefix(root())
                .unwrap_or(&path)
                .display()
                .to_string();
            sizes.push((text.lines().count(), shown));
        }
    }
    Ok(())
}
