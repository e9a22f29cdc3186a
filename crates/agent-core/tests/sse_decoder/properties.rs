//! Any bytes, in any chunks: the decoder and the reference agree.

use agent_core::sse::Decoder;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::{decode, reference};

const CASES: u32 = 1_500;

/// Pieces that meet in all orders; bytes alone would hardly ever make a field.
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

fn stream() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(piece(), 0..40).prop_map(|pieces| pieces.concat())
}

/// Cuts by the lengths given, in turn.
fn cut<'a>(mut stream: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
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

/// The same cases on every run.
fn runner() -> TestRunner {
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]))
}

#[test]
fn any_bytes_in_any_chunks_give_what_the_standard_says() {
    let lengths = prop::collection::vec(prop_oneof![1..4_usize, 1..40_usize, 1..4_000_usize], 1..6);
    runner()
        .run(
            &(stream(), lengths, any::<bool>()),
            |(stream, lengths, unfinished)| {
                let expected = reference::decode(&stream, unfinished);
                let decoder = || Decoder::new().dispatch_unfinished(unfinished);
                prop_assert_eq!(&decode(decoder(), [&stream[..]]), &expected, "whole");
                prop_assert_eq!(
                    &decode(decoder(), stream.chunks(1)),
                    &expected,
                    "byte by byte"
                );
                prop_assert_eq!(
                    &decode(decoder(), cut(&stream, &lengths)),
                    &expected,
                    "cut by {:?}",
                    lengths
                );
                Ok(())
            },
        )
        .unwrap();
}

#[test]
fn a_limit_gives_the_same_frames_and_the_same_error_in_any_chunks() {
    let lengths = prop::collection::vec(1..40_usize, 1..6);
    runner()
        .run(
            &(stream(), lengths, 0..40_usize),
            |(stream, lengths, limit)| {
                let decoder = || {
                    Decoder::new()
                        .max_event_bytes(limit)
                        .dispatch_unfinished(true)
                };
                let whole = decode(decoder(), [&stream[..]]);
                prop_assert_eq!(&decode(decoder(), stream.chunks(1)), &whole, "byte by byte");
                prop_assert_eq!(
                    &decode(decoder(), cut(&stream, &lengths)),
                    &whole,
                    "cut by {:?}",
                    lengths
                );
                Ok(())
            },
        )
        .unwrap();
}
