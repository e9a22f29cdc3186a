//! Reading answers member by member, so that a missing one is named in the vendor's words.

use agent_core::sdk::{Response, mend_numbers, mend_surrogates};
use agent_core::{Error, Result};
use serde_json::{Map, Value};

use crate::number::count;

/// `text` as JSON, read as JavaScript reads it: halves of characters, as servers send them that cut text by UTF-16
/// units, become U+FFFD, and numbers too large for any number null.
pub(crate) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| {
        let whole = mend_surrogates(text);
        let mended = mend_numbers(whole.as_deref().unwrap_or(text)).or(whole);
        mended.map_or(Err(error), |mended| serde_json::from_str(&mended))
    })
}

/// The body of an answer as JSON. A byte order mark before it is none of it.
pub(crate) fn body(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let text = String::from_utf8_lossy(bytes);
    parse(text.strip_prefix('\u{feff}').unwrap_or(&text))
}

/// An object of an answer whose members are taken one by one; what is left is what this version does not know.
pub(crate) struct Members {
    map: Map<String, Value>,
    /// What the answer is about, for the error's text.
    what: &'static str,
}

impl Members {
    pub(crate) fn of(response: &Response, what: &'static str) -> Self {
        Self::of_body(&response.body, what)
    }

    /// The members of a body. What is not a JSON object has none.
    pub(crate) fn of_body(bytes: &[u8], what: &'static str) -> Self {
        let map = match body(bytes) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        };
        Self { map, what }
    }

    pub(crate) fn missing(&self, name: &str) -> Error {
        Error::decode(format!("Invalid {} response: missing {name}", self.what))
    }

    /// A member that must be there; `read` says whether it is what it must be.
    pub(crate) fn required<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<T> {
        self.map
            .remove(name)
            .and_then(read)
            .ok_or_else(|| self.missing(name))
    }

    /// A member that may be absent or null; one of another type is as absent.
    pub(crate) fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Option<T> {
        self.map.remove(name).and_then(read)
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<String> {
        self.required(name, text)
    }

    pub(crate) fn count(&mut self, name: &str) -> Result<u64> {
        self.required(name, |value| count(&value))
    }

    /// The objects of a list that must be there, each read by `read`.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        read: impl Fn(Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let what = self.what;
        let items = self.required(name, |value| match value {
            Value::Array(items) => Some(items),
            _ => None,
        })?;
        items
            .into_iter()
            .map(|item| match item {
                Value::Object(map) => read(Self { map, what }),
                _ => read(Self {
                    map: Map::new(),
                    what,
                }),
            })
            .collect()
    }

    /// What was not taken.
    pub(crate) fn rest(self) -> Map<String, Value> {
        self.map
    }
}

/// A string.
pub(crate) fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}
