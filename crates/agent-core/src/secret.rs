//! Text that is never shown.

use std::fmt;

use http::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::json_text::token_length;
use crate::read_json::read_json_text;

/// A secret text: `Debug` shows `****`, there is no `Display` and no `Serialize`.
///
/// The memory is not wiped when it is dropped: the text also passes through the HTTP stack, which does not either.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretString(String);

impl SecretString {
    /// The text itself. Mind where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for SecretString {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for SecretString {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

/// A header value that `Debug` and HTTP/2 compression treat as secret. `None` if `text` can not be sent in a header.
pub fn secret_header(text: &str) -> Option<HeaderValue> {
    // Visible ASCII, space, tab and obs-text are what a header value may hold.
    let mut value = HeaderValue::from_bytes(text.as_bytes()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A text shorter than this is no secret, and replacing it would make other texts unreadable.
const SHORTEST: usize = 4;

/// `text` with `****` in the place of `secret`, plain or as it stands in JSON. None if it does not show it.
fn hide_secret(text: &str, secret: &str) -> Option<String> {
    if secret.len() < SHORTEST {
        return None;
    }
    let quoted = Value::from(secret).to_string();
    let within = quoted
        .strip_prefix('"')
        .and_then(|quoted| quoted.strip_suffix('"'))
        .unwrap_or(secret);
    let clean = text.replace(secret, "****").replace(within, "****");
    (clean != text).then_some(clean)
}

/// `text` without the secrets, if it shows any of them.
pub(crate) fn hide_secrets(text: &str, secrets: &[&str]) -> Option<String> {
    secrets.iter().fold(None, |clean: Option<String>, secret| {
        hide_secret(clean.as_deref().unwrap_or(text), secret).or(clean)
    })
}

/// A body without the secrets, if it shows any of them: in its text, or in texts that its JSON writes with escapes.
pub(crate) fn hide_in_body(body: &str, secrets: &[&str]) -> Option<String> {
    let clean = hide_secrets(body, secrets);
    let shown = clean.as_deref().unwrap_or(body);
    if secrets.is_empty() || !shown.contains('\\') {
        return clean;
    }
    hide_in_strings(shown, secrets).or(clean)
}

/// Looks at what each string of `json` means. By tokens: keys are strings too, and of a key that comes twice both may be
/// printed.
fn hide_in_strings(json: &str, secrets: &[&str]) -> Option<String> {
    let mut hidden = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(quote) = json.get(at..)?.find('"') {
        let begin = at + quote;
        at = begin + token_length(json.get(begin..)?, '"');
        let token = json.get(begin..at)?;
        let clean = token
            .contains('\\')
            .then(|| read_json_text::<String>(token).ok())
            .flatten()
            .and_then(|text| hide_secrets(&text, secrets));
        if let Some(clean) = clean {
            hidden.push_str(json.get(copied..begin)?);
            hidden.push_str(&Value::from(clean).to_string());
            copied = at;
        }
    }
    if copied == 0 {
        return None;
    }
    hidden.push_str(json.get(copied..)?);
    Some(hidden)
}

/// Headers as the user gave them, not yet checked. Any of them may be a credential: `Debug` shows valid names only.
#[derive(Clone, Default)]
pub(crate) struct HeaderList(Vec<(String, String)>);

impl HeaderList {
    pub(crate) fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for HeaderList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.iter().map(|(name, _)| name.parse::<HeaderName>().ok());
        f.debug_list().entries(names.flatten()).finish()
    }
}
