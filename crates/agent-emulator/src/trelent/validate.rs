//! Strict reading of JSON bodies: every problem becomes an item `{"loc": […], "msg": …, "type": …}` of a 422.
//!
//! What the bodies hold is in `bodies.rs`; here are only the means.

use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use super::errors::{Answer, Refusal};
use crate::http::Request;

/// Where in a request something is, such as `["body", "secrets", 0, "name"]`.
#[derive(Debug, Clone)]
pub(crate) struct Loc(Vec<Value>);

impl Loc {
    pub(crate) fn root(part: &str) -> Self {
        Self(vec![part.into()])
    }

    pub(crate) fn key(&self, key: &str) -> Self {
        let mut path = self.0.clone();
        path.push(key.into());
        Self(path)
    }

    pub(crate) fn index(&self, index: usize) -> Self {
        let mut path = self.0.clone();
        path.push(index.into());
        Self(path)
    }
}

/// Collects problems.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Value>);

impl Problems {
    pub(crate) fn add(&mut self, loc: &Loc, msg: impl Into<String>, kind: &str) {
        self.0
            .push(json!({"loc": loc.0, "msg": msg.into(), "type": kind}));
    }

    /// A refusal when there was any problem.
    pub(crate) fn check(self) -> Answer<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Refusal::invalid(self.0))
        }
    }

    /// The only problem there is.
    pub(crate) fn one(loc: &Loc, msg: impl Into<String>, kind: &str) -> Refusal {
        let mut problems = Self::default();
        problems.add(loc, msg, kind);
        Refusal::invalid(problems.0)
    }
}

/// The JSON object in a request's body.
pub(crate) fn json_object(request: &Request) -> Answer<Map<String, Value>> {
    if !request.is_json() {
        let loc = Loc::root("header").key(CONTENT_TYPE.as_str());
        return Err(Problems::one(
            &loc,
            "Content-Type should be application/json",
            "value_error",
        ));
    }
    let body = Loc::root("body");
    if request.body.is_empty() {
        return Err(Problems::one(&body, "Field required", "missing"));
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Problems::one(
            &body,
            "Input should be a valid dictionary",
            "dict_type",
        )),
        Err(error) => Err(Problems::one(
            &body,
            format!("JSON decode error: {error}"),
            "json_invalid",
        )),
    }
}

/// Refuses a body where none belongs.
pub(crate) fn no_body(request: &Request) -> Answer<()> {
    if request.body.is_empty() {
        Ok(())
    } else {
        Err(Problems::one(
            &Loc::root("body"),
            "No body is expected here",
            "extra_forbidden",
        ))
    }
}

/// The single value of an optional query parameter; any other parameter is refused.
pub(crate) fn only_query<'a>(
    request: &'a Request,
    allowed: Option<&str>,
) -> Answer<Option<&'a str>> {
    let mut problems = Problems::default();
    let mut found = None;
    for (key, value) in &request.query {
        let loc = Loc::root("query").key(key);
        if Some(key.as_str()) != allowed {
            problems.add(&loc, "Extra inputs are not permitted", "extra_forbidden");
        } else if found.replace(value.as_str()).is_some() {
            problems.add(&loc, "Input should be given once", "value_error");
        }
    }
    problems.check().map(|()| found)
}

/// Refuses what does not accept an event stream.
pub(crate) fn accepts_events(request: &Request) -> Answer<()> {
    let accept = request.header(hyper::header::ACCEPT).unwrap_or_default();
    if accept
        .split(',')
        .any(|media| media.trim().starts_with("text/event-stream"))
    {
        Ok(())
    } else {
        Err(Refusal::new(
            StatusCode::NOT_ACCEPTABLE,
            "Accept should be text/event-stream",
        ))
    }
}

