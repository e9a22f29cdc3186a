//! What one line of an event stream means, seen alone. No state lives here.

use std::time::Duration;

/// A field that the standard knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Data,
    Event,
    Id,
    Retry,
}

/// What the first bytes of a line say about the rest of it.
#[derive(Clone, Copy)]
pub(super) enum Header {
    /// A known field whose value starts at this offset of the line.
    Known(Field, usize),
    /// A comment or an unknown field: nothing of it is needed.
    Ignored,
    /// More bytes are needed; at most [`HEADER_MAX`] in all.
    Undecided,
}

/// The longest header: `retry:`, and the byte after it, which may be the space that is no part of the value.
const HEADER_MAX: usize = 7;

/// Reads the header of the line that `line` starts with. What follows the line may follow in `line`. `bare`: a name
/// without a colon counts, as a field with an empty value.
#[inline]
pub(super) fn header(line: &[u8], bare: bool) -> Header {
    // What nearly all lines start with, as one comparison.
    if line.starts_with(b"data: ") {
        return Header::Known(Field::Data, 6);
    }
    any_header(line, bare)
}

fn any_header(line: &[u8], bare: bool) -> Header {
    let (field, len, rest) = match line {
        [b'd', b'a', b't', b'a', rest @ ..] => (Field::Data, 4, rest),
        [b'e', b'v', b'e', b'n', b't', rest @ ..] => (Field::Event, 5, rest),
        [b'i', b'd', rest @ ..] => (Field::Id, 2, rest),
        [b'r', b'e', b't', b'r', b'y', rest @ ..] => (Field::Retry, 5, rest),
        start if is_start_of_name(start) => return Header::Undecided,
        _ => return Header::Ignored,
    };
    match rest {
        [] | [b':'] => Header::Undecided,
        [b':', b' ', ..] => Header::Known(field, len + 2),
        [b':', ..] => Header::Known(field, len + 1),
        [b'\n' | b'\r', ..] if bare => Header::Known(field, len),
        _ => Header::Ignored,
    }
}

/// Whether it is a part of a name, and not all of it.
fn is_start_of_name(line: &[u8]) -> bool {
    const LONGEST: usize = 4;
    line.len() <= LONGEST
        && [&b"data"[..], b"event", b"id", b"retry"]
            .iter()
            .any(|name| name.starts_with(line))
}

/// The bytes of an undecided header, for when the chunk ends in it.
#[derive(Clone, Copy)]
pub(super) struct HeaderStart {
    bytes: [u8; HEADER_MAX],
    len: usize,
}

impl HeaderStart {
    pub(super) fn new(line: &[u8]) -> Self {
        let mut start = Self {
            bytes: [0; HEADER_MAX],
            len: 0,
        };
        for byte in line {
            start.push(*byte);
        }
        start
    }

    pub(super) fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte;
            self.len += 1;
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
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
