//! The main job as a user sees it: a file in the vault, a session of two turns with live events, a webhook with a valid
//! signature, the files that were made.
//!
//! `cargo xtask demo` runs it against the emulator, which cuts the connection once in the middle.

use std::error::Error;

use meistrari_agent_sdk::{
    AgentClient, AgentInput, ExecuteAgentRequest, Resume, SessionStreamEvent, StreamSessionOptions,
    sign_webhook, verify_webhook_signature,
};
use tokio::time::Instant;

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let service = support::service().await?;
    let client = &service.client;
    let (organization, repository) = support::agent();

    let mut request =
        ExecuteAgentRequest::start(organization, repository, "Summarize the latest tickets")
            .environment_variable("SUPPORT_REGION", "us");
    if let Some(reference) = support::reference(&service) {
        println!("vault:   {reference}");
        let bytes = client.resolve_reference(&reference).await?;
        println!(
            "         {} bytes came back, by a presigned URL on another host",
            bytes.len()
        );
        request = request.input(AgentInput::new(reference, "tickets.csv"));
    }
    let session_id = client.execute_agent(request).await?.into_session_id()?;
    println!("session: {session_id}\n");

    let mut viewer = Viewer::default();
    viewer.follow(client, &session_id).await?;

    let message = "Which one should be answered first?";
    let early = client
        .execute_agent(ExecuteAgentRequest::continue_session(&session_id, message))
        .await?
        .into_session_id()?;
    println!(
        "\nsecond:  the same session ({early}), from cursor {:?}\n",
        viewer.cursor
    );
    viewer.follow(client, &session_id).await?;

    println!();
    for entry in client.list_session_files(&session_id).await?.tree {
        let file = client.fetch_session_file(&session_id, &entry.path).await?;
        println!(
            "file:    {} ({} bytes, {})",
            entry.path,
            file.bytes()?.len(),
            file.encoding
        );
    }
    let body = br#"{"eventType":"session.completed"}"#;
    let signature = sign_webhook(body, "whsec_example");
    println!(
        "webhook: a signed delivery verifies: {}, a changed one: {}",
        verify_webhook_signature(body, Some(&signature), "whsec_example"),
        verify_webhook_signature(b"{}", Some(&signature), "whsec_example"),
    );
    println!(
        "\nWhat happened: {} events of two turns came in order over {} connections, {} of them after a cut; all in \
         {:.1} s.",
        viewer.events,
        viewer.connections,
        viewer.resumed,
        start.elapsed().as_secs_f32()
    );
    Ok(())
}

#[derive(Default)]
struct Viewer {
    cursor: Option<i64>,
    events: u64,
    connections: u64,
    resumed: u64,
}

impl Viewer {
    async fn follow(
        &mut self,
        client: &AgentClient,
        session_id: &str,
    ) -> Result<(), Box<dyn Error>> {
        let mut options = StreamSessionOptions::from(self.cursor);
        options = options.resume(Resume::auto());
        let mut events = client.stream_session(session_id, options).await?;
        let mut reconnects = 0;
        while let Some(event) = events.next().await {
            let event = event?;
            if events.reconnects() > reconnects {
                reconnects = events.reconnects();
                println!(
                    "  (note: the connection was cut and resumed behind cursor {:?})",
                    self.cursor
                );
                if event.may_repeat() {
                    println!("  (note: what follows up to the next cursor may be a repeat)");
                }
            }
            if reconnects > 0 {
                self.resumed += 1;
            }
            self.events += 1;
            self.cursor = event.next_cursor().or(self.cursor);
            show(event)?;
        }
        self.connections += 1 + reconnects;
        Ok(())
    }
}

fn show(event: SessionStreamEvent) -> Result<(), Box<dyn Error>> {
    match event {
        SessionStreamEvent::Status(event) => println!("  status:  {}", event.status),
        SessionStreamEvent::Steps(event) => {
            for step in event.steps {
                println!("  step:    {step}");
            }
        }
        SessionStreamEvent::Result(event) => println!("  result:  {}", event.result),
        SessionStreamEvent::Error(event) => return Err(event.error.into()),
        other => println!("  {}: {other:?}", other.kind()),
    }
    Ok(())
}
