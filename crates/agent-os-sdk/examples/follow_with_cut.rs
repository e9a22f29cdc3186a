//! Follow a run over a connection that is cut on the way: every event comes once, in order.

use std::error::Error;

use agent_emulator::Fault;
use agent_os_sdk::{CreateAgent, CreateRun, FollowEventType, FollowOptions};
use std::time::Duration;

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    let client = &service.client;
    if let Some(emulator) = &service.emulator {
        // A real service may cut it or not; here it does, twice.
        emulator
            .faults()
            .push(Fault::cut_stream(4).vendor("agent-os").times(2));
    }

    let agent = client.agents().create(CreateAgent::new("Cut")).await?;
    let run = client.runs().create(CreateRun::new(&agent.id)).await?;
    let run = client.runs().get(&run.run_id).await?;
    let attempt = run.current_attempt_id.ok_or("the run has no attempt")?;

    let options = FollowOptions::new().base_delay(Duration::from_millis(100));
    let mut events = client.runs().follow(&run.run_id, &attempt, options);
    let mut seqs = Vec::new();
    while let Some(event) = events.next().await {
        let event = event?;
        if event.kind == FollowEventType::RunEvent {
            println!(
                "connection {}: {:>3} {}",
                events.reconnects() + 1,
                event.seq,
                event.event_type().unwrap_or_default()
            );
            seqs.push(event.seq);
        }
    }
    let whole = seqs.windows(2).all(|pair| pair[1] == pair[0] + 1);
    println!("{} events, without gap or repetition: {whole}", seqs.len());
    Ok(())
}
