//! The ready-made scripts.

use serde_json::json;

use super::{AgentOsScenario as Scenario, AgentOsScript as Script};

/// What a run with this message does.
pub(super) fn script(scenario: Scenario, message: Option<&str>) -> Script {
    let answer = match message {
        Some(message) => format!("You said: {message}"),
        None => "Here is what I found after some thought.".to_owned(),
    };
    match scenario {
        Scenario::Standard => words(plan(begun(), &answer), &answer),
        Scenario::Held => words(plan(begun(), &answer).hold(), &answer),
        Scenario::Human => words(plan(begun(), &answer).wait_for_human(), &answer),
        Scenario::Retry => words(
            plan(begun().retry().event("RUN_STARTED", json!({})), &answer),
            &answer,
        ),
        Scenario::Fail => plan(begun(), &answer)
            .fails(json!({"code": "agent_error", "message": "The model gave up"})),
        Scenario::Cancelled => plan(begun(), &answer).cancelled(),
        Scenario::Silent => begun().never_ends(),
    }
}

fn begun() -> Script {
    Script::new().event("RUN_STARTED", json!({}))
}

/// The first node.
fn plan(script: Script, query: &str) -> Script {
    script
        .event("NODE_STARTED", json!({"node": "plan"}))
        .event("THOUGHT", json!({"node": "plan", "text": "What is asked?"}))
        .event(
            "TOOL_CALLED",
            json!({"node": "plan", "tool": "search", "query": query}),
        )
        .event(
            "TOOL_RETURNED",
            json!({"node": "plan", "tool": "search", "hits": 3}),
        )
        .event("NODE_FINISHED", json!({"node": "plan"}))
}

/// The second node, which says the answer word by word.
fn words(script: Script, answer: &str) -> Script {
    let mut script = script.event("NODE_STARTED", json!({"node": "answer"}));
    for word in answer.split_inclusive(' ') {
        script = script.event("TOKEN", json!({"node": "answer", "text": word}));
    }
    script
        .event("NODE_FINISHED", json!({"node": "answer"}))
        .completes(json!({"answer": answer}))
}
