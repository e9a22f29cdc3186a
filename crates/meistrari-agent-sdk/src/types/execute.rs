//! Starting, continuing and recovering a session: three shapes of one request.

use std::collections::BTreeMap;

use agent_core::{Error, ErrorKind, Result, Sent};
use serde::{Deserialize, Serialize};

use super::Extra;
use crate::error::validation;
use crate::fields::{Fields, Liberal, liberal};
use crate::webhooks::{SessionWebhookConfig, check_all};
use crate::wire;

/// What [`execute_agent`](crate::AgentClient::execute_agent) shall do. Made by [`start`](Self::start),
/// [`continue_session`](Self::continue_session) or [`recover`](Self::recover). Source: package readme.
///
/// What is `None` is not sent; what is given but empty is sent empty. `inputs` and `environment_variables` hold for
/// one turn. Debug output shows no value of an environment variable.
///
/// ```
/// use meistrari_agent_sdk::{AgentInput, ExecuteAgentRequest};
///
/// let first = ExecuteAgentRequest::start("acme", "support-bot", "Summarize the latest tickets")
///     .input(AgentInput::new("vault://3f2b8c1e-5d47-4a9b-8c3d-1e2f3a4b5c6d", "tickets.csv"))
///     .environment_variable("SUPPORT_REGION", "us");
/// let next = ExecuteAgentRequest::continue_session("ses_01", "Which one first?");
/// let again = ExecuteAgentRequest::recover("ses_01");
/// # let _ = (first, next, again);
/// ```
#[derive(Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[must_use]
pub struct ExecuteAgentRequest {
    /// Organisation that owns the repository. Needed to start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_name: Option<String>,
    /// Repository of the agent. Needed to start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// What the agent shall do. Needed to start and to continue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The session to continue or recover; none starts a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Whether to recover the session instead of continuing it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recover: Option<bool>,
    /// Files for this turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Vec<AgentInput>>,
    /// Environment variables for this turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment_variables: Option<BTreeMap<String, String>>,
    /// Webhooks of the session: none keeps those that are registered, a list replaces them, an empty one clears them
    /// (that clearing works is a guess). At most five.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhooks: Option<Vec<SessionWebhookConfig>>,
}

impl ExecuteAgentRequest {
    /// Starts a session.
    pub fn start(
        organization_name: impl Into<String>,
        repository: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            organization_name: Some(organization_name.into()),
            repository: Some(repository.into()),
            message: Some(message.into()),
            ..Self::default()
        }
    }

    /// Gives a session that waits for messages its next turn.
    pub fn continue_session(session_id: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            session_id: Some(session_id.into()),
            message: Some(message.into()),
            ..Self::default()
        }
    }

    /// Takes up a session that broke off. A message is optional: [`message`](Self::message).
    pub fn recover(session_id: impl Into<String>) -> Self {
        Self {
            session_id: Some(session_id.into()),
            recover: Some(true),
            ..Self::default()
        }
    }

    /// Sets the message.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Adds a file for this turn.
    pub fn input(mut self, input: AgentInput) -> Self {
        self.inputs.get_or_insert_default().push(input);
        self
    }

    /// Sets the files for this turn.
    pub fn inputs(mut self, inputs: impl IntoIterator<Item = AgentInput>) -> Self {
        self.inputs = Some(inputs.into_iter().collect());
        self
    }

    /// Adds an environment variable for this turn.
    pub fn environment_variable(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.environment_variables
            .get_or_insert_default()
            .insert(name.into(), value.into());
        self
    }

    /// Sets the environment variables for this turn.
    pub fn environment_variables<N: Into<String>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables.into_iter();
        self.environment_variables = Some(variables.map(|(n, v)| (n.into(), v.into())).collect());
        self
    }

    /// Adds a webhook.
    pub fn webhook(mut self, webhook: SessionWebhookConfig) -> Self {
        self.webhooks.get_or_insert_default().push(webhook);
        self
    }

    /// Sets the webhooks; none at all clears those that are registered.
    pub fn webhooks(mut self, webhooks: impl IntoIterator<Item = SessionWebhookConfig>) -> Self {
        self.webhooks = Some(webhooks.into_iter().collect());
        self
    }

    /// Checks what can be checked before anything is sent; the call does so by itself.
    ///
    /// Fails with kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument);
    /// [`ErrorExt::field`](crate::ErrorExt::field) names the field.
    pub fn validate(&self) -> Result<()> {
        let recovers = self.recover == Some(true);
        match &self.session_id {
            Some(id) if id.trim().is_empty() => {
                return Err(validation("sessionId", "sessionId must not be empty"));
            }
            Some(_) if !recovers && blank(self.message.as_ref()) => {
                let message = "message is required to continue a session";
                return Err(validation("message", message));
            }
            Some(_) => {}
            None if recovers => {
                let message = "sessionId is required when recover is true";
                return Err(validation("sessionId", message));
            }
            None => {
                for (field, value) in [
                    ("organizationName", &self.organization_name),
                    ("repository", &self.repository),
                    ("message", &self.message),
                ] {
                    if blank(value.as_ref()) {
                        let message = format!("{field} is required to start a session");
                        return Err(validation(field, message));
                    }
                }
            }
        }
        check_all(self.webhooks.as_deref().unwrap_or_default())
    }
}

