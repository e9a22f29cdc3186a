//! Scripts: what a run does, step by step, and how it ends. When the steps are taken is in `run.rs`; the ready-made
//! scripts are in `script/standard.rs`.

use std::time::Duration;

use serde_json::Value;

use crate::scenario::plan;

mod standard;

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

/// A ready-made script. An input whose `message` begins with `emulate:` and a name asks for one, such as `emulate:fail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AgentOsScenario {
    /// `emulate:standard`, and every input that asks for nothing: two nodes with some words in between. The answer
    /// repeats the input's `message`.
    #[default]
    Standard,
    /// `emulate:fail`: one node, then `RUN_FAILED`.
    Fail,
    /// `emulate:cancelled`: cancelled by somebody else.
    Cancelled,
    /// `emulate:silent`: begins, then nothing but heartbeats.
    Silent,
    /// `emulate:held`: as `Standard`, but stops before its first word until it is released.
    Held,
    /// `emulate:human`: the same with the status `waiting_for_human`.
    Human,
    /// `emulate:retry`: one attempt fails at once, the next is as `Standard`.
    Retry,
}

impl AgentOsScenario {
    pub(crate) const ALL: [(&'static str, Self); 7] = [
        ("standard", Self::Standard),
        ("fail", Self::Fail),
        ("cancelled", Self::Cancelled),
        ("silent", Self::Silent),
        ("held", Self::Held),
        ("human", Self::Human),
        ("retry", Self::Retry),
    ];
}

plan! {
    /// What a run does: an [`AgentOsScript`] or an [`AgentOsScenario`].
    AgentOsPlan = AgentOsScript | AgentOsScenario
}

impl AgentOsPlan {
    /// The script for a run with this message.
    pub(super) fn script(self, message: Option<&str>) -> AgentOsScript {
        match self {
            Self::Script(script) => script,
            Self::Scenario(scenario) => standard::script(scenario, message),
        }
    }
}
