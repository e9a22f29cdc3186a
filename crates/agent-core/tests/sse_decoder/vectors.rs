//! The cases of `vectors/sse`, cut in every way.

use std::time::Duration;

use agent_core::sse::Decoder;
use serde_json::Value;

use crate::{Outcome, Seen, decode, reference};

const WHATWG: &str = include_str!("../vectors/sse/whatwg.json");
const EDGES: &str = include_str!("../vectors/sse/edges.json");

#[test]
fn every_case_of_the_standard_holds_in_every_chunking() {
    for (vectors, least) in [(WHATWG, 40), (EDGES, 80)] {
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        assert_eq!(vectors["format"], "sse-vectors/1");
        let cases = vectors["cases"].as_array().unwrap();
        assert!(
            cases.len() >= least,
            "only {} cases were found",
            cases.len()
        );
        cases.iter().for_each(holds);
    }
}

fn holds(case: &Value) {
    let name = case["name"].as_str().unwrap();
    let chunks: Vec<Vec<u8>> = array(&case["chunks"])
        .map(|chunk| base64(chunk.as_str().unwrap()))
        .collect();
    let whole = chunks.concat();
    let expected = expected(&case["expect"]);
    // The vectors do not tell a frame's own id.
    let ids = own_ids(&reference::decode(&whole, false));
    let check = |how: &str, chunks: Vec<&[u8]>| {
        let mut outcome = decode(Decoder::new(), chunks);
        assert_eq!(own_ids(&outcome), ids, "own ids of case {name}, {how}");
        outcome.frames.iter_mut().for_each(|frame| frame.id = None);
        assert_eq!(outcome, expected, "case {name}, {how}");
    };
    check("as given", chunks.iter().map(Vec::as_slice).collect());
    check("whole", vec![&whole]);
    check("byte by byte", whole.chunks(1).collect());
    if whole.len() < 4_000 {
        for at in 1..whole.len() {
            let (first, second) = whole.split_at(at);
            check(&format!("cut at {at}"), vec![first, second]);
        }
    }
}

fn own_ids(outcome: &Outcome) -> Vec<Option<String>> {
    let frames = outcome.frames.iter();
    frames.map(|frame| frame.id.clone()).collect()
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
