//! Start a run, wait for it, read its result.

use std::error::Error;

use trelent_agents::CreateRunOptions;

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    let client = &service.client;

    for sandbox in client.sandboxes().list().await? {
        println!("image {} {:?}", sandbox.name, sandbox.tags);
    }

    let options = CreateRunOptions::new("my-sandbox:latest", "Say hello in one sentence.");
    let run = client.runs().create(options).await?;
    println!("{} is {} ({})", run.id, run.status, run.harness.kind);

    let run = run
        .wait()
        .on_progress(|now| println!("{} is {}", now.run_id, now.status))
        .await?;
    let output = run
        .result
        .as_ref()
        .and_then(|result| result.output.as_deref());
    println!("{}", output.unwrap_or("no output"));
    Ok(())
}
