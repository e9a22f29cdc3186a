//! AgentRouter.

use agent_core::{Error, HttpConfig};
use agentrouter_sdk::{
    AgentRouterClient, AgentRouterOptions, CreateRunRequest, ListRunEventsQuery, ListRunsQuery,
    RunActionDecisionRequest, StreamRunOptions,
};
use serde_json::json;

use super::{Client, Vendor, shown};
use crate::operation::Operations;

pub(super) fn client(url: &str, http: HttpConfig) -> Result<Client, Error> {
    let options = AgentRouterOptions::new("planted-api-key")
        .base_url(url)
        .default_header("x-workspace", "planted-workspace")
        .http(http);
    let mut all: Vec<_> = shown(&options).into();
    let client = AgentRouterClient::new(options)?;
    all.extend(shown(&client));
    let create = || CreateRunRequest::new("task").idempotency_key("planted-key");
    let decision = || RunActionDecisionRequest::new("run_1", "action_1", "sha256:abc").reason("ok");
    all.extend(shown(&create().idempotency_key("k")));
    let operations = Operations::of(client)
        .call("get_run", |c| c.get_run("run_1"))
        .call("create_run", move |c| c.create_run(create()))
        .call("list_runs", |c| c.list_runs(ListRunsQuery::new()))
        .call("get_run_session", |c| c.get_run_session("run_1"))
        .call("list_run_events", |c| {
            c.list_run_events("run_1", ListRunEventsQuery::new())
        })
        .call("cancel_run", |c| c.cancel_run("run_1"))
        .call("approve_run_action", move |c| {
            c.approve_run_action(decision())
        })
        .call("deny_run_action", move |c| c.deny_run_action(decision()))
        .call("continue_run", |c| {
            c.continue_run("run_1", "planted-message")
        })
        .call("get_run_turns", |c| c.get_run_turns("run_1"))
        .call("close_run", |c| c.close_run("run_1"))
        .call("list_run_artifacts", |c| c.list_run_artifacts("run_1"))
        .call("download_artifact", |c| {
            c.download_artifact("run_1", "artifact_1")
        })
        .events("stream_run", |c| {
            std::future::ready(Ok(c.stream_run("run_1", StreamRunOptions::new())))
        });
    Ok(Client {
        operations: operations.all(),
        shown: all,
    })
}

pub(super) fn event(number: u64) -> String {
    frame(number, "message.delta")
}

pub(super) fn last(number: u64) -> String {
    frame(number, "run.completed")
}

fn frame(number: u64, kind: &str) -> String {
    let event = json!({
        "runId": "run_1", "sequence": number, "type": kind, "source": "worker", "visibility": "public",
        "payload": {"text": Vendor::mark(number)}, "isTruncated": false, "createdAt": "2026-01-01T00:00:00.000Z",
    });
    format!("id: {number}\nevent: {kind}\ndata: {event}\n\n")
}
