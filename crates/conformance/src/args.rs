//! Arguments of a vector's step.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The arguments of a step, or the options of a client.
pub type Args = Map<String, Value>;

/// A text that is given; null is as absent.
pub fn given<'a>(args: &'a Args, key: &str) -> Option<&'a str> {
    args.get(key).and_then(Value::as_str)
}

/// A text; empty if it is not given.
pub fn text<'a>(args: &'a Args, key: &str) -> &'a str {
    given(args, key).unwrap_or_default()
}

/// A value that is given, such as a number; null is as absent. What the SDK's type can not hold makes the vector
/// unusable.
pub fn parsed<T: DeserializeOwned>(args: &Args, key: &str) -> Result<Option<T>, String> {
    let Some(value) = args.get(key) else {
        return Ok(None);
    };
    serde_json::from_value(value.clone()).map_err(|error| format!("{key}: {error}"))
}

/// A list; empty if it is not given.
pub fn list<'a>(args: &'a Args, key: &str) -> &'a [Value] {
    args.get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}
