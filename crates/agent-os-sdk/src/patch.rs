//! Fields with three states: left alone, cleared, set.

use serde::{Serialize, Serializer};

/// A field of a request that can be left alone, cleared or set. The default leaves it alone.
///
/// ```
/// use agent_os_sdk::{Patch, UpdateAgent};
/// use serde_json::json;
///
/// let mut update = UpdateAgent::new();
/// assert_eq!(json!(update), json!({}));
/// update.metadata = Patch::Null;
/// assert_eq!(json!(update), json!({"metadata": null}));
/// update.metadata = json!({"team": "core"}).into();
/// assert_eq!(json!(update), json!({"metadata": {"team": "core"}}));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Not sent: the server keeps what it has.
    #[default]
    Keep,
    /// Sent as `null`.
    Null,
    /// Sent as this.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether it is not sent.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

impl<T> From<T> for Patch<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

/// [`Keep`](Patch::Keep) is written as null too: skip it with `skip_serializing_if = "Patch::is_keep"`.
impl<T: Serialize> Serialize for Patch<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Keep | Self::Null => serializer.serialize_none(),
            Self::Set(value) => value.serialize(serializer),
        }
    }
}
