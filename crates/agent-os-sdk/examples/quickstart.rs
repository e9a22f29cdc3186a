//! Make an agent, start a run, follow it to its end.

use std::error::Error;

use agent_os_sdk::{CreateAgent, CreateRun, FollowEventType, FollowOptions};
use serde_json::json;

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    let client = &service.client;

    let agent = client
        .agents()
        .create(CreateAgent::new("Quickstart"))
        .await?;
    let run = CreateRun::new(&agent.id).input(json!({"message": "hello"}));
    let mut events = client
        .runs()
        .create_and_stream(run, FollowOptions::new())
        .await?;
    println!("run {} of agent {}", events.run_id(), agent.id);
    while let Some(event) = events.next().await {
        let event = event?;
        match event.kind {
            FollowEventType::RunEvent => {
                println!(
                    "{:>3} {}",
                    event.seq,
                    event.event_type().unwrap_or_default()
                );
            }
            FollowEventType::Close => println!("over"),
            _ => {}
        }
    }
    let run = client.runs().get(events.run_id()).await?;
    println!("{}: {}", run.status, run.output.unwrap_or_default());
    Ok(())
}
