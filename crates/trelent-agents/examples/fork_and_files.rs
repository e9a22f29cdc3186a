//! Bring local files in, get files out, and go on from where a run ended.

use std::error::Error;

use trelent_agents::{CreateRunOptions, LocalImporter, ResumeRunOptions, Run, S3Exporter};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;

    // The examples themselves are what the agent gets to see, below /mnt/.
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let import = LocalImporter::new(folder)
        .on_progress(|progress| eprintln!("packed {} files", progress.files));
    let options = CreateRunOptions::new("my-sandbox:latest", "Review these examples.")
        .import(import)
        .export(S3Exporter::new().path("reviews/"));
    let run = service.client.runs().create(options).await?.wait().await?;
    show(&run);

    // The child begins with the parent's files. Imports and exports are not inherited.
    let options = ResumeRunOptions::new().export(S3Exporter::new());
    let child = run
        .fork("Now mend what you found.", options)
        .await?
        .wait()
        .await?;
    show(&child);

    for checkpoint in service
        .client
        .runs()
        .get_checkpoint_chain(&child.id)
        .await?
    {
        println!(
            "checkpoint {} of {}",
            checkpoint.checkpoint_id, checkpoint.created_at
        );
    }
    Ok(())
}

fn show(run: &Run) {
    println!("{} is {}, forked from {:?}", run.id, run.status, run.parent);
    for file in run.file_outputs.iter().flat_map(|output| &output.files) {
        println!("  {}", file.path);
    }
}
