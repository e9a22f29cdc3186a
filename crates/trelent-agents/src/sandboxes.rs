//! The images that runs start from.

use agent_core::Call;
use agent_core::sdk::{Pipeline, Request, Response};

use crate::ops::SANDBOXES_LIST;
use crate::types::RegistrySandbox;

/// The images of the caller: [`Client::sandboxes`](crate::Client::sandboxes).
#[derive(Clone, Debug)]
pub struct Sandboxes {
    pipeline: Pipeline,
}

impl Sandboxes {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self { pipeline }
    }

    /// All images with their tags. With credentials, names come without the owner's folder.
    pub fn list(&self) -> Call<Vec<RegistrySandbox>> {
        self.pipeline
            .call(Request::new(&SANDBOXES_LIST), Response::json)
    }
}
