//! The table of operations.

use crate::rig;

/// The rows that the other test files walk are all rows there are.
#[test]
fn every_operation_of_the_table_is_tested_by_name_method_and_path() {
    let mut rows: Vec<(&str, &str, String)> = trelent_agents::ops::TABLE
        .iter()
        .map(|row| {
            let path = row
                .op
                .path
                .replace("{run_id}", "run_1")
                .replace("{checkpoint_id}", "ck_1")
                .replace("{name}", "KEY");
            (row.op.name, row.op.method.as_str(), path)
        })
        .collect();
    // The exchange that the client makes by itself is `tokens.create` on the wire; `auth.rs` has its tests.
    rows.retain(|(name, ..)| *name != "token");
    let tested: Vec<(&str, &str, String)> = rig::OPERATIONS
        .iter()
        .map(|op| (op.name, op.method, op.path.to_owned()))
        .collect();
    assert_eq!(tested, rows);
}

#[test]
fn the_readme_lists_every_operation_with_its_path() {
    let readme = include_str!("../../README.md");
    for row in trelent_agents::ops::TABLE {
        let line = format!("| `{} {}` |", row.op.method, row.op.path);
        let listed = readme
            .lines()
            .any(|l| l.starts_with(&format!("| `{}`", row.op.name)) && l.ends_with(&line));
        assert!(listed, "{} {line}", row.op.name);
    }
}
