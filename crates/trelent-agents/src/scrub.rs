//! Keeping secrets that a server repeats out of its error texts.
//!
//! Servers that check their input like to quote it in the complaint, and the message of an error is the server's text.
//! The answer's body, which is never printed, stays as it came.

use agent_core::sdk::{Pipeline, Request, hide_in_body};
use agent_core::{Call, Error, SecretString, WithResponse};
use serde::de::DeserializeOwned;

use crate::error::{ErrorParts, read};

/// Reads the answer behind `error` once more, without `secret`.
pub(crate) fn scrub(error: Error, secret: &str, read: fn(u16, &str) -> ErrorParts) -> Error {
    let Some(response) = error.response() else {
        return error;
    };
    let Some(clean) = hide_in_body(&response.text(), &[secret]) else {
        return error;
    };
    let parts = read(response.status.as_u16(), &clean);
    error
        .with_message(parts.message.clone())
        .with_details(parts.detail.clone())
        .with_view(parts)
}

/// A call whose request carries `secret` in its body.
pub(crate) fn send_with_secret<T: DeserializeOwned + Send + 'static>(
    pipeline: &Pipeline,
    request: Request,
    secret: SecretString,
) -> Call<T> {
    let operation = request.op().name;
    Call::new(pipeline.clone(), operation, move |caller| async move {
        let response = caller
            .send(&request)
            .await
            .map_err(|error| scrub(error, secret.expose(), read))?;
        Ok(WithResponse::new(response.json()?, response.meta))
    })
}
