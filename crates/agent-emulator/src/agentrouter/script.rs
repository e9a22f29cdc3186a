//! Scripts: what a run does, step by step, and how it ends. When the steps are taken is in `run.rs`; the ready-made
//! scripts are in `script/standard.rs`.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::scenario::plan;

mod standard;

/// One step of a script.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// After one pace, an event.
    Event(Spec),
    /// Some more time passes.
    Wait(Duration),
    /// Nothing goes on until the run is released.
    Hold,
    /// The agent proposes an action of this name, policy looks at it, and with approval mode `manual` the run stops
    /// until somebody decides.
    Act(String),
    /// The last proposed action begins (`started`), is done (`completed`) or fails (`failed`).
    Execution(&'static str),
    /// A file is stored, and an event refers to it.
    Artifact(File, Spec),
    /// The run stops until the action with this id is decided. Made of `Act` when the run is created.
    AwaitDecision(String),
}

/// An event to be.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    pub(crate) kind: String,
    pub(crate) source: &'static str,
    pub(crate) visibility: &'static str,
    pub(crate) payload: Value,
}

impl Spec {
    pub(crate) fn new(kind: &str, payload: Value) -> Self {
        let provider = kind.starts_with("agent.") || kind.starts_with("provider.");
        let internal = kind.starts_with("sandbox.")
            || matches!(
                kind,
                "run.claimed" | "credential_boundary.verified" | "provider.stderr"
            );
        Self {
            kind: kind.to_owned(),
            source: if provider { "codex" } else { "worker" },
            visibility: if internal { "internal" } else { "public" },
            payload,
        }
    }
}

/// A file to be.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) content_type: &'static str,
    pub(crate) content: Bytes,
}

/// How a run ends once its steps are done.
#[derive(Debug, Clone)]
pub(crate) enum Ending {
    Completed,
    Failed { code: String, reason: String },
    Cancelled,
    Never,
}

/// What an AgentRouter run does: events in order, actions that may need an approval, files, pauses, and an ending.
///
/// A run becomes `starting` one pace after its creation and `running` one pace later; each event takes one more pace,
/// and so does the ending, which adds its own event (`run.completed`, `run.failed` or `run.cancelled`).
///
/// ```
/// use agent_emulator::AgentRouterScript;
/// use serde_json::json;
///
/// let script = AgentRouterScript::new()
///     .event("agent.progress", json!({"provider": "codex", "summary": "Looking around"}))
///     .act("codex.launch")
///     .execution("started")
///     .hold()
///     .execution("completed")
///     .response("done")
///     .completes();
/// # let _ = script;
/// ```
#[derive(Debug, Clone)]
#[must_use = "a script does nothing until a run gets it"]
pub struct AgentRouterScript {
    pub(crate) steps: Vec<Step>,
    pub(crate) ending: Ending,
    pub(crate) after_end: Vec<Spec>,
}

impl Default for AgentRouterScript {
    fn default() -> Self {
        Self {
            steps: Vec::new(),
            ending: Ending::Completed,
            after_end: Vec::new(),
        }
    }
}

impl AgentRouterScript {
    /// No steps; completes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an event of this type, also of one that no client knows.
    pub fn event(self, kind: &str, payload: Value) -> Self {
        self.step(Step::Event(Spec::new(kind, payload)))
    }

    /// Adds an action: proposed, looked at by policy, and with approval mode `manual` waiting for a decision. A denied
    /// one ends the run as `failed`.
    pub fn act(self, name: &str) -> Self {
        self.step(Step::Act(name.to_owned()))
    }

    /// Adds `execution.started`, `.completed` or `.failed` of the last action; other texts are as `failed`.
    pub fn execution(self, status: &str) -> Self {
        let status = ["started", "completed"]
            .into_iter()
            .find(|known| *known == status);
        self.step(Step::Execution(status.unwrap_or("failed")))
    }

