//! An emulator, and a client of it.

use std::time::Duration;

use agent_emulator::{AgentRouterHandle, AgentRouterOptions as Settings, Emulator};
use agentrouter_sdk::{
    AgentRouterClient, AgentRouterOptions, HttpConfig, Resume, RetryPolicy, agentrouter,
};

pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) router: AgentRouterHandle,
    pub(crate) client: AgentRouterClient,
}

pub(crate) async fn world() -> World {
    world_with(Settings::new()).await
}

/// Runs take no time unless they are held.
pub(crate) async fn world_with(settings: Settings) -> World {
    let emulator = Emulator::builder()
        .pace(Duration::ZERO)
        .agentrouter(settings)
        .start()
        .await
        .unwrap();
    let router = emulator.agentrouter();
    let nothing = Duration::ZERO;
    let http = HttpConfig::new()
        .retry(RetryPolicy::default().backoff(nothing, nothing))
        .resume(Resume::auto().backoff(nothing, nothing));
    let options = AgentRouterOptions::new(router.api_key())
        .base_url(router.base_url())
        .http(http);
    let client = agentrouter(options).unwrap();
    World {
        emulator,
        router,
        client,
    }
}

/// Nothing here waits for time: a run is over when it is looked at, or waits for what the test does.
pub(crate) const FAST: Duration = Duration::ZERO;
