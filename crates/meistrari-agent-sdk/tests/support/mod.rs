//! Clients for tests: over a scripted transport, or over an emulator.

#![allow(dead_code, reason = "each test binary needs a part of it")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can not go on should stop"
)]

use std::time::Duration;

use agent_core::testing::ScriptedTransport;
use agent_emulator::{Emulator, MeistrariHandle};
use meistrari_agent_sdk::{
    AgentClient, DataTokenAuthStrategy, ExecuteAgentRequest, HttpConfig, Result, SessionStream,
    SessionStreamEvent, UpdateAgentModelRequest,
};

pub(crate) const TOKEN: &str = "dt_very-secret-token";
pub(crate) const BASE: &str = "https://api.example.com/prefix";
pub(crate) const VAULT: &str = "https://vault.example.com";
pub(crate) const REFERENCE: &str = "vault://3f2b8c1e-5d47-4a9b-8c3d-1e2f3a4b5c6d";

/// A client over a script, with the SDK's defaults.
pub(crate) fn scripted(transport: &ScriptedTransport) -> AgentClient {
    scripted_with(transport, HttpConfig::new())
}

pub(crate) fn scripted_with(transport: &ScriptedTransport, http: HttpConfig) -> AgentClient {
    AgentClient::builder(BASE, DataTokenAuthStrategy::new(TOKEN))
        .vault_url(VAULT)
        .http(http.transport(transport.shared()))
        .build()
        .unwrap()
}

/// An emulator whose turns take no time, and a client for it.
pub(crate) async fn emulated() -> (Emulator, MeistrariHandle, AgentClient) {
    let emulator = Emulator::builder()
        .pace(Duration::ZERO)
        .start()
        .await
        .unwrap();
    let meistrari = emulator.meistrari();
    let auth = DataTokenAuthStrategy::new(meistrari.data_token());
    let client = AgentClient::builder(meistrari.base_url(), auth)
        .vault_url(meistrari.vault_url())
        .build()
        .unwrap();
    (emulator, meistrari, client)
}

pub(crate) fn start(message: &str) -> ExecuteAgentRequest {
    ExecuteAgentRequest::start("acme", "support-bot", message)
}

pub(crate) async fn session(client: &AgentClient, message: &str) -> String {
    let answer = client.execute_agent(start(message)).await.unwrap();
    answer.into_session_id().unwrap()
}

pub(crate) async fn all(stream: &mut SessionStream) -> Vec<Result<SessionStreamEvent>> {
    let mut items = Vec::new();
    while let Some(item) = stream.next().await {
        items.push(item);
    }
    items
}

pub(crate) async fn events(stream: &mut SessionStream) -> Vec<SessionStreamEvent> {
    all(stream)
        .await
        .into_iter()
        .map(|item| item.unwrap())
        .collect()
}

/// The operations that must not be done twice, and those that may.
pub(crate) const UNSAFE: [&str; 3] = ["execute", "cancel", "model"];
pub(crate) const SAFE: [&str; 5] = ["timeline", "files", "file", "stream", "vault"];

/// Every operation once; of a stream the opening.
pub(crate) async fn call(client: &AgentClient, name: &str) -> Result<()> {
    match name {
        "execute" => client.execute_agent(start("m")).await.map(drop),
        "cancel" => client.cancel_session("s").await.map(drop),
        "model" => {
            let request = UpdateAgentModelRequest::new("r", "m");
            client.update_agent_model(request).await.map(drop)
        }
        "timeline" => client.fetch_timeline("s").await.map(drop),
        "files" => client.list_session_files("s").await.map(drop),
        "file" => client.fetch_session_file("s", "p").await.map(drop),
        "stream" => client.stream_session("s", None::<i64>).await.map(drop),
        _ => client.resolve_reference(REFERENCE).await.map(drop),
    }
}
