//! The control API: faults over HTTP, for programs in any language. Rust tests use [`Faults`] directly.

use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::api::refuse;
use crate::faults::{Break, Fault, FaultKind, Faults};
use crate::http::{self, Reply, Request};

/// Where the paths of the control API begin.
pub(crate) const PREFIX: &str = "/_control/";

/// The path of the queue of faults.
pub(crate) const FAULTS: &str = "/_control/faults";

/// GET lists the pending faults, POST queues one, DELETE forgets all.
pub(crate) fn faults(request: &Request, faults: &Faults, vendors: &[&str]) -> Reply {
    match request.method {
        Method::GET => list(StatusCode::OK, faults),
        Method::DELETE => {
            faults.clear();
            list(StatusCode::OK, faults)
        }
        // Insisting on the content type keeps web pages from posting here without a preflight.
        Method::POST if !request.is_json() => refuse(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the content type must be application/json",
        ),
        Method::POST => match parse(&request.body, vendors) {
            Ok(fault) => {
                faults.push(fault);
                list(StatusCode::CREATED, faults)
            }
            Err(message) => refuse(StatusCode::BAD_REQUEST, &message),
        },
        _ => refuse(StatusCode::METHOD_NOT_ALLOWED, "only GET, POST and DELETE"),
    }
}

fn list(status: StatusCode, faults: &Faults) -> Reply {
    let pending: Vec<_> = faults.pending().iter().map(show).collect();
    http::json(status, &json!({"pending": pending}))
}

fn show(fault: &Fault) -> Value {
    let FaultKind::CutStream { after_events, how } = fault.kind();
    let how = match how {
        Break::Close => "close",
        Break::Reset => "reset",
    };
    json!({"fault": "cut_stream", "after_events": after_events, "how": how, "vendor": fault.vendor, "times": fault.times})
}

fn parse(body: &[u8], vendors: &[&str]) -> Result<Fault, String> {
    let mut fields: Map<String, Value> = serde_json::from_slice(body)
        .map_err(|error| format!("the body is no JSON object: {error}"))?;
    let mut fault = match fields.remove("fault").as_ref().and_then(Value::as_str) {
        Some("cut_stream") => {
            let after_events =
                count(&mut fields, "after_events")?.ok_or("after_events is missing")?;
            let how = match fields.remove("how").unwrap_or_default() {
                Value::Null => Break::Close,
                Value::String(how) if how == "close" => Break::Close,
                Value::String(how) if how == "reset" => Break::Reset,
                other => return Err(format!("how must be close or reset, not {other}")),
            };
            Fault::new(FaultKind::CutStream { after_events, how })
        }
        _ => return Err("fault must be cut_stream".into()),
    };
    match fields.remove("vendor").unwrap_or_default() {
        Value::Null => {}
        Value::String(name) if vendors.contains(&name.as_str()) => fault = fault.vendor(name),
        other => {
            return Err(format!(
                "vendor must be one of {}, not {other}",
                vendors.join(", ")
            ));
        }
    }
    if let Some(times) = count(&mut fields, "times")? {
        fault = fault.times(times);
    }
    match fields.keys().next() {
        Some(unknown) => Err(format!("unknown key {unknown}")),
        None => Ok(fault),
    }
}

fn count(fields: &mut Map<String, Value>, key: &str) -> Result<Option<usize>, String> {
    match fields.remove(key).unwrap_or_default() {
        Value::Null => Ok(None),
        value => value
            .as_u64()
            .and_then(|n| usize::try_from(n).ok())
            .map(Some)
            .ok_or_else(|| format!("{key} must be a whole number from 0, not {value}")),
    }
}
