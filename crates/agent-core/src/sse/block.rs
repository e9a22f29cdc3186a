//! The block being read: which of its values are there, and where.
//!
//! As long as one chunk holds the whole block and one `data` line, values are positions in that chunk. Otherwise they
//! are gathered here, the data joined as it comes. Whether a value fits is the reader's to check, before it is added.

use super::frame::{Buffer, Frame, Span, Spans};
use super::input::Input;
use super::last_id::LastId;

/// A block of up to this size is copied out of its chunk. That costs less than to count one more owner of the chunk,
/// and does not keep the chunk for the sake of a few bytes.
pub(super) const SMALL: usize = 1024;
/// So much of a buffer is kept for the next block.
const KEEP: usize = 4 << 10;
/// What the first allocation for a block may be because the one before was as large.
const EXPECT_MAX: usize = 256 << 10;

#[derive(Default)]
pub(super) struct Block {
    place: Place,
    data: Option<Span>,
    event: Option<Span>,
    id: Option<Span>,
    data_buffer: Vec<u8>,
    event_buffer: Vec<u8>,
    id_buffer: Vec<u8>,
    /// Size of the last gathered block, as a guess at the next one's.
    expected: usize,
}

/// Where the values are that a block has so far.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    /// There are none.
    #[default]
    Nowhere,
    /// In the chunk, at the spans.
    Chunk,
    /// In the block's buffers; the spans tell only that they are there and how long they are.
    Buffers,
}

