//! How a successful answer becomes a value.

use agent_core::sdk::Response;
use agent_core::{Error, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Answer, with_view};

/// What the content type says about the body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Media {
    Json,
    Unsaid,
    Other,
}

fn media(response: &Response) -> Media {
    let Some(kind) = response.content_type() else {
        return Media::Unsaid;
    };
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let json = essence.eq_ignore_ascii_case("application/json")
        || essence
            .rsplit_once('+')
            .is_some_and(|(_, suffix)| suffix.eq_ignore_ascii_case("json"));
    match essence {
        _ if json => Media::Json,
        "" => Media::Unsaid,
        _ => Media::Other,
    }
}

fn is_empty(response: &Response) -> bool {
    response.meta.status == 204 || response.body.is_empty()
}

/// A value of a known form. What does not fit is an error of kind `Decode`.
pub(crate) fn typed<T: DeserializeOwned>(response: &Response) -> Result<T> {
    if is_empty(response) || media(response) == Media::Other {
        return Err(misfit(response, response.decode_error(&no_json())));
    }
    response.json().map_err(|error| misfit(response, error))
}

/// Any JSON: null for no body, a text for a body that is not JSON.
pub(crate) fn untyped(response: &Response) -> Result<Value> {
    if is_empty(response) {
        return Ok(Value::Null);
    }
    let text = || Value::String(String::from_utf8_lossy(&response.body).into_owned());
    match media(response) {
        Media::Json => response.json().map_err(|error| misfit(response, error)),
        Media::Unsaid => Ok(response.json().unwrap_or_else(|_| text())),
        Media::Other => Ok(text()),
    }
}

/// Adds the answer's status and text to an error about its form.
pub(crate) fn misfit(response: &Response, error: Error) -> Error {
    with_view(error, |view| {
        view.answer = Some(Answer {
            status: response.meta.status.as_u16(),
            content_type: response.content_type().map(str::to_owned),
            body: response.body.clone(),
        });
    })
}

/// The error of decoding nothing.
fn no_json() -> serde_json::Error {
    serde::de::Error::custom("no JSON")
}
