//! Meistrari.

use agent_core::{Error, HttpConfig};
use meistrari_agent_sdk::{
    AgentClient, AgentClientConfig, ApiKeyAuthStrategy, DataTokenAuthStrategy, ExecuteAgentRequest,
    UpdateAgentModelRequest,
};
use serde_json::{Value, json};

use super::{Client, Vendor, shown};
use crate::operation::Operations;

const REFERENCE: &str = "vault://3f2b8c1e-5d47-4a9b-8c3d-1e2f3a4b5c6d";

pub(super) fn client(url: &str, http: HttpConfig) -> Result<Client, Error> {
    let auth = DataTokenAuthStrategy::new("planted-data-token");
    let mut all: Vec<_> = shown(&auth).into();
    all.extend(shown(&ApiKeyAuthStrategy::new("planted-api-key")));
    let mut config = AgentClientConfig::new(url, auth).http(http);
    config.vault_url = Some(url.to_owned());
    all.extend(shown(&config));
    let client = AgentClient::new(config)?;
    all.extend(shown(&client));
    let operations = Operations::of(client)
        .call("fetch_timeline", |c| c.fetch_timeline("s"))
        .call("execute_agent", |c| {
            c.execute_agent(ExecuteAgentRequest::start("acme", "bot", "planted-message"))
        })
        .call("cancel_session", |c| c.cancel_session("s"))
        .call("update_agent_model", |c| {
            c.update_agent_model(UpdateAgentModelRequest::new("repository", "model"))
        })
        .call("list_session_files", |c| c.list_session_files("s"))
        .call("fetch_session_file", |c| c.fetch_session_file("s", "path"))
        .call("resolve_reference", |c| c.resolve_reference(REFERENCE))
        .events("stream_session", |c| c.stream_session("s", None::<i64>));
    Ok(Client {
        operations: operations.all(),
        shown: all,
    })
}

pub(super) fn event(number: u64) -> String {
    let step = json!({"id": Vendor::mark(number)});
    frame(&json!({"kind": "steps", "steps": [step], "nextCursor": number}))
}

pub(super) fn last(number: u64) -> String {
    let result = json!({"text": "done", "files": []});
    frame(&json!({"kind": "result", "status": "completed", "result": result, "nextCursor": number}))
}

fn frame(event: &Value) -> String {
    format!("data: {event}\n\n")
}
