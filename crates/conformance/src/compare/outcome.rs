//! Compares what a call gave with the `expect` of its step.

use serde_json::{Map, Value};

use super::json::{LISTED, Rule, differences, same_in_any_order};
use super::printed::same_but_for_numbers;
use super::{Difference, cut, shown};
use crate::adapter::{Failure, Outcome, Streamed};

/// What a vector says about comparing, beside `expect` itself.
#[derive(Clone, Debug, Default)]
pub struct Options {
    json_text: Vec<String>,
    any_order: bool,
    also_accept: Vec<Value>,
    free_numbers: bool,
}

impl Options {
    /// Collects `json_text`, `any_order` and `also_accept` from these objects: the step, the vector.
    pub fn of(places: &[&Map<String, Value>]) -> Self {
        let mut options = Self::default();
        for place in places {
            let names = match place.get("json_text") {
                Some(Value::Array(names)) => names.as_slice(),
                Some(one) => std::slice::from_ref(one),
                None => &[],
            };
            // A dotted name means its last part: the same name elsewhere in these events would hold JSON as well.
            options
                .json_text
                .extend(names.iter().filter_map(Value::as_str).map(|name| {
                    let last = name.rsplit(['.', '/']).next();
                    last.unwrap_or(name).to_owned()
                }));
            options.any_order |= place.get("any_order") == Some(&Value::Bool(true));
        }
        options
    }

    /// Further outcomes that are as good.
    pub fn accepting(mut self, also_accept: Option<&Value>) -> Self {
        self.also_accept = match also_accept {
            Some(Value::Array(several)) => several.clone(),
            Some(one) => vec![one.clone()],
            None => Vec::new(),
        };
        self
    }

    /// Whether numbers in the JSON of messages compare by value.
    pub fn free_numbers(mut self, free: bool) -> Self {
        self.free_numbers = free;
        self
    }
}

/// The differences between `expect` and the outcome. None if the outcome is one that is also accepted.
pub fn compare(expect: &Value, outcome: &Outcome, options: &Options) -> Vec<Difference> {
    let found = one(expect, outcome, options);
    let accepted = |expect: &Value| one(expect, outcome, options).is_empty();
    if found.is_empty() || options.also_accept.iter().any(accepted) {
        return Vec::new();
    }
    found
}

fn one(expect: &Value, outcome: &Outcome, options: &Options) -> Vec<Difference> {
    if expect.is_null() {
        return Vec::new();
    }
    match (expect.get("ok"), expect.get("events"), expect.get("error")) {
        (Some(value), None, None) => ok(value, outcome, options),
        (None, Some(Value::Array(events)), error) => {
            let error = error.filter(|error| !error.is_null());
            stream(events, error, expect.get("cursor"), outcome, options)
        }
        (None, None, Some(Value::Object(error))) => only_error(error, outcome, options),
        _ => vec![Difference::new(
            "expect",
            "one of ok, events, error",
            shown(expect),
        )],
    }
}

fn ok(expected: &Value, outcome: &Outcome, options: &Options) -> Vec<Difference> {
    let Outcome::Ok(actual) = outcome else {
        return vec![Difference::new(
            "result",
            format!("ok {}", shown(expected)),
            described(outcome),
        )];
    };
    let rule = Rule::Listed {
        json_text: &options.json_text,
    };
    if let (true, Value::Array(expected), Value::Array(actual)) =
        (options.any_order, expected, actual)
        && same_in_any_order(rule, expected, actual)
    {
        return Vec::new();
    }
    within("result", differences(rule, expected, actual))
}

fn stream(
    events: &[Value],
    error: Option<&Value>,
    cursor: Option<&Value>,
    outcome: &Outcome,
    options: &Options,
) -> Vec<Difference> {
    // Whether a stream's call or its first item tells that it could not be opened is a matter of the API's form.
    let failed;
    let actual = match outcome {
        Outcome::Stream(streamed) => streamed,
        Outcome::Error(failure) => {
            failed = Streamed {
                items: vec![Err(failure.clone())],
                cursor: None,
            };
            &failed
        }
        other => {
            let expected = format!("a stream of {} events", events.len());
            return vec![Difference::new("result", expected, described(other))];
        }
    };
    let mut found = Vec::new();
    let total = events.len() + usize::from(error.is_some());
    if total != actual.items.len() {
        found.push(Difference::new(
            "events",
            format!("{total} items"),
            format!("{} items", actual.items.len()),
        ));
    }
    for (index, expected) in events.iter().enumerate() {
        let at = format!("events/{index}");
        found.extend(item(
            &at,
            expected,
            error_item(expected).as_ref(),
            actual.items.get(index),
            options,
        ));
    }
    if let Some(expected) = error {
        let members = expected.as_object();
        let last = actual.items.get(events.len());
        found.extend(item("final error", expected, members, last, options));
    }
    for (index, extra) in actual.items.iter().enumerate().skip(total) {
        let extra = match extra {
            Ok(event) => shown(event),
            Err(failure) => cut(&failure.to_string()),
        };
        found.push(Difference::new(
            format!("events/{index}"),
            "the end of the stream",
            extra,
        ));
    }
    if let Some(expected) = cursor {
        let actual = actual.cursor.clone().unwrap_or(Value::Null);
        found.extend(within("cursor", differences(LISTED, expected, &actual)));
    }
    found
}

