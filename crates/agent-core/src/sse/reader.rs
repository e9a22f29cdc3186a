//! The state of a stream: what line and block the bytes so far end in, and how more of them change that.

use std::time::Duration;

use bytes::Bytes;
use memchr::memchr;

use super::block::{Block, SMALL};
use super::decoder::TooLarge;
use super::frame::{Frame, Span};
use super::input::{Input, LineEnd};
use super::last_id::LastId;
use super::line::{self, Field, Header, HeaderStart, header};

mod pick_up;

pub(super) struct Reader {
    pub(super) limit: usize,
    pub(super) bare_names: bool,
    pub(super) phase: Phase,
    input: Input,
    line: Line,
    block: Block,
    /// The value so far of an `event`, `id` or `retry` line that goes on in the next chunk.
    value: Vec<u8>,
    pub(super) last_id: LastId,
    pub(super) retry: Option<Duration>,
}

/// A block with data that has ended.
enum Found {
    /// A small `data` line and nothing else, at this place of the chunk. Most blocks are like that, and none of them is
    /// ever stored.
    Small(Span),
    Stored,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    Finished,
    Failed,
}

/// Where in a line the chunk before ended.
#[derive(Clone, Copy)]
enum Line {
    /// At the begin of the stream, after so many bytes of a byte order mark.
    Bom(usize),
    Start,
    /// At the start, but a LF would still belong to the line before.
    AfterCr,
    Header(HeaderStart),
    Value(Field),
    /// In a line of which nothing is needed.
    Ignored,
}

