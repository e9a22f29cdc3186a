//! The block being read: which of its values are there, and where.
//!
//! As long as one chunk holds the whole block and one `data` line, values are positions in that chunk. Otherwise they
//! are gathered here, the data joined as it comes. Whether a value fits is the decoder's to check, before it is added.

use bytes::Bytes;

use super::frame::Span;

/// Gathered data up to this size is copied into an allocation of its own; the buffer is used again.
const COPY_MAX: usize = 4 << 10;
/// What the first allocation for a block may be because the one before was as large.
const EXPECT_MAX: usize = 64 << 10;

#[derive(Default)]
pub(super) struct Block {
    data: Option<Span>,
    event: Option<Span>,
    id: Option<Span>,
    /// The values are in the buffers below, the spans tell only that they are there and how long they are.
    gathered: bool,
    data_buffer: Vec<u8>,
    event_buffer: Vec<u8>,
    id_buffer: Vec<u8>,
    /// Size of the last large block, as a guess at the next one's.
    expected: usize,
}

/// The values of a complete block: a buffer and where they are in it.
pub(super) struct Parts {
    pub(super) bytes: Bytes,
    pub(super) data: Span,
    pub(super) event: Span,
    pub(super) id: Option<Span>,
}

impl Block {
    /// Nothing of the block has to be kept so far.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.data.is_none() && self.event.is_none() && self.id.is_none() && !self.gathered
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
        if self.data.is_none() && !self.gathered {
            self.data = Some(span);
        } else {
            self.gather(chunk, limit);
            self.open_data(limit);
            self.push_data(span.of(chunk), limit);
        }
    }

    /// Sets the event's name, which is `value`; it is at `span` of the chunk, unless values are gathered.
    pub(super) fn set_event(&mut self, value: &[u8], span: Span) {
        self.event = Some(span);
        if self.gathered {
            self.event_buffer.clear();
            self.event_buffer.extend_from_slice(value);
        }
    }

    /// Sets the id, in the same way.
    pub(super) fn set_id(&mut self, value: &[u8], span: Span) {
        self.id = Some(span);
        if self.gathered {
            self.id_buffer.clear();
            self.id_buffer.extend_from_slice(value);
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
    pub(super) fn push_data(&mut self, bytes: &[u8], limit: usize) {
        let buffer = &mut self.data_buffer;
        let needed = buffer.len() + bytes.len();
        if needed > buffer.capacity() {
            // Doubling, but not past the limit: `Vec` alone could take twice that.
            let target = (buffer.capacity() * 2)
                .max(self.expected)
                .min(limit)
                .max(needed);
            buffer.reserve_exact(target - buffer.len());
        }
        buffer.extend_from_slice(bytes);
        self.data = Some(Span {
            start: 0,
            end: buffer.len(),
        });
    }

    /// Moves the values out of `chunk`, because the block goes on in another one or needs joining.
    pub(super) fn gather(&mut self, chunk: &[u8], limit: usize) {
        if self.gathered {
            return;
        }
        self.gathered = true;
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

    /// The block's own id.
    #[inline]
    pub(super) fn id<'a>(&'a self, chunk: &'a [u8]) -> Option<&'a [u8]> {
        let id = self.id?;
        Some(if self.gathered {
            &self.id_buffer
        } else {
            id.of(chunk)
        })
    }

    /// Ends the block and gives its values, if it has data. `chunk` gives the buffer when nothing was gathered.
    #[inline]
    pub(super) fn take(&mut self, chunk: impl FnOnce() -> Bytes) -> Option<Parts> {
        let data = self.data.take();
        let event = self.event.take();
        let id = self.id.take();
        if self.gathered {
            self.gathered = false;
            let parts = data.map(|data| self.take_gathered(data, event, id));
            self.forget_buffers();
            return parts;
        }
        Some(Parts {
            data: data?,
            event: event.unwrap_or_default(),
            id,
            bytes: chunk(),
        })
    }

    fn take_gathered(&mut self, data: Span, event: Option<Span>, id: Option<Span>) -> Parts {
        let event = event.map_or_else(Span::default, |_| {
            append(&mut self.data_buffer, &self.event_buffer)
        });
        let id = id.map(|_| append(&mut self.data_buffer, &self.id_buffer));
        let buffer = &mut self.data_buffer;
        // A frame does not keep much more memory than it has bytes, however large the one before was.
        let bytes = if buffer.len() <= COPY_MAX || buffer.len() < buffer.capacity() / 2 {
            self.expected = 0;
            Bytes::copy_from_slice(buffer)
        } else {
            self.expected = buffer.len().min(EXPECT_MAX);
            Bytes::from(std::mem::take(buffer))
        };
        Parts {
            bytes,
            data,
            event,
            id,
        }
    }

    /// Drops the block.
    pub(super) fn clear(&mut self) {
        self.data = None;
        self.event = None;
        self.id = None;
        if self.gathered {
            self.gathered = false;
            self.forget_buffers();
        }
    }

    /// Keeps small buffers for the next block.
    fn forget_buffers(&mut self) {
        for buffer in [
            &mut self.data_buffer,
            &mut self.event_buffer,
            &mut self.id_buffer,
        ] {
            buffer.clear();
            buffer.shrink_to(COPY_MAX);
        }
    }
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
