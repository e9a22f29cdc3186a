//! The settings of the vendor AgentRouter.

use std::fmt;

/// Settings for AgentRouter.
///
/// ```
/// use agent_emulator::{AgentRouterOptions, Emulator};
///
/// let builder = Emulator::builder().agentrouter(AgentRouterOptions::new().api_key("ar_test"));
/// # let _ = builder;
/// ```
#[derive(Clone)]
#[must_use = "settings do nothing until the builder gets them"]
pub struct AgentRouterOptions {
    pub(crate) api_key: Option<String>,
    pub(crate) artifact_store: bool,
}

impl Default for AgentRouterOptions {
    fn default() -> Self {
        Self {
            api_key: None,
            artifact_store: true,
        }
    }
}

impl AgentRouterOptions {
    /// A key of the emulator's own, and a store for artifacts.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the key that is known.
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_key = Some(key.into());
        self
    }

    /// Whether artifacts can be downloaded; true by default. Without, a download is answered with 501.
    pub fn artifact_store(mut self, there: bool) -> Self {
        self.artifact_store = there;
        self
    }
}

impl fmt::Debug for AgentRouterOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentRouterOptions")
            .field("artifact_store", &self.artifact_store)
            .finish_non_exhaustive()
    }
}
