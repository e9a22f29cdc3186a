//! Watch an agent at work, a branch for each kind of part; then the same run as raw events and as text.

use std::error::Error;
use std::time::Duration;

use agentrouter_sdk::{
    AgentStreamPart, Polling, StreamAgentCreateRequest, StreamRunOptions, codex, stream_agent,
};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    let client = &service.client;

    let request = StreamAgentCreateRequest::new("Write a short file and describe it.")
        .runtime(codex())
        .polling(Polling::adaptive())
        .max_wait(Duration::from_secs(300));
    let run = stream_agent(client, request).await?;
    println!("{} in conversation {}", run.run.id, run.conversation_id);

    let mut parts = run.full_stream();
    while let Some(part) = parts.next().await {
        match part? {
            AgentStreamPart::Progress(part) => println!("  · {}", part.text),
            AgentStreamPart::Action(part) => println!("  → {}", part.text),
            AgentStreamPart::Execution(part) => println!("  → {} ({})", part.text, part.status),
            AgentStreamPart::NoProgress(part) => println!("  ! {}: {}", part.signal, part.text),
            AgentStreamPart::Message(part) => println!("  agent: {}", part.text),
            AgentStreamPart::Text(part) => println!("  answer: {}", part.text),
            AgentStreamPart::Error(part) => println!("  failed: {}", part.text),
            AgentStreamPart::Done(part) => println!("  {}", part.status),
            // Approvals are in another example; newer versions may have further parts.
            _ => {}
        }
    }
    let result = run.final_result().await?;
    println!("{}: {} events", result.status, result.last_event_seq());

    let mut text = run.text_stream();
    while let Some(text) = text.next().await {
        println!("text: {}", text?);
    }

    let mut events = client.stream_run(&run.run.id, StreamRunOptions::new());
    while let Some(event) = events.next().await {
        let event = event?;
        println!(
            "{:3} {} {}",
            event.sequence, event.event_type, event.payload
        );
    }
    Ok(())
}
