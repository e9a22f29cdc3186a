//! The main job as a user sees it: an agent, a run with live events, its ledger, its checkpoints, the inbox behind it.
//!
//! `cargo xtask demo` runs it against the emulator, which cuts the connection once in the middle.

use std::error::Error;
use std::io::Write as _;
use std::time::{Duration, Instant};

use agent_os_sdk::{
    CreateAgent, CreateRun, FollowEvent, FollowEventType, FollowOptions, PaginationParams,
    PollEvents, WaitForOptions,
};
use serde_json::json;

mod support;

#[tokio::main]
#[allow(
    clippy::disallowed_methods,
    reason = "a person wants to know how long it took"
)]
async fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let service = support::service().await?;
    let client = &service.client;

    let me = client.me().get().await?;
    println!("caller:  {}", me["email"].as_str().unwrap_or("unknown"));
    let agent = CreateAgent::new("Concierge").metadata(json!({"team": "demo"}));
    let agent = client.agents().create(agent).await?;
    println!("agent:   {} ({})", agent.name, agent.id);

    let key = format!("demo-{}", agent.id);
    let run = CreateRun::new(&agent.id)
        .input(json!({"message": "Which table is free tonight, and is there a view?"}))
        .idempotency_key(&key);
    let options = FollowOptions::new().base_delay(Duration::from_millis(200));
    let mut events = client.runs().create_and_stream(run, options).await?;
    println!(
        "run:     {} is {}\n",
        events.run_id(),
        events.created().status
    );
    let mut count = 0;
    let mut reconnects = 0;
    while let Some(event) = events.next().await {
        let event = event?;
        if events.reconnects() > reconnects {
            reconnects = events.reconnects();
            println!("\n  (note: the connection was cut and resumed behind event {count})");
        }
        count += u32::from(event.kind == FollowEventType::RunEvent);
        show(&event)?;
    }
    let run_id = events.run_id().to_owned();
    let attempt = events.attempt_id().unwrap_or_default().to_owned();

    let run = client.runs().get(&run_id).await?;
    println!("\nrun:     {} is {}", run.run_id, run.status);
    println!("output:  {}", run.output.unwrap_or_default());

    let ledger = PollEvents::new(&attempt).limit(10);
    let ledger = client.runs().poll_all(&run_id, ledger).all().await?;
    println!(
        "ledger:  {} events by page, {count} by stream",
        ledger.len()
    );
    let checkpoints = client.runs().get_checkpoints(&run_id).await?;
    let checkpoints = checkpoints["items"].as_array().map_or(0, Vec::len);
    println!("         {checkpoints} checkpoints");

    let planned = |event: &FollowEvent| event.node.as_deref() == Some("plan");
    let options = WaitForOptions::new().timeout(Duration::from_secs(10));
    let event = client
        .runs()
        .wait_for(&run_id, &attempt, planned, options)
        .await?;
    println!("waited:  node plan came with event {}", event.seq);

    let again = CreateRun::new(&agent.id).idempotency_key(&key);
    match client.runs().create(again).await {
        Err(error) if error.is_conflict() => println!("again:   {error}"),
        other => println!("again:   {other:?}"),
    }
    let runs = client
        .runs()
        .list_all(PaginationParams::new().limit(50))
        .all()
        .await?;
    println!("runs:    {} so far", runs.len());
    if let Some(credential) = support::chatwoot_credential(&service).await? {
        println!(
            "inbox:   {}",
            client.chatwoot().get_inbox_url(credential).await?.url
        );
    }

    println!(
        "\nWhat happened: {count} events came in order, each once, over {} connection(s); a repeated key started no \
         second run; all in {:.1} s.",
        reconnects + 1,
        start.elapsed().as_secs_f32()
    );
    Ok(())
}

fn show(event: &FollowEvent) -> std::io::Result<()> {
    let payload = event.payload.as_ref();
    let text = |name: &str| {
        let value = payload.and_then(|payload| payload.get(name));
        value.and_then(|value| value.as_str()).unwrap_or_default()
    };
    match (&event.kind, event.event_type().unwrap_or_default()) {
        (FollowEventType::RunEvent, "TOKEN") => print!("{}", text("text")),
        (FollowEventType::RunEvent, "NODE_STARTED") => print!("  {}: ", text("node")),
        (FollowEventType::RunEvent, "NODE_FINISHED") => println!(),
        (FollowEventType::RunEvent, "THOUGHT") => print!("{} ", text("text")),
        (FollowEventType::RunEvent, "TOOL_CALLED") => print!("[{}] ", text("tool")),
        (FollowEventType::RunEvent, other) => println!("  {other}"),
        (FollowEventType::Close, _) => println!("  the stream is over"),
        _ => {}
    }
    std::io::stdout().flush()
}
