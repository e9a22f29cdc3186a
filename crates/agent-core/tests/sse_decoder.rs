//! The decoder of server-sent events, from outside.
//!
//! What it decodes is in `vectors` (cases) and `properties` (any bytes, against a reference); what it refuses is in
//! `limits`; the rest of its interface is in `interface`.

// Clippy allows these in tests, but not in what tests call.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "sse_decoder/interface.rs"]
mod interface;
#[path = "sse_decoder/limits.rs"]
mod limits;
#[path = "sse_decoder/properties.rs"]
mod properties;
#[path = "sse_decoder/reference.rs"]
mod reference;
#[path = "sse_decoder/vectors.rs"]
mod vectors;

use std::time::Duration;

use agent_core::sse::{Decoder, Frame, TooLarge};
use bytes::Bytes;

/// What a frame tells.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    event: String,
    data: String,
    id: Option<String>,
    last_event_id: String,
}

impl From<&Frame> for Seen {
    fn from(frame: &Frame) -> Self {
        assert_eq!(frame.data(), String::from_utf8_lossy(frame.data_bytes()));
        assert_eq!(frame.data_bytes(), frame.clone().into_data());
        Self {
            event: frame.event().into_owned(),
            data: frame.data().into_owned(),
            id: frame.id().map(Into::into),
            last_event_id: frame.last_event_id().into_owned(),
        }
    }
}

/// All that came of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    frames: Vec<Seen>,
    error: Option<TooLarge>,
    last_event_id: String,
    retry: Option<Duration>,
}

fn decode<'a>(mut decoder: Decoder, chunks: impl IntoIterator<Item = &'a [u8]>) -> Outcome {
    let mut frames = Vec::new();
    let mut error = None;
    for chunk in chunks {
        decoder.feed(Bytes::copy_from_slice(chunk));
        error = error.or_else(|| pull(&mut decoder, Decoder::next_frame, &mut frames));
    }
    error = error.or_else(|| pull(&mut decoder, Decoder::finish, &mut frames));
    Outcome {
        frames,
        error,
        last_event_id: decoder.last_event_id().into_owned(),
        retry: decoder.retry(),
    }
}

fn pull(
    decoder: &mut Decoder,
    next: impl Fn(&mut Decoder) -> Result<Option<Frame>, TooLarge>,
    frames: &mut Vec<Seen>,
) -> Option<TooLarge> {
    loop {
        match next(decoder) {
            Ok(Some(frame)) => frames.push(Seen::from(&frame)),
            Ok(None) => return None,
            Err(error) => return Some(error),
        }
    }
}
