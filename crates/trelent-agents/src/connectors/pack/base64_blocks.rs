//! Base64 text in blocks: bytes go in, finished blocks pile up, nothing is ever copied to make room.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// Size of a finished block: a multiple of four, so that no group of characters is cut.
const BLOCK: usize = 256 * 1024;

/// Encodes what is written (standard alphabet, padding, no line breaks).
#[derive(Default)]
pub(super) struct Base64Blocks {
    blocks: Vec<Bytes>,
    /// The block at work: its full size, of which `filled` bytes are text.
    block: Vec<u8>,
    filled: usize,
    /// Input that does not yet make a group of three.
    rest: [u8; 3],
    rest_len: usize,
}

impl Base64Blocks {
    /// Length of the text so far.
    pub(super) fn len(&self) -> u64 {
        (self.blocks.len() * BLOCK + self.filled) as u64
    }

    /// Encodes what is left, with padding, and gives the blocks.
    pub(super) fn finish(mut self) -> Vec<Bytes> {
        let rest = self.rest;
        self.encode(&rest[..self.rest_len]);
        if self.filled > 0 {
            self.block.truncate(self.filled);
            self.block.shrink_to_fit();
            self.blocks.push(self.block.into());
        }
        self.blocks
    }

    /// Encodes as much of `input` as the block at work has room for; gives how much that was. Only the last call of
    /// all may come with anything but whole groups of three.
    fn encode(&mut self, input: &[u8]) -> usize {
        if input.is_empty() {
            return 0;
        }
        if self.block.is_empty() {
            self.block = vec![0; BLOCK];
        }
        let room = (BLOCK - self.filled) / 4 * 3;
        let taken = input.len().min(room);
        let written = STANDARD
            .encode_slice(&input[..taken], &mut self.block[self.filled..])
            .unwrap_or(0);
        self.filled += written;
        if self.filled == BLOCK {
            self.blocks.push(std::mem::take(&mut self.block).into());
            self.filled = 0;
        }
        taken
    }
}

impl Write for Base64Blocks {
    fn write(&mut self, mut input: &[u8]) -> io::Result<usize> {
        let length = input.len();
        while self.rest_len > 0 && self.rest_len < 3 {
            let Some((first, tail)) = input.split_first() else {
                return Ok(length);
            };
            self.rest[self.rest_len] = *first;
            self.rest_len += 1;
            input = tail;
        }
        if self.rest_len == 3 {
            let group = self.rest;
            self.encode(&group);
            self.rest_len = 0;
        }
        let (mut whole, tail) = input.split_at(input.len() / 3 * 3);
        while !whole.is_empty() {
            let taken = self.encode(whole);
            whole = &whole[taken..];
        }
        self.rest[..tail.len()].copy_from_slice(tail);
        self.rest_len = tail.len();
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK, Base64Blocks};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use std::io::Write;

    #[test]
    fn blocks_together_are_the_base64_of_all_that_was_written() {
        let input: Vec<u8> = (0..BLOCK * 2)
            .map(|i| u8::try_from(i * 7 % 251).unwrap())
            .collect();
        for length in [
            0,
            1,
            2,
            3,
            4,
            BLOCK / 4 * 3 - 1,
            BLOCK / 4 * 3,
            BLOCK / 4 * 3 + 1,
            BLOCK * 2,
        ] {
            for step in [1, 2, 3, 1000, BLOCK * 2] {
                if step == 1 && length > BLOCK {
                    continue;
                }
                let mut out = Base64Blocks::default();
                for piece in input[..length].chunks(step) {
                    out.write_all(piece).unwrap();
                }
                let blocks = out.finish();
                assert!(
                    blocks
                        .iter()
                        .rev()
                        .skip(1)
                        .all(|block| block.len() == BLOCK)
                );
                assert!(blocks.iter().all(|block| !block.is_empty()));
                assert_eq!(
                    blocks.concat(),
                    STANDARD.encode(&input[..length]).as_bytes(),
                    "{length} bytes in steps of {step}"
                );
            }
        }
    }
}
