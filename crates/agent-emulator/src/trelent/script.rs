//! Scripts: what a run does, step by step, and how it ends. When the steps are taken is in `run.rs`; the ready-made
//! scripts are in `script/standard.rs`.

mod standard;

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::scenario::plan;

pub(crate) use standard::Context;

/// One step of a script.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// After one pace, an event with this `data`.
    Event(Value),
    /// Some more time passes.
    Wait(Duration),
    /// Nothing goes on until the run is released.
    Hold,
    /// A file is written, in no time.
    Write(String, Bytes),
}

/// How a run ends once its steps are done.
#[derive(Debug, Clone)]
pub(crate) enum Ending {
    Completed(String),
    Failed(String),
    TimedOut(String),
    Cancelled,
    Never,
}

/// What a run does: the `data` of its events in order, pauses, files, and an ending.
///
/// A run becomes `starting` one pace after its creation and `running` one pace later; each event takes one more pace,
/// and so does the ending. Events are sent as they are given, also with types that no client knows.
///
/// ```
/// use agent_emulator::Script;
/// use serde_json::json;
///
/// let script = Script::new()
///     .event(json!({"type": "session.started", "tools": []}))
///     .hold()
///     .event(json!({"type": "session.completed", "exit_code": 0}))
///     .completes("done");
/// # let _ = script;
/// ```
#[derive(Debug, Clone)]
#[must_use = "a script does nothing until a run gets it"]
pub struct Script {
    pub(crate) steps: Vec<Step>,
    pub(crate) ending: Ending,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            ending: Ending::Completed(String::new()),
        }
    }
}

impl Script {
    /// No steps; completes with an empty output.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event with this `data`; its `type` is the event's type.
    pub fn event(mut self, data: Value) -> Self {
        self.steps.push(Step::Event(data));
        self
    }

    /// Adds events.
    pub fn events(mut self, data: impl IntoIterator<Item = Value>) -> Self {
        self.steps.extend(data.into_iter().map(Step::Event));
        self
    }

    /// Adds a pause, besides the pace.
    pub fn wait(mut self, time: Duration) -> Self {
        self.steps.push(Step::Wait(time));
        self
    }

    /// Adds a stop that lasts until [`TrelentHandle::release`](crate::TrelentHandle::release), a cancel, or the run's
    /// own timeout. With a pace of zero this makes what comes before and after exactly predictable.
    pub fn hold(mut self) -> Self {
        self.steps.push(Step::Hold);
        self
    }

    /// Writes a file with an absolute path in the sandbox; exports and forks see it.
    pub fn write_file(mut self, path: impl Into<String>, content: impl Into<Bytes>) -> Self {
        self.steps.push(Step::Write(path.into(), content.into()));
        self
    }

    /// Ends as `completed`, with this output. The default, with an empty output.
    pub fn completes(mut self, output: impl Into<String>) -> Self {
        self.ending = Ending::Completed(output.into());
        self
    }

    /// Ends as `failed`, with this error.
    pub fn fails(mut self, error: impl Into<String>) -> Self {
        self.ending = Ending::Failed(error.into());
        self
    }

    /// Ends as `timeout`, with this error.
    pub fn times_out(mut self, error: impl Into<String>) -> Self {
        self.ending = Ending::TimedOut(error.into());
        self
    }

    /// Ends as `cancelled`, as if somebody else had cancelled it.
    pub fn cancelled(mut self) -> Self {
        self.ending = Ending::Cancelled;
        self
    }

    /// Does not end: running in silence until a cancel or the run's own timeout.
    pub fn never_ends(mut self) -> Self {
        self.ending = Ending::Never;
        self
    }
}

/// A ready-made script. A prompt asks for one by beginning with `emulate:` and its name, such as `emulate:fail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Scenario {
    /// `emulate:standard`, and every prompt that asks for nothing: all 17 event types. A first turn fails and is
    /// retried; the second lists the imported files, writes `answer.md` to the working directory and completes.
    #[default]
    Standard,
    /// `emulate:fail`: an error that is not recoverable; ends as `failed`.
    Fail,
    /// `emulate:timeout`: ends as `timeout`.
    Timeout,
    /// `emulate:cancelled`: ends as `cancelled`, though nobody here asked for it.
    Cancelled,
    /// `emulate:silent`: the session starts, then nothing happens until a cancel or the run's own timeout.
    Silent,
    /// `emulate:held`: as `Standard`, but stops after ten events until it is released.
    Held,
    /// `emulate:newer`: as `Standard`, from a newer server, with event types and a tool kind that no client of this
    /// version knows: `stream.started`, `structured_output`, `stream.ended`, `file_read`.
    Newer,
    /// `emulate:empty`: no events; completes with an empty output.
    Empty,
}

impl Scenario {
    pub(crate) const ALL: [(&'static str, Scenario); 8] = [
        ("standard", Scenario::Standard),
        ("fail", Scenario::Fail),
        ("timeout", Scenario::Timeout),
        ("cancelled", Scenario::Cancelled),
        ("silent", Scenario::Silent),
        ("held", Scenario::Held),
        ("newer", Scenario::Newer),
        ("empty", Scenario::Empty),
    ];
}

plan! {
    /// What runs do: a [`Script`] or a [`Scenario`].
    Plan = Script | Scenario
}

impl Plan {
    /// The script for one run.
    pub(crate) fn script(self, context: &Context<'_>) -> Script {
        match self {
            Self::Script(script) => script,
            Self::Scenario(scenario) => standard::script(scenario, context),
        }
    }
}
