//! The token exchange: what is sent and what comes back. When the client does it by itself, and how long it keeps a
//! token, is not decided here.

use std::fmt;

use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::Extra;

/// Credentials to exchange for an access token. `Debug` does not show the secret. Source: package readme.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenRequest {
    /// Id of the client.
    pub client_id: String,
    /// Secret of the client.
    pub client_secret: String,
    /// The one scope asked for, such as `AgentOrchestrator:runs:list`. Sent as it is, also when empty.
    pub scope: String,
}

impl TokenRequest {
    /// Asks for `scope` in the name of `client_id`.
    pub fn new(
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
        scope: impl Into<String>,
    ) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: client_secret.into(),
            scope: scope.into(),
        }
    }
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("client_id", &self.client_id)
            .field("client_secret", &"[redacted]")
            .field("scope", &self.scope)
            .finish()
    }
}

/// A granted access token. `Debug` does not show the token. Source: package readme.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokenResponse {
    /// The token, to be sent as `Authorization: Bearer …`.
    pub access_token: String,
    /// Kind of token, `Bearer`.
    pub token_type: String,
    /// Life of the token in seconds, from when it was granted. A server may send the number as text.
    #[serde(deserialize_with = "seconds")]
    pub expires_in: i64,
    /// The scope that was granted.
    pub scope: String,
    /// Fields this version does not know. They may be secrets too: `Debug` shows their names only.
    #[serde(flatten)]
    pub extra: Extra,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenResponse")
            .field("access_token", &"[redacted]")
            .field("token_type", &self.token_type)
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .field("extra", &self.extra.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// An integer, or a text that holds one.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    struct Seconds;

    impl Visitor<'_> for Seconds {
        type Value = i64;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number of seconds")
        }

        fn visit_i64<E>(self, value: i64) -> Result<i64, E> {
            Ok(value)
        }

        fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<i64, E> {
            i64::try_from(value).map_err(|_| E::custom("too many seconds"))
        }

        /// JSON has one kind of numbers: `3600.0` is whole.
        fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<i64, E> {
            self.visit_str(&value.to_string())
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<i64, E> {
            // The text itself stays out of the message: an answer with tokens is no place to quote from.
            text.trim()
                .parse()
                .map_err(|_| E::custom("expires_in is not a whole number"))
        }
    }

    deserializer
        .deserialize_any(Seconds)
        .map_err(D::Error::custom)
}
