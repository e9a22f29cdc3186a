//! A conversation of several turns: each goes on with the thread of the one before.

use std::error::Error;

use mentiora_sdk::{AgentRunParams, AgentStreamEvent, ErrorExt};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    let agents = service.client.agents();

    let mut thread: Option<String> = None;
    for message in [
        "My name is Ada.",
        "I like engines.",
        "What do you know of me?",
    ] {
        let mut params = AgentRunParams::tag("production", message).end_user_id("user-1");
        if let Some(id) = &thread {
            params = params.thread_id(id);
        }
        println!("> {message}");
        let result = agents.run(params).await?;
        println!("{}\n", result.output);
        thread = Some(result.thread_id);
    }

    // The same thread, streamed.
    let params = AgentRunParams::tag("production", "And now in one word.")
        .thread_id(thread.unwrap_or_default());
    let mut events = agents.stream(params);
    while let Some(event) = events.next().await {
        if let AgentStreamEvent::ChatCompleted(chat) = event? {
            println!("{} says: {}", chat.thread_id, chat.output);
        }
    }

    // A thread that is not there.
    let params = AgentRunParams::tag("production", "Hello?").thread_id("thr_nowhere");
    if let Err(error) = agents.run(params).await {
        println!("{:?}: {}", error.server_code(), error.message());
    }
    Ok(())
}
