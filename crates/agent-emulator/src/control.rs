//! The control API: over HTTP what Rust tests do by handles, for programs in any language.
//!
//! `/_control/faults` is the faults; below `/_control/{vendor}/` is what can be seen of a vendor and done to it. The
//! paths begin with an underscore because no vendor's do.

use std::sync::Arc;

use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::api::refuse;
use crate::faults::{self, Faults};
use crate::http::{self, Reply, Request};
use crate::vendors::Row;

/// Where the control API's paths begin.
pub(crate) const PREFIX: &str = "/_control/";

/// The JSON object of a POST; what is read is taken out.
pub(crate) type Input = Map<String, Value>;

pub(crate) fn answer(request: &Request, faults: &Faults, table: &[Row]) -> Reply {
    let path = request.path.strip_prefix(PREFIX).unwrap_or_default();
    if path == "faults" {
        return control_faults(request, faults);
    }
    let found = path
        .split_once('/')
        .and_then(|(name, action)| Some((table.iter().find(|row| row.name == name)?, action)));
    let Some((row, action)) = found else {
        return nothing_here(request);
    };
    if request.method == Method::POST
        && let Err((status, message)) = typed(request)
    {
        return refuse(status, &message);
    }
    let vendor = || Arc::clone(&row.vendor);
    match (&request.method, action) {
        (&Method::GET, "requests") => http::json(StatusCode::OK, &requests(row)),
        (&Method::GET, "runs") => http::json(StatusCode::OK, &json!({"runs": vendor().runs()})),
        (&Method::POST, "expire-tokens") => act(request, |input| {
            nothing_left(input)?;
            let expired = vendor().expire_tokens();
            let expired =
                expired.ok_or_else(|| format!("{} has no tokens that expire", row.name))?;
            Ok(json!({"expired": expired}))
        }),
        (&Method::POST, "next-run") => act(request, |input| {
            vendor().next_run(input)?;
            Ok(json!({"queued": true}))
        }),
        (&Method::POST, "release") => act(request, |input| {
            let id = text(input, "id")?;
            nothing_left(input)?;
            Ok(json!({"released": vendor().release(&id)}))
        }),
        (_, action) => {
            let reply = row.vendor.control(action, request);
            reply.unwrap_or_else(|| nothing_here(request))
        }
    }
}

fn nothing_here(request: &Request) -> Reply {
    let (method, path) = (&request.method, &request.path);
    let message = format!(
        "there is no {method} {path}; there are {PREFIX}faults and, below {PREFIX}{{vendor}}/, requests, runs, next-run, \
         release and expire-tokens"
    );
    refuse(StatusCode::NOT_FOUND, &message)
}

/// GET lists the pending faults, POST queues some, DELETE forgets all.
fn control_faults(request: &Request, faults: &Faults) -> Reply {
    match request.method {
        Method::GET => list(StatusCode::OK, faults),
        Method::DELETE => {
            faults.clear();
            list(StatusCode::OK, faults)
        }
        Method::POST => {
            let queued = typed(request).and_then(|text| {
                let queued = faults.push_json(text);
                queued.map_err(|error| bad(error.to_string()))
            });
            match queued {
                Ok(()) => list(StatusCode::CREATED, faults),
                Err((status, message)) => refuse(status, &message),
            }
        }
        _ => refuse(StatusCode::METHOD_NOT_ALLOWED, "only GET, POST and DELETE"),
    }
}

fn list(status: StatusCode, faults: &Faults) -> Reply {
    let pending: Vec<_> = faults.pending().iter().map(faults::show).collect();
    let schedules = faults.schedules();
    let schedules: Vec<_> = schedules.iter().map(faults::show_schedule).collect();
    let struck = faults.struck();
    let shown = json!({"pending": pending, "schedules": schedules, "struck": struck});
    http::json(status, &shown)
}

/// What the vendor was asked.
fn requests(row: &Row) -> Value {
    let requests = row.vendor.recorder().all();
    let shown = requests.iter().map(|request| {
        json!({
            "method": request.method,
            "path": request.path,
            "query": request.query,
            "body_bytes": request.body.len(),
            "status": request.status,
        })
    });
    let shown: Vec<_> = shown.collect();
    json!({"count": row.vendor.recorder().count(), "requests": shown})
}

/// Answers a POST with what `done` makes of its body. An error is a text for people, and nothing was done.
fn act(request: &Request, done: impl FnOnce(&mut Input) -> Result<Value, String>) -> Reply {
    let shown = serde_json::from_slice::<Input>(&request.body)
        .map_err(|error| format!("the body is no JSON object: {error}"))
        .and_then(|mut input| done(&mut input));
    match shown {
        Ok(shown) => http::json(StatusCode::OK, &shown),
        Err(message) => refuse(StatusCode::BAD_REQUEST, &message),
    }
}

/// An error when there is a key that was not read.
pub(crate) fn nothing_left(input: &Input) -> Result<(), String> {
    let unknown = input.keys().next();
    unknown.map_or(Ok(()), |key| Err(format!("unknown key {key}")))
}

/// The text at a key that has to be there.
pub(crate) fn text(input: &mut Input, key: &str) -> Result<String, String> {
    match input.remove(key) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(format!("{key} must be a text")),
    }
}

/// A refusal: its status, and why.
type Refusal = (StatusCode, String);

fn bad(message: String) -> Refusal {
    (StatusCode::BAD_REQUEST, message)
}

/// The text of a body that says it is JSON. Insisting on that keeps web pages from posting here without a preflight.
fn typed(request: &Request) -> Result<&str, Refusal> {
    if !request.is_json() {
        let message = "the content type must be application/json";
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, message.to_owned()));
    }
    std::str::from_utf8(&request.body).map_err(|_| bad("the body must be UTF-8".to_owned()))
}
