//! Which agent works on a run, and with what it may do: what one asks for, and what the server made of it.

use agent_core::Result;
use serde::de::{DeserializeOwned, Error as _};
use serde::ser::{Error as _, SerializeMap as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::types::{ClaudeCodePermissionMode, CodexRuntimeMode, Extra};

const CODEX: &str = "codex";
const CLAUDE_CODE: &str = "claude_code";

/// Codex: chain [`mode`](CodexRuntimeSelection::mode) and [`model`](CodexRuntimeSelection::model). What is not set, the
/// runtime decides. Source: package readme.
///
/// ```
/// use agentrouter_sdk::{CodexRuntimeMode, codex};
///
/// let runtime = codex().mode(CodexRuntimeMode::ReadOnly);
/// assert_eq!(serde_json::to_string(&runtime).unwrap(), r#"{"kind":"codex","mode":"read_only"}"#);
/// ```
pub fn codex() -> CodexRuntimeSelection {
    CodexRuntimeSelection::default()
}

/// Claude Code: chain [`permission_mode`](ClaudeCodeRuntimeSelection::permission_mode) and
/// [`model`](ClaudeCodeRuntimeSelection::model). What is not set, the runtime decides. Source: package readme.
///
/// ```
/// use agentrouter_sdk::{ClaudeCodePermissionMode, claude_code};
///
/// let runtime = claude_code().permission_mode(ClaudeCodePermissionMode::AcceptEdits);
/// let json = serde_json::to_string(&runtime).unwrap();
/// assert_eq!(json, r#"{"kind":"claude_code","permissionMode":"acceptEdits"}"#);
/// ```
pub fn claude_code() -> ClaudeCodeRuntimeSelection {
    ClaudeCodeRuntimeSelection::default()
}

/// Codex as it is asked for: [`codex`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct CodexRuntimeSelection {
    /// What it may do.
    pub mode: Option<CodexRuntimeMode>,
    /// Its model.
    pub model: Option<String>,
}

/// The options of the vendor's `codex(…)`: here they are chained.
pub type CodexRuntimeOptions = CodexRuntimeSelection;

impl CodexRuntimeSelection {
    /// Sets what it may do.
    pub fn mode(mut self, mode: impl Into<CodexRuntimeMode>) -> Self {
        self.mode = Some(mode.into());
        self
    }

    /// Sets its model.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }
}

/// Claude Code as it is asked for: [`claude_code`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct ClaudeCodeRuntimeSelection {
    /// What it may do without asking.
    pub permission_mode: Option<ClaudeCodePermissionMode>,
    /// Its model.
    pub model: Option<String>,
}

/// The options of the vendor's `claudeCode(…)`: here they are chained.
pub type ClaudeCodeRuntimeOptions = ClaudeCodeRuntimeSelection;

impl ClaudeCodeRuntimeSelection {
    /// Sets what it may do without asking.
    pub fn permission_mode(mut self, mode: impl Into<ClaudeCodePermissionMode>) -> Self {
        self.permission_mode = Some(mode.into());
        self
    }

    /// Sets its model.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = Some(model.into());
        self
    }
}

/// Which agent shall work on a run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RuntimeSelection {
    /// Codex.
    Codex(CodexRuntimeSelection),
    /// Claude Code.
    ClaudeCode(ClaudeCodeRuntimeSelection),
    /// One that this version does not know: the whole JSON object, sent as it is.
    Other(Extra),
}

impl From<CodexRuntimeSelection> for RuntimeSelection {
    fn from(codex: CodexRuntimeSelection) -> Self {
        Self::Codex(codex)
    }
}

impl From<ClaudeCodeRuntimeSelection> for RuntimeSelection {
    fn from(claude_code: ClaudeCodeRuntimeSelection) -> Self {
        Self::ClaudeCode(claude_code)
    }
}

fn tagged<S: Serializer>(
    serializer: S,
    kind: &str,
    fields: [(&str, Option<&str>); 2],
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("kind", kind)?;
    for (name, value) in fields {
        if let Some(value) = value {
            map.serialize_entry(name, value)?;
        }
    }
    map.end()
}

impl Serialize for CodexRuntimeSelection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mode = self.mode.as_ref().map(AsRef::as_ref);
        let fields = [("mode", mode), ("model", self.model.as_deref())];
        tagged(serializer, CODEX, fields)
    }
}

