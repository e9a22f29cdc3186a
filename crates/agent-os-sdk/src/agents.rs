//! Agents: make, change, look at, list, delete.

use agent_core::sdk::{Pipeline, Request};
use agent_core::{Call, Pages};
use serde_json::Value;

use crate::decode::{typed, untyped};
use crate::lists::{Offsets, page_request};
use crate::ops;
use crate::types::{Agent, CreateAgent, PaginatedResponse, PaginationParams, UpdateAgent};

/// Agents: [`AgentOsClient::agents`](crate::AgentOsClient::agents).
///
/// Source: package, 0.9.3, for `create` and `update`; the others are decided here by its conventions.
#[derive(Clone, Debug)]
pub struct Agents {
    pipeline: Pipeline,
}

impl Agents {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self { pipeline }
    }

    /// Makes an agent. Repeated after a failure only with an idempotency key; a key that was used before is a conflict
    /// (409).
    pub fn create(&self, agent: CreateAgent) -> Call<Agent> {
        let request = Request::new(&ops::AGENTS_CREATE)
            .json(&agent)
            .idempotency_key(agent.idempotency_key);
        self.pipeline.call(request, typed)
    }

    /// Changes an agent; what is not given stays. Never repeated by itself.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "parameters are given away, as in create"
    )]
    pub fn update(&self, id: impl Into<String>, update: UpdateAgent) -> Call<Agent> {
        let request = Request::new(&ops::AGENTS_UPDATE)
            .param("id", id)
            .json(&update);
        self.pipeline.call(request, typed)
    }

    /// One agent.
    pub fn get(&self, id: impl Into<String>) -> Call<Agent> {
        let request = Request::new(&ops::AGENTS_GET).param("id", id);
        self.pipeline.call(request, typed)
    }

    /// One page of the agents.
    pub fn list(&self, page: PaginationParams) -> Call<PaginatedResponse<Agent>> {
        self.pipeline.call(
            page_request(&ops::AGENTS_LIST, page.limit, page.offset),
            typed,
        )
    }

    /// All agents from there on, page by page.
    pub fn list_all(&self, page: PaginationParams) -> Pages<PaginatedResponse<Agent>> {
        self.pipeline.pages(Offsets::new(&ops::AGENTS_LIST, page))
    }

    /// Deletes an agent. The value is what the server says about it: null for nothing.
    pub fn delete(&self, id: impl Into<String>) -> Call<Value> {
        let request = Request::new(&ops::AGENTS_DELETE).param("id", id);
        self.pipeline.call(request, untyped)
    }
}
