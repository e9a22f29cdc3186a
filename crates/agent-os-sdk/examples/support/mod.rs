//! What all examples share: a client for the real service if its variables are set, else for an emulator of its own.

use std::error::Error;

use agent_emulator::Emulator;
use agent_os_sdk::{AgentOsClient, ClientOptions};
use serde_json::json;

/// A client, the Chatwoot to use with it, and the emulator behind it if there is one; it ends with this value.
pub(crate) struct Service {
    pub(crate) client: AgentOsClient,
    /// Address and token.
    #[allow(dead_code, reason = "one example uses it")]
    pub(crate) chatwoot: Option<(String, String)>,
    #[allow(dead_code, reason = "most examples only keep it alive")]
    pub(crate) emulator: Option<Emulator>,
}

/// Reads `AGENT_OS_BASE_URL` and `AGENT_OS_TOKEN` (and `AGENT_OS_CHATWOOT_URL` and `AGENT_OS_CHATWOOT_TOKEN`); without
/// the first it starts an emulator.
pub(crate) async fn service() -> Result<Service, Box<dyn Error>> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let Some(url) = variable("AGENT_OS_BASE_URL") else {
        let emulator = Emulator::builder().start().await?;
        let agent_os = emulator.agent_os();
        let chatwoot = agent_os.chatwoot();
        let options = ClientOptions::new().token(agent_os.token());
        return Ok(Service {
            client: AgentOsClient::with_options(agent_os.base_url(), options)?,
            chatwoot: Some((chatwoot.url().to_owned(), chatwoot.token().to_owned())),
            emulator: Some(emulator),
        });
    };
    let mut options = ClientOptions::new();
    options.token = variable("AGENT_OS_TOKEN").map(Into::into);
    Ok(Service {
        client: AgentOsClient::with_options(url, options)?,
        chatwoot: variable("AGENT_OS_CHATWOOT_URL").zip(variable("AGENT_OS_CHATWOOT_TOKEN")),
        emulator: None,
    })
}

/// Makes a credential for Chatwoot; gives its id.
#[allow(dead_code, reason = "some examples use it")]
pub(crate) async fn chatwoot_credential(
    service: &Service,
) -> Result<Option<String>, Box<dyn Error>> {
    let Some((url, token)) = &service.chatwoot else {
        return Ok(None);
    };
    let credential = json!({
        "name": "chat", "type": "chatwoot",
        "publicConfig": {"url": url},
        "values": {"api_access_token": token},
    });
    let made = service.client.credentials().create(&credential).await?;
    Ok(Some(made.id))
}
