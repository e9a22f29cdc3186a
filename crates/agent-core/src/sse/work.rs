//! Linearity, counted: how many bytes the decoder searches for line ends, and how many it moves as buffers grow.

use std::cell::Cell;

use bytes::Bytes;

use super::Decoder;

thread_local! {
    static SEARCHED: Cell<usize> = const { Cell::new(0) };
    static MOVED: Cell<usize> = const { Cell::new(0) };
}

pub(super) fn count_searched(bytes: usize) {
    SEARCHED.set(SEARCHED.get() + bytes);
}

pub(super) fn count_moved(bytes: usize) {
    MOVED.set(MOVED.get() + bytes);
}

/// Decodes `stream` in chunks of `size` bytes; gives the frames, and the bytes searched and moved.
fn work(stream: &[u8], size: usize) -> (usize, usize, usize) {
    SEARCHED.set(0);
    MOVED.set(0);
    let mut decoder = Decoder::new();
    let mut frames = 0;
    for chunk in stream.chunks(size) {
        decoder.feed(Bytes::copy_from_slice(chunk));
        while decoder.next_frame().unwrap().is_some() {
            frames += 1;
        }
    }
    (frames, SEARCHED.get(), MOVED.get())
}

#[test]
fn each_byte_is_searched_for_line_ends_at_most_once_whatever_the_chunks() {
    let line = |field: &str, bytes: usize| format!("{field}{}\n", "x".repeat(bytes));
    let one_large = line("data: ", 300_000) + "\n";
    let many_lines = line("data: ", 20).repeat(5_000) + "\r\n";
    let many_blocks =
        "id: 7\r\nevent: token\r\n: comment\r\ndata: abc\r\ndata: def\r\nretry: 5\r\n\r\n"
            .repeat(2_000);
    let ignored = line(": ", 200_000) + &line("unknown: ", 100_000) + "data\n\n";
    let long_fields = line("event: ", 100_000) + &line("id: ", 100_000) + "data\n\n";
    let cases = [
        (one_large, 1),
        (many_lines, 1),
        (many_blocks, 2_000),
        (ignored, 1),
        (long_fields, 1),
    ];
    for (stream, expected) in &cases {
        for size in [1, 7, 64, 1_400, 16_384, stream.len()] {
            let (frames, searched, _) = work(stream.as_bytes(), size);
            assert_eq!(
                frames,
                *expected,
                "{} bytes in chunks of {size}",
                stream.len()
            );
            assert!(
                searched <= stream.len(),
                "{searched} of {} bytes were searched, in chunks of {size}",
                stream.len()
            );
        }
    }
}

#[test]
fn a_growing_buffer_moves_fewer_bytes_than_the_event_has() {
    for bytes in [1 << 20, 2 << 20, 4 << 20] {
        let stream = format!("data: {}\n\n", "x".repeat(bytes));
        for size in [64, 1_400, 65_536] {
            let (frames, _, moved) = work(stream.as_bytes(), size);
            assert_eq!(frames, 1);
            assert!(
                moved <= 2 * bytes,
                "{moved} bytes were moved for {bytes}, in chunks of {size}"
            );
        }
    }
}