    /// Adds the agent's answer: an `agent.message` and an `agent.response` with this text.
    pub fn response(self, text: &str) -> Self {
        let parts = serde_json::json!([{"type": "text", "text": text}]);
        self.event(
            "agent.message",
            serde_json::json!({"provider": "codex", "text": text}),
        )
        .event(
            "agent.response",
            serde_json::json!({"text": text, "parts": parts, "provider": "codex"}),
        )
    }

    /// Stores a file of a kind such as `workspace_patch`, with an event that refers to it.
    pub fn artifact(self, kind: &str, name: &str, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        let (content_type, event) = match kind {
            "workspace_patch" => ("text/x-patch", "workspace.patch_collected"),
            "workspace_file_index" => ("application/json", "workspace.file_index_collected"),
            "stderr_log" => ("text/plain; charset=utf-8", "provider.stderr"),
            _ => ("text/plain; charset=utf-8", "provider.stdout"),
        };
        let payload = match kind {
            "workspace_patch" => serde_json::json!({"bytes": content.len()}),
            "workspace_file_index" => serde_json::json!({"fileCount": 1}),
            _ => serde_json::json!({"text": String::from_utf8_lossy(&content)}),
        };
        let file = File {
            kind: kind.to_owned(),
            name: name.to_owned(),
            content_type,
            content,
        };
        self.step(Step::Artifact(file, Spec::new(event, payload)))
    }

    /// Adds a pause, besides the pace.
    pub fn wait(self, time: Duration) -> Self {
        self.step(Step::Wait(time))
    }

    /// Adds a stop that lasts until [`AgentRouterHandle::release`](crate::AgentRouterHandle::release) or a cancel.
    pub fn hold(self) -> Self {
        self.step(Step::Hold)
    }

    /// Adds an event that comes one pace after the run is over.
    pub fn event_after_end(mut self, kind: &str, payload: Value) -> Self {
        self.after_end.push(Spec::new(kind, payload));
        self
    }

    /// Ends as `completed`. The default.
    pub fn completes(mut self) -> Self {
        self.ending = Ending::Completed;
        self
    }

    /// Ends as `failed`.
    pub fn fails(mut self, code: &str, reason: &str) -> Self {
        self.ending = Ending::Failed {
            code: code.to_owned(),
            reason: reason.to_owned(),
        };
        self
    }

    /// Ends as `cancelled`, as if somebody else had cancelled it.
    pub fn cancelled(mut self) -> Self {
        self.ending = Ending::Cancelled;
        self
    }

    /// Does not end: running in silence until a cancel.
    pub fn never_ends(mut self) -> Self {
        self.ending = Ending::Never;
        self
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// A ready-made script. A task asks for one by beginning with `emulate:` and its name, such as `emulate:fail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AgentRouterScenario {
    /// `emulate:standard`, and every task that asks for nothing: every kind of event that a real run has, one action
    /// that may need an approval, four files.
    #[default]
    Standard,
    /// `emulate:fail`: the agent fails, and the run too.
    Fail,
    /// `emulate:cancelled`: cancelled by somebody else.
    Cancelled,
    /// `emulate:silent`: begins, then nothing until a cancel.
    Silent,
    /// `emulate:held`: as `Standard`, but stops once the agent is at work, until it is released.
    Held,
    /// `emulate:newer`: as `Standard`, with events that no client of this version knows.
    Newer,
    /// `emulate:long`: 1,200 events, more than two pages.
    Long,
}

impl AgentRouterScenario {
    pub(crate) const ALL: [(&'static str, Self); 7] = [
        ("standard", Self::Standard),
        ("fail", Self::Fail),
        ("cancelled", Self::Cancelled),
        ("silent", Self::Silent),
        ("held", Self::Held),
        ("newer", Self::Newer),
        ("long", Self::Long),
    ];
}

plan! {
    /// What a run does: an [`AgentRouterScript`] or an [`AgentRouterScenario`].
    AgentRouterPlan = AgentRouterScript | AgentRouterScenario
}

impl AgentRouterPlan {
    /// The script for a run with this task.
    pub(crate) fn script(self, task: &str) -> AgentRouterScript {
        match self {
            Self::Script(script) => script,
            Self::Scenario(scenario) => standard::script(scenario, task),
        }
    }
}
