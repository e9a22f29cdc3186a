//! Agents, and what is asked when one is made or changed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Extra, RunStatus};
use crate::patch::Patch;

/// An agent. Source: package, 0.9.3; `id` and `name` are decided here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Agent {
    /// Id of the agent.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The bundle that is live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_bundle_id: Option<String>,
    /// Its last run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_run_id: Option<String>,
    /// How far that run has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_run_status: Option<RunStatus>,
    /// When that run was, as the server wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_run_at: Option<String>,
    /// Any JSON of the caller's. New in 0.9.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A version of what an agent is made of. The package names it and shows nothing of it: an opaque object.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentBundle {
    /// All its fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What is asked when an agent is made.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
#[must_use]
pub struct CreateAgent {
    /// Name of the agent. Not checked here: an empty one is the server's business.
    pub name: String,
    /// Any JSON. Default: not sent.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub metadata: Patch<Value>,
    /// Sent as a header, never in the body. A key that was used before answers 409. Empty means none.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

impl CreateAgent {
    /// An agent of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            metadata: Patch::Keep,
            idempotency_key: None,
        }
    }

    /// Sets the metadata.
    pub fn metadata(mut self, metadata: impl Into<Patch<Value>>) -> Self {
        self.metadata = metadata.into();
        self
    }

    /// Sets the idempotency key: with one, the call may be repeated after a failure.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }
}

/// What is asked when an agent is changed. What is not given stays as it is.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
#[must_use]
pub struct UpdateAgent {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The bundle that shall be live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub live_bundle_id: Option<String>,
    /// Any JSON; [`Patch::Null`] clears it.
    #[serde(skip_serializing_if = "Patch::is_keep")]
    pub metadata: Patch<Value>,
}

impl UpdateAgent {
    /// Changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a new name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the bundle that shall be live.
    pub fn live_bundle_id(mut self, id: impl Into<String>) -> Self {
        self.live_bundle_id = Some(id.into());
        self
    }

    /// Sets or clears the metadata.
    pub fn metadata(mut self, metadata: impl Into<Patch<Value>>) -> Self {
        self.metadata = metadata.into();
        self
    }
}
