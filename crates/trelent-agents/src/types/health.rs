//! Whether the service is alive.

use serde::{Deserialize, Serialize};

use super::Extra;

/// The answer of the health check. Source: package readme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HealthResponse {
    /// `ok` when the service is well.
    pub status: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
