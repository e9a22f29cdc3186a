//! Recorded streams: taken out of the vectors of an SDK crate.

use std::path::Path;

use bytes::Bytes;
use serde_json::Value;

/// A recorded stream.
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) bytes: Bytes,
}

/// The vectors of one file of a crate.
pub(crate) fn vectors(package: &str, file: &str) -> Vec<Value> {
    let crates = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let path = crates.join(package).join("tests/vectors").join(file);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The text of an answer's body.
pub(crate) fn text(response: &Value) -> String {
    match response["chunks"].as_array() {
        Some(chunks) => chunks.iter().map(|chunk| chunk.as_str().unwrap()).collect(),
        None => response["body"].as_str().unwrap_or_default().to_owned(),
    }
}

/// Each stream once, though several vectors may have recorded it: the vector it is of, and its bytes. There are so many
/// at least.
pub(crate) fn distinct<'a, B: Into<Bytes>>(
    streams: impl IntoIterator<Item = (&'a Value, B)>,
    at_least: usize,
) -> Vec<Recording> {
    let mut recordings: Vec<Recording> = Vec::new();
    for (vector, bytes) in streams {
        let bytes = bytes.into();
        if recordings.iter().all(|known| known.bytes != bytes) {
            let name = vector["name"].as_str().unwrap().to_owned();
            recordings.push(Recording { name, bytes });
        }
    }
    assert!(recordings.len() >= at_least, "{}", recordings.len());
    recordings
}
