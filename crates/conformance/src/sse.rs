//! The cases of the event-stream decoder: bytes in, events and state out, in three ways of cutting the bytes.
//!
//! The calls into the decoder itself are in `sse/decoder.rs`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::Value;

use crate::compare::Difference;
use crate::compare::json::{Rule, differences};

mod decoder;

/// Decodes the chunks up to the end of the stream: `{"events": […], "last_event_id": …, "retry": …}`.
pub type Decode = fn(&[Bytes]) -> Result<Value, String>;

/// The decoder of the core crate.
pub const DECODER: Decode = decoder::decode;

/// Replays one case: as it is cut, in one piece, and byte by byte.
pub fn replay(decode: Decode, case: &Value) -> Vec<Difference> {
    let chunks = match chunks(case) {
        Ok(chunks) => chunks,
        Err(reason) => return vec![Difference::new("chunks", "a list of base64", reason)],
    };
    let whole = Bytes::from(chunks.concat());
    let bytes = (0..whole.len()).map(|at| whole.slice(at..=at)).collect();
    let mut found = Vec::new();
    for (way, chunks) in [
        ("as cut:", chunks),
        ("in one piece:", vec![whole]),
        ("byte by byte:", bytes),
    ] {
        match decode(&chunks) {
            Ok(actual) => {
                let here = differences(Rule::Exact, &case["expect"], &actual).into_iter();
                found.extend(here.map(|difference| difference.within("decoded").within(way)));
            }
            Err(reason) => found.push(Difference::new(way, "no error", reason)),
        }
    }
    found
}

fn chunks(case: &Value) -> Result<Vec<Bytes>, String> {
    let chunks = case["chunks"].as_array().ok_or("no list")?;
    chunks
        .iter()
        .map(|chunk| {
            let text = chunk.as_str().ok_or("no text")?;
            let bytes = STANDARD.decode(text).map_err(|error| error.to_string())?;
            Ok(Bytes::from(bytes))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Not a decoder: an event per byte `x`, and nothing else.
    fn counting(chunks: &[Bytes]) -> Result<Value, String> {
        let bytes = chunks.concat();
        if bytes.contains(&b'!') {
            return Err("a bang".to_owned());
        }
        let events = bytes.split(|byte| *byte == b'x').count() - 1;
        Ok(json!({"events": events, "last_event_id": chunks.len(), "retry": null}))
    }

    #[test]
    fn all_three_ways_are_compared() {
        let case = |text: &str, expect: Value| json!({"chunks": [STANDARD.encode(text)], "expect": expect});
        let one = case("x", json!({"events": 1, "last_event_id": 1, "retry": null}));
        assert!(replay(counting, &one).is_empty());
        let two = case(
            "xx",
            json!({"events": 2, "last_event_id": 1, "retry": null}),
        );
        let found = replay(counting, &two);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].at, "byte by byte: decoded/last_event_id");
        assert_eq!(replay(counting, &case("!", json!({}))).len(), 3);
        assert_eq!(replay(counting, &json!({"chunks": ["?"]})).len(), 1);
    }
}
