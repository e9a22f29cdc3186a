//! Triggers: what starts an agent from outside.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Extra, Names};

/// A trigger. Source: package, 0.9.3, as far as its Chatwoot module reads it.
///
/// `Debug` does not show unknown fields, here and in its configuration: some triggers keep secrets in them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Trigger {
    /// Id of the trigger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What kind it is, such as `chatwoot` or `cron`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub trigger_type: Option<String>,
    /// How it is set up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<TriggerConfig>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How a trigger is set up.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TriggerConfig {
    /// The credential that it uses: a text in every answer seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_id: Option<Value>,
    /// The platform behind it, such as `chatwoot`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_platform: Option<Value>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl fmt::Debug for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trigger")
            .field("id", &self.id)
            .field("trigger_type", &self.trigger_type)
            .field("config", &self.config)
            .field("extra", &Names(&self.extra))
            .finish()
    }
}

impl fmt::Debug for TriggerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TriggerConfig")
            .field("credential_id", &self.credential_id)
            .field("chat_platform", &self.chat_platform)
            .field("extra", &Names(&self.extra))
            .finish()
    }
}

/// Which triggers are listed. Default: all.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
#[must_use]
pub struct TriggerFilter {
    /// Only those of this agent.
    pub agent_id: Option<String>,
}

impl TriggerFilter {
    /// All triggers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only the triggers of this agent.
    pub fn agent_id(mut self, agent_id: impl Into<String>) -> Self {
        self.agent_id = Some(agent_id.into());
        self
    }
}
