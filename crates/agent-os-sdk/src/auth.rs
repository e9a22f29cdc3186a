//! The module `auth`: nothing of it is known but the name.

use agent_core::sdk::Pipeline;

use crate::raw::Raw;

/// The module `auth`: [`AgentOsClient::auth`](crate::AgentOsClient::auth).
///
/// The package names it and shows nothing of it, so it has no typed operations: its paths are reached raw.
#[derive(Clone, Debug)]
pub struct AuthModule {
    pipeline: Pipeline,
}

impl AuthModule {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self { pipeline }
    }

    /// Any path of the API.
    pub fn raw(&self) -> Raw {
        Raw::new(self.pipeline.clone())
    }
}
