//! Compares what happened with what a vector expects. Pure: no clock, no network, no vendor.

use std::fmt;

use serde_json::Value;

pub mod json;
pub mod outcome;
pub mod printed;
pub mod request;
pub mod time;
pub mod url;
pub mod waits;

/// One difference between a vector and what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: the request or result, then the JSON pointer in it.
    pub at: String,
    /// What the vector expects there.
    pub expected: String,
    /// What was there.
    pub actual: String,
}

impl Difference {
    /// A difference at `at`.
    pub fn new(
        at: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Self {
        Self {
            at: at.into(),
            expected: expected.into(),
            actual: actual.into(),
        }
    }

    /// The same difference, further in.
    pub fn within(mut self, outer: &str) -> Self {
        let separator = if self.at.is_empty() || self.at.starts_with('/') {
            ""
        } else {
            " "
        };
        self.at = format!("{outer}{separator}{}", self.at);
        self
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {}", self.at)?;
        writeln!(f, "    expected  {}", indent(&self.expected))?;
        write!(f, "    got       {}", indent(&self.actual))
    }
}

fn indent(text: &str) -> String {
    text.replace('\n', "\n              ")
}

/// A value as a diff shows it: compact, and cut when it is long.
pub fn shown(value: &Value) -> String {
    cut(&value.to_string())
}

/// A text as a diff shows it: cut when it is long.
pub fn cut(text: &str) -> String {
    const LIMIT: usize = 600;
    match text.char_indices().nth(LIMIT) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text.to_owned(),
    }
}
