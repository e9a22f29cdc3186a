//! Webhooks of sessions: registering them, and receiving their deliveries.
//!
//! Register one with [`ExecuteAgentRequest::webhook`](crate::ExecuteAgentRequest::webhook). A receiver takes the **raw**
//! body, checks it with `verify_webhook_signature` (feature `webhooks`) against the header
//! [`WEBHOOK_SIGNATURE_HEADER`](crate::WEBHOOK_SIGNATURE_HEADER), and only then reads it with
//! [`SessionWebhookEventPayload::from_slice`]. Deliveries are repeated until they are answered, so the same one may come
//! more than once: [`delivery_id`](SessionWebhookEventPayload::delivery_id) tells.

use agent_core::{Result, open_enum};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::validation;
use crate::wire::MAX_WEBHOOKS;

mod host;
mod payload;
#[cfg(feature = "webhooks")]
mod signature;

pub use payload::{SessionWebhookEventPayload, SessionWebhookSubagent, SessionWebhookUsage};
#[cfg(feature = "webhooks")]
pub use signature::{sign_webhook, verify_webhook_signature};

open_enum! {
    /// What a webhook tells of. Source: package readme.
    pub enum SessionWebhookEventType {
        /// A session began.
        SessionStarted = "session.started",
        /// A session is over.
        SessionCompleted = "session.completed",
        /// A session is over, by an error.
        SessionFailed = "session.failed",
        /// A session is over, because somebody wanted it to be.
        SessionCancelled = "session.cancelled",
        /// A turn is over: the session waits for the next message.
        SessionWaitingMessages = "session.waiting_messages",
        /// A subagent began.
        SubagentStarted = "subagent.started",
        /// A subagent is done.
        SubagentCompleted = "subagent.completed",
        ..Other
    }
}

/// A webhook to register. Source: package readme.
///
/// The URL must be https, and its host neither this machine nor on a private network, however it is spelled. There may
/// be five at most. Checked before anything is sent. Debug output shows neither the secret nor what in the URL may be
/// one.
///
/// ```
/// use meistrari_agent_sdk::{SessionWebhookConfig, SessionWebhookEventType as Event};
///
/// let webhook = SessionWebhookConfig::new("https://example.com/hooks/agent-session")
///     .events([Event::SessionCompleted, Event::SessionFailed])
///     .secret("whsec_…");
/// webhook.validate()?;
/// assert!(SessionWebhookConfig::new("https://127.1/").validate().is_err());
/// # Ok::<(), meistrari_agent_sdk::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
#[must_use]
pub struct SessionWebhookConfig {
    /// Where deliveries go.
    pub url: String,
    /// Which events: none means all of the session's own; those of subagents only when they are listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<SessionWebhookEventType>>,
    /// What deliveries are signed with; none for URLs that carry a token of their own. It is sent to the vendor with the
    /// registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl SessionWebhookConfig {
    /// Deliveries of all of the session's own events, not signed.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            events: None,
            secret: None,
        }
    }

    /// Sets which events are delivered.
    pub fn events<E: Into<SessionWebhookEventType>>(
        mut self,
        events: impl IntoIterator<Item = E>,
    ) -> Self {
        self.events = Some(events.into_iter().map(Into::into).collect());
        self
    }

    /// Sets what deliveries are signed with.
    pub fn secret(mut self, secret: impl Into<String>) -> Self {
        self.secret = Some(secret.into());
        self
    }

    /// Checks one registration as it is checked before a request.
    ///
    /// Fails with kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument).
    pub fn validate(&self) -> Result<()> {
        check_all(std::slice::from_ref(self))
    }
}

/// Checks the webhooks of one request.
pub(crate) fn check_all(webhooks: &[SessionWebhookConfig]) -> Result<()> {
    if webhooks.len() > MAX_WEBHOOKS {
        return Err(validation(
            "webhooks",
            format!(
                "webhooks: at most {MAX_WEBHOOKS} entries are allowed, got {}",
                webhooks.len()
            ),
        ));
    }
    for (index, webhook) in webhooks.iter().enumerate() {
        let at = format!("webhooks[{index}].url");
        if let Err(what) = check_url(&webhook.url) {
            return Err(validation(&at, format!("{at} {what}")));
        }
        let at = format!("webhooks[{index}].secret");
        if webhook.secret.as_deref() == Some("") {
            return Err(validation(&at, format!("{at} must not be empty")));
        }
    }
    Ok(())
}

/// What is wrong with a URL.
fn check_url(url: &str) -> Result<(), String> {
    let url = Url::parse(url).map_err(|_| "is not a valid absolute URL".to_owned())?;
    if url.scheme() != "https" {
        return Err("must use https".to_owned());
    }
    match url.host() {
        None => Err("is not a valid absolute URL".to_owned()),
        Some(host) if host::is_forbidden(&host) => Err(format!("host is not allowed: {host}")),
        Some(_) => Ok(()),
    }
}

impl std::fmt::Debug for SessionWebhookConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Path and query of a callback URL are often a token.
        let origin = Url::parse(&self.url).map(|url| url.origin().ascii_serialization());
        f.debug_struct("SessionWebhookConfig")
            .field("url", &origin.as_deref().unwrap_or("(not a URL)"))
            .field("events", &self.events)
            .field("secret", &self.secret.as_ref().map(|_| "****"))
            .finish()
    }
}

#[cfg(test)]
mod tests;
