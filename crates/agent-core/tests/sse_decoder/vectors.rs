//! The cases of `vectors/sse/whatwg.json`, each in three chunkings.

use std::time::Duration;

use agent_core::sse::Decoder;
use serde_json::Value;

use crate::{Outcome, Seen, decode};

const VECTORS: &str = include_str!("../vectors/sse/whatwg.json");

#[test]
fn every_case_of_the_standard_holds_in_every_chunking() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    assert_eq!(vectors["format"], "sse-vectors/1");
    let cases = vectors["cases"].as_array().unwrap();
    assert!(cases.len() >= 40, "only {} cases were found", cases.len());
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let chunks: Vec<Vec<u8>> = array(&case["chunks"])
            .map(|chunk| base64(chunk.as_str().unwrap()))
            .collect();
        let whole = chunks.concat();
        let as_given: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
        let expected = expected(&case["expect"]);
        for (how, chunks) in [
            ("as given", as_given),
            ("whole", vec![&whole[..]]),
            ("byte by byte", whole.chunks(1).collect()),
        ] {
            let mut outcome = decode(Decoder::new(), chunks);
            own_ids_agree(&outcome, name);
            outcome.frames.iter_mut().for_each(|frame| frame.id = None);
            assert_eq!(outcome, expected, "case {name}, {how}");
        }
    }
}

/// The vectors have the last event id of each frame; where a frame has one of its own, it is that.
fn own_ids_agree(outcome: &Outcome, case: &str) {
    let mut last = "";
    for frame in &outcome.frames {
        match &frame.id {
            Some(own) => assert_eq!(own, &frame.last_event_id, "case {case}"),
            // Unless a block without data has set it.
            None if case != "id-in-block-without-data" => {
                assert_eq!(last, frame.last_event_id, "case {case}");
            }
            None => {}
        }
        last = &frame.last_event_id;
    }
}

fn expected(expect: &Value) -> Outcome {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let frame = |event: &Value| Seen {
        event: text(&event["event"]),
        data: text(&event["data"]),
        id: None,
        last_event_id: text(&event["id"]),
    };
    Outcome {
        frames: array(&expect["events"]).map(frame).collect(),
        error: None,
        last_event_id: text(&expect["last_event_id"]),
        retry: expect["retry"].as_u64().map(Duration::from_millis),
    }
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

/// Standard base64 with padding.
fn base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let sextets: Vec<u32> = text
        .trim_end_matches('=')
        .bytes()
        .map(|byte| {
            ALPHABET
                .iter()
                .position(|letter| *letter == byte)
                .unwrap()
                .try_into()
                .unwrap()
        })
        .collect();
    let four = |four: &[u32]| {
        let bits = four.iter().fold(0, |bits, sextet| bits << 6 | sextet) << (6 * (4 - four.len()));
        bits.to_be_bytes()[1..four.len()].to_vec()
    };
    sextets.chunks(4).flat_map(four).collect()
}