impl Reader {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            bare_names: true,
            phase: Phase::Open,
            input: Input::default(),
            line: Line::Bom(0),
            block: Block::default(),
            value: Vec::new(),
            last_id: LastId::default(),
            retry: None,
        }
    }

    /// Begins a new stream, or ends with one; the last event id and the retry time stay.
    pub(super) fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.input.clear();
        self.line = Line::Bom(0);
        self.block.clear();
        self.value = Vec::new();
    }

    pub(super) fn push(&mut self, chunk: Bytes) {
        if self.phase == Phase::Open && !chunk.is_empty() {
            self.input.push(chunk);
        }
    }

    /// Bytes not read yet, and bytes held.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (
            self.input.rest().len(),
            self.block.held() + self.value.len(),
        )
    }

    /// Reads up to the end of a block with data, or of the chunk.
    // Inlined as far as here, so that the frame is made where it is used: moving it is dear.
    #[inline]
    pub(super) fn next_frame(&mut self) -> Result<Option<Frame>, TooLarge> {
        match self.next_block() {
            Ok(Some(Found::Small(data))) => {
                let data = data.of(self.input.chunk()).to_vec();
                Ok(Some(Frame::of_data(data)))
            }
            Ok(Some(Found::Stored)) => {
                Ok(Some(self.block.take_frame(&mut self.input, &self.last_id)))
            }
            Ok(None) => Ok(None),
            Err(too_large) => Err(too_large),
        }
    }

    fn next_block(&mut self) -> Result<Option<Found>, TooLarge> {
        if self.input.rest().is_empty() {
            return self.no_input();
        }
        if !matches!(self.line, Line::Start) {
            self.pick_up()?;
        }
        loop {
            match self.input.rest() {
                [] => break,
                [b'\n' | b'\r', ..] => {
                    self.pass_line_end(self.input.pos);
                    if self.block.end(self.input.chunk(), &mut self.last_id) {
                        return Ok(Some(Found::Stored));
                    }
                }
                line => match header(line, self.bare_names) {
                    Header::Known(Field::Data, offset) if self.block.is_empty() => {
                        if let Some(data) = self.read_first_data(self.input.pos + offset)? {
                            return Ok(Some(self.found(data)));
                        }
                    }
                    Header::Known(field, offset) => {
                        self.read_value(field, self.input.pos + offset)?;
                    }
                    Header::Ignored => self.ignore_line(),
                    Header::Undecided => {
                        self.line = Line::Header(HeaderStart::new(line));
                        self.input.skip_rest();
                    }
                },
            }
        }
        self.end_chunk();
        Ok(None)
    }

    /// Ends the last line and the block as if their ends had come. A block without data is dropped whole.
    pub(super) fn end_unfinished(&mut self) -> Result<Option<Frame>, TooLarge> {
        match std::mem::replace(&mut self.line, Line::Start) {
            Line::Header(mut start) => {
                start.push(b'\n');
                self.input.push(Bytes::copy_from_slice(start.bytes()));
                if let Header::Known(field, offset) = header(start.bytes(), self.bare_names) {
                    self.read_value(field, offset)?;
                }
            }
            Line::Value(field) => self.apply_value(field),
            Line::Bom(_) | Line::Start | Line::AfterCr | Line::Ignored => {}
        }
        if !self.block.has_data() || !self.block.end(self.input.chunk(), &mut self.last_id) {
            return Ok(None);
        }
        Ok(Some(self.block.take_frame(&mut self.input, &self.last_id)))
    }

    fn no_input(&mut self) -> Result<Option<Found>, TooLarge> {
        // A frame that was copied out of the end of the chunk has left it here.
        self.input.clear();
        match self.phase {
            Phase::Open | Phase::Finished => Ok(None),
            Phase::Failed => Err(TooLarge { limit: self.limit }),
        }
    }

    #[cold]
    fn too_large(&mut self) -> TooLarge {
        self.enter(Phase::Failed);
        TooLarge { limit: self.limit }
    }

    fn end_chunk(&mut self) {
        if !self.block.is_empty() {
            self.block.gather(self.input.chunk(), self.limit);
        }
        self.input.clear();
    }

    /// Reads the `data` line that begins a block, and whose value begins at `start`. If the block's end comes right
    /// after it, gives the data.
    #[inline]
    fn read_first_data(&mut self, start: usize) -> Result<Option<Span>, TooLarge> {
        let Some(end) = self.input.line_end(start) else {
            self.begin_value(Field::Data, start)?;
            return Ok(None);
        };
        let data = Span { start, end };
        if data.len() > self.limit {
            return Err(self.too_large());
        }
        if self.input.pass_blank_line(end) {
            return Ok(Some(data));
        }
        self.pass_line_end(end);
        self.block.add_data(self.input.chunk(), data, self.limit);
        Ok(None)
    }

    /// A block that is one `data` line, whose value is at `data` of the chunk.
    #[inline]
    fn found(&mut self, data: Span) -> Found {
        if data.len() <= SMALL && self.last_id.get().is_empty() {
            return Found::Small(data);
        }
        self.block.add_data(self.input.chunk(), data, self.limit);
        Found::Stored
    }

    /// Reads the rest of a line, whose value begins at `start`.
    fn read_value(&mut self, field: Field, start: usize) -> Result<(), TooLarge> {
        let Some(end) = self.input.line_end(start) else {
            return self.begin_value(field, start);
        };
        let span = Span { start, end };
        let joint = usize::from(field == Field::Data && self.block.has_data());
        if self.block.held() + joint + span.len() > self.limit {
            return Err(self.too_large());
        }
        self.pass_line_end(end);
        match field {
            Field::Data => self.block.add_data(self.input.chunk(), span, self.limit),
            field => apply(
                &mut self.block,
                &mut self.retry,
                field,
                span.of(self.input.chunk()),
                span,
            ),
        }
        Ok(())
    }

    fn ignore_line(&mut self) {
        if let Some(end) = self.input.line_end(self.input.pos) {
            self.pass_line_end(end);
        } else {
            self.input.skip_rest();
            self.line = Line::Ignored;
        }
    }

    #[inline]
    fn pass_line_end(&mut self, end: usize) {
        if self.input.pass_line_end(end) == LineEnd::MaybeHalf {
            self.line = Line::AfterCr;
        }
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
