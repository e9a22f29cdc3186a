//! Which agent a new run gets, and with which model. What the server tells of a run's agent is
//! [`HarnessInfo`](crate::HarnessInfo).

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::types::HarnessKind;
use crate::wire;

/// The agent of a new run. Default: Claude Code with its default model. Source: package readme.
///
/// ```
/// use trelent_agents::{CodexHarnessSpec, HarnessSpec};
///
/// let spec: HarnessSpec = CodexHarnessSpec::new().model("gpt-5.4").into();
/// assert_eq!(spec.model(), "gpt-5.4");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HarnessSpec {
    /// Claude Code.
    ClaudeCode(ClaudeCodeHarnessSpec),
    /// Codex.
    Codex(CodexHarnessSpec),
    /// Gemini.
    Gemini(GeminiHarnessSpec),
}

impl HarnessSpec {
    /// Which agent.
    pub fn kind(&self) -> HarnessKind {
        match self {
            Self::ClaudeCode(_) => HarnessKind::ClaudeCode,
            Self::Codex(_) => HarnessKind::Codex,
            Self::Gemini(_) => HarnessKind::Gemini,
        }
    }

    /// The model that is sent: the one given, else the default of the kind.
    pub fn model(&self) -> &str {
        let (model, default) = match self {
            Self::ClaudeCode(spec) => (&spec.model, wire::DEFAULT_CLAUDE_CODE_MODEL),
            Self::Codex(spec) => (&spec.model, wire::DEFAULT_CODEX_MODEL),
            Self::Gemini(spec) => (&spec.model, wire::DEFAULT_GEMINI_MODEL),
        };
        model.as_deref().unwrap_or(default)
    }
}

impl Default for HarnessSpec {
    fn default() -> Self {
        Self::ClaudeCode(ClaudeCodeHarnessSpec::default())
    }
}

impl Serialize for HarnessSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("HarnessSpec", 2)?;
        object.serialize_field("kind", &self.kind())?;
        object.serialize_field("model", self.model())?;
        object.end()
    }
}

macro_rules! harness_spec {
    ($(#[$meta:meta])* $name:ident, $variant:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct $name {
            /// The model; without one the default is filled in before sending.
            pub model: Option<String>,
        }

        impl $name {
            /// With the default model.
            pub fn new() -> Self {
                Self::default()
            }

            /// With `model`, sent unchecked: full names and the server's short aliases alike.
            pub fn model(mut self, model: impl Into<String>) -> Self {
                self.model = Some(model.into());
                self
            }
        }

        impl From<$name> for HarnessSpec {
            fn from(spec: $name) -> Self {
                Self::$variant(spec)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                HarnessSpec::$variant(self.clone()).serialize(serializer)
            }
        }
    };
}

harness_spec! {
    /// Claude Code. Default model: `claude-sonnet-4-6`.
    ClaudeCodeHarnessSpec, ClaudeCode
}
harness_spec! {
    /// Codex. Default model: `gpt-5.4`.
    CodexHarnessSpec, Codex
}
harness_spec! {
    /// Gemini. Default model: `gemini-3.1-pro-preview`.
    GeminiHarnessSpec, Gemini
}

#[cfg(test)]
mod tests {
    use super::{ClaudeCodeHarnessSpec, CodexHarnessSpec, GeminiHarnessSpec, HarnessSpec};
    use serde_json::{json, to_value};

    #[test]
    fn kind_and_model_are_always_written() {
        for (spec, kind, model) in [
            (HarnessSpec::default(), "claude_code", "claude-sonnet-4-6"),
            (
                ClaudeCodeHarnessSpec::new().model("opus").into(),
                "claude_code",
                "opus",
            ),
            (CodexHarnessSpec::new().into(), "codex", "gpt-5.4"),
            (CodexHarnessSpec::new().model("").into(), "codex", ""),
            (
                GeminiHarnessSpec::new().into(),
                "gemini",
                "gemini-3.1-pro-preview",
            ),
        ] {
            assert_eq!(
                to_value(&spec).unwrap(),
                json!({"kind": kind, "model": model})
            );
        }
        assert_eq!(
            to_value(CodexHarnessSpec::new()).unwrap(),
            json!({"kind": "codex", "model": "gpt-5.4"})
        );
    }
}
