//! Ask the agent that is deployed as `production`, print its answer.

use std::error::Error;

use mentiora_sdk::{AgentRunParams, AgentRunStatus};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;

    let params = AgentRunParams::tag("production", "What can you do?");
    let result = service.client.agents().run(params).await?;

    // A run that failed is a result, not an error.
    if result.status == AgentRunStatus::Failed {
        println!("the agent failed");
    }
    println!("{}", result.output);
    for call in &result.tool_calls {
        println!("[{} {} → {:?}]", call.name, call.arguments, call.result);
    }
    if let Some(usage) = result.usage {
        println!(
            "[{:?} tokens in, {:?} out]",
            usage.prompt_tokens, usage.completion_tokens
        );
    }
    Ok(())
}
