//! Events of a run, exactly as they are stored.

use std::fmt;

use agent_core::sdk::{or_default, read_json_text};
use agent_core::{Cursor, Error, Result};
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{EventVisibility, Extra, RunEventType, RunId};

/// One event of a run: the record as the server stores it.
///
/// It may hold the provider's output; what is fit to be shown is in the parts of
/// [`full_stream`](crate::AgentRunStream::full_stream). The JSON that came is in [`raw_json`](Self::raw_json).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RunEvent {
    /// The run.
    pub run_id: RunId,
    /// Its place among the run's events, from 1 and rising.
    pub sequence: u64,
    /// What it is about.
    pub event_type: RunEventType,
    /// The provider's own name of it.
    pub provider_event_type: Option<String>,
    /// Who made it, such as `worker`.
    pub source: String,
    /// Who it is meant for.
    pub visibility: EventVisibility,
    /// Its content, a JSON object whose keys depend on the type. Absent and null are as empty.
    pub payload: Value,
    /// Where the whole content is, if it did not fit.
    pub artifact_ref: Option<ArtifactRef>,
    /// The content was cut, or is elsewhere.
    pub is_truncated: bool,
    /// When it was stored.
    pub created_at: String,
    /// Fields this version does not know.
    pub extra: Extra,
    raw: Box<str>,
    null_payload: bool,
}

/// A reference to stored content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ArtifactRef {
    /// The artifact.
    #[serde(default, deserialize_with = "or_default")]
    pub artifact_id: String,
    /// Where the server keeps it.
    #[serde(default, deserialize_with = "or_default")]
    pub r2_key: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The fields of the record.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    #[serde(default, deserialize_with = "or_default")]
    run_id: RunId,
    sequence: u64,
    #[serde(rename = "type")]
    event_type: RunEventType,
    #[serde(default)]
    provider_event_type: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    source: String,
    #[serde(default)]
    visibility: Option<EventVisibility>,
    /// None if it is absent, null if it is null.
    #[serde(default, deserialize_with = "present")]
    payload: Option<Value>,
    #[serde(default)]
    artifact_ref: Option<ArtifactRef>,
    #[serde(default, deserialize_with = "or_default")]
    is_truncated: bool,
    #[serde(default, deserialize_with = "or_default")]
    created_at: String,
    #[serde(flatten)]
    extra: Extra,
}

/// The record as it is written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    run_id: &'a RunId,
    sequence: u64,
    #[serde(rename = "type")]
    event_type: &'a RunEventType,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_event_type: Option<&'a str>,
    source: &'a str,
    visibility: &'a EventVisibility,
    payload: Option<&'a Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_ref: Option<&'a ArtifactRef>,
    is_truncated: bool,
    created_at: &'a str,
    #[serde(flatten)]
    extra: &'a Extra,
}

impl Serialize for RunEvent {
    /// As it is stored: a payload that was null is null again.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let empty = self.payload.as_object().is_some_and(Extra::is_empty);
        let record = Record {
            run_id: &self.run_id,
            sequence: self.sequence,
            event_type: &self.event_type,
            provider_event_type: self.provider_event_type.as_deref(),
            source: &self.source,
            visibility: &self.visibility,
            payload: (!(self.null_payload && empty)).then_some(&self.payload),
            artifact_ref: self.artifact_ref.as_ref(),
            is_truncated: self.is_truncated,
            created_at: &self.created_at,
            extra: &self.extra,
        };
        record.serialize(serializer)
    }
}

impl RunEvent {
    /// Reads an event from its JSON. Fails with kind [`Decode`](crate::ErrorKind::Decode) if it is not an object with a
    /// sequence and a type.
    pub fn from_json(json: &str) -> Result<Self> {
        let json = json.trim_matches([' ', '\t', '\n', '\r']);
        let fields = read_json_text(json).map_err(|_| not_an_event())?;
        Ok(Self::new(fields, json.into()))
    }

    /// Of a text that is one JSON value.
    pub(crate) fn from_raw(raw: Box<RawValue>) -> serde_json::Result<Self> {
        let fields = read_json_text(raw.get())?;
        Ok(Self::new(fields, raw.into()))
    }

