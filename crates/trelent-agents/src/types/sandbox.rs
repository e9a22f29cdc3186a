//! Sandbox images in the vendor's registry.

use serde::{Deserialize, Serialize};

use super::Extra;

/// An image that runs can start from. Source: package readme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RegistrySandbox {
    /// Name of the image. With credentials it comes without the owner's folder, and is passed back without it.
    pub name: String,
    /// Its tags, in the server's order.
    pub tags: Vec<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
