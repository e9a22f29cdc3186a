//! What the agent used.

use serde::{Deserialize, Serialize};

use crate::shape::{optional_whole, whole_or_zero};

/// Tokens and cost of a turn or of a session. Source: package readme; fields seen in the vendor's Python client.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Usage {
    /// Tokens read by the model.
    #[serde(default, deserialize_with = "whole_or_zero")]
    pub input_tokens: i64,
    /// Tokens written by the model.
    #[serde(default, deserialize_with = "whole_or_zero")]
    pub output_tokens: i64,
    /// Those of `input_tokens` that came from a cache.
    #[serde(default, deserialize_with = "optional_whole")]
    pub cached_input_tokens: Option<i64>,
    /// Cost in US dollars.
    #[serde(default)]
    pub cost_usd: Option<f64>,
}
