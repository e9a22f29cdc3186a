//! Any bytes in any chunks: the decoder and the reference decoder of the tests agree.
#![no_main]

#[path = "../../tests/sse_decoder/outcome.rs"]
mod outcome;
#[path = "../../tests/sse_decoder/reference.rs"]
mod reference;

use agent_core::sse::Decoder;
use libfuzzer_sys::fuzz_target;
use outcome::{Outcome, Seen, decode};

fuzz_target!(|input: (bool, u8, u8, u16, &[u8])| {
    let (unfinished, one, two, limit, stream) = input;
    let mut rest = stream;
    let mut chunks = Vec::new();
    for length in [one, two].into_iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (chunk, tail) = rest.split_at((usize::from(length) + 1).min(rest.len()));
        chunks.push(chunk);
        rest = tail;
    }
    let decoder = || Decoder::new().dispatch_unfinished(unfinished);
    let expected = reference::decode(stream, unfinished);
    assert_eq!(decode(decoder(), [stream]), expected, "whole");
    assert_eq!(
        decode(decoder(), chunks.iter().copied()),
        expected,
        "{one} and {two}"
    );

    let limited = || decoder().max_event_bytes(limit.into());
    assert_eq!(
        decode(limited(), chunks),
        decode(limited(), [stream]),
        "limit {limit}"
    );
});
