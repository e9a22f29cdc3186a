//! Which of an agent's triggers leads to Chatwoot. Pure.

use agent_core::Result;
use serde_json::Value;

use super::ChatwootErrorCode;
use crate::events::truthy;

/// The credential of the first trigger, in the server's order, that leads to Chatwoot: also if a later one would fit
/// better, as in the original.
pub(crate) fn credential(triggers: &Value) -> Result<String> {
    if triggers.is_null() {
        return Err(ChatwootErrorCode::TriggerFetchFailed.error());
    }
    let items = triggers.get("items").unwrap_or(triggers).as_array();
    let found = items.into_iter().flatten().find(|trigger| fits(trigger));
    let Some(trigger) = found else {
        return Err(ChatwootErrorCode::NoTrigger.error());
    };
    match config(trigger, "credential_id") {
        Some(Value::String(id)) => Ok(id.clone()),
        Some(Value::Number(id)) => Ok(id.to_string()),
        _ => Err(ChatwootErrorCode::MissingCredentialId.error()),
    }
}

fn fits(trigger: &Value) -> bool {
    let Some(kind) = trigger.get("type").and_then(Value::as_str) else {
        return false;
    };
    let platform = config(trigger, "chat_platform").and_then(Value::as_str);
    kind == "chatwoot"
        || (kind == "evolution_whatsapp" && platform == Some("chatwoot"))
        || (kind.contains("whatsapp") && config(trigger, "credential_id").is_some())
}

/// A present field of the trigger's configuration.
fn config<'a>(trigger: &'a Value, name: &str) -> Option<&'a Value> {
    trigger
        .get("config")?
        .get(name)
        .filter(|value| truthy(value))
}
