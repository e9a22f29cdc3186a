//! One dispatched event.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::{Buf, Bytes};

#[cfg(feature = "simd")]
/// From how many bytes on SIMD validation is the faster one.
const SIMD_MIN: usize = 256;

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
/// It is one buffer and positions in it. The values of a small event are in a buffer of their own; that of a larger
/// one is the chunk that it arrived in, uncopied: copy out what is to be kept for long. Cloning copies at most a few
/// KiB.
///
/// Text is decoded when it is asked for: bytes that are not UTF-8 become U+FFFD, as the standard has it.
///
/// `Debug` shows the event's name and sizes, never its data or ids.
#[derive(Clone)]
pub struct Frame {
    pub(super) buffer: Buffer,
    pub(super) data: Span,
    pub(super) extra: Extra,
}

/// The bytes of a frame.
#[derive(Clone)]
pub(super) enum Buffer {
    /// The values, if there are few bytes of them.
    Own(Box<[u8]>),
    /// The chunk, or many bytes of values.
    Shared(Bytes),
}

impl Buffer {
    #[inline]
    pub(super) fn get(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

/// What a frame may have besides data. Apart, because a frame is moved several times on its way out, and most have
/// nothing of it. An enum, because its spare values let an `Option` or `Result` of a frame be as large as the frame, so
/// that unwrapping moves nothing.
#[derive(Clone)]
pub(super) enum Extra {
    /// No fields, and no last event id.
    Nothing,
    /// No fields; the last event id is this one.
    LastId(Arc<Vec<u8>>),
    Fields(Box<Fields>),
}

/// The fields of a block other than `data`, as places in the frame's buffer.
#[derive(Clone)]
pub(super) struct Fields {
    /// Empty when there is no `event` field.
    pub(super) event: Span,
    pub(super) id: Option<Span>,
    /// The last event id, if it is not this frame's own and not empty.
    pub(super) last_id: Option<Arc<Vec<u8>>>,
}

impl Frame {
    /// Type of the event: the last `event` field, or `message` when there is none or it is empty.
    pub fn event(&self) -> Cow<'_, str> {
        match &self.extra {
            Extra::Fields(fields) if fields.event.len() > 0 => {
                text(fields.event.of(self.buffer.get()))
            }
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
        self.data.of(self.buffer.get())
    }

    /// The same as [`data_bytes`](Self::data_bytes), without a copy. It may keep the whole chunk that the event
    /// arrived in.
    pub fn into_data(self) -> Bytes {
        let mut bytes = match self.buffer {
            Buffer::Own(bytes) => Bytes::from(bytes),
            Buffer::Shared(bytes) => bytes,
        };
        bytes.truncate(self.data.end);
        bytes.advance(self.data.start.min(bytes.len()));
        bytes
    }

    /// The event's own `id` field. `None` when it has none; one that contains NUL does not count.
    pub fn id(&self) -> Option<Cow<'_, str>> {
        Some(text(self.own_id()?.of(self.buffer.get())))
    }

    /// The last event id when the event was dispatched: its own, else that of an earlier block. Empty when there was
    /// none.
    pub fn last_event_id(&self) -> Cow<'_, str> {
        match &self.extra {
            Extra::Nothing => Cow::Borrowed(""),
            Extra::LastId(id) => text(id),
            Extra::Fields(fields) => match (fields.id, &fields.last_id) {
                (Some(id), _) => text(id.of(self.buffer.get())),
                (None, Some(id)) => text(id),
                (None, None) => Cow::Borrowed(""),
            },
        }
    }

    fn own_id(&self) -> Option<Span> {
        match &self.extra {
            Extra::Nothing | Extra::LastId(_) => None,
            Extra::Fields(fields) => fields.id,
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
            .field("id_bytes", &self.own_id().map(Span::len))
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
