//! What all examples share: a client for the real service if its variables are set, else for an emulator of its own.

use std::error::Error;

use agent_emulator::Emulator;
use agentrouter_sdk::{AgentRouterClient, AgentRouterOptions, agentrouter};

/// A client, and the emulator behind it if there is one; it ends with this value.
pub(crate) struct Service {
    pub(crate) client: AgentRouterClient,
    #[allow(dead_code, reason = "the examples only keep it alive")]
    pub(crate) emulator: Option<Emulator>,
}

/// Reads `AGENTROUTER_API_BASE_URL` and `AGENTROUTER_API_KEY`; without the first it starts an emulator.
pub(crate) async fn service() -> Result<Service, Box<dyn Error>> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let Some(url) = variable("AGENTROUTER_API_BASE_URL") else {
        let emulator = Emulator::builder().start().await?;
        let handle = emulator.agentrouter();
        let options = AgentRouterOptions::new(handle.api_key()).base_url(handle.base_url());
        return Ok(Service {
            client: agentrouter(options)?,
            emulator: Some(emulator),
        });
    };
    let key = variable("AGENTROUTER_API_KEY").ok_or("AGENTROUTER_API_KEY is not set")?;
    Ok(Service {
        client: agentrouter(AgentRouterOptions::new(key).base_url(url))?,
        emulator: None,
    })
}
