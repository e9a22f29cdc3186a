//! The inboxes of the Chatwoot that a credential leads to.

use std::error::Error;

use agent_os_sdk::{CreateAgent, ErrorExt};
use serde_json::json;

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    let client = &service.client;
    let Some(credential) = support::chatwoot_credential(&service).await? else {
        println!("set AGENT_OS_CHATWOOT_URL and AGENT_OS_CHATWOOT_TOKEN as well");
        return Ok(());
    };

    let chatwoot = client.chatwoot();
    println!("{}", chatwoot.get_inbox_url(&credential).await?.url);
    let inbox = json!({"name": "Support", "channel": {"type": "api"}});
    let made = chatwoot.create_inbox(&credential, &inbox).await?;
    for inbox in chatwoot.list_inboxes(&credential).await? {
        println!("inbox {}: {}", inbox["id"], inbox["name"]);
    }
    if let Some(id) = made["id"].as_u64() {
        chatwoot.delete_inbox(&credential, id).await?;
    }

    // The inbox of an agent is found by its trigger.
    let agent = client.agents().create(CreateAgent::new("Chat")).await?;
    match chatwoot.get_agent_inbox_url(&agent.id).await {
        Ok(inbox) => println!("{}", inbox.url),
        Err(error) => println!("{:?}: {error}", error.chatwoot_code()),
    }
    let trigger = json!({
        "agent_id": agent.id, "type": "chatwoot", "config": {"credential_id": credential},
    });
    client.triggers().create(&trigger).await?;
    println!("{}", chatwoot.get_agent_inbox_url(&agent.id).await?.url);
    Ok(())
}
