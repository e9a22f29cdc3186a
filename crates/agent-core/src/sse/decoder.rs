//! The decoder: chunks in, frames out.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use super::frame::{Frame, text};
use super::reader::{Phase, Reader};

const DEFAULT_MAX_EVENT_BYTES: usize = 16 << 20;

/// An event is larger than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event is larger than the limit of {limit} bytes")]
#[non_exhaustive]
pub struct TooLarge {
    /// The limit, in bytes; see [`Decoder::max_event_bytes`].
    pub limit: usize,
}

/// An incremental decoder of event streams.
///
/// Hand it a chunk with [`feed`](Self::feed), pull frames with [`next_frame`](Self::next_frame) until there is none,
/// and so on; at the end of the input call [`finish`](Self::finish). The same bytes give the same frames, however they
/// are cut into chunks, and a frame is given out with the byte that completes it.
///
/// ```
/// use agent_core::sse::Decoder;
/// use bytes::Bytes;
///
/// let mut decoder = Decoder::new();
/// let mut seen = Vec::new();
/// for chunk in ["id: 7\ndata: he", "llo\n\n: ping\n\nevent: done\ndata\n\n"] {
///     decoder.feed(Bytes::from(chunk));
///     while let Some(frame) = decoder.next_frame()? {
///         seen.push((frame.event().into_owned(), frame.data().into_owned()));
///     }
/// }
/// assert!(decoder.finish()?.is_none());
/// assert_eq!(seen, [("message".into(), "hello".into()), ("done".into(), String::new())]);
/// assert_eq!(decoder.last_event_id(), "7");
/// # Ok::<(), agent_core::sse::TooLarge>(())
/// ```
pub struct Decoder {
    reader: Reader,
    dispatch_unfinished: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder that allows 16 MiB per event and drops an unfinished last block, as the standard has it.
    pub fn new() -> Self {
        Self {
            reader: Reader::new(DEFAULT_MAX_EVENT_BYTES),
            dispatch_unfinished: false,
        }
    }

    /// Sets the largest event: the bytes of its `data` (with the LFs that join its lines), `event` and `id`, each
    /// line counted before it is known whether it takes effect. Default 16 MiB.
    ///
    /// Comments and unknown fields do not count, as they are not kept. A larger event is the error [`TooLarge`], as
    /// soon as its first byte too many has arrived. The decoder holds at most about twice as much memory.
    pub fn max_event_bytes(mut self, bytes: usize) -> Self {
        self.reader.limit = bytes;
        self
    }

    /// Sets whether a last block without its blank line is dispatched by [`finish`](Self::finish), if it has data. Its
    /// last line counts even without a line end. Default `false`: the standard drops such a block.
    pub fn dispatch_unfinished(mut self, yes: bool) -> Self {
        self.dispatch_unfinished = yes;
        self
    }

    /// Sets whether a line that is a field's name without a colon counts, as a field with an empty value. Default
    /// `true`, as the standard has it; some vendors' clients ignore such lines.
    pub fn bare_names(mut self, yes: bool) -> Self {
        self.reader.bare_names = yes;
        self
    }

    /// Hands over the next bytes of the stream. Call [`next_frame`](Self::next_frame) until it gives `None` before
    /// the next chunk; otherwise what is left has to be copied.
    ///
    /// After [`finish`](Self::finish) or an error the chunk is ignored.
    pub fn feed(&mut self, chunk: Bytes) {
        self.reader.push(chunk);
    }

    /// The next frame of the bytes so far; `None` when it needs more of them.
    ///
    /// Fails when an event is larger than the limit. The decoder can not go on then: it gives the same error until it
    /// is [`reset`](Self::reset).
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame>, TooLarge> {
        self.reader.next_frame()
    }

    /// Ends the input. Gives frames of bytes that were not pulled yet, then the unfinished last block if it is to be
    /// dispatched, then `None`.
    ///
    /// Only for a clean end: of a stream that broke off, an unfinished block is not to be trusted.
    pub fn finish(&mut self) -> Result<Option<Frame>, TooLarge> {
        if let Some(frame) = self.next_frame()? {
            return Ok(Some(frame));
        }
        let last = if self.dispatch_unfinished {
            self.reader.end_unfinished()?
        } else {
            None
        };
        self.reader.enter(Phase::Finished);
        Ok(last)
    }

    /// The last event id: the `id` of the last complete block that had one, also if it had no data. Empty when there
    /// was none.
    pub fn last_event_id(&self) -> Cow<'_, str> {
        text(self.reader.last_id.get())
    }

    /// The last valid `retry` field: how long the server wants clients to wait before they reconnect.
    pub fn retry(&self) -> Option<Duration> {
        self.reader.retry
    }

    /// Gets ready for the bytes of a new connection: forgets the input so far and any error, but keeps the last event
    /// id and the `retry` value.
    ///
    /// An event without an `id` on the new connection has the id of the connection before. (Read to the letter the
    /// standard would have it be empty, and the position in the stream be lost.)
    pub fn reset(&mut self) {
        self.reader.enter(Phase::Open);
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unread, held) = self.reader.sizes();
        f.debug_struct("Decoder")
            .field("max_event_bytes", &self.reader.limit)
            .field("dispatch_unfinished", &self.dispatch_unfinished)
            .field("unread_bytes", &unread)
            .field("held_bytes", &held)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
