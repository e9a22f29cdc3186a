//! The list of payloads, and how a type's name leads to its payload.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::tagged::{TYPE, Tagged};
use super::{EventType, payload};

macro_rules! event_data {
    ($( $(#[$meta:meta])* $variant:ident($payload:ident), )+) => {
        /// What happened. Events of types that this version does not know are kept whole.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum EventData {
            $( $(#[$meta])* $variant(payload::$payload), )+
            /// A type this version does not know. Newer servers send `stream.started`, `stream.ended` and
            /// `structured_output`.
            Unknown {
                /// Name of the type.
                event_type: String,
                /// The whole object `data`; empty if there is none.
                data: Map<String, Value>,
            },
        }

        impl EventData {
            /// What the event is about.
            pub fn event_type(&self) -> EventType {
                match self {
                    $( Self::$variant(_) => EventType::$variant, )+
                    Self::Unknown { event_type, .. } => EventType::from(event_type.as_str()),
                }
            }
        }

        impl Tagged for EventData {
            fn knows(tag: &str) -> bool {
                EventType::KNOWN.contains(&tag)
            }

            fn decode<'de, D: Deserializer<'de>>(tag: &str, fields: D) -> Result<Self, D::Error> {
                match EventType::from(tag) {
                    $( EventType::$variant => {
                        payload::$payload::deserialize(fields).map(Self::$variant)
                    } )+
                    EventType::Unknown(event_type) => {
                        let data = Map::deserialize(fields)?;
                        Ok(Self::Unknown { event_type, data })
                    }
                }
            }
        }

        /// Written with `type` inside, whether or not it came like this.
        impl Serialize for EventData {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $( Self::$variant(fields) => WithType {
                        event_type: EventType::$variant.as_str(),
                        fields,
                    }
                    .serialize(serializer), )+
                    Self::Unknown { data, .. } if data.get(TYPE).is_some_and(Value::is_string) => {
                        data.serialize(serializer)
                    }
                    Self::Unknown { event_type, data } => {
                        let mut fields = data.clone();
                        fields.remove(TYPE);
                        WithType { event_type, fields: &fields }.serialize(serializer)
                    }
                }
            }
        }
    };
}

event_data! {
    /// The agent's session begins.
    SessionStarted(SessionStarted),
    /// The agent's session is over.
    SessionCompleted(SessionCompleted),
    /// A turn of the conversation begins.
    TurnStarted(TurnStarted),
    /// A turn of the conversation is over.
    TurnCompleted(TurnCompleted),
    /// A turn of the conversation ended with an error.
    TurnFailed(TurnFailed),
    /// A message begins.
    MessageStarted(MessageStarted),
    /// More text of a message.
    MessageDelta(MessageDelta),
    /// A message is complete.
    MessageCompleted(MessageCompleted),
    /// A block of extended thinking begins.
    ReasoningStarted(ReasoningStarted),
    /// More of a block of thinking.
    ReasoningDelta(ReasoningDelta),
    /// A block of thinking is complete.
    ReasoningCompleted(ReasoningCompleted),
    /// A call of a tool begins.
    ToolCallStarted(ToolCallStarted),
    /// More of a tool's input, a fragment of JSON.
    ToolCallInputDelta(ToolCallInputDelta),
    /// A tool's whole input.
    ToolCallInputComplete(ToolCallInputComplete),
    /// More of a tool's output.
    ToolCallOutputDelta(ToolCallOutputDelta),
    /// A call of a tool is over.
    ToolCallCompleted(ToolCallCompleted),
    /// Something went wrong within the run.
    Error(ErrorEvent),
}

#[derive(Serialize)]
struct WithType<'a, T> {
    #[serde(rename = "type")]
    event_type: &'a str,
    #[serde(flatten)]
    fields: &'a T,
}
