//! Event streams, and their chunks.

use proptest::prelude::*;

/// Pieces of event streams that meet in all orders; bytes alone would hardly ever make a field.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let fixed: &[&[u8]] = &[
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\r\n\r\n",
        b":",
        b" ",
        b"data",
        b"data:",
        b"data: ",
        b"event",
        b"event: ",
        b"id",
        b"id:",
        b"id: ",
        b"retry: ",
        b"retry: 15",
        b"dat",
        b"ev",
        b"\xEF\xBB\xBF",
        b"\xEF\xBB",
        b"\xEF",
        b"\0",
        b"7",
        b"99999999999999999999999",
        b"\xF0\x9F\x92\xA1",
        b"\xF0\x9F",
        b"\xFF",
        b"\xE2\x80\xA8",
        b"\xC2\x85",
        b"x",
    ];
    prop_oneof![
        12 => prop::sample::select(fixed).prop_map(<[u8]>::to_vec),
        2 => prop::collection::vec(any::<u8>(), 0..8),
        // Larger than what is copied out of a chunk, and than what is copied out of the decoder's buffer.
        1 => (0..6_000_usize).prop_map(|len| vec![b'y'; len]),
    ]
}

/// Any event stream, valid and not: all line ends, fields whole and broken, byte order marks, NUL, invalid UTF-8.
pub fn event_stream() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.concat())
}

/// Cuts `stream` into chunks by the lengths given, in turn.
pub fn cut<'a>(mut stream: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut chunks = Vec::new();
    for length in lengths.iter().cycle() {
        if stream.is_empty() {
            break;
        }
        let (chunk, rest) = stream.split_at((*length).min(stream.len()));
        chunks.push(chunk);
        stream = rest;
    }
    chunks
}
