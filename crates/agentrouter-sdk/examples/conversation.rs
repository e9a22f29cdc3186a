//! Two turns in one sandbox, then the end of the conversation.

use std::error::Error;
use std::time::Duration;

use agentrouter_sdk::{RunAgentCreateRequest, RunAgentResumeRequest, codex, run_agent};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    let client = &service.client;

    let request = RunAgentCreateRequest::new("Write a function.").runtime(codex());
    let first = run_agent(client, request.poll_interval(Duration::from_millis(100))).await?;
    println!("{}: {}", first.id, first.text);

    // The conversation is the first run's; each turn has a run of its own.
    let conversation = first.run.conversation();
    let request = RunAgentResumeRequest::new(&conversation, "Now add a test.")
        .poll_interval(Duration::from_millis(100));
    let second = run_agent(client, request).await?;
    println!("{}: {}", second.id, second.text);

    for turn in client.get_run_turns(&conversation).await?.items {
        println!(
            "turn {} is run {}: {}",
            turn.turn_number, turn.run_id, turn.prompt
        );
    }
    let closed = client.close_run(&conversation).await?;
    println!(
        "closed: {}, sandbox gone: {}",
        closed.closed, closed.reclaimed
    );
    Ok(())
}
