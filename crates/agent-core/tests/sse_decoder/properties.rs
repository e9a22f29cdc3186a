//! Any bytes, in any chunks: the decoder and the reference agree.

use agent_core::sse::Decoder;
use properties::{check, cut, event_stream};
use proptest::prelude::*;

use crate::{decode, reference};

const CASES: u32 = 1_500;

#[test]
fn any_bytes_in_any_chunks_give_what_the_standard_says() {
    let lengths = prop::collection::vec(prop_oneof![1..4_usize, 1..40_usize, 1..4_000_usize], 1..6);
    let input = (event_stream(), lengths, any::<bool>());
    check(CASES, &input, |(stream, lengths, unfinished)| {
        let expected = reference::decode(&stream, unfinished);
        let decoder = || Decoder::new().dispatch_unfinished(unfinished);
        assert_eq!(decode(decoder(), [&stream[..]]), expected, "whole");
        assert_eq!(
            decode(decoder(), stream.chunks(1)),
            expected,
            "byte by byte"
        );
        let chunks = cut(&stream, &lengths);
        assert_eq!(decode(decoder(), chunks), expected, "cut by {lengths:?}");
    });
}

#[test]
fn a_limit_gives_the_same_frames_and_the_same_error_in_any_chunks() {
    let lengths = prop::collection::vec(1..40_usize, 1..6);
    let input = (event_stream(), lengths, 0..40_usize);
    check(CASES, &input, |(stream, lengths, limit)| {
        let decoder = || {
            Decoder::new()
                .max_event_bytes(limit)
                .dispatch_unfinished(true)
        };
        let whole = decode(decoder(), [&stream[..]]);
        assert_eq!(decode(decoder(), stream.chunks(1)), whole, "byte by byte");
        let chunks = cut(&stream, &lengths);
        assert_eq!(decode(decoder(), chunks), whole, "cut by {lengths:?}");
    });
}
