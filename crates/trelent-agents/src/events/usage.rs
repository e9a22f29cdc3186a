//! What the agent used.

use agent_core::sdk::or_default;
use serde::{Deserialize, Serialize};

/// Tokens and cost of a turn or of a session. Source: package readme; fields seen in the vendor's Python client.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens read by the model.
    #[serde(default, deserialize_with = "or_default")]
    pub input_tokens: i64,
    /// Tokens written by the model.
    #[serde(default, deserialize_with = "or_default")]
    pub output_tokens: i64,
    /// Those of `input_tokens` that came from a cache.
    #[serde(default)]
    pub cached_input_tokens: Option<i64>,
    /// Cost in US dollars.
    #[serde(default)]
    pub cost_usd: Option<f64>,
}
