//! The decoder: chunks in, frames out.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use memchr::memchr;

use super::block::{Block, Parts};
use super::frame::{Frame, Span, text};
use super::last_id::LastId;
use super::line::{self, Field, HEADER_MAX, Header, header, line_end};

const DEFAULT_MAX_EVENT_BYTES: usize = 16 << 20;
/// What a decoder keeps of a buffer for `event` or `id` values.
const VALUE_KEEP: usize = 1 << 10;
const BOM: &[u8] = b"\xEF\xBB\xBF";

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
    limit: usize,
    dispatch_unfinished: bool,
    bare_names: bool,
    phase: Phase,
    chunk: Bytes,
    /// What of `chunk` was read.
    pos: usize,
    line: Line,
    /// The last line ended with the last byte so far, a CR: a LF that comes next belongs to it.
    skip_lf: bool,
    block: Block,
    /// The value so far of an `event`, `id` or `retry` line that goes on in the next chunk.
    value: Vec<u8>,
    last_id: LastId,
    retry: Option<Duration>,
}

#[derive(Clone, Copy)]
enum Phase {
    Open,
    Finished,
    Failed,
}

/// How far the current line was read in earlier chunks.
#[derive(Clone, Copy)]
enum Line {
    /// The stream begins; so many bytes of a byte order mark were seen.
    Bom(usize),
    Start,
    /// In the header: its bytes so far, and how many.
    Header([u8; HEADER_MAX], usize),
    Value(Field),
    /// In a line of which nothing is needed.
    Skip,
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
            limit: DEFAULT_MAX_EVENT_BYTES,
            dispatch_unfinished: false,
            bare_names: true,
            phase: Phase::Open,
            chunk: Bytes::new(),
            pos: 0,
            line: Line::Bom(0),
            skip_lf: false,
            block: Block::default(),
            value: Vec::new(),
            last_id: LastId::new(),
            retry: None,
        }
    }

    /// Sets the largest event: the bytes of its `data` (with the LFs that join its lines), `event` and `id`, each
    /// line counted before it is known whether it takes effect. Default 16 MiB.
    ///
    /// Comments and unknown fields do not count, as they are not kept. A larger event is the error [`TooLarge`], as
    /// soon as its first byte too many has arrived. The decoder holds at most about twice as much memory.
    pub fn max_event_bytes(mut self, bytes: usize) -> Self {
        self.limit = bytes;
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
        self.bare_names = yes;
        self
    }

    /// Hands over the next bytes of the stream. Call [`next_frame`](Self::next_frame) until it gives `None` before
    /// the next chunk; otherwise what is left has to be copied.
    ///
    /// After [`finish`](Self::finish) or an error the chunk is ignored.
    pub fn feed(&mut self, chunk: Bytes) {
        if !matches!(self.phase, Phase::Open) || chunk.is_empty() {
            return;
        }
        let left = self.chunk.get(self.pos..).unwrap_or_default();
        if left.is_empty() {
            self.chunk = chunk;
            self.pos = 0;
        } else {
            // Values that were found are at positions of the old chunk.
            let mut joined = Vec::with_capacity(self.chunk.len() + chunk.len());
            joined.extend_from_slice(&self.chunk);
            joined.extend_from_slice(&chunk);
            self.chunk = Bytes::from(joined);
        }
    }

    /// The next frame of the bytes so far; `None` when it needs more of them.
    ///
    /// Fails when an event is larger than the limit. The decoder can not go on then: it gives the same error until it
    /// is [`reset`](Self::reset).
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame>, TooLarge> {
        if self.chunk.is_empty() {
            return self.check();
        }
        let result = self.read();
        if result.is_err() {
            self.stop(Phase::Failed);
        }
        result
    }

    /// Ends the input. Gives frames of bytes that were not pulled yet, then the unfinished last block if it is to be
    /// dispatched, then `None`.
    ///
    /// Only for a clean end: of a stream that broke off, an unfinished block is not to be trusted.
    pub fn finish(&mut self) -> Result<Option<Frame>, TooLarge> {
        if let Some(frame) = self.next_frame()? {
            return Ok(Some(frame));
        }
        if matches!(self.phase, Phase::Finished) {
            return Ok(None);
        }
        let result = if self.dispatch_unfinished {
            self.end_unfinished()
        } else {
            Ok(None)
        };
        self.stop(if result.is_ok() {
            Phase::Finished
        } else {
            Phase::Failed
        });
        result
    }

    /// The last event id: the `id` of the last complete block that had one, also if it had no data. Empty when there
    /// was none.
    pub fn last_event_id(&self) -> Cow<'_, str> {
        text(self.last_id.get())
    }

    /// The last valid `retry` field: how long the server wants clients to wait before they reconnect.
    pub fn retry(&self) -> Option<Duration> {
        self.retry
    }

    /// Gets ready for the bytes of a new connection: forgets the input so far and any error, but keeps the last event
    /// id and the `retry` value.
    ///
    /// An event without an `id` on the new connection has the id of the connection before. (Read to the letter the
    /// standard would have it be empty, and the position in the stream be lost.)
    pub fn reset(&mut self) {
        self.stop(Phase::Open);
    }

    fn check(&self) -> Result<Option<Frame>, TooLarge> {
        match self.phase {
            Phase::Open | Phase::Finished => Ok(None),
            Phase::Failed => Err(self.too_large()),
        }
    }

    fn too_large(&self) -> TooLarge {
        TooLarge { limit: self.limit }
    }

    fn stop(&mut self, phase: Phase) {
        self.phase = phase;
        self.chunk = Bytes::new();
        self.pos = 0;
        self.line = Line::Bom(0);
        self.skip_lf = false;
        self.block.clear();
        self.value = Vec::new();
    }

    /// Reads the chunk up to the end of a block that is dispatched, or to its own end.
    fn read(&mut self) -> Result<Option<Frame>, TooLarge> {
        if !matches!(self.line, Line::Start) || self.skip_lf {
            self.pick_up()?;
        }
        loop {
            match self.chunk.get(self.pos..).unwrap_or_default() {
                [] => break,
                [b'\n' | b'\r', ..] => {
                    self.end_line(self.pos);
                    if let Some(frame) = self.end_block() {
                        return Ok(Some(frame));
                    }
                }
                line => match header(line, self.bare_names) {
                    Header::Known(field, offset) => self.read_value(field, self.pos + offset)?,
                    Header::Ignored => self.skip_line(),
                    Header::Undecided => {
                        let mut start = [0; HEADER_MAX];
                        start
                            .iter_mut()
                            .zip(line)
                            .for_each(|(to, from)| *to = *from);
                        self.line = Line::Header(start, line.len());
                        self.pos = self.chunk.len();
                    }
                },
            }
        }
        if !self.block.is_empty() {
            self.block.gather(&self.chunk, self.limit);
        }
        // A chunk is not kept while waiting for the next: it may be a part of a larger buffer.
        self.chunk = Bytes::new();
        self.pos = 0;
        Ok(None)
    }

    /// Goes on where the chunk before ended: within a line, or between CR and LF.
    fn pick_up(&mut self) -> Result<(), TooLarge> {
        if self.skip_lf {
            self.skip_lf = false;
            self.pos += usize::from(self.chunk.first() == Some(&b'\n'));
        }
        match self.line {
            Line::Start => {}
            Line::Bom(seen) => self.pick_up_bom(seen),
            Line::Header(start, len) => self.pick_up_header(start, len)?,
            Line::Value(field) => self.pick_up_value(field)?,
            Line::Skip => self.skip_line(),
        }
        Ok(())
    }

    fn pick_up_bom(&mut self, seen: usize) {
        let rest = BOM.get(seen..).unwrap_or_default();
        if let Some(after) = self.chunk.strip_prefix(rest) {
            self.pos = self.chunk.len() - after.len();
            self.line = Line::Start;
        } else if rest.starts_with(&self.chunk) {
            self.pos = self.chunk.len();
            self.line = Line::Bom(seen + self.chunk.len());
        } else if seen == 0 {
            self.line = Line::Start;
        } else {
            // The first line begins with a part of the mark, so that its field is unknown.
            self.skip_line();
        }
    }

    fn pick_up_header(
        &mut self,
        mut start: [u8; HEADER_MAX],
        mut len: usize,
    ) -> Result<(), TooLarge> {
        while let (Some(&byte), Some(slot)) = (self.chunk.get(self.pos), start.get_mut(len)) {
            *slot = byte;
            len += 1;
            match header(start.get(..len).unwrap_or_default(), self.bare_names) {
                Header::Undecided => self.pos += 1,
                // The byte that decides may be the end of the line.
                Header::Ignored => {
                    self.skip_line();
                    return Ok(());
                }
                Header::Known(field, offset) => {
                    // It decides by not being part of the header, or by being the space that ends it.
                    return self.read_value(field, self.pos + usize::from(offset == len));
                }
            }
        }
        self.line = Line::Header(start, len);
        Ok(())
    }

    fn pick_up_value(&mut self, field: Field) -> Result<(), TooLarge> {
        let end = line_end(&self.chunk, self.pos);
        let part = Span {
            start: self.pos,
            end: end.unwrap_or(self.chunk.len()),
        };
        self.hold(field, part)?;
        match end {
            None => self.pos = self.chunk.len(),
            Some(end) => {
                self.end_line(end);
                if field != Field::Data {
                    self.apply_held(field);
                }
            }
        }
        Ok(())
    }

    /// Keeps a part of the value of a line that goes on in the next chunk.
    fn hold(&mut self, field: Field, part: Span) -> Result<(), TooLarge> {
        if self.block.held() + self.value.len() + part.len() > self.limit {
            return Err(self.too_large());
        }
        let part = part.of(&self.chunk);
        match field {
            Field::Data => self.block.push_data(part, self.limit),
            Field::Event | Field::Id | Field::Retry => self.value.extend_from_slice(part),
        }
        Ok(())
    }

    /// Reads the rest of a line, whose value begins at `start` of the chunk.
    #[inline]
    fn read_value(&mut self, field: Field, start: usize) -> Result<(), TooLarge> {
        let end = line_end(&self.chunk, start);
        let span = Span {
            start,
            end: end.unwrap_or(self.chunk.len()),
        };
        let joint = usize::from(field == Field::Data && self.block.has_data());
        if self.block.held() + joint + span.len() > self.limit {
            return Err(self.too_large());
        }
        if let Some(end) = end {
            self.end_line(end);
            match field {
                Field::Data => self.block.add_data(&self.chunk, span, self.limit),
                field => apply(
                    &mut self.block,
                    &mut self.retry,
                    field,
                    span.of(&self.chunk),
                    span,
                ),
            }
            return Ok(());
        }
        self.pos = self.chunk.len();
        self.line = Line::Value(field);
        self.block.gather(&self.chunk, self.limit);
        if field == Field::Data {
            self.block.open_data(self.limit);
        }
        self.hold(field, span)
    }

    /// Lets an `event`, `id` or `retry` line take effect that came in several chunks.
    fn apply_held(&mut self, field: Field) {
        let span = Span {
            start: 0,
            end: self.value.len(),
        };
        apply(&mut self.block, &mut self.retry, field, &self.value, span);
        self.value.clear();
        self.value.shrink_to(VALUE_KEEP);
    }

    fn skip_line(&mut self) {
        match line_end(&self.chunk, self.pos) {
            Some(end) => self.end_line(end),
            None => {
                self.pos = self.chunk.len();
                self.line = Line::Skip;
            }
        }
    }

    /// Goes past the line end at `end`. A CR is one at once, whether or not a LF comes after it.
    #[inline]
    fn end_line(&mut self, end: usize) {
        self.line = Line::Start;
        self.pos = end + 1;
        if self.chunk.get(end) == Some(&b'\r') {
            match self.chunk.get(end + 1) {
                Some(b'\n') => self.pos = end + 2,
                Some(_) => {}
                None => self.skip_lf = true,
            }
        }
    }

    #[inline]
    fn end_block(&mut self) -> Option<Frame> {
        if let Some(id) = self.block.id(&self.chunk) {
            self.last_id.set(id);
        }
        let (chunk, pos) = (&mut self.chunk, &mut self.pos);
        let Parts {
            bytes,
            data,
            event,
            id,
        } = self.block.take(|| {
            if *pos < chunk.len() {
                return chunk.clone();
            }
            *pos = 0;
            std::mem::take(chunk)
        })?;
        let sticky = if id.is_some() {
            None
        } else {
            self.last_id.share()
        };
        Some(Frame {
            bytes,
            data,
            event,
            id,
            sticky,
        })
    }

    /// Ends the last line and the block as if their ends had come. A block without data is dropped whole.
    fn end_unfinished(&mut self) -> Result<Option<Frame>, TooLarge> {
        match self.line {
            Line::Header(mut start, len) => {
                if let Some(slot) = start.get_mut(len) {
                    *slot = b'\n';
                }
                // No value has begun, so that only a `data` or an empty `event` or `id` can be in it.
                self.chunk = Bytes::copy_from_slice(start.get(..=len).unwrap_or_default());
                if let Header::Known(field, offset) = header(&self.chunk, self.bare_names) {
                    self.block.gather(&[], self.limit);
                    self.read_value(field, offset)?;
                }
            }
            Line::Value(field) => {
                self.apply_held(field);
            }
            Line::Bom(_) | Line::Start | Line::Skip => {}
        }
        Ok(if self.block.has_data() {
            self.end_block()
        } else {
            None
        })
    }
}

/// Lets an `event`, `id` or `retry` line take effect; its value is at `span` of the chunk, unless values are gathered.
#[inline]
fn apply(block: &mut Block, retry: &mut Option<Duration>, field: Field, value: &[u8], span: Span) {
    match field {
        Field::Event => block.set_event(value, span),
        Field::Id if memchr(0, value).is_none() => block.set_id(value, span),
        Field::Retry => *retry = line::retry(value).or(*retry),
        Field::Id | Field::Data => {}
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("max_event_bytes", &self.limit)
            .field("dispatch_unfinished", &self.dispatch_unfinished)
            .field("unread_bytes", &(self.chunk.len() - self.pos))
            .field("held_bytes", &(self.block.held() + self.value.len()))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