    fn new(fields: Fields, raw: Box<str>) -> Self {
        let null_payload = fields.payload == Some(Value::Null);
        let payload = fields.payload.filter(|payload| !payload.is_null());
        Self {
            run_id: fields.run_id,
            sequence: fields.sequence,
            event_type: fields.event_type,
            provider_event_type: fields.provider_event_type,
            source: fields.source,
            visibility: fields.visibility.unwrap_or(EventVisibility::Public),
            payload: payload.unwrap_or_else(|| Extra::new().into()),
            artifact_ref: fields.artifact_ref,
            is_truncated: fields.is_truncated,
            created_at: fields.created_at,
            extra: fields.extra,
            raw,
            null_payload,
        }
    }

    /// The JSON that came from the server, to the byte. Of an event that was read from something else than JSON text,
    /// the same content in another spelling.
    pub fn raw_json(&self) -> &str {
        &self.raw
    }

    /// Its place as a cursor: to go on behind this event, pass [`sequence`](Self::sequence) as `after_seq`.
    pub fn cursor(&self) -> Cursor {
        Cursor::from(self.sequence)
    }

    /// A text of the payload, if it is there and not empty.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.payload
            .get(key)?
            .as_str()
            .filter(|text| !text.is_empty())
    }
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn not_an_event() -> Error {
    Error::decode("an event is not a JSON object with a sequence and a type")
}

impl PartialEq for RunEvent {
    /// By content: the spelling of the JSON does not count.
    fn eq(&self, other: &Self) -> bool {
        self.run_id == other.run_id
            && self.sequence == other.sequence
            && self.event_type == other.event_type
            && self.provider_event_type == other.provider_event_type
            && self.source == other.source
            && self.visibility == other.visibility
            && self.payload == other.payload
            && self.artifact_ref == other.artifact_ref
            && self.is_truncated == other.is_truncated
            && self.created_at == other.created_at
            && self.extra == other.extra
    }
}

impl<'de> Deserialize<'de> for RunEvent {
    /// From any format that describes itself; [`RunEvent::from_json`] also keeps the text.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let raw = serde_json::value::to_raw_value(&value).map_err(D::Error::custom)?;
        Self::from_raw(raw).map_err(D::Error::custom)
    }
}

/// Some events of a run, in order.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RunEventPage {
    /// The events.
    pub items: Vec<RunEvent>,
    /// Sequence of the last of them; what was asked with, if there is none.
    pub next_after_seq: u64,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl<'de> Deserialize<'de> for RunEventPage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PageVisitor)
    }
}

struct PageVisitor;

impl<'de> Visitor<'de> for PageVisitor {
    type Value = RunEventPage;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a page of events")
    }

    /// What is in the page stays text at first, so that each event keeps its own.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RunEventPage, A::Error> {
        let mut items: Option<Box<RawValue>> = None;
        let mut next_after_seq: Option<Box<RawValue>> = None;
        let mut extra = Extra::new();
        while let Some(name) = map.next_key::<String>()? {
            // Of a name that comes twice the last counts, so these are read at the end.
            match &*name {
                "items" => items = Some(map.next_value()?),
                "nextAfterSeq" => next_after_seq = map.next_value()?,
                _ => drop(extra.insert(name, read(&map.next_value::<Box<RawValue>>()?)?)),
            }
        }
        let items = items.ok_or_else(|| A::Error::missing_field("items"))?;
        let items: Vec<Box<RawValue>> = read(&items)?;
        let next_after_seq: Option<u64> = match next_after_seq {
            Some(next) => read(&next)?,
            None => None,
        };
        Ok(RunEventPage {
            items: items
                .into_iter()
                .map(RunEvent::from_raw)
                .collect::<serde_json::Result<_>>()
                .map_err(A::Error::custom)?,
            next_after_seq: next_after_seq.unwrap_or_default(),
            extra,
        })
    }
}

fn read<T: DeserializeOwned, E: serde::de::Error>(raw: &RawValue) -> Result<T, E> {
    read_json_text(raw.get()).map_err(E::custom)
}
