//! Scripts: what a run does, step by step, and how it ends. When the steps are taken is in `run.rs`.

use std::time::Duration;

use serde_json::{Value, json};

/// One step of a script.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// After one pace, an event of this type with this payload.
    Event(String, Value),
    /// In no time, an `error` frame on the streams that pass here.
    Trouble(Value),
    /// Some more time passes.
    Wait(Duration),
    /// Nothing goes on until the run is released; with `true` it waits for a person.
    Hold(bool),
    /// The attempt fails, and another begins.
    Retry,
}

/// How a run ends once its steps are done.
#[derive(Debug, Clone)]
pub(super) enum Ending {
    Completed(Value),
    Failed(Value),
    Cancelled,
    Never,
}

/// What a run does: its events in order, pauses, further attempts, and an ending, which is an event as well.
///
/// A run begins one pace after its creation; each event takes one more pace, and so does the ending.
///
/// ```
/// use agent_emulator::AgentOsScript;
/// use serde_json::json;
///
/// let script = AgentOsScript::new()
///     .event("RUN_STARTED", json!({}))
///     .hold()
///     .event("NODE_STARTED", json!({"node": "plan"}))
///     .completes(json!({"answer": 42}));
/// # let _ = script;
/// ```
#[derive(Debug, Clone)]
#[must_use = "a script does nothing until a run gets it"]
pub struct AgentOsScript {
    pub(super) steps: Vec<Step>,
    pub(super) ending: Ending,
    pub(super) attempt: bool,
}

impl Default for AgentOsScript {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            ending: Ending::Completed(Value::Null),
            attempt: true,
        }
    }
}

impl AgentOsScript {
    /// No steps; completes with the output `null`.
    pub fn new() -> Self {
        Self::default()
    }

    /// Two nodes with some words in between: what runs do by default. The answer repeats the input's `message`.
    pub fn standard(input: &Value) -> Self {
        let message = input.get("message").and_then(Value::as_str);
        let answer = match message {
            Some(message) => format!("You said: {message}"),
            None => "Here is what I found after some thought.".to_owned(),
        };
        let mut script = Self::new()
            .event("RUN_STARTED", json!({}))
            .event("NODE_STARTED", json!({"node": "plan"}))
            .event("THOUGHT", json!({"node": "plan", "text": "What is asked?"}))
            .event(
                "TOOL_CALLED",
                json!({"node": "plan", "tool": "search", "query": answer}),
            )
            .event(
                "TOOL_RETURNED",
                json!({"node": "plan", "tool": "search", "hits": 3}),
            )
            .event("NODE_FINISHED", json!({"node": "plan"}))
            .event("NODE_STARTED", json!({"node": "answer"}));
        for word in answer.split_inclusive(' ') {
            script = script.event("TOKEN", json!({"node": "answer", "text": word}));
        }
        script
            .event("NODE_FINISHED", json!({"node": "answer"}))
            .completes(json!({"answer": answer}))
    }

    /// Adds an event.
    pub fn event(mut self, event_type: impl Into<String>, payload: Value) -> Self {
        self.steps.push(Step::Event(event_type.into(), payload));
        self
    }

    /// Adds an `error` frame, which is not in the ledger. Its id is the number of the event that comes next: a client
    /// that takes it for a position loses that event.
    pub fn trouble(mut self, payload: Value) -> Self {
        self.steps.push(Step::Trouble(payload));
        self
    }

    /// Adds a pause, besides the pace.
    pub fn wait(mut self, time: Duration) -> Self {
        self.steps.push(Step::Wait(time));
        self
    }

    /// Adds a stop that lasts until [`AgentOsHandle::release`](crate::AgentOsHandle::release). With a pace of zero this
    /// makes what comes before and after exactly predictable.
    pub fn hold(mut self) -> Self {
        self.steps.push(Step::Hold(false));
        self
    }

    /// The same, with the status `waiting_for_human`, and `resumed` afterwards.
    pub fn wait_for_human(mut self) -> Self {
        self.steps.push(Step::Hold(true));
        self
    }

    /// Lets the attempt fail and another begin, with a ledger of its own.
    pub fn retry(mut self) -> Self {
        self.steps.push(Step::Retry);
        self
    }

    /// Never tells which attempt is at work.
    pub fn without_attempt(mut self) -> Self {
        self.attempt = false;
        self
    }

    /// Ends with `RUN_FINISHED` and this output. The default, with `null`.
    pub fn completes(mut self, output: Value) -> Self {
        self.ending = Ending::Completed(output);
        self
    }

    /// Ends with `RUN_FAILED` and this error.
    pub fn fails(mut self, error: Value) -> Self {
        self.ending = Ending::Failed(error);
        self
    }

    /// Ends with `RUN_CANCELLED`.
    pub fn cancelled(mut self) -> Self {
        self.ending = Ending::Cancelled;
        self
    }

    /// Never ends.
    pub fn never_ends(mut self) -> Self {
        self.ending = Ending::Never;
        self
    }
}
