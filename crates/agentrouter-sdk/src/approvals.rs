//! Approvals: what is decided when a run waits for it.
//!
//! With approval mode `manual` a run stops at `approval.requested` until a decision for that very digest is recorded.

use agent_core::Call;
use agent_core::sdk::{Op, Request};
use serde::Serialize;

use crate::client::AgentRouterClient;
use crate::ops;
use crate::parts::ApprovalRequestPart;
use crate::types::{RunEvent, RunId};

/// A decision about one action of one run.
///
/// The digest says which action is meant, to the letter of its arguments: copy it from the part or event that asked.
/// It is sent unchanged; an approval of one digest never starts another action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[must_use]
pub struct RunActionDecisionRequest {
    /// The run that waits: that of the event, not the conversation.
    #[serde(skip)]
    pub run_id: RunId,
    /// The action.
    #[serde(skip)]
    pub action_id: String,
    /// The digest of the action, opaque.
    pub action_digest: String,
    /// Why, for the record: 1 to 1000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl RunActionDecisionRequest {
    /// A decision about this action.
    pub fn new(
        run_id: impl Into<RunId>,
        action_id: impl Into<String>,
        action_digest: impl Into<String>,
    ) -> Self {
        Self {
            run_id: run_id.into(),
            action_id: action_id.into(),
            action_digest: action_digest.into(),
            reason: None,
        }
    }

    /// Says why.
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

impl From<&ApprovalRequestPart> for RunActionDecisionRequest {
    /// A decision about what the part asks for.
    fn from(part: &ApprovalRequestPart) -> Self {
        Self::new(&part.event.run_id, &part.action_id, &part.action_digest)
    }
}

impl AgentRouterClient {
    /// Approves an action (`approveRunAction`) and gives the recorded decision.
    ///
    /// A decision is final. Repeating it gives the first event again; the other decision is refused
    /// ([`is_approval_already_decided`](crate::ErrorExt::is_approval_already_decided)), and so is a digest that the run
    /// does not wait for ([`action_digest_mismatch`](crate::ErrorExt::action_digest_mismatch)).
    pub fn approve_run_action(
        &self,
        decision: impl Into<RunActionDecisionRequest>,
    ) -> Call<RunEvent> {
        self.decide(&ops::APPROVE_RUN_ACTION, decision.into())
    }

    /// Denies an action (`denyRunAction`) and gives the recorded decision. As with
    /// [`approve_run_action`](Self::approve_run_action), it is final and may be repeated.
    pub fn deny_run_action(&self, decision: impl Into<RunActionDecisionRequest>) -> Call<RunEvent> {
        self.decide(&ops::DENY_RUN_ACTION, decision.into())
    }

    fn decide(&self, op: &'static Op, decision: RunActionDecisionRequest) -> Call<RunEvent> {
        let request = Request::new(op).json(&decision);
        let request = request.param("run_id", decision.run_id);
        let request = request.param("action_id", decision.action_id);
        // Read as text, so that the event keeps its own.
        self.pipeline.call(request, |response| {
            let raw = response.json()?;
            RunEvent::from_raw(raw).map_err(|error| response.decode_error(&error))
        })
    }
}
