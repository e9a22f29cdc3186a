//! One run: its state, and how its script carries it from `queued` to an end as time passes.
//!
//! There is no task behind a run. Whoever looks at it first settles it: every step that is due by now is taken, each
//! at the moment it was due. What is on the wire is in `show.rs`.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::artifacts::{Artifact, sha256};
use super::create::Creation;
use super::script::{AgentRouterScript, Ending, File, Spec, Step};
use crate::clock::Moment;
use crate::ids::Ids;

/// An event that has happened.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) at: Moment,
    pub(crate) spec: Spec,
    pub(crate) artifact: Option<Value>,
}

/// What is still to come.
#[derive(Debug)]
pub(crate) struct Timeline {
    steps: VecDeque<Step>,
    ending: Ending,
    after_end: VecDeque<Spec>,
    pace: Duration,
    /// When the last step was taken.
    at: Moment,
    pub(crate) held: bool,
    /// The action that waits for a decision.
    pub(crate) waits_for: Option<String>,
    /// The action that was proposed last: the keys that all its events share.
    action: Value,
}

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: String,
    /// Id of the conversation's first run.
    pub(crate) conversation: String,
    pub(crate) status: &'static str,
    pub(crate) input: Creation,
    pub(crate) queued: Moment,
    pub(crate) started: Option<Moment>,
    pub(crate) completed: Option<Moment>,
    pub(crate) cancel_requested: Option<Moment>,
    pub(crate) failure: Option<Value>,
    pub(crate) events: Vec<Event>,
    pub(crate) artifacts: Vec<Artifact>,
    /// The sandbox is kept for a further turn.
    pub(crate) parked: bool,
    pub(crate) timeline: Timeline,
}

pub(crate) fn is_terminal(status: &str) -> bool {
    matches!(status, "completed" | "failed" | "cancelled")
}

impl Run {
    pub(crate) fn new(
        id: String,
        conversation: String,
        input: Creation,
        script: AgentRouterScript,
        pace: Duration,
        at: Moment,
    ) -> Self {
        Self {
            id,
            conversation,
            status: "queued",
            input,
            queued: at,
            started: None,
            completed: None,
            cancel_requested: None,
            failure: None,
            events: Vec::new(),
            artifacts: Vec::new(),
            parked: false,
            timeline: Timeline {
                steps: script.steps.into(),
                ending: script.ending,
                after_end: script.after_end.into(),
                pace,
                at,
                held: false,
                waits_for: None,
                action: Value::Null,
            },
        }
    }

    /// Whether the sandbox of such a run is kept for a further turn.
    pub(crate) fn is_continuable(&self) -> bool {
        let runtime = &self.input.runtime;
        runtime["kind"] == "codex" && runtime["mode"] != "auto_review"
    }

    /// Takes every step that is due.
    pub(crate) fn settle(&mut self, now: Moment, ids: &Ids) {
        while let Some(due) = self.due().filter(|due| *due <= now) {
            self.timeline.at = due;
            self.step(ids);
        }
    }

    /// When something will happen by itself next.
    fn due(&self) -> Option<Moment> {
        let line = &self.timeline;
        let paced = Some(line.at.saturating_add(line.pace));
        match self.status {
            status if is_terminal(status) => {
                let more = !line.after_end.is_empty() || (self.wants_parking() && !self.parked);
                paced.filter(|_| more)
            }
            // Nobody finishes a run that was cancelled before a worker had it.
            "cancelling" if self.started.is_none() => None,
            "cancelling" | "queued" | "starting" => paced,
            _ if line.held || line.waits_for.is_some() => None,
            _ => match (line.steps.front(), &line.ending) {
                (Some(Step::Wait(time)), _) => Some(line.at.saturating_add(*time)),
                (Some(Step::Hold | Step::Act(_) | Step::AwaitDecision(_)), _) => Some(line.at),
                (None, Ending::Never) => None,
                _ => paced,
            },
        }
    }

    fn wants_parking(&self) -> bool {
        self.status == "completed" && self.is_continuable()
    }

    fn step(&mut self, ids: &Ids) {
        let at = self.timeline.at;
        match self.status {
            status if is_terminal(status) => {
                let next = self.timeline.after_end.pop_front();
                self.parked = next.is_none();
                let parked = || {
                    let payload = json!({"sandboxId": "sandbox_1", "graceMinutes": 10});
                    Spec::new("sandbox.parked", payload)
                };
                self.push(next.unwrap_or_else(parked), None);
            }
            "cancelling" => self.fail("run_cancelled", "The run was cancelled", ids),
            "queued" => {
                self.status = "starting";
                self.started = Some(at);
            }
            "starting" => self.status = "running",
            _ => match self.timeline.steps.pop_front() {
                Some(Step::Event(spec)) => self.push(spec, None),
                Some(Step::Wait(_)) => {}
                Some(Step::Hold) => self.timeline.held = true,
                Some(Step::Act(name)) => self.act(&name, ids),
                Some(Step::Execution(status)) => self.execution(status, ids),
                Some(Step::Artifact(file, spec)) => {
                    let reference = self.store(file, ids);
                    self.push(spec, Some(reference));
                }
                Some(Step::AwaitDecision(action)) => self.timeline.waits_for = Some(action),
                None => self.end(ids),
            },
        }
    }

    pub(crate) fn push(&mut self, spec: Spec, artifact: Option<Value>) {
        self.events.push(Event {
            at: self.timeline.at,
            spec,
            artifact,
        });
    }