/// The fields of an object whose keys are fixed. All of them are required; no other may be there.
pub(crate) struct Fields<'a> {
    map: &'a Map<String, Value>,
    loc: Loc,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(
        map: &'a Map<String, Value>,
        keys: &[&str],
        loc: Loc,
        problems: &mut Problems,
    ) -> Self {
        for key in keys {
            if !map.contains_key(*key) {
                problems.add(&loc.key(key), "Field required", "missing");
            }
        }
        for key in map.keys() {
            if !keys.contains(&key.as_str()) {
                problems.add(
                    &loc.key(key),
                    "Extra inputs are not permitted",
                    "extra_forbidden",
                );
            }
        }
        Self { map, loc }
    }

    /// An object below this one, whose keys are fixed too.
    pub(crate) fn object(
        &self,
        key: &str,
        keys: &[&str],
        problems: &mut Problems,
    ) -> Option<Fields<'a>> {
        let loc = self.loc.key(key);
        Some(Fields::new(
            as_object(self.map.get(key)?, &loc, problems)?,
            keys,
            loc,
            problems,
        ))
    }

    pub(crate) fn string(&self, key: &str, problems: &mut Problems) -> Option<&'a str> {
        let value = self.map.get(key)?;
        if value.as_str().is_none() {
            problems.add(
                &self.loc.key(key),
                "Input should be a valid string",
                "string_type",
            );
        }
        value.as_str()
    }

    /// A string that is not empty.
    pub(crate) fn text(&self, key: &str, problems: &mut Problems) -> Option<&'a str> {
        let text = self.string(key, problems)?;
        if text.is_empty() {
            problems.add(
                &self.loc.key(key),
                "String should have at least 1 character",
                "string_too_short",
            );
            return None;
        }
        Some(text)
    }

    /// A string or null.
    pub(crate) fn nullable(&self, key: &str, problems: &mut Problems) -> Option<&'a str> {
        match self.map.get(key)? {
            Value::Null => None,
            _ => self.string(key, problems),
        }
    }

    pub(crate) fn boolean(&self, key: &str, problems: &mut Problems) -> Option<bool> {
        let value = self.map.get(key)?;
        if value.as_bool().is_none() {
            problems.add(
                &self.loc.key(key),
                "Input should be a valid boolean",
                "bool_type",
            );
        }
        value.as_bool()
    }

    /// A whole number from `low` to `high`.
    pub(crate) fn integer(
        &self,
        key: &str,
        low: u64,
        high: u64,
        problems: &mut Problems,
    ) -> Option<u64> {
        let (value, loc) = (self.map.get(key)?, self.loc.key(key));
        if !value.is_i64() && !value.is_u64() {
            problems.add(&loc, "Input should be a valid integer", "int_type");
            return None;
        }
        match value.as_u64() {
            Some(n) if n > high => {
                let msg = format!("Input should be less than or equal to {high}");
                problems.add(&loc, msg, "less_than_equal");
                None
            }
            Some(n) if n >= low => Some(n),
            _ => {
                let msg = format!("Input should be greater than or equal to {low}");
                problems.add(&loc, msg, "greater_than_equal");
                None
            }
        }
    }

    /// The items of an array, each with its place.
    pub(crate) fn array(&self, key: &str, problems: &mut Problems) -> Vec<(Loc, &'a Value)> {
        let (loc, Some(value)) = (self.loc.key(key), self.map.get(key)) else {
            return Vec::new();
        };
        let Some(items) = value.as_array() else {
            problems.add(&loc, "Input should be a valid list", "list_type");
            return Vec::new();
        };
        items
            .iter()
            .enumerate()
            .map(|(index, item)| (loc.index(index), item))
            .collect()
    }

    /// A string of a fixed set.
    pub(crate) fn one_of(
        &self,
        key: &str,
        set: &[&str],
        problems: &mut Problems,
    ) -> Option<&'a str> {
        let text = self.string(key, problems)?;
        if !set.contains(&text) {
            let msg = format!("Input should be one of {}", set.join(", "));
            problems.add(&self.loc.key(key), msg, "enum");
            return None;
        }
        Some(text)
    }

    pub(crate) fn loc(&self, key: &str) -> Loc {
        self.loc.key(key)
    }
}

/// `value` as an object.
pub(crate) fn as_object<'a>(
    value: &'a Value,
    loc: &Loc,
    problems: &mut Problems,
) -> Option<&'a Map<String, Value>> {
    if !value.is_object() {
        problems.add(loc, "Input should be a valid dictionary", "dict_type");
    }
    value.as_object()
}
