//! The table of operations: method and path. Which code answers each is in `meistrari.rs`.

use hyper::{Method, StatusCode};

use super::errors::{Answer, Refusal};
use crate::table::{self, Missing, Path};

/// The operations of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Execute,
    Stream,
    Cancel,
    Timeline,
    ListFiles,
    FetchFile,
    UpdateModel,
}

#[rustfmt::skip]
const ROUTES: &[(Op, Method, Path)] = &[
    (Op::Execute, Method::POST, &["v4", "agents", "execute"]),
    (Op::UpdateModel, Method::PUT, &["v4", "agents", "*", "model"]),
    (Op::Stream, Method::GET, &["v4", "sessions", "*"]),
    (Op::Cancel, Method::POST, &["v4", "sessions", "*", "cancel"]),
    (Op::Timeline, Method::GET, &["v4", "sessions", "*", "timeline"]),
    (Op::ListFiles, Method::GET, &["v4", "sessions", "*", "files"]),
    (Op::FetchFile, Method::GET, &["v4", "sessions", "*", "files", "**"]),
];

/// The operation at a path, the id in it, and the path behind it.
pub(crate) fn find(method: &Method, segments: &[String]) -> Answer<(Op, String, String)> {
    let found = table::find(ROUTES, |row| (&row.1, row.2), method, segments);
    let (row, ids) = found.map_err(|missing| match missing {
        Missing::Path => Refusal::not_found("Path"),
        Missing::Method => Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed"),
    })?;
    let mut ids = ids.into_iter();
    let mut next = || ids.next().unwrap_or_default();
    Ok((row.0, next(), next()))
}
