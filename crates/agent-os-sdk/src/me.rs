//! Who is calling.

use agent_core::Call;
use agent_core::sdk::{Pipeline, Request};
use serde_json::Value;

use crate::decode::untyped;
use crate::ops::ME_GET;

/// Who is calling: [`AgentOsClient::me`](crate::AgentOsClient::me).
///
/// Low confidence: the package names the module and shows nothing of it.
#[derive(Clone, Debug)]
pub struct Me {
    pipeline: Pipeline,
}

impl Me {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self { pipeline }
    }

    /// Who is calling, as the server tells it.
    pub fn get(&self) -> Call<Value> {
        self.pipeline.call(Request::new(&ME_GET), untyped)
    }
}
