//! What an agent is asked: parameters, their checks, and the request body they become.

use agent_core::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What an agent is asked. Source: the vendor's reference, `AgentRunParams`.
///
/// One agent: by the tag of a deployed revision, or by its id. Both or neither can not be written:
///
/// ```
/// use mentiora_sdk::{AgentRunParams, ModelParams};
///
/// let by_tag = AgentRunParams::tag("production", "Hello!").thread_id("thr_1");
/// let by_id = AgentRunParams::agent_id("agt_1", "Hello!")
///     .revision(3)
///     .model_params(ModelParams::new().temperature(0.2).max_tokens(500));
/// ```
///
/// From data both or neither can come; that is the error of the call, before anything is sent:
///
/// ```
/// use mentiora_sdk::AgentRunParams;
///
/// let params: AgentRunParams = serde_json::from_str(r#"{ "message": "Hello!" }"#)?;
/// let error = params.validate().unwrap_err();
/// assert_eq!(error.message(), "Either tag or agentId must be provided");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Data")]
#[must_use]
pub struct AgentRunParams {
    agent: Agent,
    message: String,
    options: Options,
}

/// Which agent is meant.
#[derive(Clone, Debug, PartialEq)]
enum Agent {
    Tag(String),
    Id(String),
    Neither,
    Both,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "camelCase"))]
struct Options {
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thread_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_params: Option<ModelParams>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Map<String, Value>>,
}

/// Parameters as data has them, by the vendor's names.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    #[serde(default)]
    tag: Option<String>,
    #[serde(default)]
    agent_id: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(flatten)]
    options: Options,
}

impl From<Data> for AgentRunParams {
    fn from(data: Data) -> Self {
        Self {
            options: data.options,
            ..Self::from_parts(data.tag, data.agent_id, data.message.unwrap_or_default())
        }
    }
}

impl AgentRunParams {
    /// Asks the agent that is deployed under `tag`, such as `production`: lower case letters, digits, `-` and `_`,
    /// a letter or digit first.
    pub fn tag(tag: impl Into<String>, message: impl Into<String>) -> Self {
        Self::from_parts(Some(tag.into()), None, message)
    }

    /// Asks the agent with this id.
    pub fn agent_id(agent_id: impl Into<String>, message: impl Into<String>) -> Self {
        Self::from_parts(None, Some(agent_id.into()), message)
    }

    /// From data that may name an agent both ways, or not at all: then [`validate`](Self::validate) and every call
    /// fail. An empty text names none.
    pub fn from_parts(
        tag: Option<String>,
        agent_id: Option<String>,
        message: impl Into<String>,
    ) -> Self {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Self {
            agent: match (given(tag), given(agent_id)) {
                (Some(tag), None) => Agent::Tag(tag),
                (None, Some(id)) => Agent::Id(id),
                (None, None) => Agent::Neither,
                (Some(_), Some(_)) => Agent::Both,
            },
            message: message.into(),
            options: Options::default(),
        }
    }

    /// Asks this revision of the agent instead of the newest. Meant for [`agent_id`](Self::agent_id); sent with a tag
    /// too.
    pub fn revision(mut self, revision: i64) -> Self {
        self.options.revision = Some(revision);
        self
    }

    /// Goes on with this thread instead of beginning one: the id is in the result of an earlier run.
    pub fn thread_id(mut self, thread_id: impl Into<String>) -> Self {
        self.options.thread_id = Some(thread_id.into());
        self
    }

    /// Uses this model instead of the agent's own.
    pub fn model_id(mut self, model_id: impl Into<String>) -> Self {
        self.options.model_id = Some(model_id.into());
        self
    }

    /// Changes how the model writes.
    pub fn model_params(mut self, params: ModelParams) -> Self {
        self.options.model_params = Some(params);
        self
    }

    /// Who asks, for the vendor's records: an id of your own.
    pub fn end_user_id(mut self, id: impl Into<String>) -> Self {
        self.options.end_user_id = Some(id.into());
        self
    }

    /// Adds one member to the metadata, which is sent as it is.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        let metadata = self.options.metadata.get_or_insert_default();
        metadata.insert(key.into(), value.into());
        self
    }

    /// Replaces the metadata; an empty object is sent too.
    pub fn metadata_object(mut self, metadata: Map<String, Value>) -> Self {
        self.options.metadata = Some(metadata);
        self
    }

    /// The message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Checks everything that calls check before they send anything. The first rule that is broken is the error, of
    /// kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument): the message is not blank; there is exactly one of
    /// tag and agent id; the tag is well formed; the temperature is from 0 to 2; the token limit is above 0.
    pub fn validate(&self) -> Result<()> {
        self.check().map_err(Error::invalid_argument)
    }

    fn check(&self) -> Result<(), String> {
        let refuse = |text: &str| Err(text.to_owned());
        if is_blank(&self.message) {
            return refuse("message is required and cannot be empty");
        }
        match &self.agent {
            Agent::Neither => return refuse("Either tag or agentId must be provided"),
            Agent::Both => return refuse("Provide either tag or agentId, not both"),
            Agent::Tag(tag) if !is_tag(tag) => {
                return Err(format!(
                    "Invalid tag format: \"{tag}\". Must start with a lowercase letter or digit and contain only \
                     [a-z0-9-_]."
                ));
            }
            Agent::Tag(_) | Agent::Id(_) => {}
        }
        let Some(model) = &self.options.model_params else {
            return Ok(());
        };
        if model.temperature.is_some_and(|t| !(0.0..=2.0).contains(&t)) {
            return refuse("temperature must be between 0 and 2");
        }
        if model.max_tokens.is_some_and(|tokens| tokens <= 0) {
            return refuse("max_tokens must be a positive integer");
        }
        Ok(())
    }

    /// The request body, or why there is none.
    pub(crate) fn into_body(self, stream: bool) -> Result<Body, String> {
        self.check()?;
        let (tag, agent_id) = match self.agent {
            Agent::Tag(tag) => (Some(tag), None),
            Agent::Id(id) => (None, Some(id)),
            Agent::Neither | Agent::Both => (None, None),
        };
        Ok(Body {
            message: self.message,
            stream,
            tag,
            agent_id,
            options: self.options,
        })
    }
}

/// Whether there is nothing but what Unicode calls white space, and the mark that JavaScript counts as such.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || c == '\u{feff}')
}

fn is_tag(tag: &str) -> bool {
    let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    tag.as_bytes().first().is_some_and(alphanumeric)
        && tag
            .bytes()
            .all(|byte| alphanumeric(&byte) || matches!(byte, b'-' | b'_'))
}

#[derive(Debug, Serialize)]
pub(crate) struct Body {
    message: String,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_id: Option<String>,
    #[serde(flatten)]
    options: Options,
}

/// How the model writes. What is not set is the agent's own. Source: the vendor's reference, `ModelParams`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all(deserialize = "camelCase"))]
#[non_exhaustive]
#[must_use]
pub struct ModelParams {
    /// From 0 (always the likeliest word) to 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Most tokens of the answer; above 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<i64>,
    /// Makes answers repeatable as far as the model can; any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
}

impl ModelParams {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the temperature, from 0 to 2.
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Sets the most tokens of the answer, above 0.
    pub fn max_tokens(mut self, tokens: i64) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// Sets the seed.
    pub fn seed(mut self, seed: i64) -> Self {
        self.seed = Some(seed);
        self
    }
}

#[cfg(test)]
mod tests;
