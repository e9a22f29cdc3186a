//! One dispatched event.

use std::borrow::Cow;
use std::fmt;

use bytes::{Buf, Bytes};

/// A part of a buffer.
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    #[inline]
    pub(super) fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start..self.end).unwrap_or_default()
    }

    #[inline]
    pub(super) fn len(self) -> usize {
        self.end - self.start
    }
}

/// One event of an event stream, as it was dispatched.
///
/// It is one buffer and positions in it; cloning it copies no bytes. Text is decoded when it is asked for: bytes that
/// are not UTF-8 become U+FFFD, as the standard has it.
///
/// The buffer is often the whole chunk that the event arrived in. Copy out what is to be kept for long.
///
/// `Debug` shows the event's name and sizes, never its data or ids.
#[derive(Clone)]
pub struct Frame {
    pub(super) bytes: Bytes,
    pub(super) data: Span,
    /// Empty when there is no `event` field.
    pub(super) event: Span,
    pub(super) id: Option<Span>,
    /// The last event id, if it is not this frame's own and not empty.
    pub(super) sticky: Option<Bytes>,
}

impl Frame {
    /// Type of the event: the last `event` field, or `message` when there is none or it is empty.
    pub fn event(&self) -> Cow<'_, str> {
        match self.event.of(&self.bytes) {
            [] => Cow::Borrowed("message"),
            name => text(name),
        }
    }

    /// The values of the `data` fields, joined by LF. Borrowed when they are valid UTF-8; checked on every call.
    #[inline]
    pub fn data(&self) -> Cow<'_, str> {
        text(self.data_bytes())
    }

    /// The values of the `data` fields, joined by LF, as they arrived.
    #[inline]
    pub fn data_bytes(&self) -> &[u8] {
        self.data.of(&self.bytes)
    }

    /// The same as [`data_bytes`](Self::data_bytes), without a copy. It may keep the whole chunk alive that the event
    /// arrived in.
    pub fn into_data(mut self) -> Bytes {
        self.bytes.truncate(self.data.end);
        self.bytes.advance(self.data.start.min(self.bytes.len()));
        self.bytes
    }

    /// The event's own `id` field. `None` when it has none; one that contains NUL does not count.
    pub fn id(&self) -> Option<Cow<'_, str>> {
        self.id.map(|id| text(id.of(&self.bytes)))
    }

    /// The last event id when the event was dispatched: its own, else that of an earlier block. Empty when there was
    /// none.
    pub fn last_event_id(&self) -> Cow<'_, str> {
        match (self.id, &self.sticky) {
            (Some(id), _) => text(id.of(&self.bytes)),
            (None, Some(id)) => text(id),
            (None, None) => Cow::Borrowed(""),
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// A name longer than any real one is cut: it is the server's to choose.
        const NAME_MAX: usize = 64;
        let name: String = self.event().chars().take(NAME_MAX).collect();
        f.debug_struct("Frame")
            .field("event", &name)
            .field("data_bytes", &self.data.len())
            .field("id_bytes", &self.id.map(Span::len))
            .finish_non_exhaustive()
    }
}

/// Decodes with replacement. The standard decodes the stream before it looks for lines; CR, LF, `:` and space are
/// never part of a longer sequence, so that a value decoded alone gives the same text.
#[inline]
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    // Not `from_utf8_lossy` at once: it looks at each byte, where `from_utf8` takes ASCII by the word.
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}
