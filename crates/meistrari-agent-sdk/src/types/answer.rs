//! Cancelling, changing a model, and the persisted summary of a session.

use serde::Serialize;
use serde_json::Value;

use super::{Extra, SessionStatus};
use crate::fields::{Fields, Liberal, liberal};

/// Whether a turn was cancelled. Source: package readme.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CancelSessionResponse {
    /// Whether it was. When the server does not say, there being no `error` counts as yes.
    pub success: bool,
    /// What the server says about it, such as `Message cancelled`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Liberal for CancelSessionResponse {
    fn read(mut fields: Fields<'_>) -> Result<Self, &'static str> {
        let (success, error) = fields.outcome();
        Ok(Self {
            success,
            message: fields.string("message"),
            error,
            extra: fields.rest(),
        })
    }
}

/// Which model an agent shall use from now on. Source: package readme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[must_use]
pub struct UpdateAgentModelRequest {
    /// Repository of the agent. Sent in the path.
    #[serde(skip)]
    pub repository: String,
    /// The model.
    pub model: String,
    /// Message of the commit; the server has a default. An empty one is sent as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_message: Option<String>,
}

impl UpdateAgentModelRequest {
    /// The model for the agent in `repository`.
    pub fn new(repository: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            repository: repository.into(),
            model: model.into(),
            commit_message: None,
        }
    }

    /// Sets the message of the commit.
    pub fn commit_message(mut self, message: impl Into<String>) -> Self {
        self.commit_message = Some(message.into());
        self
    }
}

/// Whether a model was changed. Source: package readme.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct UpdateAgentModelResponse {
    /// Whether it was. When the server does not say, there being no `error` counts as yes.
    pub success: bool,
    /// The commit that changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_hash: Option<String>,
    /// Why it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Liberal for UpdateAgentModelResponse {
    fn read(mut fields: Fields<'_>) -> Result<Self, &'static str> {
        let (success, error) = fields.outcome();
        Ok(Self {
            success,
            commit_hash: fields.string("commitHash"),
            error,
            extra: fields.rest(),
        })
    }
}

/// The persisted summary of a session: no single events, which a stream gives. Source: package readme, which does not
/// tell the inner shapes; they stay JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SessionTimelineResponse {
    /// How far the session has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<SessionStatus>,
    /// Figures about it; null when there are none.
    pub metrics: Value,
    /// What it was asked; null when the server does not say.
    pub prompt: Value,
    /// What it did.
    pub spans: Vec<Value>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Liberal for SessionTimelineResponse {
    fn read(mut fields: Fields<'_>) -> Result<Self, &'static str> {
        let spans = match fields.any("spans") {
            None => Vec::new(),
            Some(Value::Array(spans)) => spans,
            Some(_) => return Err("spans of the timeline are not a list"),
        };
        Ok(Self {
            status: fields.string("status").map(Into::into),
            metrics: fields.any("metrics").unwrap_or_default(),
            prompt: fields.any("prompt").unwrap_or_default(),
            spans,
            extra: fields.rest(),
        })
    }
}

liberal!(
    CancelSessionResponse,
    UpdateAgentModelResponse,
    SessionTimelineResponse
);
