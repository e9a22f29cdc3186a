//! What one trace event holds, its checks, and the body it becomes.

use std::time::SystemTime;

use agent_core::open_enum;
use agent_core::sdk::rfc3339_ms;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

open_enum! {
    /// What an event is about. The server takes the known ones only: another one is an error before anything is sent.
    pub enum TraceType {
        /// A call of a model.
        Llm = "llm",
        /// A call of a tool.
        Tool = "tool",
        /// A turn of a conversation.
        Chat = "chat",
        /// A failure.
        Error = "error",
        /// Anything else.
        Custom = "custom",
        ..Other
    }
}

/// A point in time: a real one, or a text that is sent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceTime {
    /// Sent as ISO 8601 in UTC with milliseconds.
    At(SystemTime),
    /// Sent as it is.
    Text(String),
}

impl From<SystemTime> for TraceTime {
    fn from(time: SystemTime) -> Self {
        Self::At(time)
    }
}

impl From<&str> for TraceTime {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for TraceTime {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Serialize for TraceTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::At(time) => serializer.serialize_str(&rfc3339_ms(*time)),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

/// What went wrong in the traced program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TraceError {
    /// What happened.
    pub message: String,
    /// The kind of error.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// Where it happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
}

impl TraceError {
    /// An error with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }

    /// Sets the kind of error.
    #[must_use]
    pub fn error_type(mut self, kind: impl Into<String>) -> Self {
        self.error_type = Some(kind.into());
        self
    }

    /// Sets where it happened.
    #[must_use]
    pub fn stack(mut self, stack: impl Into<String>) -> Self {
        self.stack = Some(stack.into());
        self
    }
}

/// Tokens that a model took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct UsageInfo {
    /// Tokens of the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completion_tokens: Option<u64>,
    /// Both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_tokens: Option<u64>,
}

impl UsageInfo {
    /// Nothing known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the tokens of the prompt.
    #[must_use]
    pub fn prompt_tokens(mut self, tokens: u64) -> Self {
        self.prompt_tokens = Some(tokens);
        self
    }

    /// Sets the tokens of the answer.
    #[must_use]
    pub fn completion_tokens(mut self, tokens: u64) -> Self {
        self.completion_tokens = Some(tokens);
        self
    }

    /// Sets the tokens of both.
    #[must_use]
    pub fn total_tokens(mut self, tokens: u64) -> Self {
        self.total_tokens = Some(tokens);
        self
    }
}

/// One event of a trace. Ids are yours; a span names its parent to make a tree.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[must_use]
pub struct TraceEvent {
    /// The trace it belongs to; required.
    pub trace_id: String,
    /// Its own id; required.
    pub span_id: String,
    /// The span it happened in.
    pub parent_span_id: Option<String>,
    /// The conversation it belongs to. One that is absent or blank is replaced by a new one.
    pub thread_id: Option<String>,
    /// What happened; required.
    pub name: String,
    /// What kind of thing happened; required.
    pub trace_type: TraceType,
    /// What went in, any JSON.
    pub input: Option<Value>,
    /// What came out, any JSON.
    pub output: Option<Value>,
    /// When it began; required.
    pub start_time: Option<TraceTime>,
    /// When it was over.
    pub end_time: Option<TraceTime>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<f64>,
    /// Whatever else is to be kept, as it is.
    pub metadata: Option<Map<String, Value>>,
    /// Labels to find it by.
    pub tags: Vec<String>,
    /// What went wrong.
    pub error: Option<TraceError>,
    /// What a model took.
    pub usage: Option<UsageInfo>,
    /// The model.
    pub model: Option<String>,
    /// Who serves the model.
    pub provider: Option<String>,
}

macro_rules! setters {
    ($( $(#[$meta:meta])* $name:ident: $type:ty; )+) => {
        $(
            $(#[$meta])*
            pub fn $name(mut self, $name: impl Into<$type>) -> Self {
                self.$name = Some($name.into());
                self
            }
        )+
    };
}

impl TraceEvent {
    /// An event that began at `start_time`.
    pub fn new(
        trace_id: impl Into<String>,
        span_id: impl Into<String>,
        name: impl Into<String>,
        trace_type: TraceType,
        start_time: impl Into<TraceTime>,
    ) -> Self {
        Self {
            trace_id: trace_id.into(),
            span_id: span_id.into(),
            parent_span_id: None,
            thread_id: None,
            name: name.into(),
            trace_type,
            input: None,
            output: None,
            start_time: Some(start_time.into()),
            end_time: None,
            duration_ms: None,
            metadata: None,
            tags: Vec::new(),
            error: None,
            usage: None,
            model: None,
            provider: None,
        }
    }

    setters! {
        /// Sets the span it happened in.
        parent_span_id: String;
        /// Sets the conversation it belongs to.
        thread_id: String;
        /// Sets what went in.
        input: Value;
        /// Sets what came out.
        output: Value;
        /// Sets when it was over.
        end_time: TraceTime;
        /// Sets how long it took, in milliseconds.
        duration_ms: f64;
        /// Sets whatever else is to be kept.
        metadata: Map<String, Value>;
        /// Sets what went wrong.
        error: TraceError;
        /// Sets what a model took.
        usage: UsageInfo;
        /// Sets the model.
        model: String;
        /// Sets who serves the model.
        provider: String;
    }

    /// Adds a label.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Why it can not be sent.
    pub(super) fn refusal(&self) -> Option<&'static str> {
        let no_start = match &self.start_time {
            None => true,
            Some(TraceTime::Text(text)) => text.is_empty(),
            Some(TraceTime::At(_)) => false,
        };
        [
            (
                self.trace_id.is_empty(),
                "traceId is required and must be a string",
            ),
            (
                self.span_id.is_empty(),
                "spanId is required and must be a string",
            ),
            (
                self.name.is_empty(),
                "name is required and must be a string",
            ),
            (
                matches!(self.trace_type, TraceType::Other(_)),
                "type must be one of: llm, tool, chat, error, custom",
            ),
            (no_start, "startTime is required"),
        ]
        .into_iter()
        .find_map(|(broken, text)| broken.then_some(text))
    }

    pub(super) fn body(&self) -> Body<'_> {
        Body {
            trace_id: &self.trace_id,
            span_id: &self.span_id,
            parent_span_id: self.parent_span_id.as_deref(),
            name: &self.name,
            r#type: &self.trace_type,
            input: self.input.as_ref(),
            output: self.output.as_ref(),
            start_time: self.start_time.as_ref(),
            end_time: self.end_time.as_ref(),
            duration_ms: self.duration_ms,
            metadata: self.metadata.as_ref(),
            tags: &self.tags,
            error: self.error.as_ref(),
            usage: self.usage.as_ref(),
            model: self.model.as_deref(),
            provider: self.provider.as_deref(),
            thread_id: self.thread_id.as_deref(),
        }
    }
}

/// Every member is always there, null if there is nothing.
#[derive(Serialize)]
pub(super) struct Body<'a> {
    trace_id: &'a str,
    span_id: &'a str,
    parent_span_id: Option<&'a str>,
    name: &'a str,
    r#type: &'a TraceType,
    input: Option<&'a Value>,
    output: Option<&'a Value>,
    start_time: Option<&'a TraceTime>,
    end_time: Option<&'a TraceTime>,
    duration_ms: Option<f64>,
    metadata: Option<&'a Map<String, Value>>,
    tags: &'a [String],
    error: Option<&'a TraceError>,
    usage: Option<&'a UsageInfo>,
    model: Option<&'a str>,
    provider: Option<&'a str>,
    thread_id: Option<&'a str>,
}
