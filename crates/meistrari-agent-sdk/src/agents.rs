//! What concerns an agent and none of its sessions: its model.

use agent_core::sdk::Request;
use agent_core::{Call, WithResponse};

use crate::client::AgentClient;
use crate::error::{check_segment, validation};
use crate::fields::decode_or_empty;
use crate::ops::UPDATE_AGENT_MODEL;
use crate::types::{UpdateAgentModelRequest, UpdateAgentModelResponse};

impl AgentClient {
    /// Changes the model of an agent (`updateAgentModel`): writes `agent.config.json` on `main`, which is a commit, and
    /// syncs the provider's templates.
    ///
    /// Each success makes a commit, so the request is not repeated when it may have arrived.
    pub fn update_agent_model(
        &self,
        request: UpdateAgentModelRequest,
    ) -> Call<UpdateAgentModelResponse> {
        Call::new(
            self.pipeline.clone(),
            UPDATE_AGENT_MODEL.name,
            move |caller| async move {
                check_segment("repository", &request.repository)?;
                if request.model.trim().is_empty() {
                    return Err(validation("model", "model must not be empty"));
                }
                let request = Request::new(&UPDATE_AGENT_MODEL)
                    .param("repository", request.repository.clone())
                    .json(&request);
                let response = caller.send(&request).await?;
                let value = decode_or_empty(&response)?;
                Ok(WithResponse::new(value, response.meta))
            },
        )
    }
}
