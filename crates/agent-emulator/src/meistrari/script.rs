//! Scripts: what a turn of a session does, step by step, and how it ends. When the steps are taken is in `session.rs`.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::scenario::plan;

/// One step of a script.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// After one pace, an event with these fields, and with a cursor or without.
    Event(Map<String, Value>, bool),
    /// Some more time passes.
    Wait(Duration),
    /// Nothing goes on until the session is released.
    Hold,
    /// A file is written, in no time.
    Write(String, Bytes),
    /// A subagent works: one pace to begin, one to be done.
    Subagent(String),
}

/// How a turn ends once its steps are done.
#[derive(Debug, Clone)]
pub(crate) enum Ending {
    /// The session waits for messages.
    Waits(Value),
    Completes(Value),
    Fails(String),
    Never,
    /// The execution is not accepted at all.
    Refused(String),
}

/// What a turn of a session does: its events in order, pauses, files, and an ending.
///
/// A turn is `pending` when it is made and `running` one pace later; each event takes one more pace, a change of status
/// at the end one, and the result one. Events are sent as they are given, with a `nextCursor` of their own, also with
/// kinds that no client knows.
///
/// ```
/// use agent_emulator::TurnScript;
/// use serde_json::json;
///
/// let script = TurnScript::new()
///     .steps([json!({"id": "s1", "type": "tool"})])
///     .hold()
///     .write_file("output/report.md", "# Report\n")
///     .waits(json!({"text": "done"}));
/// # let _ = script;
/// ```
#[derive(Debug, Clone)]
#[must_use = "a script does nothing until a turn gets it"]
pub struct TurnScript {
    pub(crate) steps: Vec<Step>,
    pub(crate) ending: Ending,
}

impl Default for TurnScript {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            ending: Ending::Waits(Value::Null),
        }
    }
}

impl TurnScript {
    /// No steps; then the session waits for messages, with an empty result.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event with these fields. What is no object is refused by being left out.
    pub fn event(self, event: Value) -> Self {
        self.push(event, true)
    }

    /// Adds an event that has no cursor: a client that resumes gets it again.
    pub fn event_without_cursor(self, event: Value) -> Self {
        self.push(event, false)
    }

    /// Adds a `steps` event.
    pub fn steps(self, steps: impl IntoIterator<Item = Value>) -> Self {
        let steps: Vec<_> = steps.into_iter().collect();
        self.event(json!({"kind": "steps", "steps": steps}))
    }

    /// Adds a pause, besides the pace.
    pub fn wait(mut self, time: Duration) -> Self {
        self.steps.push(Step::Wait(time));
        self
    }

    /// Adds a stop that lasts until [`MeistrariHandle::release`](crate::MeistrariHandle::release) or a cancel. With a
    /// pace of zero this makes what comes before and after exactly predictable.
    pub fn hold(mut self) -> Self {
        self.steps.push(Step::Hold);
        self
    }

    /// Writes a file, with a path relative to the sandbox's folder. It can be listed once the turn is over.
    pub fn write_file(mut self, path: impl Into<String>, content: impl Into<Bytes>) -> Self {
        self.steps.push(Step::Write(path.into(), content.into()));
        self
    }

    /// Lets a subagent of this name work: webhooks that list `subagent.*` events are told.
    pub fn subagent(mut self, name: impl Into<String>) -> Self {
        self.steps.push(Step::Subagent(name.into()));
        self
    }

    /// Ends as `waiting_messages`, with this result: the session can be continued. The default.
    pub fn waits(mut self, result: Value) -> Self {
        self.ending = Ending::Waits(result);
        self
    }

    /// Ends as `completed`, with this result: a run of one turn.
    pub fn completes(mut self, result: Value) -> Self {
        self.ending = Ending::Completes(result);
        self
    }

    /// Ends as `failed`, with an `error` event.
    pub fn fails(mut self, error: impl Into<String>) -> Self {
        self.ending = Ending::Fails(error.into());
        self
    }

