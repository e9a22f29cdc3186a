//! How an [`Error`] is printed: one line that answers what an engineer on call asks first.

use std::fmt::{self, Write as _};

use super::{Error, ErrorKind, Sent};

/// Longest message that is printed, in characters; the rest is cut.
const LONGEST: usize = 400;

/// Longest code or request id that is printed, in characters.
const LONGEST_NAME: usize = 100;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.operation().is_empty() {
            write!(f, "{}: ", self.operation())?;
        }
        let message = self.message();
        let status = self.status().map(|status| status.to_string());
        let prefix = [status.as_deref(), self.code()];
        let mut shown = false;
        for part in prefix.into_iter().flatten() {
            if !part.is_empty() && !says(message, part) {
                write!(
                    f,
                    "{}{}",
                    if shown { " " } else { "" },
                    Line(part, LONGEST_NAME)
                )?;
                shown = true;
            }
        }
        if shown && !message.trim().is_empty() {
            f.write_str(": ")?;
        }
        Line(message, LONGEST).fmt(f)?;

        let mut facts = Facts { f, open: false };
        if let Some(id) = self.request_id() {
            facts.add(format_args!("request {}", Line(id, LONGEST_NAME)))?;
        }
        if let Some(cursor) = self.cursor() {
            facts.add(format_args!("after event {cursor}"))?;
        }
        match self.attempts() {
            0 => {}
            1 => facts.add(format_args!("1 attempt"))?,
            n => facts.add(format_args!("{n} attempts"))?,
        }
        if let Some(after) = self.retry_after() {
            facts.add(format_args!("retry after {} ms", after.as_millis()))?;
        }
        if self.kind() != ErrorKind::Config {
            match self.sent() {
                Sent::Never => facts.add(format_args!("not sent"))?,
                Sent::Maybe => facts.add(format_args!("may have been sent"))?,
                Sent::Yes => {}
            }
        }
        facts.close()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Error");
        out.field("kind", &self.kind());
        if !self.operation().is_empty() {
            out.field("operation", &self.operation());
        }
        out.field("message", &Line(self.message(), LONGEST));
        for (name, value) in [("code", self.code()), ("request_id", self.request_id())] {
            if let Some(value) = value {
                out.field(name, &Line(value, LONGEST_NAME));
            }
        }
        if let Some(response) = self.response() {
            out.field("response", response);
        }
        if let Some(cursor) = self.cursor() {
            out.field("cursor", &cursor);
        }
        out.field("sent", &self.sent())
            .field("attempts", &self.attempts());
        if let Some(source) = std::error::Error::source(self) {
            out.field("source", &Line(&source.to_string(), LONGEST));
        }
        out.finish_non_exhaustive()
    }
}

/// Whether `text` has `word` in it, and not just as a part of a longer word or number.
fn says(text: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
    })
}

/// A text in one line: what breaks or turns a line becomes a space, and what is too long is cut.
struct Line<'a>(&'a str, usize);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut chars = self.0.trim().chars();
        let mut space = false;
        for c in chars.by_ref().take(self.1) {
            let c = if breaks_lines(c) { ' ' } else { c };
            if !(c == ' ' && space) {
                f.write_char(c)?;
            }
            space = c == ' ';
        }
        match chars.count() {
            0 => Ok(()),
            rest => write!(f, "… ({rest} more characters)"),
        }
    }
}

impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Control characters, and Unicode's own for lines and for the direction of writing.
fn breaks_lines(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Facts in parentheses behind the message, separated by commas.
struct Facts<'a, 'b> {
    f: &'a mut fmt::Formatter<'b>,
    open: bool,
}

impl Facts<'_, '_> {
    fn add(&mut self, fact: fmt::Arguments<'_>) -> fmt::Result {
        self.f.write_str(if self.open { ", " } else { " (" })?;
        self.open = true;
        self.f.write_fmt(fact)
    }

    fn close(self) -> fmt::Result {
        if self.open {
            self.f.write_char(')')?;
        }
        Ok(())
    }
}
