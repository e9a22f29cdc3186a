//! The events of a session's stream.
//!
//! Here live the types; how an event is read from a frame is in `events/decode.rs`, what the events mean for the stream
//! in `events/progress.rs`, and the parser for bytes of your own in `events/parse.rs`.

use agent_core::{Error, EventStream};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::fields::{Extra, Fields};
use crate::types::SessionStatus;

mod decode;
mod parse;
mod progress;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use decode::from_text as decode_event;
pub use parse::{ParsedSessionStream, parse_session_stream};
pub(crate) use progress::{Progress, Step};

/// The events of a session: what [`stream_session`](crate::AgentClient::stream_session) opens. Its
/// [`cursor`](EventStream::cursor) is the latest `nextCursor`, at first the one that was asked for.
pub type SessionStream = EventStream<SessionStreamEvent>;

/// One event of a session. Source of the four kinds and their fields: package readme.
///
/// Serialized, it is the JSON it came from, in the documented form.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SessionStreamEvent {
    /// The session is in another state.
    Status(StatusEvent),
    /// The session took steps.
    Steps(StepsEvent),
    /// The accumulated result of the turn. With `waiting_messages` it is the sign that the session may be continued.
    Result(ResultEvent),
    /// The session broke off. The last event of a stream.
    Error(ErrorEvent),
    /// A kind this version does not know, or a `status` without a status.
    Unknown(UnknownEvent),
}

macro_rules! event {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[$fmeta:meta])* $field:ident: $type:ty, )* }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $( $(#[$fmeta])* pub $field: $type, )*
            /// Position behind this event: open a stream with it and get only what is newer. Not every event has one;
            /// `None` leaves a saved one as it is.
            pub next_cursor: Option<i64>,
            /// The stream was just resumed, and events had been delivered behind the position it was resumed from: this
            /// event and those up to the next cursor may be repeats.
            pub may_repeat: bool,
            /// Fields this version does not know.
            pub extra: Extra,
        }
    };
}

event! {
    /// The session is in another state.
    StatusEvent {
        /// The state.
        status: SessionStatus,
    }
}

event! {
    /// The session took steps.
    StepsEvent {
        /// The live tail of the steps; their shape is the agent's.
        steps: Vec<Value>,
    }
}

event! {
    /// The accumulated result of the turn.
    ResultEvent {
        /// The state of the session with this result.
        status: Option<SessionStatus>,
        /// The result; null when there is none. That the field is called `result` is a guess: if it is not, look in
        /// `extra`.
        result: Value,
    }
}

event! {
    /// The session broke off.
    ErrorEvent {
        /// Why.
        error: String,
    }
}

/// A kind of event that this version does not know, kept whole.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct UnknownEvent {
    /// Its kind; empty when it has none.
    pub kind: String,
    /// Position behind this event.
    pub next_cursor: Option<i64>,
    /// As on the other events.
    pub may_repeat: bool,
    /// The event.
    pub raw: Extra,
}

impl ResultEvent {
    /// Whether the session waits for the next message: the only state in which it may be continued.
    pub fn is_waiting(&self) -> bool {
        self.status == Some(SessionStatus::WaitingMessages)
    }

    /// Whether it is the last event of the turn: its status is neither pending nor running.
    pub fn is_final(&self) -> bool {
        !self.status.as_ref().is_some_and(SessionStatus::is_active)
    }
}

impl SessionStreamEvent {
    /// The event in a JSON text: for tests of your own. An error of kind [`Decode`](crate::ErrorKind::Decode) if it is
    /// not a JSON object or is nested deeper than 127; [`details`](Error::details) are the text then. A number that no
    /// `f64` can hold is read as null.
    ///
    /// ```
    /// use meistrari_agent_sdk::SessionStreamEvent;
    ///
    /// let event = SessionStreamEvent::from_json(r#"{"kind": "status", "status": "running", "nextCursor": 3}"#)?;
    /// assert_eq!(event.kind(), "status");
    /// assert_eq!(event.next_cursor(), Some(3));
    /// # Ok::<(), meistrari_agent_sdk::Error>(())
    /// ```
    pub fn from_json(json: &str) -> Result<Self, Error> {
        decode::from_text(json, "")
    }

    /// Its kind, as the wire names it.
    pub fn kind(&self) -> &str {
        match self {
            Self::Status(_) => "status",
            Self::Steps(_) => "steps",
            Self::Result(_) => "result",
            Self::Error(_) => "error",
            Self::Unknown(event) => &event.kind,
        }
    }

    /// Position behind this event, if it has one.
    pub fn next_cursor(&self) -> Option<i64> {
        match self {
            Self::Status(event) => event.next_cursor,
            Self::Steps(event) => event.next_cursor,
            Self::Result(event) => event.next_cursor,
            Self::Error(event) => event.next_cursor,
            Self::Unknown(event) => event.next_cursor,
        }
    }

    /// Whether this event and those up to the next cursor may have been delivered before: the stream was just resumed
    /// from a position behind which it had delivered something.
    pub fn may_repeat(&self) -> bool {
        match self {
            Self::Status(event) => event.may_repeat,
            Self::Steps(event) => event.may_repeat,
            Self::Result(event) => event.may_repeat,
            Self::Error(event) => event.may_repeat,
            Self::Unknown(event) => event.may_repeat,
        }
    }

    /// Fields this version does not know; of an unknown event, all of them.
    pub fn extra(&self) -> &Extra {
        match self {
            Self::Status(event) => &event.extra,
            Self::Steps(event) => &event.extra,
            Self::Result(event) => &event.extra,
            Self::Error(event) => &event.extra,
            Self::Unknown(event) => &event.raw,
        }
    }

    pub(crate) fn set_may_repeat(&mut self) {
        match self {
            Self::Status(event) => event.may_repeat = true,
            Self::Steps(event) => event.may_repeat = true,
            Self::Result(event) => event.may_repeat = true,
            Self::Error(event) => event.may_repeat = true,
            Self::Unknown(event) => event.may_repeat = true,
        }
    }
}

impl Serialize for SessionStreamEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        /// The fields that are read, without those that are null.
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Known<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            kind: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            status: Option<&'a SessionStatus>,
            #[serde(skip_serializing_if = "Option::is_none")]
            steps: Option<&'a [Value]>,
            #[serde(skip_serializing_if = "Option::is_none")]
            result: Option<&'a Value>,
            #[serde(skip_serializing_if = "Option::is_none")]
            error: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            next_cursor: Option<i64>,
            #[serde(flatten)]
            extra: &'a Extra,
        }
        // What could not be read is in `extra` and goes back as it came.
        let extra = self.extra();
        let read = |name| !extra.contains_key(name);
        let mut known = Known {
            kind: Some(self.kind()).filter(|_| read("kind")),
            status: None,
            steps: None,
            result: None,
            error: None,
            next_cursor: self.next_cursor(),
            extra,
        };
        match self {
            Self::Status(event) => known.status = Some(&event.status),
            Self::Steps(event) => known.steps = Some(&event.steps),
            Self::Result(event) => {
                known.status = event.status.as_ref();
                known.result = Some(&event.result);
            }
            Self::Error(event) => known.error = Some(&*event.error).filter(|_| read("error")),
            Self::Unknown(event) => return event.raw.serialize(serializer),
        }
        known.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SessionStreamEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = Extra::deserialize(deserializer)?;
        Ok(decode::event(Fields::from(map), ""))
    }
}

#[cfg(test)]
mod tests;
