//! The table of operations: method and path. Which code answers each is in `mentiora.rs`.

use hyper::{Method, StatusCode};

use super::errors::{Answer, Refusal};
use crate::table::{self, Missing, Path};

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

/// Paths below `/api/v1`.
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
    let found = table::find(ROUTES, |row| (&row.1, row.2), method, below);
    let (row, ids) = found.map_err(|missing| match missing {
        Missing::Path => nowhere(),
        Missing::Method => {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            Refusal::new(status, "method_not_allowed", "Method not allowed")
        }
    })?;
    Ok((row.0, ids))
}
