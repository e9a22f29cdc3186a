//! Run an agent, wait for it, read its result.

use std::error::Error;
use std::time::Duration;

use agentrouter_sdk::{CodexRuntimeMode, RunAgentCreateRequest, codex, run_agent};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;

    let request = RunAgentCreateRequest::new("Say hello in one sentence.")
        .runtime(codex().mode(CodexRuntimeMode::FullAccess))
        .poll_interval(Duration::from_millis(250));
    let result = run_agent(&service.client, request).await?;

    println!("{} is {}", result.id, result.status);
    println!("{}", result.text);
    for artifact in &result.artifacts.items {
        println!("file {} ({} bytes)", artifact.kind, artifact.size_bytes);
    }
    println!("{} events", result.last_event_seq());
    Ok(())
}