fn blank(text: Option<&String>) -> bool {
    text.is_none_or(|text| text.trim().is_empty())
}

impl std::fmt::Debug for ExecuteAgentRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.environment_variables.as_ref();
        f.debug_struct("ExecuteAgentRequest")
            .field("organization_name", &self.organization_name)
            .field("repository", &self.repository)
            .field("message", &self.message)
            .field("session_id", &self.session_id)
            .field("recover", &self.recover)
            .field("inputs", &self.inputs)
            .field(
                "environment_variables",
                &names.map(|names| names.keys().collect::<Vec<_>>()),
            )
            .field("webhooks", &self.webhooks)
            .finish()
    }
}

/// A file in the vault that a turn gets. Source: package readme, which gives it no name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AgentInput {
    /// Where it is: `vault://` and a file id. Not checked here.
    pub vault_ref: String,
    /// Name under which the agent sees it.
    pub filename: String,
}

impl AgentInput {
    /// The file behind `vault_ref` under the name `filename`.
    pub fn new(vault_ref: impl Into<String>, filename: impl Into<String>) -> Self {
        Self {
            vault_ref: vault_ref.into(),
            filename: filename.into(),
        }
    }
}

/// Whether an execution was accepted. Source: package readme.
///
/// That it was not is a value, not an error: [`into_session_id`](Self::into_session_id) makes one of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ExecuteAgentResponse {
    /// Whether it was accepted. When the server does not say, there being no `error` counts as yes.
    pub success: bool,
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Why it was not accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ExecuteAgentResponse {
    /// The session's id. An error of kind [`Operation`](crate::ErrorKind::Operation), code `not_accepted`, if the
    /// execution was not accepted or there is no id.
    pub fn into_session_id(self) -> Result<String> {
        // An empty id would start a new session where it is used.
        match self.session_id.filter(|id| !id.trim().is_empty()) {
            Some(id) if self.success => Ok(id),
            _ => {
                let why = self.error.filter(|error| !error.is_empty());
                let message = why.unwrap_or_else(|| wire::NOT_ACCEPTED.to_owned());
                Err(Error::new(ErrorKind::Operation, message)
                    .with_code("not_accepted")
                    .with_sent(Sent::Yes))
            }
        }
    }
}

impl Liberal for ExecuteAgentResponse {
    fn read(mut fields: Fields<'_>) -> Result<Self, &'static str> {
        let (success, error) = fields.outcome();
        Ok(Self {
            success,
            session_id: fields.string("sessionId"),
            error,
            extra: fields.rest(),
        })
    }
}

liberal!(ExecuteAgentResponse);
