//! Liberal decoding: what is missing, null or of another type is absent; what is not known is kept.
//!
//! Here live [`Fields`], from which every type of the vendor's is read, and how answers become such types.

use agent_core::sdk::{Response, compact_json, read_json_text};
use agent_core::{Error, Result};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// Fields that this version does not know, or of another type than documented, as the server sent them.
pub type Extra = Map<String, Value>;

/// The fields of a JSON object that were not read yet.
pub(crate) struct Fields<'a> {
    map: Extra,
    /// The JSON they come from, if it is at hand: it knows the order of keys.
    text: Option<&'a str>,
}

/// What is read from an object. The error is what is wrong with it, without any of its values.
pub(crate) trait Liberal: Sized {
    fn read(fields: Fields<'_>) -> Result<Self, &'static str>;
}

impl From<Extra> for Fields<'_> {
    fn from(map: Extra) -> Self {
        Self { map, text: None }
    }
}

impl<'a> Fields<'a> {
    /// The fields of the object in `text`.
    pub(crate) fn parse(text: &'a str) -> serde_json::Result<Self> {
        Ok(Self {
            map: read_json_text(text)?,
            text: Some(text),
        })
    }

    /// Takes a field that is not null.
    pub(crate) fn any(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name).filter(|value| !value.is_null())
    }

    pub(crate) fn string(&mut self, name: &str) -> Option<String> {
        self.of(name, |value| match value {
            Value::String(text) => Ok(text),
            other => Err(other),
        })
    }

    pub(crate) fn bool(&mut self, name: &str) -> Option<bool> {
        self.of(name, |value| value.as_bool().ok_or(value))
    }

    pub(crate) fn array(&mut self, name: &str) -> Option<Vec<Value>> {
        self.of(name, |value| match value {
            Value::Array(items) => Ok(items),
            other => Err(other),
        })
    }

    pub(crate) fn object(&mut self, name: &str) -> Option<Extra> {
        self.of(name, |value| match value {
            Value::Object(map) => Ok(map),
            other => Err(other),
        })
    }

    /// A whole number that is not negative.
    pub(crate) fn size(&mut self, name: &str) -> Option<u64> {
        self.of(name, |value| {
            let whole = whole(&value).and_then(|number| u64::try_from(number).ok());
            whole.ok_or(value)
        })
    }

    /// A whole number, or a text of decimal digits.
    pub(crate) fn cursor(&mut self, name: &str) -> Option<i64> {
        self.of(name, |value| cursor(&value).ok_or(value))
    }

    /// A text, or an object's `message`, or else the object as JSON.
    pub(crate) fn error(&mut self) -> Option<String> {
        let text = self.text;
        self.of("error", |value| match value {
            Value::String(error) => Ok(error),
            Value::Object(object) => Ok(match object.get("message") {
                Some(Value::String(message)) => message.clone(),
                _ => in_order(text).unwrap_or_else(|| Value::Object(object).to_string()),
            }),
            other => Err(other),
        })
    }

    /// Whether the server says that it went well, and why not.
    pub(crate) fn outcome(&mut self) -> (bool, Option<String>) {
        let error = self.error();
        let success = self.bool("success").unwrap_or(error.is_none());
        self.forget("success");
        (success, error)
    }

    /// Leaves a field out that has a value in any case, so that it is not written twice.
    pub(crate) fn forget(&mut self, name: &str) {
        self.map.remove(name);
    }

    /// What was not taken.
    pub(crate) fn rest(self) -> Extra {
        self.map
    }

    /// What was not taken so far.
    pub(crate) fn left(&self) -> &Extra {
        &self.map
    }

    /// Takes a field if `read` wants it, and leaves it otherwise.
    fn of<T>(&mut self, name: &str, read: impl FnOnce(Value) -> Result<T, Value>) -> Option<T> {
        match read(self.any(name)?) {
            Ok(value) => Some(value),
            Err(value) => {
                self.map.insert(name.to_owned(), value);
                None
            }
        }
    }
}

/// The object `error` as JSON with its keys in the server's order.
fn in_order(text: Option<&str>) -> Option<String> {
    #[derive(Deserialize)]
    struct Only<'a> {
        #[serde(borrow)]
        error: &'a RawValue,
    }
    let only: Only<'_> = serde_json::from_str(text?).ok()?;
    compact_json(only.error.get())
}

/// The value as a position: a whole number, or a text of decimal digits.
pub(crate) fn cursor(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        value => i64::try_from(whole(value)?).ok(),
    }
}

/// The value as a whole number; `2.0` is one.
fn whole(value: &Value) -> Option<i128> {
    if let Some(number) = value.as_i64() {
        return Some(number.into());
    }
    if let Some(number) = value.as_u64() {
        return Some(number.into());
    }
    let number = value.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the bounds are within what an i128 holds"
    )]
    (number.fract() == 0.0 && number.abs() < 1e20).then_some(number as i128)
}

/// The body of a successful answer as text.
pub(crate) fn text(response: &Response) -> Result<&str> {
    match std::str::from_utf8(&response.body) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(_) => Err(wrong(response, "the answer is not UTF-8")),
    }
}

/// The body of a successful answer, which must be a JSON object.
pub(crate) fn decode<T: Liberal>(response: &Response) -> Result<T> {
    let fields = Fields::parse(text(response)?).map_err(|error| response.decode_error(&error))?;
    T::read(fields).map_err(|what| wrong(response, what))
}

/// As [`decode`], but no body at all is as good as `{}`.
pub(crate) fn decode_or_empty<T: Liberal>(response: &Response) -> Result<T> {
    if text(response)?.trim().is_empty() {
        return T::read(Fields::from(Extra::new())).map_err(|what| wrong(response, what));
    }
    decode(response)
}

/// A successful answer of another form than documented.
pub(crate) fn wrong(response: &Response, what: &'static str) -> Error {
    Error::decode(what)
        .with_operation(response.operation)
        .with_request_id(response.meta.request_id.clone())
        .with_attempts(response.meta.attempts)
}

/// Lets a type be deserialized by its liberal rules.
macro_rules! liberal {
    ($($name:ty),+ $(,)?) => {
        $(
            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(
                    deserializer: D,
                ) -> std::result::Result<Self, D::Error> {
                    let map = $crate::fields::Extra::deserialize(deserializer)?;
                    <$name as $crate::fields::Liberal>::read(map.into())
                        .map_err(serde::de::Error::custom)
                }
            }
        )+
    };
}

pub(crate) use liberal;

#[cfg(test)]
mod tests;
