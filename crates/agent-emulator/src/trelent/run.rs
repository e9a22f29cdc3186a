//! One run: its state, and how its script carries it from `pending` to an end as time passes.
//!
//! There is no task behind a run. Whoever looks at it first settles it: every step that is due by now is taken, each
//! at the moment it was due. What is on the wire is in `runs.rs` and `events.rs`.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::bodies::{Export, Harness};
use super::checkpoints::Checkpoint;
use super::files::{FileTree, Node};
use super::imports::ImportEntry;
use super::script::{Ending, Step};
use crate::clock::Moment;
use crate::ids::Ids;

/// A run's status, as the wire names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Pending,
    Starting,
    Running,
    Completed,
    Failed,
    Timeout,
    Cancelled,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn is_terminal(self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Failed | Self::Timeout | Self::Cancelled
        )
    }
}

/// An event that has happened.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) at: Moment,
    pub(crate) data: Value,
}

/// What is still to come.
#[derive(Debug)]
pub(crate) struct Timeline {
    pub(crate) steps: VecDeque<Step>,
    pub(crate) ending: Ending,
    pub(crate) pace: Duration,
    /// When the last step was taken.
    pub(crate) at: Moment,
    pub(crate) held: bool,
}

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) session_id: String,
    pub(crate) workflows: (String, String),
    pub(crate) sandbox: String,
    pub(crate) harness: Harness,
    pub(crate) parent: Option<String>,
    pub(crate) prompt: String,
    pub(crate) workdir: Option<String>,
    pub(crate) timeout_seconds: u64,
    pub(crate) secrets: Vec<String>,
    pub(crate) imports: Vec<Vec<ImportEntry>>,
    pub(crate) exports: Vec<Export>,
    pub(crate) status: Status,
    pub(crate) created: Moment,
    pub(crate) started: Option<Moment>,
    pub(crate) completed: Option<Moment>,
    pub(crate) output: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) file_outputs: Vec<Value>,
    pub(crate) files: FileTree,
    pub(crate) events: Vec<Event>,
    /// Inherited ones first.
    pub(crate) checkpoints: Vec<Checkpoint>,
    /// The chat before this run: that of its parents.
    pub(crate) history: Vec<Value>,
    pub(crate) timeline: Timeline,
    /// Wakes followers when something happens that no clock foresaw.
    pub(crate) wake: watch::Sender<()>,
}

impl Run {
    /// Takes every step that is due. True when that ended the run.
    pub(crate) fn settle(&mut self, now: Moment, ids: &Ids) -> bool {
        if self.status.is_terminal() {
            return false;
        }
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            // At a tie the step wins.
            if self.step_due() == Some(due) {
                self.take_step(due, ids);
            } else {
                self.time_out(due, ids);
            }
            if self.status.is_terminal() {
                return true;
            }
        }
        false
    }

    /// When something will happen by itself next.
    pub(crate) fn next_due(&self) -> Option<Moment> {
        if self.status.is_terminal() {
            return None;
        }
        [self.step_due(), self.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn step_due(&self) -> Option<Moment> {
        let line = &self.timeline;
        let paced = line.at.saturating_add(line.pace);
        match self.status {
            Status::Running if line.held => None,
            Status::Running => match (line.steps.front(), &line.ending) {
                (Some(Step::Wait(time)), _) => Some(line.at.saturating_add(*time)),
                (Some(Step::Hold | Step::Write(..)), _) => Some(line.at),
                (None, Ending::Never) => None,
                _ => Some(paced),
            },
            _ => Some(paced),
        }
    }

    fn deadline(&self) -> Option<Moment> {
        Some(
            self.started?
                .saturating_add(Duration::from_secs(self.timeout_seconds)),
        )
    }

    fn take_step(&mut self, at: Moment, ids: &Ids) {
        self.timeline.at = at;
        match self.status {
            Status::Pending => self.status = Status::Starting,
            Status::Starting => {
                self.status = Status::Running;
                self.started = Some(at);
            }
            _ => match self.timeline.steps.pop_front() {
                Some(Step::Event(data)) => self.push(data, at, ids),
                Some(Step::Wait(_)) => {}
                Some(Step::Hold) => self.timeline.held = true,
                Some(Step::Write(path, content)) => {
                    self.files.insert(path, Node::file(content));
                }
                None => self.end(at, ids),
            },
        }
    }

    fn end(&mut self, at: Moment, ids: &Ids) {
        match self.timeline.ending.clone() {
            Ending::Completed(output) => {
                self.output = Some(output);
                self.finish(Status::Completed, at, ids);
            }
            Ending::Failed(error) => {
                self.error = Some(error);
                self.finish(Status::Failed, at, ids);
            }
            Ending::TimedOut(error) => {
                self.error = Some(error);
                self.finish(Status::Timeout, at, ids);
            }
            Ending::Cancelled => self.finish(Status::Cancelled, at, ids),
            Ending::Never => {}
        }
    }

    fn time_out(&mut self, at: Moment, ids: &Ids) {
        let error = format!("the run took longer than {} seconds", self.timeout_seconds);
        self.close_session(124, &error, at, ids);
        self.error = Some(error);
        self.finish(Status::Timeout, at, ids);
    }

    /// Ends the run because a caller wants it to.
    pub(crate) fn cancel(&mut self, at: Moment, ids: &Ids) {
        self.close_session(130, "cancelled", at, ids);
        self.finish(Status::Cancelled, at, ids);
        self.wake.send_replace(());
    }

    /// Lets a held run go on. False when it was not held.
    pub(crate) fn release(&mut self, at: Moment) -> bool {
        let held = std::mem::take(&mut self.timeline.held);
        if held {
            self.timeline.at = at;
            self.wake.send_replace(());
        }
        held
    }

    /// Ends a session that was opened and not closed.
    fn close_session(&mut self, exit_code: i32, error: &str, at: Moment, ids: &Ids) {
        let happened = |kind: &str| self.events.iter().any(|event| event.data["type"] == kind);
        if happened("session.started") && !happened("session.completed") {
            let data = json!({"type": "session.completed", "exit_code": exit_code, "usage": null, "error": error});
            self.push(data, at, ids);
        }
    }

    fn push(&mut self, data: Value, at: Moment, ids: &Ids) {
        let turn_over = data["type"] == "turn.completed";
        self.events.push(Event {
            id: ids.next("ev"),
            at,
            data,
        });
        if turn_over {
            self.checkpoint(at, ids);
        }
    }

    fn finish(&mut self, status: Status, at: Moment, ids: &Ids) {
        self.status = status;
        self.completed = Some(at);
        if self.started.is_some() {
            self.checkpoint(at, ids);
        }
    }

    fn checkpoint(&mut self, at: Moment, ids: &Ids) {
        let checkpoint = Checkpoint::take(self, at, ids);
        self.checkpoints.push(checkpoint);
    }

    /// The chat so far, that of the parents first.
    pub(crate) fn chat(&self) -> Vec<Value> {
        let mut chat = self.history.clone();
        chat.push(json!({"role": "user", "content": self.prompt}));
        for event in &self.events {
            let data = &event.data;
            match data["type"].as_str() {
                Some("message.completed") => {
                    chat.push(json!({"role": "assistant", "content": data["content"]}));
                }
                Some("tool_call.completed") => chat.push(json!({
                    "role": "tool", "tool_call_id": data["tool_call_id"], "content": data["output"],
                })),
                _ => {}
            }
        }
        chat
    }
}
