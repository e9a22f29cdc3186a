//! Settings of Mentiora.

use std::collections::BTreeSet;
use std::fmt;

use super::agents::EmulatedAgent;

/// Settings of the vendor Mentiora. By default there is one agent, `agt_emulator`, with revisions 1 to 4 and the tags
/// `production` (revision 3) and `staging` (revision 4).
#[derive(Clone)]
#[must_use]
pub struct MentioraOptions {
    pub(crate) api_key: Option<String>,
    pub(crate) publishable_key: Option<String>,
    pub(crate) identity_tokens: Option<BTreeSet<String>>,
    pub(crate) agents: Vec<EmulatedAgent>,
}

impl Default for MentioraOptions {
    fn default() -> Self {
        Self {
            api_key: None,
            publishable_key: None,
            identity_tokens: None,
            agents: vec![
                EmulatedAgent::new("agt_emulator")
                    .revisions(4)
                    .tag("production", 3)
                    .tag("staging", 4),
            ],
        }
    }
}

impl MentioraOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the API key; by default one is made from the seed.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Sets the publishable key; by default one is made from the seed.
    pub fn publishable_key(mut self, key: impl Into<String>) -> Self {
        self.publishable_key = Some(key.into());
        self
    }

    /// Lets browser mode need one of these identity tokens; by default it needs none.
    pub fn identity_tokens<S: Into<String>>(mut self, tokens: impl IntoIterator<Item = S>) -> Self {
        self.identity_tokens = Some(tokens.into_iter().map(Into::into).collect());
        self
    }

    /// Replaces the agents.
    pub fn agents(mut self, agents: impl IntoIterator<Item = EmulatedAgent>) -> Self {
        self.agents = agents.into_iter().collect();
        self
    }
}

impl fmt::Debug for MentioraOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MentioraOptions")
            .field("agents", &self.agents)
            .finish_non_exhaustive()
    }
}
