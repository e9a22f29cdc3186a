//! What all examples share: a client for the real service if its variables are set, else for an emulator of its own.

use std::error::Error;

use agent_emulator::Emulator;
use trelent_agents::{Client, ClientOptions};

/// A client, and the emulator behind it if there is one; it ends with this value.
pub(crate) struct Service {
    pub(crate) client: Client,
    #[allow(dead_code, reason = "most examples only keep it alive")]
    pub(crate) emulator: Option<Emulator>,
}

/// Reads `TRELENT_API_URL`, `TRELENT_CLIENT_ID` and `TRELENT_CLIENT_SECRET`; without the first it starts an emulator.
pub(crate) async fn service() -> Result<Service, Box<dyn Error>> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let Some(url) = variable("TRELENT_API_URL") else {
        let emulator = Emulator::builder().start().await?;
        let trelent = emulator.trelent();
        let options =
            ClientOptions::new().credentials(trelent.client_id(), trelent.client_secret());
        return Ok(Service {
            client: Client::with_options(trelent.base_url(), options)?,
            emulator: Some(emulator),
        });
    };
    let mut options = ClientOptions::new();
    options.client_id = variable("TRELENT_CLIENT_ID");
    options.client_secret = variable("TRELENT_CLIENT_SECRET").map(Into::into);
    Ok(Service {
        client: Client::with_options(url, options)?,
        emulator: None,
    })
}