    /// Puts the events of a new action before the steps that follow.
    fn act(&mut self, name: &str, ids: &Ids) {
        let action = json!({
            "type": "runtime_command", "name": name, "target": "emulated:sandbox_1",
            "args": {"command": name, "runtime": self.input.runtime}, "schemaVersion": "agentrouter.runtime_command.v1",
        });
        let mode = self.input.approval_mode.as_deref().unwrap_or("auto");
        let (decision, reason) = match mode {
            "manual" => (
                "requires_approval",
                "Run requires explicit approval before execution",
            ),
            "block" => ("blocked", "Run blocks every action"),
            _ => ("allowed", "Run allows every action"),
        };
        let id = ids.next("action");
        let digest = |value: &Value| format!("sha256:{}", sha256(value.to_string().as_bytes()));
        let of_action = json!({"actionId": id, "action": action, "run": self.id});
        let shared = json!({
            "actionId": id, "actionDigest": digest(&of_action), "argsDigest": digest(&action["args"]),
        });
        let proposed = with(
            &shared,
            json!({
                "actor": "agent", "eventId": ids.next("evt"), "action": action, "actionName": name,
                "targetResource": action["target"], "schemaVersion": action["schemaVersion"],
            }),
        );
        let evaluated = with(
            &shared,
            json!({
                "actor": "policy", "eventId": ids.next("evt"), "priorEventId": proposed["eventId"],
                "policyId": "emulated", "policyVersion": "1", "decision": decision, "reason": reason,
            }),
        );
        let requested = with(
            &shared,
            json!({
                "actor": "system", "eventId": ids.next("evt"), "priorEventId": evaluated["eventId"],
                "requestId": ids.next("approval"), "action": action, "actionName": name,
                "targetResource": action["target"],
            }),
        );
        let mut steps = VecDeque::from([
            Step::Event(Spec::new("action.proposed", proposed)),
            Step::Event(Spec::new("policy.evaluated", evaluated)),
        ]);
        match mode {
            "manual" => {
                steps.push_back(Step::Event(Spec::new("approval.requested", requested)));
                steps.push_back(Step::AwaitDecision(id));
                steps.append(&mut self.timeline.steps);
            }
            "block" => {
                self.timeline.ending = Ending::Failed {
                    code: "policy_denied".into(),
                    reason: reason.into(),
                };
            }
            _ => steps.append(&mut self.timeline.steps),
        }
        self.timeline.action = shared;
        self.timeline.steps = steps;
    }

    fn execution(&mut self, status: &'static str, ids: &Ids) {
        let payload = with(
            &self.timeline.action,
            json!({
                "actor": "runtime", "eventId": ids.next("evt"), "executionId": "execution_1", "status": status,
            }),
        );
        self.push(Spec::new(&format!("execution.{status}"), payload), None);
    }

    fn store(&mut self, file: File, ids: &Ids) -> Value {
        let artifact = Artifact {
            id: ids.next("artifact"),
            kind: file.kind,
            r2_key: format!("artifacts/runs/{}/{}", self.id, file.name),
            content_type: file.content_type,
            content: file.content,
            at: self.timeline.at,
        };
        let reference = artifact.reference();
        self.artifacts.push(artifact);
        reference
    }

    /// Ends what is decided against.
    pub(crate) fn deny(&mut self, at: Moment) {
        self.timeline.at = at;
        self.timeline.waits_for = None;
        self.timeline.steps.clear();
        self.timeline.ending = Ending::Failed {
            code: "approval_denied".into(),
            reason: "The action was denied".into(),
        };
    }

    /// Goes on after a stop.
    pub(crate) fn go_on(&mut self, at: Moment) {
        self.timeline.at = at;
        self.timeline.waits_for = None;
        self.timeline.held = false;
    }

    pub(crate) fn cancel(&mut self, at: Moment) {
        if !is_terminal(self.status) && self.status != "cancelling" {
            self.timeline.at = at;
            self.status = "cancelling";
            self.cancel_requested = Some(at);
        }
    }

    fn end(&mut self, ids: &Ids) {
        match self.timeline.ending.clone() {
            Ending::Completed => {
                let completed = Spec::new("run.completed", json!({"message": "completed"}));
                self.finish("completed", completed, ids);
            }
            Ending::Failed { code, reason } => self.fail(&code, &reason, ids),
            Ending::Cancelled => {
                let cancelled = Spec::new("run.cancelled", json!({}));
                self.finish("cancelled", cancelled, ids);
            }
            Ending::Never => {}
        }
    }

    fn fail(&mut self, code: &str, reason: &str, ids: &Ids) {
        let failure = json!({"code": code, "reason": reason});
        self.failure = Some(failure.clone());
        self.finish("failed", Spec::new("run.failed", failure), ids);
    }

    fn finish(&mut self, status: &'static str, last: Spec, ids: &Ids) {
        self.push(last, None);
        let lines: Vec<_> = self
            .events
            .iter()
            .map(|event| event.spec.payload.to_string())
            .collect();
        for (kind, name, content_type, content) in [
            (
                "session_events",
                "session/events.jsonl",
                "application/x-ndjson",
                lines.join("\n"),
            ),
            (
                "session_manifest",
                "session/manifest.json",
                "application/json",
                json!({"run": self.id}).to_string(),
            ),
        ] {
            let file = File {
                kind: kind.to_owned(),
                name: name.to_owned(),
                content_type,
                content: content.into(),
            };
            self.store(file, ids);
        }
        self.status = status;
        self.completed = Some(self.timeline.at);
    }
}

/// The members of both objects.
pub(crate) fn with(shared: &Value, more: Value) -> Value {
    let mut all = shared.as_object().cloned().unwrap_or_default();
    if let Value::Object(more) = more {
        all.extend(more);
    }
    Value::Object(all)
}
