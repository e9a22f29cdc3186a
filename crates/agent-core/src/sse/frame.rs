//! One dispatched event.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::{Buf, Bytes};

#[cfg(feature = "simd")]
/// From how many bytes on SIMD validation is the faster one.
const SIMD_MIN: usize = 64;

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
/// The values of a small event are in memory of their own; those of a larger one are in the chunk that it arrived in,
/// uncopied: copy out what is to be kept for long. Cloning copies what is not in a chunk.
///
/// Text is decoded when it is asked for: bytes that are not UTF-8 become U+FFFD, as the standard has it.
///
/// `Debug` shows the event's name and sizes, never its data or ids.
// Three words, because a frame is moved several times on its way out. The spare values of the vector's capacity let an
// `Option` or `Result` of a frame be as large as the frame.
#[derive(Clone)]
pub struct Frame(Content);

#[derive(Clone)]
enum Content {
    /// `data` in memory of its own, and nothing else: what most frames are.
    Data(Vec<u8>),
    Parts(Box<Parts>),
}

#[derive(Clone)]
struct Parts {
    buffer: Buffer,
    spans: Spans,
    /// The last event id, if it is not this frame's own and not empty.
    last_id: Option<Arc<Vec<u8>>>,
}

/// Where the values of a block are.
#[derive(Clone, Copy)]
pub(super) struct Spans {
    pub(super) data: Span,
    pub(super) event: Option<Span>,
    pub(super) id: Option<Span>,
}

/// The bytes of a frame.
#[derive(Clone)]
pub(super) enum Buffer {
    /// The values and nothing else.
    Own(Vec<u8>),
    /// The chunk.
    Shared(Bytes),
}

impl Buffer {
    #[inline]
    fn get(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl Frame {
    /// A frame that has only data.
    #[inline]
    pub(super) fn of_data(data: Vec<u8>) -> Self {
        Self(Content::Data(data))
    }

    /// A frame of any kind. `last_id` is the one of an earlier block.
    #[inline]
    pub(super) fn of_parts(buffer: Buffer, spans: Spans, last_id: Option<Arc<Vec<u8>>>) -> Self {
        Self(Content::Parts(Box::new(Parts {
            buffer,
            spans,
            last_id,
        })))
    }

    fn parts(&self) -> Option<&Parts> {
        match &self.0 {
            Content::Data(_) => None,
            Content::Parts(parts) => Some(parts),
        }
    }

    /// Type of the event: the last `event` field, or `message` when there is none or it is empty.
    pub fn event(&self) -> Cow<'_, str> {
        let value = self.parts().and_then(|parts| {
            let event = parts.spans.event?;
            Some(event.of(parts.buffer.get()))
        });
        match value {
            Some(name) if !name.is_empty() => text(name),
            _ => Cow::Borrowed("message"),
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
        match &self.0 {
            Content::Data(data) => data,
            Content::Parts(parts) => parts.spans.data.of(parts.buffer.get()),
        }
    }

    /// The same as [`data_bytes`](Self::data_bytes), without a copy. It may keep the whole chunk that the event
    /// arrived in.
    pub fn into_data(self) -> Bytes {
        let parts = match self.0 {
            Content::Data(data) => return data.into(),
            Content::Parts(parts) => parts,
        };
        let mut bytes = match parts.buffer {
            Buffer::Own(bytes) => Bytes::from(bytes),
            Buffer::Shared(bytes) => bytes,
        };
        bytes.truncate(parts.spans.data.end);
        bytes.advance(parts.spans.data.start.min(bytes.len()));
        bytes
    }

    /// The event's own `id` field. `None` when it has none; one that contains NUL does not count.
    pub fn id(&self) -> Option<Cow<'_, str>> {
        let parts = self.parts()?;
        Some(text(parts.spans.id?.of(parts.buffer.get())))
    }

    /// The last event id when the event was dispatched: its own, else that of an earlier block. Empty when there was
    /// none.
    pub fn last_event_id(&self) -> Cow<'_, str> {
        let earlier = self.parts().and_then(|parts| parts.last_id.as_deref());
        match (self.id(), earlier) {
            (Some(own), _) => own,
            (None, Some(earlier)) => text(earlier),
            (None, None) => Cow::Borrowed(""),
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// A name longer than any real one is cut: it is the server's to choose.
        const NAME_MAX: usize = 64;
        let name: String = self.event().chars().take(NAME_MAX).collect();
        let id = self.parts().and_then(|parts| parts.spans.id);
        f.debug_struct("Frame")
            .field("event", &name)
            .field("data_bytes", &self.data_bytes().len())
            .field("id_bytes", &id.map(Span::len))
            .finish_non_exhaustive()
    }
}

/// Decodes with replacement. The standard decodes the stream before it looks for lines; CR, LF, `:` and space are
/// never part of a longer sequence, so that a value decoded alone gives the same text.
#[inline]
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    // Not `from_utf8_lossy` at once: it looks at each byte, the others take many at a time.
    match valid(bytes) {
        Some(text) => Cow::Borrowed(text),
        None => String::from_utf8_lossy(bytes),
    }
}

#[inline]
fn valid(bytes: &[u8]) -> Option<&str> {
    #[cfg(feature = "simd")]
    if bytes.len() >= SIMD_MIN {
        return simdutf8::basic::from_utf8(bytes).ok();
    }
    std::str::from_utf8(bytes).ok()
}
