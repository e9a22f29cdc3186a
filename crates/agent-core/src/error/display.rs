//! How an [`Error`] is printed: one line that answers what an engineer on call asks first.

use std::fmt::{self, Write as _};

use super::{Error, ErrorKind, Sent};

/// Longest message that is printed, in characters; the rest is cut.
const LONGEST: usize = 400;
/// The same for a code or an id: both are the server's to choose.
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
            if !message.contains(part) {
                f.write_str(if shown { " " } else { "" })?;
                write_cut(f, part, LONGEST_NAME)?;
                shown = true;
            }
        }
        if shown {
            f.write_str(": ")?;
        }
        write_cut(f, message, LONGEST)?;

        let mut facts = Facts { f, open: false };
        if let Some(id) = self.request_id() {
            facts.add(format_args!("request {}", Cut(id, LONGEST_NAME)))?;
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
        out.field("message", &Cut(self.message(), LONGEST));
        for (name, value) in [("code", self.code()), ("request_id", self.request_id())] {
            if let Some(value) = value {
                out.field(name, &Cut(value, LONGEST_NAME));
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
            out.field("source", &Cut(&source.to_string(), LONGEST));
        }
        out.finish_non_exhaustive()
    }
}

/// A text of the server's, in one line and no longer than that.
struct Cut<'a>(&'a str, usize);

impl fmt::Display for Cut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_cut(f, self.0, self.1)
    }
}

impl fmt::Debug for Cut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        write_cut(f, self.0, self.1)?;
        f.write_char('"')
    }
}

/// Writes `text` in one line: control characters and line separators become spaces, and what is too long is cut.
fn write_cut(f: &mut fmt::Formatter<'_>, text: &str, longest: usize) -> fmt::Result {
    let mut chars = text.trim_end().chars();
    let mut space = false;
    for c in chars.by_ref().take(longest) {
        let breaks = c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        let c = if breaks { ' ' } else { c };
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