impl Block {
    /// Nothing of the block has to be kept so far.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.place == Place::Nowhere
    }

    #[inline]
    pub(super) fn has_data(&self) -> bool {
        self.data.is_some()
    }

    /// Bytes that have to be kept so far.
    #[inline]
    pub(super) fn held(&self) -> usize {
        let len = |span: Option<Span>| span.map_or(0, Span::len);
        len(self.data) + len(self.event) + len(self.id)
    }

    /// Adds a whole `data` line, whose value is at `span` of `chunk`.
    #[inline]
    pub(super) fn add_data(&mut self, chunk: &[u8], span: Span, limit: usize) {
        if self.data.is_none() && self.place != Place::Buffers {
            self.data = Some(span);
            self.place = Place::Chunk;
        } else {
            self.gather(chunk, limit);
            self.open_data(limit);
            self.push_data(span.of(chunk), limit);
        }
    }

    /// Sets the event's name, which is `value`; it is at `span` of the chunk, unless values are gathered.
    pub(super) fn set_event(&mut self, value: &[u8], span: Span) {
        self.event = Some(span);
        if self.place == Place::Buffers {
            self.event_buffer.clear();
            self.event_buffer.extend_from_slice(value);
        } else {
            self.place = Place::Chunk;
        }
    }

    /// Sets the id, in the same way.
    pub(super) fn set_id(&mut self, value: &[u8], span: Span) {
        self.id = Some(span);
        if self.place == Place::Buffers {
            self.id_buffer.clear();
            self.id_buffer.extend_from_slice(value);
        } else {
            self.place = Place::Chunk;
        }
    }

    /// Begins a `data` line of a gathered block.
    pub(super) fn open_data(&mut self, limit: usize) {
        if self.data.is_some() {
            self.push_data(b"\n", limit);
        } else {
            self.data = Some(Span::default());
        }
    }

    /// Adds to the `data` line that was begun.
    #[inline]
    pub(super) fn push_data(&mut self, bytes: &[u8], limit: usize) {
        let buffer = &mut self.data_buffer;
        let needed = buffer.len() + bytes.len();
        if needed > buffer.capacity() {
            grow(buffer, needed, self.expected, limit);
        }
        buffer.extend_from_slice(bytes);
        self.data = Some(Span {
            start: 0,
            end: buffer.len(),
        });
    }

    /// Moves the values out of `chunk`, because the block goes on in another one or needs joining.
    #[inline]
    pub(super) fn gather(&mut self, chunk: &[u8], limit: usize) {
        if self.place != Place::Buffers {
            self.move_to_buffers(chunk, limit);
        }
    }

    fn move_to_buffers(&mut self, chunk: &[u8], limit: usize) {
        self.place = Place::Buffers;
        self.data_buffer.clear();
        self.event_buffer.clear();
        self.id_buffer.clear();
        if let Some(data) = self.data {
            self.push_data(data.of(chunk), limit);
        }
        if let Some(event) = self.event {
            self.event_buffer.extend_from_slice(event.of(chunk));
        }
        if let Some(id) = self.id {
            self.id_buffer.extend_from_slice(id.of(chunk));
        }
    }

    /// Ends the block and sets the last event id. Tells whether there is data, and so a frame to take; if not, the
    /// block is dropped.
    pub(super) fn end(&mut self, chunk: &[u8], last_id: &mut LastId) -> bool {
        if let Some(id) = self.id {
            last_id.set(if self.place == Place::Buffers {
                &self.id_buffer
            } else {
                id.of(chunk)
            });
        }
        if self.data.is_none() {
            self.clear();
        }
        self.data.is_some()
    }

    /// The frame of a block that has ended.
    pub(super) fn take_frame(&mut self, input: &mut Input, last_id: &LastId) -> Frame {
        let last_id = if self.id.is_some() {
            None
        } else {
            last_id.share()
        };
        let (buffer, spans) = if self.place == Place::Buffers {
            self.take_gathered()
        } else if self.held() <= SMALL {
            self.copy_small(input.chunk())
        } else {
            let spans = Spans {
                data: self.data.unwrap_or_default(),
                event: self.event,
                id: self.id,
            };
            self.clear();
            return Frame::of_parts(Buffer::Shared(input.share()), spans, last_id);
        };
        self.clear();
        if spans.event.is_none() && spans.id.is_none() && last_id.is_none() {
            Frame::of_data(buffer)
        } else {
            Frame::of_parts(Buffer::Own(buffer), spans, last_id)
        }
    }

    /// The values, copied out of `chunk`, and where they are now.
    fn copy_small(&self, chunk: &[u8]) -> (Vec<u8>, Spans) {
        let mut buffer = Vec::with_capacity(self.held());
        let spans = Spans {
            data: append(&mut buffer, self.data.unwrap_or_default().of(chunk)),
            event: self.event.map(|event| append(&mut buffer, event.of(chunk))),
            id: self.id.map(|id| append(&mut buffer, id.of(chunk))),
        };
        (buffer, spans)
    }

    /// The values that were gathered, in one buffer, and where they are now.
    fn take_gathered(&mut self) -> (Vec<u8>, Spans) {
        let buffer = &mut self.data_buffer;
        let spans = Spans {
            data: Span {
                start: 0,
                end: buffer.len(),
            },
            event: self.event.map(|_| append(buffer, &self.event_buffer)),
            id: self.id.map(|_| append(buffer, &self.id_buffer)),
        };
        self.expected = buffer.len().min(EXPECT_MAX);
        if buffer.len() <= SMALL || buffer.len() < buffer.capacity() / 2 {
            // A frame does not keep much more memory than it has bytes, however large the one before was.
            return (buffer.clone(), spans);
        }
        (std::mem::take(buffer), spans)
    }

    /// Drops the block.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.data = None;
        self.event = None;
        self.id = None;
        if self.place == Place::Buffers {
            self.clear_buffers();
        }
        self.place = Place::Nowhere;
    }

    /// Keeps small buffers for the next block.
    fn clear_buffers(&mut self) {
        for buffer in [
            &mut self.data_buffer,
            &mut self.event_buffer,
            &mut self.id_buffer,
        ] {
            buffer.clear();
            if buffer.capacity() > KEEP {
                buffer.shrink_to(KEEP);
            }
        }
    }
}

/// Doubles a buffer, but not past the limit: left alone, `Vec` could take twice that.
#[cold]
fn grow(buffer: &mut Vec<u8>, needed: usize, expected: usize, limit: usize) {
    #[cfg(test)]
    super::work::count_moved(buffer.len());
    let target = (buffer.capacity() * 2).max(expected).min(limit).max(needed);
    buffer.reserve_exact(target - buffer.len());
}

fn append(buffer: &mut Vec<u8>, value: &[u8]) -> Span {
    let start = buffer.len();
    buffer.reserve_exact(value.len());
    buffer.extend_from_slice(value);
    Span {
        start,
        end: buffer.len(),
    }
}
