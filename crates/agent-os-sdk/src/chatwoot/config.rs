//! What a credential says about Chatwoot: address, account, token. Pure.

use agent_core::sdk::{BaseUrl, Encoding};
use agent_core::{Result, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ChatwootErrorCode;
use crate::events::truthy;
use crate::wire::chatwoot as places;

/// Where a credential leads. Source: package, 0.9.3.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChatwootConfig {
    /// The address, without a slash at the end.
    pub base_url: String,
    /// The account, as text.
    pub account_id: String,
    /// The token for Chatwoot.
    pub api_access_token: SecretString,
    pub(crate) base: BaseUrl,
}

impl ChatwootConfig {
    pub(crate) fn inbox_url(&self) -> ChatwootInboxUrlResponse {
        let account = Encoding::UriComponent.encode(&self.account_id);
        ChatwootInboxUrlResponse {
            url: format!("{}/app/accounts/{account}/inbox", self.base_url),
        }
    }
}

/// The address of an inbox page. Source: package, 0.9.3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChatwootInboxUrlResponse {
    /// To open in a browser.
    pub url: String,
}

/// What was found in a credential; the account may be missing.
pub(crate) struct Found {
    text: String,
    pub(crate) base: BaseUrl,
    pub(crate) token: SecretString,
    pub(crate) account: Option<String>,
}

impl Found {
    /// Reads an answer's credential.
    pub(crate) fn in_credential(credential: &Value) -> Result<Self> {
        if credential.is_null() {
            return Err(ChatwootErrorCode::CredentialNotFound.error());
        }
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let url = first(credential, &places::URL, text);
        let token = first(credential, &places::TOKEN, text);
        let (Some(url), Some(token)) = (url, token) else {
            return Err(ChatwootErrorCode::InvalidCredential.error());
        };
        let invalid = |what: &'static str| {
            ChatwootErrorCode::InvalidCredential
                .error()
                .with_message(format!("Invalid Chatwoot credential: {what}"))
        };
        let base = BaseUrl::parse("the URL/Endpoint", &url)
            .map_err(|error| invalid("the URL/Endpoint is not usable").with_source(error))?;
        let sendable = !token.chars().any(char::is_control);
        if !sendable {
            return Err(invalid(
                "the API Access Token/Key can not be sent in a header",
            ));
        }
        Ok(Self {
            text: url.trim().trim_end_matches('/').to_owned(),
            base,
            token: token.into(),
            account: first(credential, &places::ACCOUNT, account_text),
        })
    }

    pub(crate) fn with_account(self, account: String) -> Result<ChatwootConfig> {
        if matches!(account.as_str(), "." | "..") {
            return Err(ChatwootErrorCode::InvalidCredential
                .error()
                .with_message("Invalid Chatwoot credential: the Account ID is a dot segment"));
        }
        Ok(ChatwootConfig {
            base_url: self.text,
            account_id: account,
            api_access_token: self.token,
            base: self.base,
        })
    }
}

/// The first place where something usable is present.
fn first(
    credential: &Value,
    places: &[(&str, &str)],
    read: impl Fn(&Value) -> Option<String>,
) -> Option<String> {
    places
        .iter()
        .filter_map(|(section_name, name)| section(credential, section_name)?.get(*name))
        .filter(|value| truthy(value))
        .find_map(read)
}

/// A section by its name, else by its name with a capital; what is not an object has no fields. An empty object is
/// present, and hides the other.
fn section<'a>(credential: &'a Value, name: &str) -> Option<&'a Value> {
    let other = match name {
        "values" => Some("Values"),
        "publicConfig" => Some("PublicConfig"),
        _ => None,
    };
    [Some(name), other]
        .into_iter()
        .flatten()
        .filter_map(|name| credential.get(name))
        .find(|section| truthy(section))
}

/// An account as text: a text that is not empty, or a whole number but 0.
pub(crate) fn account_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 1e15 => {
                format!("{float:.0}")
            }
            _ if number.is_f64() => return None,
            _ => number.to_string(),
        },
        _ => return None,
    };
    truthy(value).then_some(text)
}

#[cfg(test)]
mod tests;
