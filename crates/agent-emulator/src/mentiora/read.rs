//! Strict reading of requests: what is unknown, missing or of the wrong type is refused.

use hyper::header::ACCEPT;
use serde_json::{Map, Value};

use super::errors::{Answer, Refusal};
use crate::http::Request;

/// The members of a JSON body. Each is taken once; what is left at the end is unknown.
pub(crate) struct Members {
    map: Map<String, Value>,
    /// What is before a member's name in texts, such as `model_params.`.
    prefix: &'static str,
}

impl Members {
    pub(crate) fn of(request: &Request) -> Answer<Self> {
        if !request.is_json() {
            return Err(Refusal::invalid("Content-Type must be application/json"));
        }
        no_query(request)?;
        match serde_json::from_slice(&request.body) {
            Ok(Value::Object(map)) => Ok(Self { map, prefix: "" }),
            Ok(_) => Err(Refusal::invalid("The body must be a JSON object")),
            Err(error) => Err(Refusal::invalid(format!("The body is not JSON: {error}"))),
        }
    }

    fn refuse<T>(&self, name: &str, rule: &str) -> Answer<T> {
        Err(Refusal::invalid(format!("{}{name} {rule}", self.prefix)))
    }

    /// A member if there is one; null counts as one.
    pub(crate) fn value(&mut self, name: &str) -> Option<Value> {
        self.map.remove(name)
    }

    pub(crate) fn text(&mut self, name: &str) -> Answer<Option<String>> {
        match self.map.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => self.refuse(name, "must be a string"),
        }
    }

    pub(crate) fn required_text(&mut self, name: &str) -> Answer<String> {
        match self.text(name)? {
            Some(text) => Ok(text),
            None => self.refuse(name, "is required"),
        }
    }

    pub(crate) fn integer(&mut self, name: &str) -> Answer<Option<i64>> {
        match self.map.remove(name) {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => self.refuse(name, "must be an integer"),
            },
        }
    }

    pub(crate) fn number(&mut self, name: &str) -> Answer<Option<f64>> {
        match self.map.remove(name) {
            None => Ok(None),
            Some(value) => match value.as_f64() {
                Some(number) => Ok(Some(number)),
                None => self.refuse(name, "must be a number"),
            },
        }
    }

    pub(crate) fn boolean(&mut self, name: &str) -> Answer<bool> {
        match self.map.remove(name) {
            Some(Value::Bool(value)) => Ok(value),
            _ => self.refuse(name, "must be true or false"),
        }
    }

    pub(crate) fn object(&mut self, name: &str) -> Answer<Option<Map<String, Value>>> {
        match self.map.remove(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(map)),
            Some(_) => self.refuse(name, "must be an object"),
        }
    }

    /// An object whose own members are to be read as strictly.
    pub(crate) fn members(&mut self, name: &str, prefix: &'static str) -> Answer<Option<Self>> {
        Ok(self.object(name)?.map(|map| Self { map, prefix }))
    }

    pub(crate) fn texts(&mut self, name: &str) -> Answer<Vec<String>> {
        let Some(Value::Array(items)) = self.map.remove(name) else {
            return self.refuse(name, "must be an array of strings");
        };
        items
            .into_iter()
            .map(|item| match item {
                Value::String(text) => Ok(text),
                _ => self.refuse(name, "must be an array of strings"),
            })
            .collect()
    }

    /// Refuses what was not taken.
    pub(crate) fn end(self) -> Answer<()> {
        match self.map.keys().next() {
            None => Ok(()),
            Some(name) => self.refuse(name, "is unknown"),
        }
    }
}

/// Refuses a body and a query where neither belongs; the content type of the vendor's client is all right.
pub(crate) fn bare(request: &Request) -> Answer<()> {
    no_query(request)?;
    no_body(request)
}

fn no_body(request: &Request) -> Answer<()> {
    if request.body.is_empty() {
        Ok(())
    } else {
        Err(Refusal::invalid("No body is expected here"))
    }
}

fn no_query(request: &Request) -> Answer<()> {
    match request.query.first() {
        None => Ok(()),
        Some((name, _)) => Err(Refusal::invalid(format!("The query {name} is unknown"))),
    }
}

/// Which part of a list is wanted.
pub(crate) struct Page {
    offset: usize,
    count: usize,
    /// Text to look for, where the operation takes one.
    pub(crate) query: Option<String>,
}

impl Page {
    pub(crate) fn of(request: &Request, searches: bool) -> Answer<Self> {
        const USUAL: usize = 50;
        const MOST: usize = 500;
        no_body(request)?;
        let mut page = Self {
            offset: 0,
            count: USUAL,
            query: None,
        };
        for (name, value) in &request.query {
            let number = || {
                let refusal = || Refusal::invalid(format!("{name} must be a whole number"));
                value.parse::<usize>().map_err(|_| refusal())
            };
            match name.as_str() {
                "query" if searches => page.query = Some(value.clone()),
                "offset" => page.offset = number()?,
                "count" => page.count = number()?,
                _ => return Err(Refusal::invalid(format!("The query {name} is unknown"))),
            }
        }
        if page.count > MOST {
            return Err(Refusal::invalid(format!("count must be at most {MOST}")));
        }
        Ok(page)
    }

    /// The answer with this part of `all`.
    pub(crate) fn cut(&self, all: &[Value]) -> Value {
        let part: Vec<_> = all.iter().skip(self.offset).take(self.count).collect();
        serde_json::json!({"object": "list", "data": part, "total_count": all.len()})
    }
}

/// Refuses a stream that the caller does not accept.
pub(crate) fn accepts_events(request: &Request) -> Answer<()> {
    let accept = request.header(ACCEPT).unwrap_or_default();
    if accept.contains("text/event-stream") {
        Ok(())
    } else {
        Err(Refusal::invalid(
            "Accept must be text/event-stream for a stream",
        ))
    }
}
