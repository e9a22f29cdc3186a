//! The table of operations: method and path. Which code answers each is in `agentrouter.rs`.

use hyper::Method;

use super::errors::{Answer, Refusal};
use crate::http::Request;
use crate::table::{self, Path};

/// The operations of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Health,
    Create,
    List,
    Get,
    Session,
    Events,
    Stream,
    Cancel,
    Approve,
    Deny,
    Messages,
    Turns,
    Close,
    Artifacts,
    Download,
}

#[rustfmt::skip]
const ROUTES: &[(Op, Method, Path)] = &[
    (Op::Health, Method::GET, &["healthz"]),
    (Op::Create, Method::POST, &["v1", "runs"]),
    (Op::List, Method::GET, &["v1", "runs"]),
    (Op::Get, Method::GET, &["v1", "runs", "*"]),
    (Op::Session, Method::GET, &["v1", "runs", "*", "session"]),
    (Op::Events, Method::GET, &["v1", "runs", "*", "events"]),
    (Op::Stream, Method::GET, &["v1", "runs", "*", "stream"]),
    (Op::Cancel, Method::POST, &["v1", "runs", "*", "cancel"]),
    (Op::Approve, Method::POST, &["v1", "runs", "*", "actions", "*", "approve"]),
    (Op::Deny, Method::POST, &["v1", "runs", "*", "actions", "*", "deny"]),
    (Op::Messages, Method::POST, &["v1", "runs", "*", "messages"]),
    (Op::Turns, Method::GET, &["v1", "runs", "*", "turns"]),
    (Op::Close, Method::POST, &["v1", "runs", "*", "close"]),
    (Op::Artifacts, Method::GET, &["v1", "runs", "*", "artifacts"]),
    (Op::Download, Method::GET, &["v1", "runs", "*", "artifacts", "*", "download"]),
];

/// The operation that a request asks for, and the ids in its path.
pub(crate) fn find(request: &Request) -> Answer<(Op, Vec<String>)> {
    let segments = request.segments.as_deref().unwrap_or_default();
    let found = table::find(ROUTES, |row| (&row.1, row.2), &request.method, segments);
    match found {
        Ok((row, ids)) => Ok((row.0, ids)),
        Err(_) => Err(Refusal::no_route(&request.method, &request.path)),
    }
}
