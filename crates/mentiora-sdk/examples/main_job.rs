//! The main job as a user sees it: ask an agent, follow its answer live, go on with the thread, keep a trace.
//!
//! `cargo xtask demo` runs it against the emulator, which cuts the connection once in the middle of an answer.

use std::error::Error;
use std::io::Write as _;
use std::time::SystemTime;

use mentiora_sdk::{
    AgentRunParams, AgentStreamEvent, ErrorExt, ErrorKind, MentioraClient, TraceEvent, TraceType,
};
use tokio::time::Instant;

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let service = support::service().await?;
    let client = &service.client;
    println!("service: {}", client.base_url());

    let params = AgentRunParams::tag("production", "Who are you?").end_user_id("demo");
    let first = client.agents().run(params).await?;
    println!(
        "run:     {} revision {} is {}: {}",
        first.agent_id, first.agent_revision, first.status, first.output
    );

    let mut cuts = 0;
    let mut events = 0;
    let question = "Tell me more, live.";
    loop {
        println!("\nstream:  {question}");
        let params = AgentRunParams::tag("production", question).thread_id(&first.thread_id);
        match follow(client, params, &mut events).await {
            Ok(()) => break,
            // The API can not resume an answer, and asking again runs the agent again: that is the caller's to decide.
            Err(error) if error.kind() == ErrorKind::Interrupted && cuts == 0 => {
                cuts += 1;
                println!("\n  (note: {}; asking again)", error.message());
            }
            Err(error) => return Err(error.into()),
        }
    }

    let refused = client
        .agents()
        .run(AgentRunParams::tag("nobody", "Hello?"))
        .await;
    if let Err(error) = refused {
        println!("\nerror:   {} ({:?})", error.message(), error.server_code());
    }

    let trace = TraceEvent::new(
        "demo-trace",
        "demo-span",
        "demo",
        TraceType::Chat,
        wall_clock(),
    )
    .thread_id(&first.thread_id)
    .output(first.output.as_str());
    let sent = client.tracing()?.send_trace(trace).await?;
    println!("trace:   sent: {}", sent.success);

    println!(
        "\nWhat happened: one run and {} streamed answer(s), {events} events in order, each once; {cuts} cut told as a \
         typed error; all in {:.1} s.",
        cuts + 1,
        start.elapsed().as_secs_f32()
    );
    Ok(())
}

async fn follow(
    client: &MentioraClient,
    params: AgentRunParams,
    count: &mut u64,
) -> mentiora_sdk::Result<()> {
    let mut events = client.agents().stream(params);
    print!("  ");
    while let Some(event) = events.next().await {
        match event? {
            AgentStreamEvent::OutputTextDelta(text) => print!("{}", text.delta),
            AgentStreamEvent::ToolCallResult(call) => {
                print!("[{} → {}]\n  ", call.name, call.result);
            }
            AgentStreamEvent::ChatCompleted(chat) => print!("\n  [{}]", chat.status),
            AgentStreamEvent::Suggestions(event) => {
                let labels: Vec<_> = event.suggestions.iter().map(|item| &*item.label).collect();
                println!("\n  next: {}", labels.join(" | "));
            }
            AgentStreamEvent::Error(error) => println!("\n  the agent failed: {}", error.message),
            _ => {}
        }
        *count += 1;
        // A reader that is gone ends the demonstration soon enough.
        let _ = std::io::stdout().flush();
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a program of its own may read the clock"
)]
fn wall_clock() -> SystemTime {
    SystemTime::now()
}
