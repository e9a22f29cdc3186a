//! The chunk being read, and how far.

use bytes::Bytes;
use memchr::memchr2;

use super::frame::Span;

#[derive(Default)]
pub(super) struct Input {
    chunk: Bytes,
    /// What of the chunk was read. At most its length.
    pub(super) pos: usize,
}

/// How a line ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LineEnd {
    Whole,
    /// With a CR that is the last byte so far: a LF that comes next belongs to it.
    MaybeHalf,
}

impl Input {
    /// The whole chunk. It is what spans refer to.
    #[inline]
    pub(super) fn chunk(&self) -> &[u8] {
        &self.chunk
    }

    /// What is to be read.
    #[inline]
    pub(super) fn rest(&self) -> &[u8] {
        self.chunk.get(self.pos..).unwrap_or_default()
    }

    /// The rest, from `start`.
    pub(super) fn span_from(&self, start: usize) -> Span {
        Span {
            start,
            end: self.chunk.len(),
        }
    }

    pub(super) fn push(&mut self, chunk: Bytes) {
        if self.rest().is_empty() {
            *self = Self { chunk, pos: 0 };
        } else {
            // From the start of the old chunk: values that were found are at positions in it.
            self.chunk = [&self.chunk[..], &chunk[..]].concat().into();
        }
    }

    /// Goes to the end.
    pub(super) fn skip_rest(&mut self) {
        self.pos = self.chunk.len();
    }

    /// Gives a read chunk back: it may be a part of a larger buffer, which others wait for.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Gives the chunk to a frame. The last frame of a chunk gets it whole, which spares counting one more owner.
    #[inline]
    pub(super) fn share(&mut self) -> Bytes {
        if self.pos < self.chunk.len() {
            return self.chunk.clone();
        }
        self.pos = 0;
        std::mem::take(&mut self.chunk)
    }

    /// Where the line that is at `from` ends: the position of its LF or CR.
    #[inline]
    pub(super) fn line_end(&self, from: usize) -> Option<usize> {
        let rest = self.chunk.get(from..)?;
        let found = memchr2(b'\n', b'\r', rest);
        #[cfg(test)]
        super::work::count_searched(found.map_or(rest.len(), |found| found + 1));
        Some(from + found?)
    }

    /// Goes past the line end at `end`. A CR is one at once, whether or not a LF comes after it.
    #[inline]
    pub(super) fn pass_line_end(&mut self, end: usize) -> LineEnd {
        self.pos = end + 1;
        if self.chunk.get(end) == Some(&b'\r') {
            match self.chunk.get(end + 1) {
                Some(b'\n') => self.pos = end + 2,
                Some(_) => {}
                None => return LineEnd::MaybeHalf,
            }
        }
        LineEnd::Whole
    }

    /// Goes past a LF, if there is one.
    pub(super) fn pass_lf(&mut self) {
        self.pos += usize::from(self.rest().first() == Some(&b'\n'));
    }

    /// Goes past the line end at `end` and a blank line after it, if both are LFs.
    #[inline]
    pub(super) fn pass_blank_line(&mut self, end: usize) -> bool {
        let found = self
            .chunk
            .get(end..)
            .is_some_and(|rest| rest.starts_with(b"\n\n"));
        if found {
            self.pos = end + 2;
        }
        found
    }
}
