//! The table of operations: method and path. Which code answers each is in `meistrari.rs`.

use hyper::{Method, StatusCode};

use super::errors::{Answer, Refusal};

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

/// Method and segments of each: `*` stands for one id, `**` at the end for a path.
#[rustfmt::skip]
const ROUTES: &[(Op, Method, &[&str])] = &[
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
    let mut path_exists = false;
    for (op, own, pattern) in ROUTES {
        if let Some((id, rest)) = matches(pattern, segments) {
            if own == method {
                return Ok((*op, id, rest));
            }
            path_exists = true;
        }
    }
    Err(if path_exists {
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed")
    } else {
        Refusal::not_found("Path")
    })
}

fn matches(pattern: &[&str], segments: &[String]) -> Option<(String, String)> {
    let mut id = String::new();
    for (index, expected) in pattern.iter().enumerate() {
        if *expected == "**" {
            let rest = segments.get(index..)?.join("/");
            return (!rest.is_empty()).then_some((id, rest));
        }
        let segment = segments.get(index)?;
        match *expected {
            "*" if segment.is_empty() => return None,
            "*" => id.clone_from(segment),
            literal if literal == segment => {}
            _ => return None,
        }
    }
    (pattern.len() == segments.len()).then_some((id, String::new()))
}
