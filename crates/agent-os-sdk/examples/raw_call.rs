//! What has no typed operation is reached raw: here the bundles of an agent.

use std::error::Error;

use agent_os_sdk::{CreateAgent, RequestOptions, UpdateAgent};
use serde_json::json;

mod support;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = support::service().await?;
    let client = &service.client;
    let agent = client.agents().create(CreateAgent::new("Raw")).await?;

    let options = RequestOptions::new()
        .path_param("id", &agent.id)
        .body(&json!({"prompt": "Be brief.", "tools": ["search"]}));
    let answer = client
        .raw()
        .post("/v1/api/agents/{id}/bundles", options)
        .idempotency_key("bundle-1")
        .with_response()
        .await?;
    println!("{}: {}", answer.response.status, answer.value);

    if let Some(bundle) = answer.value["id"].as_str() {
        let update = UpdateAgent::new().live_bundle_id(bundle);
        let agent = client.agents().update(&agent.id, update).await?;
        println!("live: {:?}", agent.live_bundle_id);
    }
    match client
        .raw()
        .get("/v1/api/nothing", RequestOptions::new())
        .await
    {
        Ok(value) => println!("{value}"),
        Err(error) => println!("{error}"),
    }
    Ok(())
}
