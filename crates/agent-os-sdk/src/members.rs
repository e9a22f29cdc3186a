//! The members of the workspace.

use agent_core::sdk::Pipeline;
use agent_core::{Call, Pages};
use serde_json::Value;

use crate::decode::typed;
use crate::lists::{Offsets, page_request};
use crate::ops::MEMBERS_LIST;
use crate::types::{PaginatedResponse, PaginationParams};

/// Members: [`AgentOsClient::members`](crate::AgentOsClient::members).
///
/// Low confidence: the package names the module and shows nothing of it.
#[derive(Clone, Debug)]
pub struct Members {
    pipeline: Pipeline,
}

impl Members {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self { pipeline }
    }

    /// One page of the members, as the server tells them.
    pub fn list(&self, page: PaginationParams) -> Call<PaginatedResponse<Value>> {
        self.pipeline
            .call(page_request(&MEMBERS_LIST, page.limit, page.offset), typed)
    }

    /// All members from there on, page by page.
    pub fn list_all(&self, page: PaginationParams) -> Pages<PaginatedResponse<Value>> {
        self.pipeline.pages(Offsets::new(&MEMBERS_LIST, page))
    }
}
