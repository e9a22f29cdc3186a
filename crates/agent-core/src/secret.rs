//! Text that is never shown.

use std::fmt;

use http::HeaderValue;

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
