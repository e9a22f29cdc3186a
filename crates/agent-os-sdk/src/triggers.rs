//! Triggers: what starts agents from outside.

use agent_core::Call;
use agent_core::sdk::{Pipeline, Request};
use serde::Serialize;
use serde_json::Value;

use crate::decode::{typed, untyped};
use crate::ops;
use crate::types::{PaginatedResponse, Trigger, TriggerFilter};

/// Triggers: [`AgentOsClient::triggers`](crate::AgentOsClient::triggers).
///
/// Source: package, 0.9.3, for `list`, as its Chatwoot module calls it; the others are decided here by its conventions,
/// with bodies of the caller's.
#[derive(Clone, Debug)]
pub struct Triggers {
    pipeline: Pipeline,
}

impl Triggers {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self { pipeline }
    }

    /// The triggers, all or those of one agent.
    pub fn list(&self, filter: TriggerFilter) -> Call<PaginatedResponse<Trigger>> {
        self.pipeline.call(list_request(filter.agent_id), typed)
    }

    /// One trigger. Low confidence: decided here.
    pub fn get(&self, id: impl Into<String>) -> Call<Trigger> {
        let request = Request::new(&ops::TRIGGERS_GET).param("id", id);
        self.pipeline.call(request, typed)
    }

    /// Makes a trigger out of any JSON; repeated after a failure only with
    /// [`idempotency_key`](Call::idempotency_key). Low confidence: decided here.
    pub fn create(&self, trigger: &(impl Serialize + ?Sized)) -> Call<Trigger> {
        let request = Request::new(&ops::TRIGGERS_CREATE).json(trigger);
        self.pipeline.call(request, typed)
    }

    /// Changes a trigger. Low confidence: decided here.
    pub fn update(
        &self,
        id: impl Into<String>,
        change: &(impl Serialize + ?Sized),
    ) -> Call<Trigger> {
        let request = Request::new(&ops::TRIGGERS_UPDATE)
            .param("id", id)
            .json(change);
        self.pipeline.call(request, typed)
    }

    /// Deletes a trigger. The value is what the server says about it. Low confidence: decided here.
    pub fn delete(&self, id: impl Into<String>) -> Call<Value> {
        let request = Request::new(&ops::TRIGGERS_DELETE).param("id", id);
        self.pipeline.call(request, untyped)
    }
}

pub(crate) fn list_request(agent_id: Option<String>) -> Request {
    Request::new(&ops::TRIGGERS_LIST).query_opt("agent_id", agent_id)
}
