//! The events of a followed run: what a frame of the stream means.
//!
//! Here live [`FollowEvent`] and the rules that make one from a frame. Which frames are new, and what an end means, is
//! in `follow.rs`; events that are asked for page by page are in `types/event.rs`.

use std::fmt;

use agent_core::open_enum;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::decode::parse_event;
use crate::wire;

mod narrow;

pub use narrow::narrow_follow_event;
pub(crate) use narrow::{narrow_frame, truthy};

open_enum! {
    /// What a [`FollowEvent`] is about. Source: package, 0.9.3; `heartbeat` is decided here.
    pub enum FollowEventType {
        /// Something happened in the run: the only kind that moves the position.
        RunEvent = "run_event",
        /// The stream is alive.
        Heartbeat = "heartbeat",
        /// The stream is over: by the server's word, or made here behind the event that ends the run.
        Close = "close",
        /// The server tells of a trouble; the stream goes on.
        Error = "error",
        ..Unknown
    }
}

/// One item of [`Runs::follow`](crate::Runs::follow). Source: package, 0.9.3.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct FollowEvent {
    /// What it is about.
    pub kind: FollowEventType,
    /// Its number within the attempt; -1 if it has none.
    pub seq: i64,
    /// When it happened, as the server wrote it; without that the time of receipt.
    pub timestamp: String,
    /// What is in it. Of a `run_event`, also `type`, and `attempt_id` if it is known.
    pub payload: Option<Map<String, Value>>,
    /// The part of the agent that it comes from.
    pub node: Option<String>,
    raw: Option<Box<str>>,
}

impl FollowEvent {
    /// What happened, such as `NODE_STARTED`: the payload's `type`.
    pub fn event_type(&self) -> Option<&str> {
        self.text("type")
    }

    /// The attempt that it belongs to: the payload's `attempt_id`.
    pub fn attempt_id(&self) -> Option<&str> {
        self.text("attempt_id")
    }

    /// Whether it ends the run: see [`is_terminal_run_event`].
    pub fn is_terminal(&self) -> bool {
        self.event_type().is_some_and(ends_run)
    }

    /// The data of the frame as the server sent it, as JSON: with inner fields that [`payload`](Self::payload) hides,
    /// and all digits of numbers. None if the event was made here.
    pub fn raw_json(&self) -> Option<&str> {
        self.raw.as_deref()
    }

    /// The `close` that is made behind the event which ends a run.
    pub(crate) fn closing(event: &Self) -> Self {
        let mut payload = Map::new();
        payload.insert("terminal".to_owned(), Value::Bool(true));
        Self {
            kind: FollowEventType::Close,
            seq: event.seq,
            timestamp: event.timestamp.clone(),
            payload: Some(payload),
            node: None,
            raw: None,
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.payload.as_ref()?.get(name)?.as_str()
    }
}

/// Whether an event ends its run: its payload's `type` is `RUN_FINISHED`, `RUN_FAILED` or `RUN_CANCELLED`, in upper or
/// lower case. Source: package, 0.9.3.
pub fn is_terminal_run_event(event: &FollowEvent) -> bool {
    event.is_terminal()
}

pub(crate) fn ends_run(event_type: &str) -> bool {
    let upper = event_type.to_uppercase();
    wire::TERMINAL_TYPES.contains(&upper.as_str())
}

/// Without the raw JSON, which says the same once more.
impl fmt::Debug for FollowEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowEvent")
            .field("kind", &self.kind)
            .field("seq", &self.seq)
            .field("timestamp", &self.timestamp)
            .field("payload", &self.payload)
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

impl Serialize for FollowEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &self.kind)?;
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("timestamp", &self.timestamp)?;
        map.serialize_entry("payload", &self.payload)?;
        if let Some(node) = &self.node {
            map.serialize_entry("node", node)?;
        }
        if let Some(raw) = self.raw_json() {
            let json: &RawValue = serde_json::from_str(raw).map_err(serde::ser::Error::custom)?;
            // A `Value` can not hold all that is JSON: it gets the rest.
            if map.serialize_entry("raw", json).is_err() {
                map.serialize_entry("raw", &parse_event(raw))?;
            }
        }
        map.end()
    }
}

/// What [`Serialize`] writes, for tests and for events that were kept; number and timestamp may be absent.
impl<'de> Deserialize<'de> for FollowEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written {
            #[serde(rename = "type")]
            kind: FollowEventType,
            #[serde(default = "no_seq")]
            seq: i64,
            #[serde(default)]
            timestamp: String,
            #[serde(default)]
            payload: Option<Map<String, Value>>,
            #[serde(default)]
            node: Option<String>,
            #[serde(default)]
            raw: Option<Value>,
        }
        let written = Written::deserialize(deserializer)?;
        Ok(Self {
            kind: written.kind,
            seq: written.seq,
            timestamp: written.timestamp,
            payload: written.payload,
            node: written.node,
            raw: written.raw.map(|raw| raw.to_string().into()),
        })
    }
}

/// The number of an event that has none.
fn no_seq() -> i64 {
    -1
}

#[cfg(test)]
mod tests;
