//! Reading answers member by member, so that a missing one is named in the vendor's words.

use agent_core::sdk::{Response, mend_surrogates};
use agent_core::{Error, Result};
use serde_json::{Map, Value};

/// `text` as JSON. Halves of characters, as servers send them that cut text by UTF-16 units, become U+FFFD.
pub(crate) fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| match mend_surrogates(text) {
        Some(mended) => serde_json::from_str(&mended),
        None => Err(error),
    })
}

/// The members of an answer's body. What is not a JSON object has none.
pub(crate) fn members(response: &Response) -> Map<String, Value> {
    match parse(&String::from_utf8_lossy(&response.body)) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

/// A whole number, also one that is written as `3.0`.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "checked: whole, and far below 2^63"
        )]
        (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
    })
}

/// A whole number from zero.
pub(crate) fn count(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| u64::try_from(integer(value)?).ok())
}

/// An object of an answer whose members are taken one by one; what is left is what this version does not know.
pub(crate) struct Members {
    map: Map<String, Value>,
    /// What the answer is about, for the error's text.
    what: &'static str,
}

impl Members {
    pub(crate) fn of(response: &Response, what: &'static str) -> Self {
        Self {
            map: members(response),
            what,
        }
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
