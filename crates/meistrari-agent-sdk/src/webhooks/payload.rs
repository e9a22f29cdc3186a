//! What a delivery says.

use agent_core::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::SessionWebhookEventType;
use crate::fields::{Extra, Fields, Liberal, liberal};
use crate::types::SessionStatus;

/// The body of a delivery: light facts about a session. Content is fetched with
/// [`stream_session`](crate::AgentClient::stream_session) or [`fetch_timeline`](crate::AgentClient::fetch_timeline).
/// Source: package readme.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SessionWebhookEventPayload {
    /// What happened.
    pub event_type: SessionWebhookEventType,
    /// The session.
    pub session_id: String,
    /// The run within the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<String>,
    /// How far the session has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<SessionStatus>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What it used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<SessionWebhookUsage>,
    /// The subagent that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subagent: Option<SessionWebhookSubagent>,
    /// Id of the delivery: the same one may come more than once, so do its work once per id. That repeats keep their id
    /// is a guess.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_id: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl SessionWebhookEventPayload {
    /// Reads a body. Verify its signature first.
    ///
    /// Fails with kind [`Decode`](crate::ErrorKind::Decode) if it is not a JSON object or names no event or session.
    pub fn from_slice(body: &[u8]) -> Result<Self> {
        let refused = |what| Error::decode(what);
        let text = std::str::from_utf8(body).map_err(|_| refused("the payload is not UTF-8"))?;
        let fields =
            Fields::parse(text).map_err(|_| refused("the payload is not a JSON object"))?;
        Self::read(fields).map_err(refused)
    }
}

impl Liberal for SessionWebhookEventPayload {
    fn read(mut fields: Fields<'_>) -> Result<Self, &'static str> {
        Ok(Self {
            event_type: fields
                .string("eventType")
                .ok_or("the payload has no eventType")?
                .into(),
            session_id: fields
                .string("sessionId")
                .ok_or("the payload has no sessionId")?,
            run_id: fields.string("runId"),
            status: fields.string("status").map(Into::into),
            error: fields.error(),
            usage: fields.object("usage").map(SessionWebhookUsage),
            subagent: fields.object("subagent").map(SessionWebhookSubagent),
            delivery_id: fields.string("deliveryId"),
            extra: fields.rest(),
        })
    }
}

liberal!(SessionWebhookEventPayload);

/// What a session used. The vendor does not tell its members; it stays JSON, and the readers are guesses.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionWebhookUsage(pub Extra);

impl SessionWebhookUsage {
    /// `inputTokens`, if it is a whole number.
    pub fn input_tokens(&self) -> Option<u64> {
        self.0.get("inputTokens")?.as_u64()
    }

    /// `outputTokens`, if it is a whole number.
    pub fn output_tokens(&self) -> Option<u64> {
        self.0.get("outputTokens")?.as_u64()
    }

    /// A member.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

/// A subagent of a session. The vendor does not tell its members; it stays JSON, and the reader is a guess.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionWebhookSubagent(pub Extra);

impl SessionWebhookSubagent {
    /// `name`, if it is a text.
    pub fn name(&self) -> Option<&str> {
        self.0.get("name")?.as_str()
    }

    /// A member.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}
