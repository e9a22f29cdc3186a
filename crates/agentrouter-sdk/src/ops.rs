//! The table of operations.
//!
//! Paths can be overridden when a client is built (`HttpConfig::path`), by the names used here. Source of the paths:
//! seen in the vendor's client and server. Approving, denying, cancelling and closing twice does no harm; creating is
//! safe with an idempotency key; continuing twice may start two turns.

use agent_core::sdk::{Op, OpKind, Safety};

agent_core::operations! {
    CREATE_RUN = Op::post("create_run", "/v1/runs").safety(Safety::Keyed);
    LIST_RUNS = Op::get("list_runs", "/v1/runs");
    GET_RUN = Op::get("get_run", "/v1/runs/{run_id}");
    GET_RUN_SESSION = Op::get("get_run_session", "/v1/runs/{run_id}/session");
    LIST_RUN_EVENTS = Op::get("list_run_events", "/v1/runs/{run_id}/events").kind(OpKind::Page);
    STREAM_RUN = Op::get("stream_run", "/v1/runs/{run_id}/stream").kind(OpKind::Sse);
    CANCEL_RUN = Op::post("cancel_run", "/v1/runs/{run_id}/cancel").safety(Safety::Safe);
    APPROVE_RUN_ACTION =
        Op::post("approve_run_action", "/v1/runs/{run_id}/actions/{action_id}/approve")
            .safety(Safety::Safe);
    DENY_RUN_ACTION =
        Op::post("deny_run_action", "/v1/runs/{run_id}/actions/{action_id}/deny")
            .safety(Safety::Safe);
    CONTINUE_RUN = Op::post("continue_run", "/v1/runs/{run_id}/messages");
    GET_RUN_TURNS = Op::get("get_run_turns", "/v1/runs/{run_id}/turns");
    CLOSE_RUN = Op::post("close_run", "/v1/runs/{run_id}/close").safety(Safety::Safe);
    LIST_RUN_ARTIFACTS = Op::get("list_run_artifacts", "/v1/runs/{run_id}/artifacts");
    DOWNLOAD_ARTIFACT =
        Op::get("download_artifact", "/v1/runs/{run_id}/artifacts/{artifact_id}/download")
            .kind(OpKind::Download);
}

/// Names of what is made of several operations, for spans and errors.
pub(crate) const CREATE_RUN_AND_WAIT: &str = "create_run_and_wait";
pub(crate) const RUN_AGENT: &str = "run_agent";
pub(crate) const STREAM_AGENT: &str = "stream_agent";
pub(crate) const FINAL_RESULT: &str = "final_result";
