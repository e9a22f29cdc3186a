//! Who knows one README finds their way in all of them.
#![allow(clippy::unwrap_used, missing_docs)]

/// The headings of each, in this order.
const HEADINGS: [&str; 12] = [
    "Quick start",
    "Usage",
    "Names of the npm package",
    "Defaults",
    "When something fails",
    "Paths",
    "Testing your own code",
    "Examples",
    "Features",
    "Not supported",
    "Where the facts come from",
    "License",
];

const READMES: [(&str, &str); 5] = [
    (
        "trelent-agents",
        include_str!("../../trelent-agents/README.md"),
    ),
    (
        "meistrari-agent-sdk",
        include_str!("../../meistrari-agent-sdk/README.md"),
    ),
    (
        "agentrouter-sdk",
        include_str!("../../agentrouter-sdk/README.md"),
    ),
    ("agent-os-sdk", include_str!("../../agent-os-sdk/README.md")),
    ("mentiora-sdk", include_str!("../../mentiora-sdk/README.md")),
];

#[test]
fn every_readme_has_the_same_headings() {
    for (name, text) in READMES {
        let headings: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .collect();
        assert_eq!(headings, HEADINGS, "{name}");
        assert!(
            text.contains("\nUnofficial"),
            "{name} does not say that it is unofficial"
        );
        assert!(
            text.contains("### What has no method"),
            "{name} does not show the raw door"
        );
    }
}
