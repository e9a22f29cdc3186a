//! The table of operations: method, path, scope. Which code answers each is in `trelent.rs`.

use hyper::{Method, StatusCode};

use super::errors::{Answer, Refusal};
use crate::table::{self, Missing, Path};

/// The operations of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Health,
    Token,
    Sandboxes,
    RunsCreate,
    RunsList,
    RunsGet,
    RunsStatus,
    RunsCancel,
    RunsResume,
    RunsEvents,
    CheckpointChain,
    Checkpoint,
    SecretsCreate,
    SecretsList,
    SecretsGet,
    SecretsUpdate,
    SecretsDelete,
}

/// One operation.
pub(crate) struct Route {
    pub(crate) op: Op,
    method: Method,
    /// Segments of the path; `*` stands for one id.
    path: Path,
    /// The exact scope; `None`: never authenticated.
    pub(crate) scope: Option<&'static str>,
}

const fn route(op: Op, method: Method, path: Path, scope: Option<&'static str>) -> Route {
    Route {
        op,
        method,
        path,
        scope,
    }
}

#[rustfmt::skip]
const ROUTES: &[Route] = &[
    route(Op::Health, Method::GET, &["health"], None),
    route(Op::Token, Method::POST, &["token"], None),
    route(Op::Sandboxes, Method::GET, &["sandboxes"], Some("AgentOrchestrator:sandboxes:list")),
    route(Op::RunsCreate, Method::POST, &["runs"], Some("AgentOrchestrator:runs:create")),
    route(Op::RunsList, Method::GET, &["runs"], Some("AgentOrchestrator:runs:list")),
    route(Op::RunsGet, Method::GET, &["runs", "*"], Some("AgentOrchestrator:runs:get")),
    route(Op::RunsStatus, Method::GET, &["runs", "*", "status"], Some("AgentOrchestrator:runs:get_status")),
    route(Op::RunsCancel, Method::POST, &["runs", "*", "cancel"], Some("AgentOrchestrator:runs:cancel")),
    route(Op::RunsResume, Method::POST, &["runs", "*", "resume"], Some("AgentOrchestrator:runs:resume")),
    route(Op::RunsEvents, Method::GET, &["runs", "*", "events"], Some("AgentOrchestrator:runs:subscribe")),
    route(Op::CheckpointChain, Method::GET, &["runs", "*", "checkpoint-chain"], Some("AgentOrchestrator:runs:get_checkpoint_chain")),
    route(Op::Checkpoint, Method::GET, &["runs", "*", "checkpoints", "*"], Some("AgentOrchestrator:runs:get_checkpoint")),
    route(Op::SecretsCreate, Method::POST, &["secrets"], Some("AgentOrchestrator:secrets:create")),
    route(Op::SecretsList, Method::GET, &["secrets"], Some("AgentOrchestrator:secrets:list")),
    route(Op::SecretsGet, Method::GET, &["secrets", "*"], Some("AgentOrchestrator:secrets:get")),
    route(Op::SecretsUpdate, Method::PUT, &["secrets", "*"], Some("AgentOrchestrator:secrets:update")),
    route(Op::SecretsDelete, Method::DELETE, &["secrets", "*"], Some("AgentOrchestrator:secrets:delete")),
];

/// Every exact scope there is.
pub(crate) fn scopes() -> impl Iterator<Item = &'static str> {
    ROUTES.iter().filter_map(|route| route.scope)
}

/// The operation at a path, and the ids in it.
pub(crate) fn find(method: &Method, segments: &[String]) -> Answer<(&'static Route, Vec<String>)> {
    fn asks(route: &Route) -> (&Method, Path) {
        (&route.method, route.path)
    }
    table::find(ROUTES, asks, method, segments).map_err(|missing| match missing {
        Missing::Path => Refusal::new(StatusCode::NOT_FOUND, "Not Found"),
        Missing::Method => Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"),
    })
}
