//! Webhooks: reading registrations, and what there is to deliver. The delivery itself is in `courier.rs`.

use std::net::{Ipv4Addr, Ipv6Addr};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::body::{nothing_else, string};
use super::errors::{Answer, Refusal};

/// Most webhooks of one session.
const MAX: usize = 5;
/// Delivered when a registration names no events.
const DEFAULT_PREFIX: &str = "session.";

/// A registered webhook.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) url: String,
    /// Host of the URL, in lower case, without port.
    pub(crate) host: String,
    /// Path and query of the URL.
    pub(crate) target: String,
    events: Option<Vec<String>>,
    pub(crate) secret: Option<String>,
}

/// Something that webhooks may be told.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) event: &'static str,
    pub(crate) status: &'static str,
    pub(crate) run: String,
    pub(crate) subagent: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) steps: usize,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeliveryState {
    /// It waits for its first, or its next, attempt.
    Pending,
    /// The receiver answered with a status from 200 to 299.
    Delivered,
    /// Every attempt failed.
    GivenUp,
    /// Nobody said where deliveries to this host go: see
    /// [`MeistrariOptions::webhook_host`](crate::MeistrariOptions::webhook_host).
    NoReceiver,
}

/// A delivery to one webhook.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// Its id: the same for every attempt.
    pub id: String,
    /// The registered URL.
    pub url: String,
    /// The session.
    pub session_id: String,
    /// The event's name, such as `session.completed`.
    pub event: &'static str,
    /// How many times it was sent.
    pub attempts: usize,
    /// Status of the receiver's last answer; `None` when there was none.
    pub status: Option<u16>,
    /// What became of it.
    pub state: DeliveryState,
}

impl Webhook {
    pub(crate) fn wants(&self, event: &str) -> bool {
        match &self.events {
            None => event.starts_with(DEFAULT_PREFIX),
            Some(events) => events.iter().any(|own| own == event),
        }
    }
}

impl Notice {
    pub(crate) fn payload(&self, session: &str, delivery: &str) -> Value {
        json!({
            "eventType": self.event,
            "sessionId": session,
            "runId": self.run,
            "status": self.status,
            "error": self.error,
            "usage": {"inputTokens": 40 * self.steps, "outputTokens": 7 * self.steps},
            "subagent": self.subagent.as_ref().map(|name| json!({"name": name})),
            "deliveryId": delivery,
        })
    }
}

/// The signature of a body, as 64 hexadecimal digits.
pub(crate) fn signature(secret: &str, body: &[u8]) -> String {
    // HMAC takes keys of any length: this can not fail.
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    let bytes = mac.chain_update(body).finalize().into_bytes();
    bytes.iter().fold(String::with_capacity(64), |text, byte| {
        text + &format!("{byte:02x}")
    })
}

/// The `webhooks` of an execution.
pub(crate) fn registrations(value: Value) -> Answer<Vec<Webhook>> {
    let Value::Array(list) = value else {
        return Err(Refusal::invalid("webhooks", "must be a list"));
    };
    if list.len() > MAX {
        return Err(Refusal::webhook(&format!("webhooks: at most {MAX}")));
    }
    list.into_iter()
        .enumerate()
        .map(|(index, entry)| registration(&format!("webhooks[{index}]"), entry))
        .collect()
}

fn registration(at: &str, entry: Value) -> Answer<Webhook> {
    let Value::Object(mut fields) = entry else {
        return Err(Refusal::invalid(at, "must be an object"));
    };
    let url = string(&mut fields, "url", &format!("{at}.url"))?;
    let url = url.ok_or_else(|| Refusal::invalid(&format!("{at}.url"), "is required"))?;
    let secret = string(&mut fields, "secret", &format!("{at}.secret"))?;
    let events = match fields.remove("events") {
        None => None,
        Some(Value::Array(names)) if names.iter().all(Value::is_string) => {
            let names = names.iter().filter_map(Value::as_str);
            Some(names.map(str::to_owned).collect())
        }
        Some(_) => {
            let at = format!("{at}.events");
            return Err(Refusal::invalid(&at, "must be a list of strings"));
        }
    };
    nothing_else(&fields, &format!("{at}."))?;
    if secret.as_deref() == Some("") {
        return Err(Refusal::webhook(&format!("{at}.secret must not be empty")));
    }
    let Some((host, target)) = public_https(&url) else {
        let error = format!("{at}.url must be https to a public host");
        return Err(Refusal::webhook(&error));
    };
    Ok(Webhook {
        url,
        host,
        target,
        events,
        secret,
    })
}

/// Host and target of an https URL to a host that is neither this machine nor on a private network. Spelled in the
/// usual way only: a client that lets tricks through has its own tests to fail.
fn public_https(url: &str) -> Option<(String, String)> {
    let rest = url.strip_prefix("https://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let target = target.split('#').next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let host = match authority.split_once(']') {
        Some((address, _)) => address.strip_prefix('[')?,
        None => authority.split(':').next().unwrap_or_default(),
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let last = host.rsplit('.').next().unwrap_or_default();
    let private = matches!(last, "" | "localhost" | "local" | "internal")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| {
            address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
        })
        || host.parse::<Ipv6Addr>().is_ok_and(|address| {
            address.is_loopback() || address.is_unspecified() || address.to_ipv4_mapped().is_some()
        });
    let target = if target.starts_with('/') {
        target.to_owned()
    } else {
        format!("/{target}")
    };
    (!private).then_some((host, target))
}
