//! From the data of one frame to an event. Pure: no clock, no connection, nothing kept from one event to the next.

use std::fmt::Write;

use agent_core::Error;
use agent_core::sdk::read_json_text;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::tagged::{Object, TYPE, Tagged as _, resolve};
use super::{CommonEvent, EventData};
use crate::error::brief;
use crate::shape::{Fields, second_name};
use crate::types::HarnessInfo;
use crate::wire;

/// What the data of a frame turned out to be.
#[derive(Debug)]
pub(crate) enum Decoded {
    /// Nothing: no data, or data that is not JSON, such as a heartbeat.
    Skip,
    /// An event.
    Event {
        /// The event.
        event: Box<CommonEvent>,
        /// Whether it came with a number. One without has the number 0, which says nothing about its place.
        numbered: bool,
    },
    /// JSON, but no event. One error for the caller, of kind `Decode`, with the JSON as its details (as text, if a
    /// `Value` can not hold it); the stream goes on.
    Malformed(Error),
}

/// Decodes the data of one frame.
pub(crate) fn decode_event(text: &str) -> Decoded {
    if text.is_empty() {
        return Decoded::Skip;
    }
    match read_json_text(text) {
        Ok(Fields(envelope)) => decoded(envelope, text),
        // What went wrong first need not be all that is wrong: only a look at the whole text tells JSON from noise.
        Err(_) if serde_json::from_str::<IgnoredAny>(text).is_err() => Decoded::Skip,
        Err(error) => malformed(text, &brief(&error)),
    }
}

fn decoded(envelope: Envelope, text: &str) -> Decoded {
    let numbered = envelope.seq.is_some();
    match envelope.into_event(text) {
        Ok(event) => Decoded::Event {
            event: Box::new(event),
            numbered,
        },
        Err(problem) => malformed(text, &problem),
    }
}

fn malformed(text: &str, problem: &str) -> Decoded {
    let whole: Option<Value> = read_json_text(text).ok();
    let field = |name| whole.as_ref().and_then(|value| value.get(name));
    let seq = field("seq").and_then(Value::as_u64);
    let name = field("data")
        .and_then(|data| data.get(TYPE))
        .and_then(Value::as_str)
        .or_else(|| field(TYPE).and_then(Value::as_str));
    let mut message = String::from("event");
    if let Some(seq) = seq {
        let _ = write!(message, " {seq}");
    }
    if let Some(name) = name {
        let _ = write!(message, " ({})", name.chars().take(64).collect::<String>());
    }
    message.push_str(": ");
    message.push_str(problem);
    // What no `Value` can hold, such as nesting without end, is not lost either.
    let details = whole.unwrap_or_else(|| Value::from(text));
    Decoded::Malformed(Error::decode(message).with_details(details))
}

/// The envelope with both spellings of its names.
#[derive(Deserialize)]
struct Envelope {
    seq: Option<u64>,
    ts: Option<String>,
    #[serde(default, deserialize_with = "second_name")]
    timestamp: Option<String>,
    #[serde(rename = "type", default, deserialize_with = "second_name")]
    event_type: Option<String>,
    data: Option<Object<EventData>>,
    version: Option<String>,
    event_id: Option<String>,
    run_id: Option<String>,
    harness: Option<HarnessInfo>,
    harness_session_id: Option<String>,
    raw: Option<Map<String, Value>>,
}

impl Envelope {
    fn into_event(self, text: &str) -> Result<CommonEvent, String> {
        // A type inside of `data` wins over the one beside it.
        let unknown = match &self.data {
            Some(Object::Known(_)) => false,
            Some(Object::Other { tag: Some(_), .. }) => true,
            _ => (self.event_type.as_deref()).is_some_and(|name| !EventData::knows(name)),
        };
        // What an event of unknown type must have besides is not known either.
        let timestamp = match self.ts.or(self.timestamp) {
            None if unknown => String::new(),
            given => given.ok_or("missing field `timestamp`")?,
        };
        let object = match self.data {
            None if unknown => Object::Other {
                tag: self.event_type,
                fields: Map::new(),
            },
            given => match given.ok_or("missing field `data`")? {
                Object::Other { tag: None, fields } => {
                    resolve(self.event_type, fields).map_err(|error| brief(&error))?
                }
                object => object,
            },
        };
        let data = match object {
            Object::Known(data) => data,
            Object::Other { tag, fields } => EventData::Unknown {
                event_type: tag.ok_or("missing field `type`")?,
                data: fields,
            },
        };
        Ok(CommonEvent {
            seq: self.seq.unwrap_or_default(),
            timestamp,
            event_type: data.event_type(),
            data,
            version: self
                .version
                .unwrap_or_else(|| wire::DEFAULT_EVENT_VERSION.to_owned()),
            event_id: self.event_id,
            run_id: self.run_id,
            harness: self.harness,
            harness_session_id: self.harness_session_id,
            raw: self.raw,
            raw_json: text.into(),
        })
    }
}
