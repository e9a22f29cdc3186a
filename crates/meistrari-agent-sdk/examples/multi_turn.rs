//! Several turns of one session: the cursor is kept across them, and a turn that comes too early is told apart.

use std::error::Error;

use meistrari_agent_sdk::{AgentClient, Cursor, ExecuteAgentRequest, SessionStreamEvent};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    let client = &service.client;

    let (organization, repository) = support::agent();
    let request =
        ExecuteAgentRequest::start(organization, repository, "Summarize the latest tickets");
    let session_id = client.execute_agent(request).await?.into_session_id()?;

    // The turn is still under way: 409.
    let early = ExecuteAgentRequest::continue_session(&session_id, "Which one first?");
    match client.execute_agent(early.clone()).await {
        Err(error) if error.is_conflict() => println!("too early: {error}"),
        other => println!("the first turn is over already: {other:?}"),
    }

    let (waiting, cursor) = follow(client, &session_id, None).await?;
    println!("first turn is over, cursor {cursor:?}");
    if !waiting {
        return Err("the session takes no more messages".into());
    }

    client.execute_agent(early).await?.into_session_id()?;
    let (_, cursor) = follow(client, &session_id, cursor).await?;
    println!("second turn is over, cursor {cursor:?}");

    let timeline = client.fetch_timeline(&session_id).await?;
    println!(
        "{:?}: {} spans, {}",
        timeline.status,
        timeline.spans.len(),
        timeline.metrics
    );
    Ok(())
}

/// Follows a turn to its end: whether the session may be continued, and the cursor to go on from.
async fn follow(
    client: &AgentClient,
    session_id: &str,
    cursor: Option<i64>,
) -> Result<(bool, Option<i64>), Box<dyn Error>> {
    let mut waiting = false;
    let mut events = client.stream_session(session_id, cursor).await?;
    while let Some(event) = events.next().await {
        let event = event?;
        println!("  {} (cursor {:?})", event.kind(), event.next_cursor());
        match event {
            // The status event alone is not the sign: the result is.
            SessionStreamEvent::Result(result) => waiting = result.is_waiting(),
            SessionStreamEvent::Error(event) => return Err(event.error.into()),
            _ => {}
        }
    }
    Ok((waiting, events.cursor().and_then(Cursor::as_i64)))
}
