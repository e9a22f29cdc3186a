//! How a successful answer becomes a value.

use std::collections::HashMap;

use agent_core::sdk::{Response, read_json_text};
use agent_core::{Error, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

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
    let no_json = || misfit(response, response.decode_error(&no_json()));
    if is_empty(response) {
        // No data: a type that can be nothing is nothing.
        return serde_json::from_value(Value::Null).map_err(|_| no_json());
    }
    if media(response) == Media::Other {
        return Err(no_json());
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

/// The data of an event; none if it is not JSON.
///
/// Fields that no [`Value`] can hold, such as nesting without end, are left out of the event
/// and of its payload: number and type of the event are not lost with them.
pub(crate) fn parse_event(text: &str) -> Option<Value> {
    read_json_text(text).ok().or_else(|| outline(text, 2))
}

/// An object without what no [`Value`] can hold, so many levels deep.
fn outline(text: &str, levels: u32) -> Option<Value> {
    let deeper = levels.checked_sub(1)?;
    let fields: HashMap<String, Box<RawValue>> = read_json_text(text).ok()?;
    let fields = fields.into_iter().filter_map(|(name, value)| {
        let held = read_json_text(value.get()).ok();
        Some((name, held.or_else(|| outline(value.get(), deeper))?))
    });
    Some(Value::Object(fields.collect()))
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
