//! A run that asks before it acts: approve one action, deny another, see what a wrong digest gives.

use std::error::Error;
use std::time::Duration;

use agentrouter_sdk::{
    ActionApprovalMode, AgentRouterClient, AgentStreamPart, ErrorExt, RunActionDecisionRequest,
    StreamAgentCreateRequest, codex, stream_agent,
};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    println!("approved:");
    watch(&service.client, true).await?;
    println!("denied:");
    watch(&service.client, false).await
}

async fn watch(client: &AgentRouterClient, approve: bool) -> Result<(), Box<dyn Error>> {
    let request = StreamAgentCreateRequest::new("Delete the build folder.")
        .runtime(codex())
        .approval_mode(ActionApprovalMode::Manual)
        .poll_interval(Duration::from_millis(100));
    let run = stream_agent(client, request).await?;
    let mut parts = run.full_stream();
    while let Some(part) = parts.next().await {
        match part? {
            AgentStreamPart::ApprovalRequest(request) => {
                println!("  {}", request.text);
                if approve {
                    let (run_id, action) = (&request.event.run_id, &request.action_id);
                    let wrong = RunActionDecisionRequest::new(run_id, action, "sha256:of another");
                    let refused = client.approve_run_action(wrong).await.err();
                    if let Some(mismatch) =
                        refused.as_ref().and_then(ErrorExt::action_digest_mismatch)
                    {
                        println!("  refused: it waits for {}", mismatch.expected);
                    }
                    let decision =
                        RunActionDecisionRequest::from(&request).reason("It is only a build");
                    client.approve_run_action(decision).await?;
                } else {
                    client.deny_run_action(&request).await?;
                }
            }
            AgentStreamPart::ApprovalDecision(part) => println!("  {}", part.text),
            AgentStreamPart::Execution(part) => println!("  {}", part.text),
            AgentStreamPart::Error(part) => println!("  failed: {}", part.text),
            _ => {}
        }
    }
    let result = run.final_result().await?;
    println!("  {}", result.status);
    Ok(())
}
