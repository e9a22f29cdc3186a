//! What the tests of several crates share.
//!
//! Here live [`check`], which runs a property with the same cases on every run, strategies for JSON, event streams and
//! damaged text, and [`Log`], which keeps what a test logs. What must hold is beside the code it is about.

// A property that fails ends its test.
#![allow(clippy::panic)]

use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

mod json;
mod log;
mod stream;

pub use json::{json, object};
pub use log::{LevelFilter, Log};
pub use stream::{cut, event_stream};

/// The variable that sets how many cases each property tries.
pub const CASES: &str = "PROPTEST_CASES";

/// How many cases a property that tries `usual` has to try: as many as `PROPTEST_CASES` says, if it is set.
pub fn cases(usual: u32) -> u32 {
    let asked = std::env::var(CASES).ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Calls `property`, which panics if it does not hold, with `usual` cases or as many as asked for; the same on every
/// run.
///
/// # Panics
///
/// With the smallest input found for which the property does not hold.
pub fn check<S>(usual: u32, input: &S, property: impl Fn(S::Value))
where
    S: Strategy,
    S::Value: Debug,
{
    let config = Config {
        cases: cases(usual),
        failure_persistence: None,
        ..Config::default()
    };
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let outcome = TestRunner::new_with_rng(config, seed).run(input, |value| {
        property(value);
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("keep this input as a test of its own:\n{failure}");
    }
}

/// Any text, with the characters that are special somewhere more often than others.
pub fn text() -> impl Strategy<Value = String> {
    const SPECIAL: &[char] = &[
        '/',
        '\\',
        '.',
        '%',
        '?',
        '#',
        '&',
        '=',
        '+',
        ' ',
        ':',
        ';',
        ',',
        '@',
        '"',
        '\'',
        '<',
        '{',
        '}',
        '[',
        ']',
        '|',
        '^',
        '`',
        '~',
        '!',
        '*',
        '(',
        '-',
        '_',
        '\0',
        '\t',
        '\r',
        '\n',
        '\x1B',
        '\x7F',
        '\u{85}',
        '\u{2028}',
        '\u{202E}',
        '\u{FEFF}',
        '\u{FFFD}',
        '\u{10FFFF}',
        'é',
        'a',
        '0',
        '2',
        'e',
        'F',
    ];
    let char = prop_oneof![
        3 => prop::sample::select(SPECIAL),
        1 => any::<char>(),
    ];
    prop_oneof![
        8 => prop::collection::vec(char, 0..24).prop_map(String::from_iter),
        1 => prop::sample::select(&["", ".", "..", "%2e", "%2E%2e", "...", "//", "/.", "%00"][..])
            .prop_map(str::to_owned),
        1 => "[a-zA-Z0-9_-]{1,40}",
    ]
}

/// Damages `text`: bytes are changed, removed, doubled or added at a few places, or its end is cut off.
pub fn damaged(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "\"",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "-1",
        "1e400",
        "\\ud83d",
        "\\u0000",
        "\\",
        "\"type\":",
        "\u{FEFF}",
        "9999999999999999999999",
        "{}",
        "[]",
        " ",
        "\n",
    ];
    let change = (
        any::<prop::sample::Index>(),
        0..6_usize,
        prop::sample::select(PIECES),
    );
    (text, prop::collection::vec(change, 0..4), 0..10_u8).prop_map(|(text, changes, cut)| {
        let mut chars: Vec<char> = text.chars().collect();
        for (place, length, piece) in changes {
            let start = place.index(chars.len() + 1);
            let end = (start + length).min(chars.len());
            chars.splice(start..end, piece.chars());
        }
        if cut == 0 {
            chars.truncate(chars.len() / 2);
        }
        chars.into_iter().collect()
    })
}
