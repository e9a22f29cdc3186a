//! Enumerations, the envelope and all payloads.

use serde_json::{Map, Value};
use trelent_agents::events::{
    ErrorEvent, MessageCompleted, MessageDelta, MessageStarted, ReasoningCompleted, ReasoningDelta,
    ReasoningStarted, SessionCompleted, SessionStarted, TextBlock, ThinkingBlock,
    ToolCallCompleted, ToolCallInputComplete, ToolCallInputDelta, ToolCallOutputDelta,
    ToolCallStarted, ToolUseBlock, TurnCompleted, TurnFailed, TurnStarted,
};
use trelent_agents::{
    CommonEvent, ContentBlock, EventData, EventType, HarnessInfo, HarnessKind, RunStatus,
    SecretsProvider, TextDelta, ToolKind, Usage,
};

/// Each enumeration has the variants of the original, one for what is unknown, and the text of the wire.
#[test]
fn enumerations() {
    let types = [
        (EventType::SessionStarted, "session.started"),
        (EventType::SessionCompleted, "session.completed"),
        (EventType::TurnStarted, "turn.started"),
        (EventType::TurnCompleted, "turn.completed"),
        (EventType::TurnFailed, "turn.failed"),
        (EventType::MessageStarted, "message.started"),
        (EventType::MessageDelta, "message.delta"),
        (EventType::MessageCompleted, "message.completed"),
        (EventType::ReasoningStarted, "reasoning.started"),
        (EventType::ReasoningDelta, "reasoning.delta"),
        (EventType::ReasoningCompleted, "reasoning.completed"),
        (EventType::ToolCallStarted, "tool_call.started"),
        (EventType::ToolCallInputDelta, "tool_call.input_delta"),
        (EventType::ToolCallInputComplete, "tool_call.input_complete"),
        (EventType::ToolCallOutputDelta, "tool_call.output_delta"),
        (EventType::ToolCallCompleted, "tool_call.completed"),
        (EventType::Error, "error"),
    ];
    assert_eq!(types.len(), EventType::KNOWN.len());
    for (value, text) in types {
        assert_eq!(value.as_str(), text);
    }
    let statuses = [
        (RunStatus::Pending, "pending", false),
        (RunStatus::Starting, "starting", false),
        (RunStatus::Running, "running", false),
        (RunStatus::Completed, "completed", true),
        (RunStatus::Failed, "failed", true),
        (RunStatus::Timeout, "timeout", true),
        (RunStatus::Cancelled, "cancelled", true),
    ];
    assert_eq!(statuses.len(), RunStatus::KNOWN.len());
    for (value, text, terminal) in statuses {
        assert_eq!(value.as_str(), text);
        assert_eq!(value.is_terminal(), terminal);
        assert_eq!(value, text, "compared as text, as users of the original do");
    }
    for (value, text) in [
        (HarnessKind::ClaudeCode, "claude_code"),
        (HarnessKind::Codex, "codex"),
        (HarnessKind::Gemini, "gemini"),
    ] {
        assert_eq!(value.as_str(), text);
    }
    for (value, text) in [
        (ToolKind::CommandExecution, "command_execution"),
        (ToolKind::FileChange, "file_change"),
        (ToolKind::McpTool, "mcp_tool"),
        (ToolKind::WebSearch, "web_search"),
        (ToolKind::PlanUpdate, "plan_update"),
        (ToolKind::Other, "other"),
    ] {
        assert_eq!(value.as_str(), text);
    }
    for (value, text) in [
        (SecretsProvider::Aws, "aws"),
        (SecretsProvider::Gcp, "gcp"),
        (SecretsProvider::ObjectStorage, "object_storage"),
    ] {
        assert_eq!(value.as_str(), text);
    }
    let _ = [
        EventType::Unknown("x".to_owned()).as_str() == "x",
        RunStatus::Unknown("x".to_owned()).is_terminal(),
        HarnessKind::Unknown("x".to_owned()).as_str() == "x",
        ToolKind::Unknown("x".to_owned()).as_str() == "x",
        SecretsProvider::Unknown("x".to_owned()).as_str() == "x",
    ];
}

