//! The table of operations: method and path. Which code answers each is in `mentiora.rs`.

use hyper::{Method, StatusCode};

use super::errors::{Answer, Refusal};

/// The operations of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    RunAgent,
    SendTrace,
    FilesUpload,
    FilesList,
    FilesGet,
    FilesContent,
    FilesDelete,
    KnowledgeCreate,
    KnowledgeList,
    KnowledgeGet,
    KnowledgeUpdate,
    KnowledgeDelete,
    DocumentsAdd,
    DocumentsList,
    DocumentsGet,
    DocumentsDelete,
}

/// Segments below `/api/v1`; `*` stands for one id.
type Path = &'static [&'static str];

#[rustfmt::skip]
const ROUTES: &[(Op, Method, Path)] = &[
    (Op::RunAgent, Method::POST, &["agents", "run"]),
    (Op::SendTrace, Method::POST, &["traces"]),
    (Op::FilesUpload, Method::POST, &["files"]),
    (Op::FilesList, Method::GET, &["files"]),
    (Op::FilesGet, Method::GET, &["files", "*"]),
    (Op::FilesContent, Method::GET, &["files", "*", "content"]),
    (Op::FilesDelete, Method::DELETE, &["files", "*"]),
    (Op::KnowledgeCreate, Method::POST, &["knowledge"]),
    (Op::KnowledgeList, Method::GET, &["knowledge"]),
    (Op::KnowledgeGet, Method::GET, &["knowledge", "*"]),
    (Op::KnowledgeUpdate, Method::PUT, &["knowledge", "*"]),
    (Op::KnowledgeDelete, Method::DELETE, &["knowledge", "*"]),
    (Op::DocumentsAdd, Method::POST, &["knowledge", "*", "documents"]),
    (Op::DocumentsList, Method::GET, &["knowledge", "*", "documents"]),
    (Op::DocumentsGet, Method::GET, &["knowledge", "*", "documents", "*"]),
    (Op::DocumentsDelete, Method::DELETE, &["knowledge", "*", "documents", "*"]),
];

/// The operation at a path, and the ids in it.
pub(crate) fn find(method: &Method, segments: &[String]) -> Answer<(Op, Vec<String>)> {
    let nowhere = || Refusal::not_found("not_found", "No such path");
    let below = match segments {
        [api, version, below @ ..] if api == "api" && version == "v1" => below,
        _ => return Err(nowhere()),
    };
    let mut path_exists = false;
    for (op, verb, path) in ROUTES {
        if let Some(ids) = ids(path, below) {
            if verb == method {
                return Ok((*op, ids));
            }
            path_exists = true;
        }
    }
    Err(if path_exists {
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Refusal::new(status, "method_not_allowed", "Method not allowed")
    } else {
        nowhere()
    })
}

fn ids(path: Path, segments: &[String]) -> Option<Vec<String>> {
    let mut ids = Vec::new();
    if path.len() != segments.len() {
        return None;
    }
    for (expected, segment) in path.iter().zip(segments) {
        match *expected {
            "*" if !segment.is_empty() => ids.push(segment.clone()),
            literal if literal == segment => {}
            _ => return None,
        }
    }
    Some(ids)
}
