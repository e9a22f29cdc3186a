//! The main job as a user sees it: a run that is watched, an approval asked for and given, a second turn, a file.
//!
//! `cargo xtask demo` runs it against the emulator, which breaks the connection of the last step once.

use std::error::Error;
use std::time::Duration;

use agentrouter_sdk::{
    ActionApprovalMode, AgentRouterClient, AgentRunStream, AgentStreamPart, CodexRuntimeMode,
    RunActionDecisionRequest, StreamAgentCreateRequest, StreamAgentResumeRequest, StreamRunOptions,
    codex, stream_agent,
};
use tokio::time::Instant;

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let service = support::service().await?;
    let client = &service.client;

    let request = StreamAgentCreateRequest::new("Fix the failing test and say what was wrong.")
        .runtime(codex().mode(CodexRuntimeMode::FullAccess))
        .approval_mode(ActionApprovalMode::Manual)
        .metadata_entry("example", "main_job")
        .poll_interval(Duration::from_millis(150));
    let first = stream_agent(client, request).await?;
    println!(
        "run      {} is {} ({})",
        first.run.id,
        first.run.status,
        first.run.runtime.kind()
    );
    let mut approvals = watch(client, &first).await?;
    let result = first.final_result().await?;
    println!("result   {}: {}", result.status, result.text);

    println!("\nturn 2   in conversation {}", first.conversation_id);
    let request = StreamAgentResumeRequest::new(&first.conversation_id, "Now add a test for it.")
        .poll_interval(Duration::from_millis(150));
    let second = stream_agent(client, request).await?;
    println!(
        "run      {} is turn {}",
        second.run.id,
        second.turn_number.unwrap_or(1)
    );
    approvals += watch(client, &second).await?;
    let turns = client.get_run_turns(&first.conversation_id).await?;
    let closed = client.close_run(&first.conversation_id).await?;
    println!(
        "closed   {} turns, sandbox gone: {}",
        turns.items.len(),
        closed.reclaimed
    );

    println!("\nfiles    of {}", first.run.id);
    for artifact in &result.artifacts.items {
        println!(
            "         {:21} {:5} bytes",
            artifact.kind, artifact.size_bytes
        );
    }
    let patch = result
        .artifacts
        .items
        .iter()
        .find(|a| a.kind == "workspace_patch");
    if let Some(patch) = patch {
        let file = std::env::temp_dir().join(format!("agentrouter-{}.patch", std::process::id()));
        let options = patch.save_options();
        let bytes = client
            .download_artifact_to_file(&patch.run_id, &patch.id, &file, options)
            .await?;
        println!("saved    {bytes} bytes, length and checksum as they should be");
        std::fs::remove_file(file)?;
    }

    let mut log = client.stream_run(&first.run.id, StreamRunOptions::new());
    let mut last = 0;
    while let Some(event) = log.next().await {
        let event = event?;
        assert_eq!(event.sequence, last + 1, "each event once and in order");
        last = event.sequence;
    }
    println!(
        "log      {last} raw events over {} connection(s)",
        log.reconnects() + 1
    );

    println!(
        "\nWhat happened: two turns were watched to their end, {approvals} approval was asked for and given, and the \
         whole log of the first was read again; all in {:.1} s.",
        start.elapsed().as_secs_f32()
    );
    Ok(())
}

/// Shows a run until it is over and answers what it asks.
async fn watch(client: &AgentRouterClient, run: &AgentRunStream) -> Result<usize, Box<dyn Error>> {
    let mut approvals = 0;
    let mut parts = run.full_stream();
    while let Some(part) = parts.next().await {
        match part? {
            AgentStreamPart::ApprovalRequest(request) => {
                println!("  ?      {}", request.text);
                let decision = RunActionDecisionRequest::from(&request).reason("The demo says so");
                let decided = client.approve_run_action(decision).await?;
                println!(
                    "  !      {} by {}",
                    decided.payload["decision"], decided.payload["actor"]
                );
                approvals += 1;
            }
            AgentStreamPart::NoProgress(part) => {
                println!("  stuck? {} ({})", part.text, part.signal);
            }
            AgentStreamPart::Message(part) => println!("  agent  {}", part.text),
            AgentStreamPart::Done(part) => println!("  done   {}", part.status),
            part => println!("         {}", part.text().unwrap_or_default()),
        }
    }
    Ok(approvals)
}
