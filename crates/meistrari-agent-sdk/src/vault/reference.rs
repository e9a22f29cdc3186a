//! What a vault reference is: a scheme and a file id that stays one harmless segment of a path.

use std::fmt;
use std::str::FromStr;

use agent_core::{Error, Result};

use crate::error::invalid_reference;
use crate::wire;

/// A reference to a file in the vault: `vault://` and a file id.
///
/// The id has 1 to 512 characters of `A–Z a–z 0–9 - . _ ~` and is neither `.` nor `..`, so that no reference reaches
/// another path of the vault. Real ids are UUIDs or SHA-256 digests; [`is_vault_reference`] is that strict.
///
/// ```
/// use meistrari_agent_sdk::VaultReference;
///
/// let reference = VaultReference::parse("vault://report-7")?;
/// assert_eq!(reference.file_id(), "report-7");
/// for trick in ["vault://../files/x", "vault://a/b", "vault://a?b", "vault://%2e%2e", "report-7"] {
///     assert!(VaultReference::parse(trick).is_err());
/// }
/// # Ok::<(), meistrari_agent_sdk::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VaultReference(String);

impl VaultReference {
    /// Reads a reference. The scheme's case is ignored, the id's is kept; nothing may stand around it.
    ///
    /// Fails with kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument);
    /// [`ErrorExt::reference`](crate::ErrorExt::reference) gives the text.
    pub fn parse(text: &str) -> Result<Self> {
        file_id(text)
            .map(|id| Self(id.to_owned()))
            .ok_or_else(|| invalid_reference(text))
    }

    /// The id of the file.
    pub fn file_id(&self) -> &str {
        &self.0
    }
}

fn file_id(text: &str) -> Option<&str> {
    let (scheme, id) = text.split_at_checked(wire::VAULT_SCHEME.len())?;
    let harmless = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let valid = scheme.eq_ignore_ascii_case(wire::VAULT_SCHEME)
        && (1..=wire::MAX_FILE_ID).contains(&id.len())
        && id.bytes().all(harmless)
        && !matches!(id, "." | "..");
    valid.then_some(id)
}

impl fmt::Display for VaultReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", wire::VAULT_SCHEME, self.0)
    }
}

impl FromStr for VaultReference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl From<VaultReference> for String {
    fn from(reference: VaultReference) -> Self {
        reference.to_string()
    }
}

/// Whether the whole text is a reference with an id as the vault makes them: a UUID of version 4, or 64 hexadecimal
/// digits. Source: seen in `@meistrari/vault-sdk` (`isVaultReference`).
pub fn is_vault_reference(text: &str) -> bool {
    reference_at(text.as_bytes()) == Some(text.len())
}

/// Every such reference in a text, in order. Source: seen in `@meistrari/vault-sdk` (`extractVaultReferences`, which
/// lists UUIDs first).
///
/// ```
/// use meistrari_agent_sdk::extract_vault_references;
///
/// let text = "see vault://3f2b8c1e-5d47-4a9b-8c3d-1e2f3a4b5c6d, not vault://abc";
/// assert_eq!(extract_vault_references(text), ["vault://3f2b8c1e-5d47-4a9b-8c3d-1e2f3a4b5c6d"]);
/// ```
pub fn extract_vault_references(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.as_bytes().get(at..).filter(|rest| !rest.is_empty()) {
        match reference_at(rest) {
            Some(length) => {
                found.extend(text.get(at..at + length));
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

/// Length of the reference that the text begins with.
fn reference_at(text: &[u8]) -> Option<usize> {
    let (scheme, rest) = text.split_at_checked(wire::VAULT_SCHEME.len())?;
    if !scheme.eq_ignore_ascii_case(wire::VAULT_SCHEME.as_bytes()) {
        return None;
    }
    let id = if rest.get(..36).is_some_and(is_uuid_v4) {
        36
    } else if rest
        .get(..64)
        .is_some_and(|id| id.iter().all(u8::is_ascii_hexdigit))
    {
        64
    } else {
        return None;
    };
    Some(scheme.len() + id)
}

fn is_uuid_v4(text: &[u8]) -> bool {
    text.iter().enumerate().all(|(index, byte)| match index {
        8 | 13 | 18 | 23 => *byte == b'-',
        14 => *byte == b'4',
        19 => b"89abAB".contains(byte),
        _ => byte.is_ascii_hexdigit(),
    })
}