#[test]
fn the_envelope_and_all_payloads() {
    fn envelope(event: &CommonEvent) {
        let _: u64 = event.seq;
        let _: &String = &event.timestamp;
        let _: &EventType = &event.event_type;
        let _: &EventData = &event.data;
        let _: &String = &event.version;
        let _: (&Option<String>, &Option<String>) = (&event.event_id, &event.run_id);
        let _: &Option<HarnessInfo> = &event.harness;
        let _: &Option<String> = &event.harness_session_id;
        let _: &Option<Map<String, Value>> = &event.raw;
    }
    fn payload(data: &EventData) {
        match data {
            EventData::SessionStarted(SessionStarted { tools, .. }) => {
                let _: &Option<Vec<String>> = tools;
            }
            EventData::SessionCompleted(SessionCompleted {
                exit_code,
                usage,
                error,
                ..
            }) => {
                let _: (&i64, &Option<Usage>, &Option<String>) = (exit_code, usage, error);
            }
            EventData::TurnStarted(TurnStarted { turn_id, .. }) => {
                let _: &String = turn_id;
            }
            EventData::TurnCompleted(TurnCompleted { turn_id, usage, .. }) => {
                let _: (&String, &Option<Usage>) = (turn_id, usage);
            }
            EventData::TurnFailed(TurnFailed { turn_id, error, .. }) => {
                let _: (&String, &String) = (turn_id, error);
            }
            EventData::MessageStarted(MessageStarted {
                message_id, role, ..
            }) => {
                let _: (&String, &String) = (message_id, role);
            }
            EventData::MessageDelta(MessageDelta {
                message_id,
                content_index,
                delta: TextDelta {
                    delta_type, text, ..
                },
                ..
            }) => {
                let _: (&String, &i64) = (message_id, content_index);
                let _: (&String, &String) = (delta_type, text);
            }
            EventData::MessageCompleted(MessageCompleted {
                message_id,
                content,
                ..
            }) => {
                let _: (&String, &Vec<ContentBlock>) = (message_id, content);
            }
            EventData::ReasoningStarted(ReasoningStarted { reasoning_id, .. }) => {
                let _: &String = reasoning_id;
            }
            EventData::ReasoningDelta(ReasoningDelta {
                reasoning_id, text, ..
            }) => {
                let _: (&String, &String) = (reasoning_id, text);
            }
            EventData::ReasoningCompleted(ReasoningCompleted {
                reasoning_id, text, ..
            }) => {
                let _: (&String, &String) = (reasoning_id, text);
            }
            EventData::ToolCallStarted(ToolCallStarted {
                tool_call_id,
                name,
                kind,
                ..
            }) => {
                let _: (&String, &String, &ToolKind) = (tool_call_id, name, kind);
            }
            EventData::ToolCallInputDelta(ToolCallInputDelta {
                tool_call_id,
                partial_json,
                ..
            }) => {
                let _: (&String, &String) = (tool_call_id, partial_json);
            }
            EventData::ToolCallInputComplete(ToolCallInputComplete {
                tool_call_id,
                input,
                ..
            }) => {
                let _: (&String, &Map<String, Value>) = (tool_call_id, input);
            }
            EventData::ToolCallOutputDelta(ToolCallOutputDelta {
                tool_call_id, text, ..
            }) => {
                let _: (&String, &String) = (tool_call_id, text);
            }
            EventData::ToolCallCompleted(ToolCallCompleted {
                tool_call_id,
                output,
                exit_code,
                ..
            }) => {
                let _: (&String, &Option<String>, &Option<i64>) = (tool_call_id, output, exit_code);
            }
            EventData::Error(ErrorEvent {
                code,
                message,
                recoverable,
                ..
            }) => {
                let _: (&String, &String, &bool) = (code, message, recoverable);
            }
            EventData::Unknown {
                event_type, data, ..
            } => {
                let _: (&String, &Map<String, Value>) = (event_type, data);
            }
            _ => {}
        }
    }
    fn block(block: &ContentBlock) {
        match block {
            ContentBlock::Text(TextBlock { text, .. })
            | ContentBlock::Thinking(ThinkingBlock { text, .. }) => {
                let _: &String = text;
            }
            ContentBlock::ToolUse(ToolUseBlock {
                tool_call_id,
                name,
                input,
                ..
            }) => {
                let _: (&String, &String, &Map<String, Value>) = (tool_call_id, name, input);
            }
            ContentBlock::Unknown(object) => {
                let _: &Map<String, Value> = object;
            }
            _ => {}
        }
    }
    let _: fn(&CommonEvent) = envelope;
    let _: fn(&EventData) = payload;
    let _: fn(&ContentBlock) = block;
}
