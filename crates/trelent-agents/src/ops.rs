//! The table of operations: one row each, with the scope it needs.
//!
//! Paths can be overridden when a client is built (`HttpConfig::path`), by the names used here. Source of paths and
//! scopes: seen in the vendor's Python client; the token path also in the package readme.

use agent_core::sdk::{Op, OpKind, Safety};

use crate::wire::SCOPE_PREFIX;

/// One row: the operation, and resource and action of its scope unless it is never authenticated.
#[derive(Debug)]
pub struct Row {
    /// The operation.
    pub op: &'static Op,
    /// Resource and action.
    pub scope: Option<(&'static str, &'static str)>,
}

macro_rules! operations {
    ($( $name:ident = $op:expr, $scope:expr; )+) => {
        $( pub(crate) static $name: Op = $op; )+

        /// Every operation.
        pub static TABLE: &[Row] = &[ $( Row { op: &$name, scope: $scope }, )+ ];

        /// The operations without their scopes.
        pub(crate) static OPS: &[&Op] = &[ $( &$name, )+ ];
    };
}

operations! {
    HEALTH = Op::get("health", "/health"), None;
    // The exchange that a client makes by itself, and the one that a user calls: errors read differently.
    TOKEN_EXCHANGE = Op::post("token", "/token").safety(Safety::Safe), None;
    TOKENS_CREATE = Op::post("tokens.create", "/token").safety(Safety::Safe), None;
    SANDBOXES_LIST = Op::get("sandboxes.list", "/sandboxes"), Some(("sandboxes", "list"));
    RUNS_CREATE = Op::post("runs.create", "/runs"), Some(("runs", "create"));
    RUNS_LIST = Op::get("runs.list", "/runs"), Some(("runs", "list"));
    RUNS_GET = Op::get("runs.get", "/runs/{run_id}"), Some(("runs", "get"));
    RUNS_GET_STATUS = Op::get("runs.get_status", "/runs/{run_id}/status"), Some(("runs", "get_status"));
    RUNS_CANCEL = Op::post("runs.cancel", "/runs/{run_id}/cancel"), Some(("runs", "cancel"));
    RUNS_GET_CHECKPOINT_CHAIN =
        Op::get("runs.get_checkpoint_chain", "/runs/{run_id}/checkpoint-chain"),
        Some(("runs", "get_checkpoint_chain"));
    RUNS_GET_CHECKPOINT =
        Op::get("runs.get_checkpoint", "/runs/{run_id}/checkpoints/{checkpoint_id}"),
        Some(("runs", "get_checkpoint"));
    RUNS_SUBSCRIBE =
        Op::get("runs.subscribe", "/runs/{run_id}/events").kind(OpKind::Sse),
        Some(("runs", "subscribe"));
    RUN_FORK = Op::post("run.fork", "/runs/{run_id}/resume"), Some(("runs", "resume"));
    SECRETS_CREATE = Op::post("secrets.create", "/secrets"), Some(("secrets", "create"));
    SECRETS_LIST = Op::get("secrets.list", "/secrets"), Some(("secrets", "list"));
    SECRETS_GET = Op::get("secrets.get", "/secrets/{name}"), Some(("secrets", "get"));
    SECRETS_UPDATE = Op::put("secrets.update", "/secrets/{name}"), Some(("secrets", "update"));
    SECRETS_DELETE = Op::delete("secrets.delete", "/secrets/{name}"), Some(("secrets", "delete"));
}

/// The scopes that `operation` can do with, the broadest first. What a raw request is about is not known: only the
/// broadest fits it.
pub(crate) fn scope_ladder(operation: &str) -> Vec<String> {
    let Some(row) = TABLE.iter().find(|row| row.op.name == operation) else {
        return vec![format!("{SCOPE_PREFIX}*")];
    };
    row.scope
        .map(|(resource, action)| {
            vec![
                format!("{SCOPE_PREFIX}*"),
                format!("{SCOPE_PREFIX}{resource}:*"),
                format!("{SCOPE_PREFIX}{resource}:{action}"),
            ]
        })
        .unwrap_or_default()
}
