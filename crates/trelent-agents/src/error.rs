//! How the vendor's error bodies are read, and the vendor's view of the shared error.
//!
//! Here live the rules for `detail` and message, and [`ErrorExt`]. When a call fails, and whether it is tried again, is
//! decided elsewhere.

use std::collections::BTreeMap;
use std::fmt;

use agent_core::Error;
use agent_core::sdk::{compact_json, mend_surrogates, read_json_text};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::shape::Fields;

/// Which of the vendor's error classes an answer belongs to. Source: seen in the vendor's Python client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiErrorClass {
    /// None of the others (there `APIError`). A refused token exchange is of this class, whatever its status.
    Api,
    /// Status 404 (there `NotFoundError`).
    NotFound,
    /// Status 422 (there `ValidationError`).
    Validation,
}

/// One complaint of a 422 answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ValidationItem {
    /// Where: the path to the field, from the outside in.
    pub loc: Vec<LocSegment>,
    /// What is wrong with it.
    pub msg: String,
    /// Code of the complaint.
    #[serde(rename = "type")]
    pub error_type: String,
}

/// One step of the path to a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum LocSegment {
    /// Key of an object.
    Key(String),
    /// Place in an array, from 0.
    Index(i64),
}

impl fmt::Display for LocSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(key),
            Self::Index(index) => index.fmt(f),
        }
    }
}

/// What the API's error says beyond the shared [`Error`]. Bring it into scope to use it.
///
/// ```
/// use trelent_agents::{Error, ErrorExt};
///
/// fn report(error: &Error) {
///     for item in error.validation_errors() {
///         println!("{:?}: {}", item.loc, item.msg);
///     }
/// }
/// ```
pub trait ErrorExt {
    /// What the server says about it: text, or a JSON value when the server sent something else. None if the error
    /// is not an answer of the API.
    fn detail(&self) -> Option<&Value>;

    /// The complaints of a 422 answer; empty for other errors.
    fn validation_errors(&self) -> &[ValidationItem];

    /// Which of the vendor's error classes it is. None if the error is not an answer of the API.
    fn api_class(&self) -> Option<ApiErrorClass>;

    /// Whether the server found the request invalid (status 422).
    fn is_validation(&self) -> bool {
        self.api_class() == Some(ApiErrorClass::Validation)
    }
}

impl ErrorExt for Error {
    fn detail(&self) -> Option<&Value> {
        self.view::<ErrorParts>().map(|parts| &parts.detail)
    }

    fn validation_errors(&self) -> &[ValidationItem] {
        self.view::<ErrorParts>()
            .map_or(&[], |parts| parts.errors.as_slice())
    }

    fn api_class(&self) -> Option<ApiErrorClass> {
        self.view::<ErrorParts>().map(|parts| parts.class)
    }
}

/// An error body as far as it could be understood. Attached to errors as their view.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ErrorParts {
    pub(crate) class: ApiErrorClass,
    pub(crate) detail: Value,
    pub(crate) message: String,
    pub(crate) errors: Vec<ValidationItem>,
}

/// Reads the body of an answer outside 200 to 299.
pub(crate) fn read(status: u16, body: &str) -> ErrorParts {
    let class = match status {
        404 => ApiErrorClass::NotFound,
        422 => ApiErrorClass::Validation,
        _ => ApiErrorClass::Api,
    };
    let text = |text: String| (text.clone(), Value::String(text), Vec::new());
    let unreadable = || text(format!("Failed to parse error response: {body}"));
    let (shown, detail, errors) = match (class, Detail::of(body)) {
        (ApiErrorClass::NotFound, None) if body.is_empty() => text("Not found".to_owned()),
        (ApiErrorClass::NotFound, Some(Detail::Missing)) => text("Not found".to_owned()),
        (ApiErrorClass::Validation, Some(Detail::Missing)) => text("Validation error".to_owned()),
        (ApiErrorClass::Api, Some(Detail::Missing)) => text(body.to_owned()),
        (
            ApiErrorClass::Validation,
            Some(Detail::Given {
                items: Some(items), ..
            }),
        ) => {
            let line = summary(&items);
            (line.clone(), Value::String(line), items)
        }
        (_, Some(Detail::Given { value, compact, .. })) => match value {
            Value::String(line) => text(line),
            other => (compact, other, Vec::new()),
        },
        (_, None) => unreadable(),
    };
    ErrorParts {
        class,
        message: format!("HTTP {status}: {shown}"),
        detail,
        errors,
    }
}

/// Reads the body of a refused token exchange, whatever its status.
pub(crate) fn read_token_refusal(status: u16, body: &str) -> ErrorParts {
    token_error(status, format!("Token request failed: {body}"))
}

/// The error when every scope was refused earlier and none is left to ask for.
pub(crate) fn no_scope_left(candidates: &[&str]) -> ErrorParts {
    let tried = candidates.join(", ");
    token_error(401, format!("No valid scope found. Tried: {tried}"))
}

fn token_error(status: u16, detail: String) -> ErrorParts {
    ErrorParts {
        class: ApiErrorClass::Api,
        message: format!("HTTP {status}: {detail}"),
        detail: Value::String(detail),
        errors: Vec::new(),
    }
}

fn summary(items: &[ValidationItem]) -> String {
    if items.is_empty() {
        return "Validation error".to_owned();
    }
    let lines: Vec<String> = items
        .iter()
        .map(|item| {
            let path: Vec<String> = item.loc.iter().map(ToString::to_string).collect();
            format!("{}: {}", path.join("."), item.msg)
        })
        .collect();
    lines.join("; ")
}

/// What a body that is a JSON object says in `detail`.
enum Detail {
    /// Nothing, or null.
    Missing,
    /// Something.
    Given {
        value: Value,
        /// The same as JSON text without spaces, keys in the server's order.
        compact: String,
        /// The same as a list of complaints, if it is one.
        items: Option<Vec<ValidationItem>>,
    },
}

impl Detail {
    /// None if `body` is not a JSON object.
    fn of(body: &str) -> Option<Self> {
        let body = body.strip_prefix('\u{FEFF}').unwrap_or(body);
        let mended = mend_surrogates(body);
        let body = mended.as_deref().unwrap_or(body);
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(body).ok()?;
        let raw = match fields.get("detail") {
            Some(raw) if raw.get() != "null" => raw.get(),
            _ => return Some(Self::Missing),
        };
        let items = serde_json::from_str::<Vec<Fields<ValidationItem>>>(raw).ok();
        Some(Self::Given {
            value: read_json_text(raw).ok()?,
            compact: compact_json(raw)?,
            items: items.map(|items| items.into_iter().map(|item| item.0).collect()),
        })
    }
}

/// What is wrong with a JSON text, short: serde quotes the text in full, and it may be megabytes long.
pub(crate) fn brief(error: &serde_json::Error) -> String {
    const LIMIT: usize = 200;
    let text = error.to_string();
    match text.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests;
