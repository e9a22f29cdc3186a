//! What all examples share: a client for the real service if its variables are set, else for an emulator of its own.

use std::error::Error;

use agent_emulator::Emulator;
use meistrari_agent_sdk::{AgentClient, DataTokenAuthStrategy};

/// A client, and the emulator behind it if there is one; it ends with this value.
pub(crate) struct Service {
    pub(crate) client: AgentClient,
    #[allow(dead_code, reason = "most examples only keep it alive")]
    pub(crate) emulator: Option<Emulator>,
}

/// Reads `MEISTRARI_BASE_URL`, `MEISTRARI_VAULT_URL` and `MEISTRARI_DATA_TOKEN`; without the first it starts an
/// emulator.
pub(crate) async fn service() -> Result<Service, Box<dyn Error>> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let Some(url) = variable("MEISTRARI_BASE_URL") else {
        let emulator = Emulator::builder().start().await?;
        let meistrari = emulator.meistrari();
        let auth = DataTokenAuthStrategy::new(meistrari.data_token());
        return Ok(Service {
            client: AgentClient::builder(meistrari.base_url(), auth)
                .vault_url(meistrari.vault_url())
                .build()?,
            emulator: Some(emulator),
        });
    };
    let token = variable("MEISTRARI_DATA_TOKEN").unwrap_or_default();
    let mut config = AgentClient::builder(url, DataTokenAuthStrategy::new(token));
    config.vault_url = variable("MEISTRARI_VAULT_URL");
    Ok(Service {
        client: config.build()?,
        emulator: None,
    })
}

/// A file in the vault: `MEISTRARI_REFERENCE`, else the one that the emulator has.
#[allow(dead_code, reason = "not every example needs one")]
pub(crate) fn reference(service: &Service) -> Option<String> {
    let emulator = service.emulator.as_ref();
    let own = emulator.map(|emulator| emulator.meistrari().reference().to_owned());
    own.or_else(|| std::env::var("MEISTRARI_REFERENCE").ok())
}

/// The agent to start: `MEISTRARI_ORGANIZATION` and `MEISTRARI_REPOSITORY`, else names that the emulator takes.
#[allow(
    dead_code,
    reason = "the receiver of webhooks starts its session itself"
)]
pub(crate) fn agent() -> (String, String) {
    let variable = |name, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    (
        variable("MEISTRARI_ORGANIZATION", "acme"),
        variable("MEISTRARI_REPOSITORY", "support-bot"),
    )
}