    /// Does not end: running in silence until a cancel.
    pub fn never_ends(mut self) -> Self {
        self.ending = Ending::Never;
        self
    }

    /// Is not accepted: the answer is 200 with `success: false` and this error, and there is no session.
    pub fn not_accepted(mut self, error: impl Into<String>) -> Self {
        self.ending = Ending::Refused(error.into());
        self
    }

    fn push(mut self, event: Value, cursor: bool) -> Self {
        if let Value::Object(fields) = event {
            self.steps.push(Step::Event(fields, cursor));
        }
        self
    }
}

/// A ready-made script. A message asks for one by beginning with `emulate:` and its name, such as `emulate:fail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TurnScenario {
    /// `emulate:standard`, and every message that asks for nothing: steps, a subagent, files `output/answer.md` and
    /// `output/chart.bin`, then the session waits for messages.
    #[default]
    Standard,
    /// `emulate:single`: as `Standard`, but a run of one turn: `completed`.
    Single,
    /// `emulate:fail`: one step, then `failed` and an `error` event.
    Fail,
    /// `emulate:silent`: running, then nothing until a cancel.
    Silent,
    /// `emulate:held`: as `Standard`, but stops after its first step until it is released.
    Held,
    /// `emulate:sparse`: only some events have a cursor.
    Sparse,
    /// `emulate:newer`: from a newer server, with a kind, a status and fields that no client of this version knows.
    Newer,
    /// `emulate:refused`: not accepted.
    Refused,
}

impl TurnScenario {
    pub(crate) const ALL: [(&'static str, TurnScenario); 8] = [
        ("standard", TurnScenario::Standard),
        ("single", TurnScenario::Single),
        ("fail", TurnScenario::Fail),
        ("silent", TurnScenario::Silent),
        ("held", TurnScenario::Held),
        ("sparse", TurnScenario::Sparse),
        ("newer", TurnScenario::Newer),
        ("refused", TurnScenario::Refused),
    ];

    fn script(self, message: &str) -> TurnScript {
        let step = |id: &str, name: &str| json!({"id": id, "type": "tool", "name": name});
        let script = TurnScript::new();
        let standard = |script: TurnScript| {
            script
                .steps([step("s2", "bash"), step("s3", "write_file")])
                .subagent("researcher")
                .write_file("output/answer.md", format!("# Answer\n\n{message}\n"))
                .write_file("output/chart.bin", &[0_u8, 159, 146, 150, 255][..])
        };
        let result = json!({"text": format!("You said: {message}"), "files": ["output/answer.md", "output/chart.bin"]});
        match self {
            Self::Standard => standard(script.steps([step("s1", "read_file")])).waits(result),
            Self::Single => standard(script.steps([step("s1", "read_file")])).completes(result),
            Self::Held => standard(script.steps([step("s1", "read_file")]).hold()).waits(result),
            Self::Fail => script.steps([step("s1", "bash")]).fails("Sandbox crashed"),
            Self::Silent => script.never_ends(),
            Self::Sparse => script
                .event_without_cursor(json!({"kind": "steps", "steps": [step("s1", "bash")]}))
                .steps([step("s2", "bash")])
                .event_without_cursor(json!({"kind": "steps", "steps": [step("s3", "bash")]}))
                .event_without_cursor(json!({"kind": "steps", "steps": [step("s4", "bash")]}))
                .waits(result),
            Self::Newer => script
                .event(json!({"kind": "timeline", "events": [{"t": 1}]}))
                .event(json!({"kind": "status", "status": "hibernating", "since": "now"}))
                .waits(result),
            Self::Refused => script.not_accepted("Agent repository not found"),
        }
    }
}

plan! {
    /// What a turn does: a [`TurnScript`] or a [`TurnScenario`].
    Turn = TurnScript | TurnScenario
}

impl Turn {
    /// The script for a turn with this message.
    pub(crate) fn script(self, message: &str) -> TurnScript {
        match self {
            Self::Script(script) => script,
            Self::Scenario(scenario) => scenario.script(message),
        }
    }
}
