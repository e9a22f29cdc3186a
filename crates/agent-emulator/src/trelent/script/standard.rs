//! The ready-made scripts, written from the prompt and the files of a run.

use serde_json::{Value, json};

use super::{Scenario, Script, Step};

/// What the scripts are written from.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) prompt: &'a str,
    /// The absolute path of the working directory.
    pub(crate) workdir: &'a str,
    /// The listing of the imported files.
    pub(crate) listing: &'a [String],
}

pub(super) fn script(scenario: Scenario, context: &Context<'_>) -> Script {
    match scenario {
        Scenario::Standard => standard(context),
        Scenario::Newer => newer(context),
        Scenario::Held => held(context),
        Scenario::Fail => {
            let error = "the agent gave up: no such model";
            broken("model_not_found", error, 1).fails(error)
        }
        Scenario::Timeout => {
            let error = "the agent ran out of time";
            broken("timeout", error, 124).times_out(error)
        }
        Scenario::Cancelled => opening()
            .event(turn_started("turn_1"))
            .event(json!({"type": "session.completed", "exit_code": 130, "usage": null, "error": "cancelled"}))
            .cancelled(),
        Scenario::Silent => opening().never_ends(),
        Scenario::Empty => Script::new(),
    }
}

/// Every type of event at least once, in an order that a real run could have.
fn standard(context: &Context<'_>) -> Script {
    let files = context.listing.len();
    let output = format!("Done: {}\nSeen below /mnt: {files}.\n", context.prompt);
    let answer = format!("{}/answer.md", context.workdir.trim_end_matches('/'));
    let thought = json!({"type": "thinking", "text": "The files come first."});
    opening()
        .events(failed_turn())
        .event(turn_started("turn_2"))
        .events(message("msg_1", Some(thought), &["I will look at ", "the files first."], Some(list_files_call())))
        .events(list_files(context.listing))
        .write_file(answer, output.clone())
        .events(message("msg_2", None, &["Done: ", context.prompt, &format!("\nSeen below /mnt: {files}.\n")], None))
        .event(json!({
            "type": "turn.completed", "turn_id": "turn_2",
            "usage": {"input_tokens": 1200, "output_tokens": 85, "cached_input_tokens": 1000},
        }))
        .event(json!({
            "type": "session.completed", "exit_code": 0, "error": null,
            "usage": {"input_tokens": 1350, "output_tokens": 97, "cached_input_tokens": 1000, "cost_usd": 0.0125},
        }))
        .completes(output)
}

fn opening() -> Script {
    Script::new().event(json!({"type": "session.started", "tools": ["Bash", "Read", "Write"]}))
}

fn turn_started(id: &str) -> Value {
    json!({"type": "turn.started", "turn_id": id})
}

/// A turn that the provider's rate limit ends, after some thinking.
fn failed_turn() -> Vec<Value> {
    vec![
        turn_started("turn_1"),
        json!({"type": "reasoning.started", "reasoning_id": "rsn_1"}),
        json!({"type": "reasoning.delta", "reasoning_id": "rsn_1", "text": "The prompt is clear; "}),
        json!({"type": "reasoning.delta", "reasoning_id": "rsn_1", "text": "the files come first."}),
        json!({
            "type": "reasoning.completed", "reasoning_id": "rsn_1",
            "text": "The prompt is clear; the files come first.",
        }),
        json!({
            "type": "error", "code": "rate_limited", "message": "the model is busy, trying once more",
            "recoverable": true,
        }),
        json!({"type": "turn.failed", "turn_id": "turn_1", "error": "rate_limited: the model is busy"}),
    ]
}

/// A message in pieces and whole, with the thought before it and the tool call after it, if it has them.
fn message(
    id: &str,
    thought: Option<Value>,
    pieces: &[&str],
    tool_use: Option<Value>,
) -> Vec<Value> {
    let mut events =
        vec![json!({"type": "message.started", "message_id": id, "role": "assistant"})];
    let index = usize::from(thought.is_some());
    events.extend(pieces.iter().map(|text| {
        let delta = json!({"type": "text", "text": text});
        json!({"type": "message.delta", "message_id": id, "content_index": index, "delta": delta})
    }));
    let text = json!({"type": "text", "text": pieces.concat()});
    let content: Vec<_> = thought.into_iter().chain([text]).chain(tool_use).collect();
    events.push(json!({"type": "message.completed", "message_id": id, "content": content}));
    events
}

fn list_files_call() -> Value {
    json!({
        "type": "tool_use", "tool_call_id": "call_1", "name": "Bash", "input": {"command": "ls -lR /mnt"},
    })
}

/// The tool call that lists the imported files.
fn list_files(listing: &[String]) -> Vec<Value> {
    let output = listing
        .iter()
        .fold(String::new(), |text, line| text + line + "\n");
    vec![
        json!({"type": "tool_call.started", "tool_call_id": "call_1", "name": "Bash", "kind": "command_execution"}),
        json!({"type": "tool_call.input_delta", "tool_call_id": "call_1", "partial_json": "{\"command\":"}),
        json!({"type": "tool_call.input_delta", "tool_call_id": "call_1", "partial_json": "\"ls -lR /mnt\"}"}),
        json!({"type": "tool_call.input_complete", "tool_call_id": "call_1", "input": {"command": "ls -lR /mnt"}}),
        json!({"type": "tool_call.output_delta", "tool_call_id": "call_1", "text": output}),
        json!({"type": "tool_call.completed", "tool_call_id": "call_1", "output": output, "exit_code": 0}),
    ]
}

/// A session that ends in an error.
fn broken(code: &str, error: &str, exit_code: i32) -> Script {
    opening()
        .event(turn_started("turn_1"))
        .event(json!({"type": "error", "code": code, "message": error, "recoverable": false}))
        .event(json!({"type": "turn.failed", "turn_id": "turn_1", "error": error}))
        .event(json!({"type": "session.completed", "exit_code": exit_code, "usage": null, "error": error}))
}

/// The standard script with a stop after its tenth event.
fn held(context: &Context<'_>) -> Script {
    let mut script = standard(context);
    script.steps.insert(10, Step::Hold);
    script
}

/// The standard script as a newer server tells it.
fn newer(context: &Context<'_>) -> Script {
    let mut script = standard(context);
    for step in &mut script.steps {
        if let Step::Event(data) = step
            && data["type"] == "tool_call.started"
        {
            data["kind"] = "file_read".into();
        }
    }
    let last = script.steps.len() - 1;
    let structured = json!({"type": "structured_output", "output": {"ok": true}, "error": null});
    script.steps.insert(last, Step::Event(structured));
    script
        .steps
        .insert(0, Step::Event(json!({"type": "stream.started"})));
    script.event(json!({"type": "stream.ended", "reason": "completed"}))
}
