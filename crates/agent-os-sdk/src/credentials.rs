//! Credentials of other services, kept by Agent OS.

use agent_core::Call;
use agent_core::sdk::{Pipeline, Request};
use serde::Serialize;
use serde_json::Value;

use crate::decode::{typed, untyped};
use crate::ops;
use crate::types::{Credential, PaginatedResponse};

/// Credentials: [`AgentOsClient::credentials`](crate::AgentOsClient::credentials).
///
/// Source: package, 0.9.3, for `get`; the others are decided here by its conventions, with bodies of the caller's.
#[derive(Clone, Debug)]
pub struct Credentials {
    pipeline: Pipeline,
}

impl Credentials {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self { pipeline }
    }

    /// One credential; with its secret values only if `include_values` is true, for which the caller needs the right.
    ///
    /// The original's default is false.
    pub fn get(&self, id: impl Into<String>, include_values: bool) -> Call<Credential> {
        self.pipeline
            .call(get_request(id.into(), include_values), typed)
    }

    /// The credentials. Low confidence: decided here.
    pub fn list(&self) -> Call<PaginatedResponse<Credential>> {
        self.pipeline
            .call(Request::new(&ops::CREDENTIALS_LIST), typed)
    }

    /// Makes a credential out of any JSON; repeated after a failure only with
    /// [`idempotency_key`](Call::idempotency_key). Low confidence: decided here.
    pub fn create(&self, credential: &(impl Serialize + ?Sized)) -> Call<Credential> {
        let request = Request::new(&ops::CREDENTIALS_CREATE).json(credential);
        self.pipeline.call(request, typed)
    }

    /// Changes a credential. Low confidence: decided here.
    pub fn update(
        &self,
        id: impl Into<String>,
        change: &(impl Serialize + ?Sized),
    ) -> Call<Credential> {
        let request = Request::new(&ops::CREDENTIALS_UPDATE)
            .param("id", id)
            .json(change);
        self.pipeline.call(request, typed)
    }

    /// Deletes a credential. The value is what the server says about it. Low confidence: decided here.
    pub fn delete(&self, id: impl Into<String>) -> Call<Value> {
        let request = Request::new(&ops::CREDENTIALS_DELETE).param("id", id);
        self.pipeline.call(request, untyped)
    }
}

pub(crate) fn get_request(id: String, include_values: bool) -> Request {
    Request::new(&ops::CREDENTIALS_GET)
        .param("id", id)
        .query("includeValues", include_values)
}
