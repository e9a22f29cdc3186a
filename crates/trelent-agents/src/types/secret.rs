//! Secrets kept by the service, and how a run gets at them. Beyond the npm package: seen in the vendor's Python
//! client.

use agent_core::open_enum;
use serde::{Deserialize, Serialize};

use super::Extra;

open_enum! {
    /// Where the service keeps a secret. Source: seen in the vendor's Python client.
    pub enum SecretsProvider {
        /// AWS.
        Aws = "aws",
        /// Google Cloud.
        Gcp = "gcp",
        /// Object storage.
        ObjectStorage = "object_storage",
        ..Unknown
    }
}

/// A stored secret, without its value. Source: seen in the vendor's Python client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SecretResponse {
    /// Id of the secret.
    pub id: String,
    /// Name, by which runs refer to it.
    pub name: String,
    /// Where it is kept.
    pub provider: SecretsProvider,
    /// When it was made; read it with [`parse_timestamp`](super::parse_timestamp).
    pub created_at: String,
    /// When its value last changed.
    pub updated_at: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The answer to deleting a secret. Source: seen in the vendor's Python client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DeleteSecretResponse {
    /// What became of it, as free text.
    pub status: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How one secret appears in a run's sandbox. Source: seen in the vendor's Python client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunSecretBinding {
    /// Name of the secret.
    pub name: String,
    /// Environment variable that holds it; the server chooses when there is none.
    #[serde(default)]
    pub env_var: Option<String>,
    /// Whether it is mounted as a file. Default: no.
    #[serde(default)]
    pub mount: bool,
}

impl RunSecretBinding {
    /// The secret `name`, neither bound to a variable of your choice nor mounted.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            env_var: None,
            mount: false,
        }
    }

    /// Puts it into the environment variable `name`.
    pub fn env_var(mut self, name: impl Into<String>) -> Self {
        self.env_var = Some(name.into());
        self
    }

    /// Whether to mount it as a file.
    pub fn mount(mut self, mount: bool) -> Self {
        self.mount = mount;
        self
    }
}

/// A secret that a run may use: its name alone, or with a [`RunSecretBinding`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum RunSecretSpec {
    /// The name alone.
    Name(String),
    /// The name, and how it appears in the sandbox.
    Binding(RunSecretBinding),
}

impl From<&str> for RunSecretSpec {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for RunSecretSpec {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<RunSecretBinding> for RunSecretSpec {
    fn from(binding: RunSecretBinding) -> Self {
        Self::Binding(binding)
    }
}
