//! Starting, continuing and recovering sessions.

use agent_core::sdk::Request;
use agent_core::{Call, WithResponse};

use crate::client::AgentClient;
use crate::fields::decode;
use crate::ops::EXECUTE_AGENT;
use crate::types::{ExecuteAgentRequest, ExecuteAgentResponse};

impl AgentClient {
    /// Starts a session, continues one that waits for messages, or recovers one (`executeAgent`).
    ///
    /// What can be checked is checked before anything is sent: see
    /// [`validate`](ExecuteAgentRequest::validate). A session in the wrong state is a 409
    /// ([`is_conflict`](crate::Error::is_conflict)): continue only after a `result` event with `waiting_messages`. That
    /// the server did not accept an execution is not an error but `success: false`.
    ///
    /// The API takes no idempotency key, so the request is **not repeated** when it may have arrived, and an agent
    /// never runs twice by accident; [`Error::sent`](crate::Error::sent) tells.
    pub fn execute_agent(&self, request: ExecuteAgentRequest) -> Call<ExecuteAgentResponse> {
        Call::new(
            self.pipeline.clone(),
            EXECUTE_AGENT.name,
            move |caller| async move {
                request.validate()?;
                let request = Request::new(&EXECUTE_AGENT).json(&request);
                let response = caller.send(&request).await?;
                let value = decode(&response)?;
                Ok(WithResponse::new(value, response.meta))
            },
        )
    }
}
