//! The blocks that a complete message is made of.

use agent_core::sdk::or_default;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::tagged::{Object, TYPE, Tagged};

/// One block of a message. Source: seen in the vendor's Python client.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ContentBlock {
    /// `text`: text to show.
    Text(TextBlock),
    /// `tool_use`: a call of a tool.
    ToolUse(ToolUseBlock),
    /// `thinking`: extended thinking.
    Thinking(ThinkingBlock),
    /// A kind this version does not know: the whole object, as it came.
    Unknown(Map<String, Value>),
}

/// Text to show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TextBlock {
    /// The text.
    pub text: String,
}

/// A call of a tool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolUseBlock {
    /// Id of the call.
    pub tool_call_id: String,
    /// Name of the tool.
    pub name: String,
    /// The tool's input; its keys are the tool's own.
    #[serde(default, deserialize_with = "or_default")]
    pub input: Map<String, Value>,
}

/// Extended thinking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ThinkingBlock {
    /// The text.
    pub text: String,
}

impl ContentBlock {
    /// Kind of the block on the wire; none if a block of unknown form names none.
    pub fn block_type(&self) -> Option<&str> {
        match self {
            Self::Text(_) => Some("text"),
            Self::ToolUse(_) => Some("tool_use"),
            Self::Thinking(_) => Some("thinking"),
            Self::Unknown(fields) => fields.get(TYPE).and_then(Value::as_str),
        }
    }

    /// The text, if this is a block of text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(block) => Some(&block.text),
            _ => None,
        }
    }
}

impl Tagged for ContentBlock {
    fn knows(tag: &str) -> bool {
        matches!(tag, "text" | "tool_use" | "thinking")
    }

    fn decode<'de, D: Deserializer<'de>>(tag: &str, fields: D) -> Result<Self, D::Error> {
        match tag {
            "text" => TextBlock::deserialize(fields).map(Self::Text),
            "tool_use" => ToolUseBlock::deserialize(fields).map(Self::ToolUse),
            "thinking" => ThinkingBlock::deserialize(fields).map(Self::Thinking),
            _ => Map::deserialize(fields).map(Self::Unknown),
        }
    }
}

impl<'de> Deserialize<'de> for ContentBlock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Object::deserialize(deserializer)? {
            Object::Known(block) => block,
            Object::Other { fields, .. } => Self::Unknown(fields),
        })
    }
}

impl Serialize for ContentBlock {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(tag = "type", rename_all = "snake_case")]
        enum Known<'a> {
            Text(&'a TextBlock),
            ToolUse(&'a ToolUseBlock),
            Thinking(&'a ThinkingBlock),
        }

        match self {
            Self::Text(block) => Known::Text(block).serialize(serializer),
            Self::ToolUse(block) => Known::ToolUse(block).serialize(serializer),
            Self::Thinking(block) => Known::Thinking(block).serialize(serializer),
            Self::Unknown(fields) => fields.serialize(serializer),
        }
    }
}
