//! The main job as a user sees it: credentials, images, a run with a local folder, live events, a fork, result files.
//!
//! `cargo xtask demo` runs it against the emulator, which cuts the connection once in the middle.

use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};
use trelent_agents::{
    CommonEvent, CreateRunOptions, EventData, EventStream, LocalImporter, ResumeRunOptions, Run,
    S3Exporter,
};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let service = support::service().await?;
    let client = &service.client;

    let health = client.health().await?;
    println!("service: {}", health.status);
    let sandboxes = client.sandboxes().list().await?;
    for sandbox in &sandboxes {
        println!("image:   {} ({})", sandbox.name, sandbox.tags.join(", "));
    }
    let image = sandboxes.first().ok_or("there is no image to start from")?;

    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let options = CreateRunOptions::new(&image.name, "List the files and describe them.")
        .import(LocalImporter::new(folder))
        .export(S3Exporter::new());
    let run = client.runs().create(options).await?;
    println!(
        "run:     {} is {} ({})\n",
        run.id, run.status, run.harness.kind
    );

    let mut viewer = Viewer::default();
    viewer.follow(run.subscribe()).await?;
    let run = run.wait().poll_interval(Duration::from_millis(200)).await?;
    println!("\nrun:     {} is {}", run.id, run.status);
    files(&run);

    let options = ResumeRunOptions::new().export(S3Exporter::new());
    let child = run.fork("Now write a summary.", options).await?;
    println!("fork:    {} of {}", child.id, run.id);
    let child = child
        .wait()
        .poll_interval(Duration::from_millis(300))
        .on_progress(|now| println!("         {}", now.status))
        .await?;
    files(&child);

    println!(
        "\nWhat happened: {} events of the first run came in order, each once, over {} connection(s); a fork went on \
         from its files; all in {:.1} s.",
        viewer.events,
        viewer.reconnects + 1,
        start.elapsed().as_secs_f32()
    );
    Ok(())
}

fn files(run: &Run) {
    for file in run.file_outputs.iter().flat_map(|output| &output.files) {
        println!("file:    {}", file.path);
    }
}

#[derive(Default)]
struct Viewer {
    events: u64,
    reconnects: u64,
    waiting: bool,
}

impl Viewer {
    async fn follow(&mut self, mut events: EventStream<CommonEvent>) -> Result<(), Box<dyn Error>> {
        let mut tick = interval(Duration::from_millis(100));
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut since = Instant::now();
        loop {
            tokio::select! {
                event = events.next() => {
                    let Some(event) = event else { return Ok(()) };
                    self.clear_line()?;
                    if events.reconnects() > self.reconnects {
                        self.reconnects = events.reconnects();
                        println!("\n  (note: the connection was cut and resumed behind event {})", self.events);
                    }
                    self.events += 1;
                    show(&event?)?;
                    since = Instant::now();
                }
                _ = tick.tick() => self.progress_line(since)?,
            }
        }
    }

    fn progress_line(&mut self, since: Instant) -> std::io::Result<()> {
        if std::io::stderr().is_terminal() && since.elapsed() > Duration::from_millis(300) {
            self.waiting = true;
            eprint!("\r  waiting, {:.1} s …", since.elapsed().as_secs_f32());
            std::io::stderr().flush()?;
        }
        Ok(())
    }

    fn clear_line(&mut self) -> std::io::Result<()> {
        if std::mem::take(&mut self.waiting) {
            eprint!("\r{:24}\r", "");
            std::io::stderr().flush()?;
        }
        Ok(())
    }
}

fn show(event: &CommonEvent) -> std::io::Result<()> {
    match &event.data {
        EventData::SessionStarted(session) => {
            println!(
                "  session: tools {}",
                session.tools.clone().unwrap_or_default().join(", ")
            );
        }
        EventData::TurnFailed(turn) => println!("\n  turn failed: {}", turn.error),
        EventData::Error(error) => println!("  error {}: {}", error.code, error.message),
        EventData::ReasoningCompleted(block) => println!("  thinking: {}", block.text),
        EventData::MessageStarted(_) => print!("  assistant: "),
        EventData::MessageDelta(message) => print!("{}", message.delta.text),
        EventData::MessageCompleted(_) => println!(),
        EventData::ToolCallStarted(tool) => println!("  tool: {} ({})", tool.name, tool.kind),
        EventData::ToolCallOutputDelta(tool) => print!("{}", tool.text),
        EventData::ToolCallCompleted(tool) => {
            println!("  tool done: exit code {:?}", tool.exit_code);
        }
        EventData::SessionCompleted(session) => {
            println!("  session over: exit code {}", session.exit_code);
        }
        _ => {}
    }
    if let Some(usage) = event.usage() {
        println!(
            "  usage: {} tokens in, {} out",
            usage.input_tokens, usage.output_tokens
        );
    }
    std::io::stdout().flush()
}
