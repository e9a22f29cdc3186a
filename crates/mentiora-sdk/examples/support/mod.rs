//! What all examples share: a client for the real service if its variables are set, else for an emulator of its own.

use std::error::Error;

use agent_emulator::Emulator;
use mentiora_sdk::{MentioraClient, MentioraConfig};

/// A client, and the emulator behind it if there is one; it ends with this value.
pub(crate) struct Service {
    pub(crate) client: MentioraClient,
    #[allow(dead_code, reason = "most examples only keep it alive")]
    pub(crate) emulator: Option<Emulator>,
}

/// Reads `MENTIORA_API_KEY` and `MENTIORA_BASE_URL`; without either it starts an emulator.
pub(crate) async fn service() -> Result<Service, Box<dyn Error>> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (key, url) = (variable("MENTIORA_API_KEY"), variable("MENTIORA_BASE_URL"));
    let (config, emulator) = match (key, url) {
        (None, None) => {
            let emulator = Emulator::builder().start().await?;
            let mentiora = emulator.mentiora();
            let config = MentioraConfig::server(mentiora.api_key()).base_url(mentiora.base_url());
            (config, Some(emulator))
        }
        (Some(key), url) => {
            let config = MentioraConfig::server(key).base_url(url.unwrap_or_default());
            (config, None)
        }
        (None, Some(_)) => return Err("MENTIORA_API_KEY is not set".into()),
    };
    Ok(Service {
        client: MentioraClient::new(config)?,
        emulator,
    })
}
