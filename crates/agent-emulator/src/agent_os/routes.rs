//! The table of operations: method, path, query, body. Which code answers each is in `agent_os.rs`.

use hyper::{Method, StatusCode};

use super::errors::{Answer, Refusal};
use crate::http::Request;
use crate::table::{self, Missing, Path};

/// The operations of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    AgentsCreate,
    AgentsList,
    AgentsGet,
    AgentsUpdate,
    AgentsDelete,
    BundlesCreate,
    BundlesList,
    BundlesGet,
    CredentialsCreate,
    CredentialsList,
    CredentialsGet,
    CredentialsUpdate,
    CredentialsDelete,
    TriggersCreate,
    TriggersList,
    TriggersGet,
    TriggersUpdate,
    TriggersDelete,
    RunsCreate,
    RunsWait,
    RunsList,
    RunsGet,
    RunsEvents,
    RunsStream,
    RunsCheckpoints,
    Me,
    Members,
}

/// One operation.
pub(crate) struct Route {
    pub(crate) op: Op,
    method: Method,
    /// Segments of the path below `/v1/api`; `*` stands for one id.
    path: Path,
    /// The keys that the query may have.
    pub(crate) query: &'static [&'static str],
    /// Whether there is a body.
    pub(crate) body: bool,
}

const fn route(op: Op, method: Method, path: Path, query: &'static [&'static str]) -> Route {
    let body = matches!(method, Method::POST | Method::PATCH);
    Route {
        op,
        method,
        path,
        query,
        body,
    }
}

const PAGE: &[&str] = &["limit", "offset"];

#[rustfmt::skip]
const ROUTES: &[Route] = &[
    route(Op::AgentsCreate, Method::POST, &["agents"], &[]),
    route(Op::AgentsList, Method::GET, &["agents"], PAGE),
    route(Op::AgentsGet, Method::GET, &["agents", "*"], &[]),
    route(Op::AgentsUpdate, Method::PATCH, &["agents", "*"], &[]),
    route(Op::AgentsDelete, Method::DELETE, &["agents", "*"], &[]),
    route(Op::BundlesCreate, Method::POST, &["agents", "*", "bundles"], &[]),
    route(Op::BundlesList, Method::GET, &["agents", "*", "bundles"], &[]),
    route(Op::BundlesGet, Method::GET, &["agents", "*", "bundles", "*"], &[]),
    route(Op::CredentialsCreate, Method::POST, &["credentials"], &[]),
    route(Op::CredentialsList, Method::GET, &["credentials"], &[]),
    route(Op::CredentialsGet, Method::GET, &["credentials", "*"], &["includeValues"]),
    route(Op::CredentialsUpdate, Method::PATCH, &["credentials", "*"], &[]),
    route(Op::CredentialsDelete, Method::DELETE, &["credentials", "*"], &[]),
    route(Op::TriggersCreate, Method::POST, &["triggers"], &[]),
    route(Op::TriggersList, Method::GET, &["triggers"], &["agent_id"]),
    route(Op::TriggersGet, Method::GET, &["triggers", "*"], &[]),
    route(Op::TriggersUpdate, Method::PATCH, &["triggers", "*"], &[]),
    route(Op::TriggersDelete, Method::DELETE, &["triggers", "*"], &[]),
    route(Op::RunsCreate, Method::POST, &["runs"], &[]),
    route(Op::RunsWait, Method::POST, &["runs", "wait"], &[]),
    route(Op::RunsList, Method::GET, &["runs"], PAGE),
    route(Op::RunsGet, Method::GET, &["runs", "*"], &[]),
    route(Op::RunsEvents, Method::GET, &["runs", "*", "events"], &["attemptId", "afterSeq", "limit"]),
    route(Op::RunsStream, Method::GET, &["runs", "*", "events", "stream"], &["attemptId", "afterSeq"]),
    route(Op::RunsCheckpoints, Method::GET, &["runs", "*", "checkpoints"], &[]),
    route(Op::Me, Method::GET, &["me"], &[]),
    route(Op::Members, Method::GET, &["members"], PAGE),
];

fn asks(route: &Route) -> (&Method, Path) {
    (&route.method, route.path)
}

/// The operation that a request asks for, and the ids in its path.
pub(crate) fn find(request: &Request) -> Answer<(&'static Route, Vec<String>)> {
    let segments = request.segments.as_deref().unwrap_or_default();
    let [version, api, below @ ..] = segments else {
        return Err(Refusal::not_found("path"));
    };
    if version != "v1" || api != "api" {
        return Err(Refusal::not_found("path"));
    }
    table::find(ROUTES, asks, &request.method, below).map_err(|missing| match missing {
        Missing::Path => Refusal::not_found("path"),
        Missing::Method => Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            "the path has no such method",
        ),
    })
}
