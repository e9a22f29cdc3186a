//! Each test that `docs/security.md` names, as `crate::file::test`, exists.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../../docs/security.md");

/// What stands between backticks and has the form of a test's name: crate, file and function.
fn named(page: &str) -> BTreeSet<(&str, &str, &str)> {
    let code = page.split('`').skip(1).step_by(2);
    code.filter_map(|text| match *text.split("::").collect::<Vec<_>>() {
        [package, file, test] if package != "crate" => Some((package, file, test)),
        _ => None,
    })
    .collect()
}

/// The Rust files below `folder`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(path);
        }
    }
    all
}

/// Whether a file is `name`, or in a folder of that name.
fn is_called(file: &Path, name: &str) -> bool {
    file.with_extension("")
        .components()
        .any(|part| part.as_os_str() == name)
}

/// Whether `source` has a test of that name: a function right below an attribute that makes it one.
fn has_test(source: &str, test: &str) -> bool {
    let function = format!("fn {test}(");
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    lines.iter().enumerate().any(|(index, line)| {
        let begins = line.starts_with(&function) || line.starts_with(&format!("async {function}"));
        let above = lines.get(..index).unwrap_or_default();
        begins
            && above
                .iter()
                .rev()
                .take_while(|line| line.starts_with("#["))
                .any(|line| line.contains("test"))
    })
}

#[test]
fn each_test_that_the_security_page_names_exists() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let named = named(PAGE);
    assert!(named.len() > 50, "only {} tests are found", named.len());
    let mut missing = Vec::new();
    for (package, file, test) in named {
        let home = crates.join(package);
        let found = ["src", "tests"]
            .iter()
            .flat_map(|folder| sources(&home.join(folder)))
            .filter(|path| is_called(path.strip_prefix(&home).unwrap(), file))
            .any(|path| has_test(&std::fs::read_to_string(path).unwrap(), test));
        if !found {
            missing.push(format!("{package}::{file}::{test}"));
        }
    }
    assert!(
        missing.is_empty(),
        "docs/security.md names tests that are not there: {missing:#?}"
    );
}
