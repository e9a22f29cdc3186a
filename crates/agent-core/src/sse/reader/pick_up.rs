//! Lines that are cut by the end of a chunk: what is held of them, and how the next chunk goes on.

use super::{Line, Reader, apply};
use crate::sse::decoder::TooLarge;
use crate::sse::frame::Span;
use crate::sse::line::{Field, Header, HeaderStart, header};

const BOM: &[u8] = b"\xEF\xBB\xBF";
/// How much of the buffer for held values is kept for the next one.
const VALUE_KEEP: usize = 1 << 10;

impl Reader {
    /// Begins a value at `start` that goes on in the next chunk.
    pub(super) fn begin_value(&mut self, field: Field, start: usize) -> Result<(), TooLarge> {
        self.block.gather(self.input.chunk(), self.limit);
        if field == Field::Data {
            self.block.open_data(self.limit);
        }
        self.hold(field, start)
    }

    /// Holds the rest of the chunk, from `start`, as a part of a value.
    #[inline]
    fn hold(&mut self, field: Field, start: usize) -> Result<(), TooLarge> {
        self.hold_part(field, self.input.span_from(start))?;
        self.input.skip_rest();
        self.line = Line::Value(field);
        Ok(())
    }

    #[inline]
    fn hold_part(&mut self, field: Field, part: Span) -> Result<(), TooLarge> {
        if self.block.held() + self.value.len() + part.len() > self.limit {
            return Err(self.too_large());
        }
        let part = part.of(self.input.chunk());
        match field {
            Field::Data => self.block.push_data(part, self.limit),
            Field::Event | Field::Id | Field::Retry => self.value.extend_from_slice(part),
        }
        Ok(())
    }

    /// Lets a line take effect whose value was held.
    pub(super) fn apply_value(&mut self, field: Field) {
        let span = Span {
            start: 0,
            end: self.value.len(),
        };
        apply(&mut self.block, &mut self.retry, field, &self.value, span);
        self.value.clear();
        self.value.shrink_to(VALUE_KEEP);
    }

    /// Goes on where the chunk before ended.
    pub(super) fn pick_up(&mut self) -> Result<(), TooLarge> {
        match std::mem::replace(&mut self.line, Line::Start) {
            Line::Start => {}
            Line::AfterCr => self.input.pass_lf(),
            Line::Bom(seen) => self.pick_up_bom(seen),
            Line::Header(start) => self.pick_up_header(start)?,
            Line::Value(field) => self.pick_up_value(field)?,
            Line::Ignored => self.ignore_line(),
        }
        Ok(())
    }

    fn pick_up_bom(&mut self, seen: usize) {
        let mark = BOM.get(seen..).unwrap_or_default();
        let chunk = self.input.chunk();
        if chunk.starts_with(mark) {
            self.input.pos = mark.len();
        } else if mark.starts_with(chunk) {
            self.line = Line::Bom(seen + chunk.len());
            self.input.skip_rest();
        } else if seen > 0 {
            // A part of the mark is the begin of the first line, whose field is then unknown.
            self.ignore_line();
        }
    }

    fn pick_up_header(&mut self, mut start: HeaderStart) -> Result<(), TooLarge> {
        while let Some(&byte) = self.input.rest().first() {
            start.push(byte);
            match header(start.bytes(), self.bare_names) {
                Header::Undecided => self.input.pos += 1,
                // The byte that decides it may be the end of the line.
                Header::Ignored => {
                    self.ignore_line();
                    return Ok(());
                }
                Header::Known(field, offset) => {
                    // The byte that decides it is the space that ends it, or the first one after it.
                    let value = self.input.pos + usize::from(offset == start.bytes().len());
                    return self.read_value(field, value);
                }
            }
        }
        self.line = Line::Header(start);
        Ok(())
    }

    #[inline]
    fn pick_up_value(&mut self, field: Field) -> Result<(), TooLarge> {
        let start = self.input.pos;
        let Some(end) = self.input.line_end(start) else {
            return self.hold(field, start);
        };
        self.hold_part(field, Span { start, end })?;
        self.pass_line_end(end);
        if field != Field::Data {
            self.apply_value(field);
        }
        Ok(())
    }
}
