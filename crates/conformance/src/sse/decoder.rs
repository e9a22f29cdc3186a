//! The calls into `agent_core::sse`.

use agent_core::sse::{Decoder, Frame};
use bytes::Bytes;
use serde_json::{Value, json};

/// Decodes the chunks, then the end of the stream.
pub(super) fn decode(chunks: &[Bytes]) -> Result<Value, String> {
    let mut decoder = Decoder::new();
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.feed(chunk.clone());
        drain(&mut decoder, &mut events)?;
    }
    while let Some(frame) = decoder.finish().map_err(|error| error.to_string())? {
        events.push(event(&frame));
    }
    let last_event_id = decoder.last_event_id().to_string();
    let retry = decoder.retry().map(|retry| retry.as_millis());
    let retry = retry.and_then(|retry| u64::try_from(retry).ok());
    Ok(json!({"events": events, "last_event_id": last_event_id, "retry": retry}))
}

fn drain(decoder: &mut Decoder, events: &mut Vec<Value>) -> Result<(), String> {
    while let Some(frame) = decoder.next_frame().map_err(|error| error.to_string())? {
        events.push(event(&frame));
    }
    Ok(())
}

fn event(frame: &Frame) -> Value {
    json!({"event": frame.event(), "data": frame.data(), "id": frame.last_event_id()})
}
