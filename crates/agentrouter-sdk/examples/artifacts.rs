//! The files that a run left: listed, read, and saved with their checks.

use std::error::Error;
use std::time::Duration;

use agentrouter_sdk::{CreateAndWaitRequest, codex};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    let client = &service.client;

    let request = CreateAndWaitRequest::new("Write a file.")
        .runtime(codex())
        .metadata_entry("example", "artifacts")
        .idempotency_key("example-artifacts-1")
        .poll_interval(Duration::from_millis(100))
        .on_event(|event| println!("  {:3} {}", event.sequence, event.event_type));
    let session = client.create_run_and_wait(request).await?;
    let run_id = &session.run.id;

    let folder = std::env::temp_dir().join(format!("agentrouter-{run_id}"));
    std::fs::create_dir_all(&folder)?;
    for artifact in client.list_run_artifacts(run_id).await?.items {
        let path = folder.join(&artifact.kind);
        // Whole, of the length and with the SHA-256 that the server names, or not there.
        let options = artifact.save_options().on_progress(|progress| {
            println!("  {} of {:?} bytes", progress.bytes, progress.total);
        });
        let length = client
            .download_artifact_to_file(run_id, &artifact.id, &path, options)
            .await?;
        println!("{} ({length} bytes)", path.display());
        if artifact.kind == "workspace_patch" {
            let content = client.download_artifact(run_id, &artifact.id).await?;
            println!("{}", String::from_utf8_lossy(&content));
        }
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}
