//! Start a session, follow it, read its result.

use std::error::Error;

use meistrari_agent_sdk::{ExecuteAgentRequest, SessionStreamEvent};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    let client = &service.client;

    let (organization, repository) = support::agent();
    let request =
        ExecuteAgentRequest::start(organization, repository, "Say hello in one sentence.");
    let session_id = client.execute_agent(request).await?.into_session_id()?;
    println!("session {session_id}");

    let mut events = client.stream_session(&session_id, None::<i64>).await?;
    while let Some(event) = events.next().await {
        match event? {
            SessionStreamEvent::Status(event) => println!("status {}", event.status),
            SessionStreamEvent::Steps(event) => println!("{} steps", event.steps.len()),
            SessionStreamEvent::Result(event) => println!("result {}", event.result),
            SessionStreamEvent::Error(event) => return Err(event.error.into()),
            other => println!("{other:?}"),
        }
    }
    Ok(())
}