impl Serialize for ClaudeCodeRuntimeSelection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mode = self.permission_mode.as_ref().map(AsRef::as_ref);
        let fields = [("permissionMode", mode), ("model", self.model.as_deref())];
        tagged(serializer, CLAUDE_CODE, fields)
    }
}

impl Serialize for RuntimeSelection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Codex(codex) => codex.serialize(serializer),
            Self::ClaudeCode(claude_code) => claude_code.serialize(serializer),
            Self::Other(object) => object.serialize(serializer),
        }
    }
}

/// Codex as the server resolved it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ResolvedCodexRuntime {
    /// What it may do.
    pub mode: CodexRuntimeMode,
    /// Its model, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// Claude Code as the server resolved it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedClaudeCodeRuntime {
    /// What it may do without asking.
    pub permission_mode: ClaudeCodePermissionMode,
    /// Its model, if one was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The agent that works on a run, as the server resolved it: the mode is always there.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ResolvedRuntimeSelection {
    /// Codex.
    Codex(ResolvedCodexRuntime),
    /// Claude Code.
    ClaudeCode(ResolvedClaudeCodeRuntime),
    /// One that this version does not know: the JSON object as it came.
    Other(Extra),
}

impl Default for ResolvedRuntimeSelection {
    /// What is known of a run whose server does not tell: nothing.
    fn default() -> Self {
        Self::Other(Extra::new())
    }
}

impl ResolvedRuntimeSelection {
    /// `codex`, `claude_code`, or what a newer server calls it; empty if it does not say.
    pub fn kind(&self) -> &str {
        match self {
            Self::Codex(_) => CODEX,
            Self::ClaudeCode(_) => CLAUDE_CODE,
            Self::Other(object) => object
                .get("kind")
                .and_then(Value::as_str)
                .unwrap_or_default(),
        }
    }

    /// Whether runs of this kind keep their sandbox for a further turn once they are completed. Source: seen on the
    /// vendor's worker.
    pub(crate) fn is_continuable(&self) -> bool {
        match self {
            Self::Codex(codex) => matches!(
                codex.mode,
                CodexRuntimeMode::Default
                    | CodexRuntimeMode::ReadOnly
                    | CodexRuntimeMode::FullAccess
            ),
            _ => false,
        }
    }
}

impl Serialize for ResolvedRuntimeSelection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, fields) = match self {
            Self::Codex(codex) => (CODEX, serde_json::to_value(codex)),
            Self::ClaudeCode(claude_code) => (CLAUDE_CODE, serde_json::to_value(claude_code)),
            Self::Other(object) => return object.serialize(serializer),
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", kind)?;
        if let Value::Object(fields) = fields.map_err(S::Error::custom)? {
            for (name, value) in &fields {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

/// The fields of a known kind. What does not have its form is kept whole instead of failing.
fn known<T: DeserializeOwned>(object: &Extra, kind: &str) -> Option<T> {
    if object.get("kind")?.as_str()? != kind {
        return None;
    }
    let mut fields = object.clone();
    fields.remove("kind");
    serde_json::from_value(Value::Object(fields)).ok()
}

impl<'de> Deserialize<'de> for ResolvedRuntimeSelection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = object(deserializer)?;
        Ok(if let Some(codex) = known(&object, CODEX) {
            Self::Codex(codex)
        } else if let Some(claude_code) = known(&object, CLAUDE_CODE) {
            Self::ClaudeCode(claude_code)
        } else {
            Self::Other(object)
        })
    }
}

impl<'de> Deserialize<'de> for RuntimeSelection {
    /// Null is as not set: it is never sent.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = object(deserializer)?;
        let fits = |names: [&str; 3]| {
            let mut fields = object.iter();
            let fit = |value: &Value| value.is_string() || value.is_null();
            fields.all(|(name, value)| names.contains(&name.as_str()) && fit(value))
        };
        let text = |name| object.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(match text("kind").as_deref() {
            Some(CODEX) if fits(["kind", "mode", "model"]) => Self::Codex(CodexRuntimeSelection {
                mode: text("mode").map(Into::into),
                model: text("model"),
            }),
            Some(CLAUDE_CODE) if fits(["kind", "permissionMode", "model"]) => {
                Self::ClaudeCode(ClaudeCodeRuntimeSelection {
                    permission_mode: text("permissionMode").map(Into::into),
                    model: text("model"),
                })
            }
            _ => Self::Other(object),
        })
    }
}

fn object<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Extra, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Object(object) => Ok(object),
        Value::Null => Ok(Extra::new()),
        _ => Err(D::Error::custom("a runtime is not a JSON object")),
    }
}