/// One expected item, an error if `error` has its members, against the one at its place.
fn item(
    at: &str,
    expected: &Value,
    error: Option<&Map<String, Value>>,
    actual: Option<&Result<Value, Failure>>,
    options: &Options,
) -> Vec<Difference> {
    let rule = Rule::Listed {
        json_text: &options.json_text,
    };
    match (error, actual) {
        (_, None) => vec![Difference::new(
            at,
            shown(expected),
            "the end of the stream",
        )],
        (Some(error), Some(Err(failure))) => within(at, members(error, failure, options)),
        (None, Some(Ok(event))) => within(at, differences(rule, expected, event)),
        (Some(_), Some(Ok(event))) => {
            vec![Difference::new(
                at,
                format!("error {}", shown(expected)),
                shown(event),
            )]
        }
        (None, Some(Err(failure))) => {
            vec![Difference::new(
                at,
                shown(expected),
                cut(&failure.to_string()),
            )]
        }
    }
}

/// The members of an error in the middle of a stream: `{"error": {…}}` or `{"streamError": kind}` and nothing else.
fn error_item(expected: &Value) -> Option<Map<String, Value>> {
    let members = expected.as_object().filter(|members| members.len() == 1)?;
    match (members.get("error"), members.get("streamError")) {
        (Some(Value::Object(error)), None) => Some(error.clone()),
        (None, Some(Value::String(kind))) => {
            Some(Map::from_iter([("kind".to_owned(), kind.clone().into())]))
        }
        _ => None,
    }
}

fn only_error(
    expected: &Map<String, Value>,
    outcome: &Outcome,
    options: &Options,
) -> Vec<Difference> {
    let failure = match outcome {
        Outcome::Error(failure) => Some(failure),
        Outcome::Stream(streamed) => match streamed.items.as_slice() {
            [Err(failure)] => Some(failure),
            _ => None,
        },
        _ => None,
    };
    match failure {
        Some(failure) => within("error", members(expected, failure, options)),
        None => vec![Difference::new(
            "result",
            format!("error {}", shown(&expected.clone().into())),
            described(outcome),
        )],
    }
}

/// Compares the keys that are given; null means that there is none.
fn members(expected: &Map<String, Value>, failure: &Failure, options: &Options) -> Vec<Difference> {
    let mut found = Vec::new();
    for (key, expected) in expected {
        let at = format!("/{key}");
        if key == "message_prefix" {
            let message = failure.get("message").and_then(Value::as_str);
            let prefix = expected.as_str().unwrap_or_default();
            if !message.is_some_and(|message| message.starts_with(prefix)) {
                let expected = format!("a message that begins with {prefix:?}");
                found.push(Difference::new("/message", expected, failure.to_string()));
            }
            continue;
        }
        let actual = failure.get(key).unwrap_or(&Value::Null);
        if let (true, "message", Value::String(expected), Value::String(actual)) =
            (options.free_numbers, key.as_str(), expected, actual)
            && same_but_for_numbers(expected, actual)
        {
            continue;
        }
        let rule = match key.as_str() {
            "message" | "kind" | "code" | "details" => Rule::Exact,
            _ => LISTED,
        };
        found.extend(within(&at, differences(rule, expected, actual)));
    }
    if !found.is_empty() {
        found.push(Difference::new(
            "as a whole",
            shown(&expected.clone().into()),
            cut(&failure.to_string()),
        ));
    }
    found
}

fn described(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ok(value) => format!("ok {}", shown(value)),
        Outcome::Error(failure) => cut(&failure.to_string()),
        Outcome::Unusable(reason) => format!("no call: {reason}"),
        Outcome::Stream(streamed) => {
            let items: Vec<_> = streamed
                .items
                .iter()
                .map(|item| match item {
                    Ok(event) => event.to_string(),
                    Err(failure) => failure.to_string(),
                })
                .collect();
            cut(&format!("a stream of [{}]", items.join(", ")))
        }
    }
}

fn within(place: &str, found: Vec<Difference>) -> Vec<Difference> {
    found
        .into_iter()
        .map(|difference| difference.within(place))
        .collect()
}

#[cfg(test)]
mod tests;
