//! Print what an agent says as it says it.

use std::error::Error;
use std::io::Write as _;

use mentiora_sdk::{AgentRunParams, AgentStreamEvent, End};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    let params = AgentRunParams::tag("production", "Tell me about streams.");
    let mut events = service.client.agents().stream(params);

    while let Some(event) = events.next().await {
        match event? {
            AgentStreamEvent::AgentResolved(agent) => {
                println!("[{} revision {}]", agent.agent_id, agent.agent_revision);
            }
            AgentStreamEvent::OutputTextDelta(text) => print!("{}", text.delta),
            AgentStreamEvent::ToolCallResult(call) => println!("[{} → {}]", call.name, call.result),
            AgentStreamEvent::Suggestions(event) => {
                let labels: Vec<_> = event.suggestions.iter().map(|item| &*item.label).collect();
                println!("[next: {}]", labels.join(", "));
            }
            AgentStreamEvent::ChatCompleted(chat) => println!("\n[{}]", chat.status),
            AgentStreamEvent::Error(error) => eprintln!("\nthe agent failed: {}", error.message),
            // Events of other names, and types that a later version may know.
            other => println!("[{}]", other.event_type()),
        }
        std::io::stdout().flush()?;
    }
    if events.end() == Some(End::ServerClosed) {
        eprintln!("the server closed the stream without saying that the answer is complete");
    }
    Ok(())
}
