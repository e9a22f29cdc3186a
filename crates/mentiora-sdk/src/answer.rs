//! Reading answers member by member, so that a missing one is named in the vendor's words.

use agent_core::sdk::{Response, read_json};
use agent_core::{Error, Result};
use serde_json::{Map, Value};

use crate::number::count;

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
        let map = match read_json(bytes) {
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
