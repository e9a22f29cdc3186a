//! Secrets that runs may use. Beyond the package this crate mirrors; seen in the vendor's Python client.

use agent_core::sdk::{Op, Pipeline, Redirects, Request, Response};
use agent_core::{Call, SecretString};
use serde_json::json;

use crate::ops::{SECRETS_CREATE, SECRETS_DELETE, SECRETS_GET, SECRETS_LIST, SECRETS_UPDATE};
use crate::types::{DeleteSecretResponse, SecretResponse};
use crate::wire;

/// Secrets that runs may use: [`Client::secrets`](crate::Client::secrets). The service never gives a value back.
#[derive(Clone, Debug)]
pub struct Secrets {
    pipeline: Pipeline,
}

/// A request that carries a secret in its body: no redirect takes it to another origin.
fn confined(op: &'static Op) -> Request {
    Request::new(op).redirects(Redirects::within_origin(wire::MAX_REDIRECTS))
}

impl Secrets {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self { pipeline }
    }

    /// Stores a new secret. Not repeated after a failure: the second answer would be a conflict.
    pub fn create(
        &self,
        name: impl AsRef<str>,
        value: impl Into<SecretString>,
    ) -> Call<SecretResponse> {
        let value = value.into();
        let body = json!({ "name": name.as_ref(), "value": value.expose() });
        let request = confined(&SECRETS_CREATE).json(&body).secret(value);
        self.pipeline.call(request, Response::json)
    }

    /// All secrets, without their values.
    pub fn list(&self) -> Call<Vec<SecretResponse>> {
        self.pipeline
            .call(Request::new(&SECRETS_LIST), Response::json)
    }

    /// One secret, without its value.
    pub fn get(&self, name: impl Into<String>) -> Call<SecretResponse> {
        let request = Request::new(&SECRETS_GET).param("name", name);
        self.pipeline.call(request, Response::json)
    }

    /// Replaces the value of a secret.
    pub fn update(
        &self,
        name: impl Into<String>,
        value: impl Into<SecretString>,
    ) -> Call<SecretResponse> {
        let value = value.into();
        let request = confined(&SECRETS_UPDATE)
            .param("name", name)
            .json(&json!({ "value": value.expose() }))
            .secret(value);
        self.pipeline.call(request, Response::json)
    }

    /// Forgets a secret.
    pub fn delete(&self, name: impl Into<String>) -> Call<DeleteSecretResponse> {
        let request = Request::new(&SECRETS_DELETE).param("name", name);
        self.pipeline.call(request, Response::json)
    }
}
