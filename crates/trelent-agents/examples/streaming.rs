//! Follow a run live: print what the assistant says as it says it. A broken connection is resumed unseen.

use std::error::Error;
use std::io::Write as _;

use trelent_agents::{CreateRunOptions, EventData};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    if let Some(emulator) = &service.emulator {
        // Break the connection behind the tenth event. Nothing below needs to know.
        emulator.faults().cut_stream_after(10);
    }

    let options = CreateRunOptions::new("my-sandbox:latest", "Describe this repository.");
    let run = service.client.runs().create(options).await?;

    let mut events = run.subscribe();
    let mut count = 0;
    while let Some(event) = events.next().await {
        let event = match event {
            Ok(event) => event,
            // One event could not be read; the stream goes on.
            Err(error) if error.kind() == trelent_agents::ErrorKind::Decode => {
                eprintln!("\n{error}");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        count += 1;
        match &event.data {
            EventData::MessageDelta(message) => print!("{}", message.delta.text),
            EventData::ToolCallStarted(tool) => println!("\n[{} {}]", tool.kind, tool.name),
            EventData::SessionCompleted(session) => println!("\n[exit code {}]", session.exit_code),
            _ => {}
        }
        std::io::stdout().flush()?;
    }
    println!(
        "{count} events, {} reconnects, the last seq is {:?}",
        events.reconnects(),
        events.cursor().and_then(trelent_agents::Cursor::as_u64)
    );
    Ok(())
}
