//! The files of a session, and files in the vault: text, binary, streamed to disk.

use std::error::Error;

use meistrari_agent_sdk::{AgentInput, ExecuteAgentRequest, FileEncoding};

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    let client = &service.client;

    let reference = support::reference(&service).ok_or("set MEISTRARI_REFERENCE")?;
    let bytes = client.resolve_reference(&reference).await?;
    println!("{reference}: {} bytes", bytes.len());

    // A big file never has to fit into memory: it is on the disk whole, or not there.
    let path = std::env::temp_dir().join("meistrari-example-tickets.csv");
    let saved = client
        .resolve_reference_stream(&reference)
        .await?
        .save(&path)
        .await?;
    println!("{}: {saved} bytes", path.display());
    std::fs::remove_file(&path)?;

    let (organization, repository) = support::agent();
    let request = ExecuteAgentRequest::start(organization, repository, "Describe the file")
        .input(AgentInput::new(&reference, "tickets.csv"));
    let session_id = client.execute_agent(request).await?.into_session_id()?;
    let mut events = client.stream_session(&session_id, None::<i64>).await?;
    while let Some(event) = events.next().await {
        event?;
    }

    for entry in client.list_session_files(&session_id).await?.tree {
        let file = client.fetch_session_file(&session_id, &entry.path).await?;
        println!("{} ({:?} bytes, {})", entry.path, entry.size, file.encoding);
        if file.encoding == FileEncoding::Raw {
            println!("{}", file.content);
        } else {
            println!("{:?}", file.bytes()?);
        }
    }
    Ok(())
}
