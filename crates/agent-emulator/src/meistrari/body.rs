//! Strict reading of requests: unknown and missing keys, wrong types, and whatever does not belong is refused.

use std::collections::BTreeSet;

use hyper::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Map, Value};

use super::errors::{Answer, Refusal};
use super::webhooks::{self, Webhook};
use crate::http::Request;

/// What an execution was asked for.
#[derive(Debug)]
pub(crate) struct Execute {
    pub(crate) session: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) repository: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) recover: bool,
    /// File name and reference.
    pub(crate) inputs: Vec<(String, String)>,
    /// Names; the values are secrets.
    pub(crate) environment: Vec<String>,
    /// `None` keeps what is registered.
    pub(crate) webhooks: Option<Vec<Webhook>>,
}

/// The body of an execution. Which of its fields are needed depends on the session and is not judged here.
pub(crate) fn execute(request: &Request) -> Answer<Execute> {
    let mut fields = object(request)?;
    let mut text = |name: &str| string(&mut fields, name, name);
    let session = text("sessionId")?;
    let organization = text("organizationName")?;
    let repository = text("repository")?;
    let message = text("message")?;
    let recover = match fields.remove("recover") {
        None => false,
        Some(Value::Bool(recover)) => recover,
        Some(_) => return Err(Refusal::invalid("recover", "must be a boolean")),
    };
    let inputs = inputs(fields.remove("inputs"))?;
    let environment = environment(fields.remove("environmentVariables"))?;
    let webhooks = fields
        .remove("webhooks")
        .map(webhooks::registrations)
        .transpose()?;
    nothing_else(&fields, "")?;
    Ok(Execute {
        session,
        organization,
        repository,
        message,
        recover,
        inputs,
        environment,
        webhooks,
    })
}

/// The model and the message of its commit.
pub(crate) fn model(request: &Request) -> Answer<(String, Option<String>)> {
    let mut fields = object(request)?;
    let model = string(&mut fields, "model", "model")?;
    let message = string(&mut fields, "commitMessage", "commitMessage")?;
    nothing_else(&fields, "")?;
    match model.filter(|model| !model.is_empty()) {
        Some(model) => Ok((model, message)),
        None => Err(Refusal::invalid("model", "is required")),
    }
}

fn inputs(value: Option<Value>) -> Answer<Vec<(String, String)>> {
    let list = match value {
        None => return Ok(Vec::new()),
        Some(Value::Array(list)) => list,
        Some(_) => return Err(Refusal::invalid("inputs", "must be a list")),
    };
    let mut names = BTreeSet::new();
    list.into_iter()
        .enumerate()
        .map(|(index, entry)| {
            let at = format!("inputs[{index}]");
            let Value::Object(mut fields) = entry else {
                return Err(Refusal::invalid(&at, "must be an object"));
            };
            let mut text = |name: &str| {
                let at = format!("{at}.{name}");
                string(&mut fields, name, &at)?.ok_or_else(|| Refusal::invalid(&at, "is required"))
            };
            let (reference, filename) = (text("vaultRef")?, text("filename")?);
            nothing_else(&fields, &format!("{at}."))?;
            if !reference.to_ascii_lowercase().starts_with("vault://") {
                let at = format!("{at}.vaultRef");
                return Err(Refusal::invalid(&at, "must be a vault reference"));
            }
            if !names.insert(filename.clone()) {
                let at = format!("{at}.filename");
                return Err(Refusal::invalid(&at, "is there twice"));
            }
            Ok((filename, reference))
        })
        .collect()
}

fn environment(value: Option<Value>) -> Answer<Vec<String>> {
    let at = "environmentVariables";
    match value {
        None => Ok(Vec::new()),
        Some(Value::Object(fields)) if fields.values().all(Value::is_string) => {
            Ok(fields.into_iter().map(|(name, _)| name).collect())
        }
        Some(_) => Err(Refusal::invalid(at, "must be an object of strings")),
    }
}

fn object(request: &Request) -> Answer<Map<String, Value>> {
    if !request.is_json() {
        return Err(Refusal::invalid(
            CONTENT_TYPE.as_str(),
            "must be application/json",
        ));
    }
    match serde_json::from_slice(&request.body) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Refusal::invalid("", "must be a JSON object")),
    }
}

/// Takes a string; null is refused, as clients leave out what they do not give.
pub(super) fn string(
    fields: &mut Map<String, Value>,
    name: &str,
    at: &str,
) -> Answer<Option<String>> {
    match fields.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::invalid(at, "must be a string")),
    }
}

pub(super) fn nothing_else(fields: &Map<String, Value>, at: &str) -> Answer<()> {
    match fields.keys().next() {
        None => Ok(()),
        Some(name) => Err(Refusal::invalid(&format!("{at}{name}"), "is not known")),
    }
}

/// Refuses every query key but `allowed`.
pub(crate) fn only_query(request: &Request, allowed: Option<&str>) -> Answer<()> {
    match request
        .query
        .iter()
        .find(|(key, _)| Some(key.as_str()) != allowed)
    {
        None => Ok(()),
        Some((key, _)) => Err(Refusal::invalid(&format!("query.{key}"), "is not known")),
    }
}

/// Refuses a body, and a content type without one.
pub(crate) fn none(request: &Request) -> Answer<()> {
    if !request.body.is_empty() || request.headers.contains_key(CONTENT_TYPE) {
        return Err(Refusal::invalid("", "there must be no body"));
    }
    Ok(())
}

/// Insists that the client wants an event stream.
pub(crate) fn accepts_events(request: &Request) -> Answer<()> {
    if request.header(ACCEPT) == Some("text/event-stream") {
        Ok(())
    } else {
        Err(Refusal::invalid("accept", "must be text/event-stream"))
    }
}

/// The position to stream from.
pub(crate) fn cursor(request: &Request) -> Answer<usize> {
    match request.query.as_slice() {
        [] => Ok(0),
        [(_, text)] => match text.parse() {
            Ok(cursor) => Ok(cursor),
            Err(_) => Err(Refusal::invalid("query.cursor", "must be a whole number")),
        },
        _ => Err(Refusal::invalid("query.cursor", "is there twice")),
    }
}
