//! What came of a stream, in a form that can be compared.

use std::time::Duration;

use agent_core::sse::{Decoder, Frame, TooLarge};
use bytes::Bytes;

/// What a frame tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) event: String,
    pub(crate) data: String,
    pub(crate) id: Option<String>,
    pub(crate) last_event_id: String,
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
pub(crate) struct Outcome {
    pub(crate) frames: Vec<Seen>,
    pub(crate) error: Option<TooLarge>,
    pub(crate) last_event_id: String,
    pub(crate) retry: Option<Duration>,
}

pub(crate) fn decode<'a>(
    mut decoder: Decoder,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> Outcome {
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
