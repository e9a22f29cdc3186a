//! What one line of an event stream means, seen alone. No state lives here.

use std::time::Duration;

use memchr::memchr2;

/// A field that the standard knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Data,
    Event,
    Id,
    Retry,
}

/// What the first bytes of a line say about the rest of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// A known field whose value starts at this offset of the line.
    Known(Field, usize),
    /// A comment or an unknown field: nothing of it is needed.
    Ignored,
    /// More bytes are needed; at most [`HEADER_MAX`] in all.
    Undecided,
}

/// The longest header: `retry:`, and the byte after it, which may be the space that is no part of the value.
pub(super) const HEADER_MAX: usize = 7;

/// Reads the header of the line that `line` starts with. What follows the line may follow in `line`. `bare`: a name
/// without a colon counts, as a field with an empty value.
#[inline]
pub(super) fn header(line: &[u8], bare: bool) -> Header {
    let (field, name): (Field, &[u8]) = match line.first() {
        Some(b'd') => (Field::Data, b"data"),
        Some(b'e') => (Field::Event, b"event"),
        Some(b'i') => (Field::Id, b"id"),
        Some(b'r') => (Field::Retry, b"retry"),
        Some(_) => return Header::Ignored,
        None => return Header::Undecided,
    };
    match line.strip_prefix(name) {
        Some([] | [b':']) => Header::Undecided,
        Some([b':', b' ', ..]) => Header::Known(field, name.len() + 2),
        Some([b':', ..]) => Header::Known(field, name.len() + 1),
        Some([b'\n' | b'\r', ..]) if bare => Header::Known(field, name.len()),
        None if name.starts_with(line) => Header::Undecided,
        Some(_) | None => Header::Ignored,
    }
}

/// Where the line that is at `from` ends: the position of its LF or CR.
#[inline]
pub(super) fn line_end(bytes: &[u8], from: usize) -> Option<usize> {
    let found = memchr2(b'\n', b'\r', bytes.get(from..)?)?;
    Some(from + found)
}

/// The value of a `retry` field, if it is one: only ASCII digits, at least one.
pub(super) fn retry(value: &[u8]) -> Option<Duration> {
    if value.is_empty() {
        return None;
    }
    let millis = value.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        Some(sum.saturating_mul(10).saturating_add(digit))
    })?;
    Some(Duration::from_millis(millis))
}
