//! One run: its attempts with their ledgers, and how its script carries it to an end as time passes.
//!
//! There is no task behind a run. Whoever looks at it first settles it: every step that is due by now is taken, each at
//! the moment it was due.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::script::{Ending, Step};
use crate::clock::{Clock, Moment};
use crate::ids::Ids;

/// What is in an attempt's stream.
#[derive(Debug, Clone)]
pub(super) enum Entry {
    /// An event of the ledger.
    Event {
        id: String,
        seq: u64,
        kind: String,
        payload: Value,
        at: Moment,
    },
    /// An `error` frame, with the number that the next event will have.
    Trouble {
        next: u64,
        payload: Value,
        at: Moment,
    },
}

/// One attempt.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) id: String,
    pub(super) entries: Vec<Entry>,
    pub(super) next_seq: u64,
    pub(super) over: bool,
}

impl Attempt {
    pub(super) fn new(ids: &Ids, first_seq: u64) -> Self {
        Self {
            id: ids.next("att"),
            entries: Vec::new(),
            next_seq: first_seq,
            over: false,
        }
    }

    /// Number of the last event, if there is one.
    pub(super) fn latest(&self) -> Option<u64> {
        self.entries.iter().rev().find_map(|entry| match entry {
            Entry::Event { seq, .. } => Some(*seq),
            Entry::Trouble { .. } => None,
        })
    }
}

#[derive(Debug)]
pub(super) struct Run {
    pub(super) id: String,
    pub(super) agent_id: String,
    pub(super) thread_id: String,
    pub(super) input: Value,
    pub(super) status: &'static str,
    pub(super) output: Value,
    pub(super) error: Value,
    pub(super) created: Moment,
    pub(super) started: Option<Moment>,
    pub(super) completed: Option<Moment>,
    /// Oldest first; never empty.
    pub(super) attempts: Vec<Attempt>,
    /// Whether the API tells which attempt is at work.
    pub(super) tells_attempt: bool,
    pub(super) first_seq: u64,
    pub(super) steps: VecDeque<Step>,
    pub(super) ending: Ending,
    pub(super) pace: Duration,
    /// When the last step was taken.
    pub(super) at: Moment,
    pub(super) held: bool,
    /// Wakes followers when something happens that no clock foresaw.
    pub(super) wake: watch::Sender<()>,
}

impl Run {
    pub(super) fn is_over(&self) -> bool {
        self.completed.is_some()
    }

    /// The attempt at work.
    pub(super) fn current(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// Takes every step that is due.
    pub(super) fn settle(&mut self, now: Moment, ids: &Ids) {
        while let Some(due) = self.next_due().filter(|due| *due <= now) {
            self.step(due, ids);
        }
    }

    /// When something will happen by itself next.
    pub(super) fn next_due(&self) -> Option<Moment> {
        if self.is_over() || self.held {
            return None;
        }
        let wait = match self.steps.front() {
            _ if self.started.is_none() => self.pace,
            Some(Step::Wait(time)) => *time,
            Some(Step::Hold(_) | Step::Trouble(_)) => Duration::ZERO,
            None if matches!(self.ending, Ending::Never) => return None,
            _ => self.pace,
        };
        Some(self.at.saturating_add(wait))
    }

    fn step(&mut self, at: Moment, ids: &Ids) {
        self.at = at;
        if self.started.is_none() {
            self.started = Some(at);
            self.status = "running";
            return;
        }
        match self.steps.pop_front() {
            Some(Step::Event(kind, payload)) => self.push(&kind, payload, ids),
            Some(Step::Trouble(payload)) => {
                if let Some(attempt) = self.attempts.last_mut() {
                    let next = attempt.next_seq;
                    attempt.entries.push(Entry::Trouble { next, payload, at });
                }
            }
            Some(Step::Wait(_)) => {}
            Some(Step::Hold(for_human)) => {
                self.held = true;
                if for_human {
                    self.status = "waiting_for_human";
                }
            }
            Some(Step::Retry) => {
                self.push("RUN_FAILED", json!({"error": "this attempt failed"}), ids);
                self.end_attempt();
                self.attempts.push(Attempt::new(ids, self.first_seq));
            }
            None => match self.ending.clone() {
                Ending::Completed(output) => {
                    self.push("RUN_FINISHED", json!({"output": output}), ids);
                    self.output = output;
                    self.finish("completed");
                }
                Ending::Failed(error) => {
                    self.push("RUN_FAILED", json!({"error": error}), ids);
                    self.error = error;
                    self.finish("failed");
                }
                Ending::Cancelled => self.cancel(at, ids),
                Ending::Never => {}
            },
        }
    }

    fn push(&mut self, kind: &str, payload: Value, ids: &Ids) {
        let at = self.at;
        if let Some(attempt) = self.attempts.last_mut() {
            let seq = attempt.next_seq;
            attempt.next_seq += 1;
            attempt.entries.push(Entry::Event {
                id: ids.next("ev"),
                seq,
                kind: kind.to_owned(),
                payload,
                at,
            });
        }
    }

    fn end_attempt(&mut self) {
        if let Some(attempt) = self.attempts.last_mut() {
            attempt.over = true;
        }
    }

    fn finish(&mut self, status: &'static str) {
        self.status = status;
        self.completed = Some(self.at);
        self.end_attempt();
    }

    /// Ends the run because somebody wants it to.
    pub(super) fn cancel(&mut self, at: Moment, ids: &Ids) {
        self.at = at;
        self.push("RUN_CANCELLED", json!({}), ids);
        self.finish("cancelled");
        self.wake.send_replace(());
    }

    /// Lets a held run go on. False when it was not held.
    pub(super) fn release(&mut self, at: Moment) -> bool {
        let held = std::mem::take(&mut self.held);
        if held {
            if self.status == "waiting_for_human" {
                self.status = "resumed";
            }
            self.at = at;
            self.wake.send_replace(());
        }
        held
    }

    /// Its form on the wire.
    pub(super) fn show(&self, clock: &Clock) -> Value {
        let attempt = self.current().filter(|_| self.tells_attempt);
        json!({
            "run_id": self.id,
            "agent_id": self.agent_id,
            "thread_id": self.thread_id,
            "status": self.status,
            "input": self.input,
            "output": self.output,
            "error": self.error,
            "current_attempt_id": attempt.map(|attempt| &attempt.id),
            "current_attempt_no": attempt.map(|_| self.attempts.len()),
            "latest_seq": attempt.and_then(Attempt::latest),
            "created_at": clock.text(self.created),
            "started_at": self.started.map(|at| clock.text(at)),
            "completed_at": self.completed.map(|at| clock.text(at)),
        })
    }

    /// A checkpoint for each node that is done.
    pub(super) fn checkpoints(&self, clock: &Clock) -> Value {
        let done = |attempt: &Attempt| {
            let entries = attempt.entries.iter();
            let found = entries.filter_map(|entry| match entry {
                Entry::Event {
                    id,
                    seq,
                    kind,
                    at,
                    payload,
                } if kind == "NODE_FINISHED" => Some(json!({
                    "checkpoint_id": format!("cp_{id}"), "attempt_id": attempt.id, "seq": seq,
                    "node": payload["node"], "created_at": clock.text(*at),
                })),
                _ => None,
            });
            found.collect::<Vec<_>>()
        };
        let items: Vec<_> = self.attempts.iter().flat_map(done).collect();
        json!({"items": items})
    }
}

/// An event on the wire.
pub(super) fn dto(attempt: &str, entry: &Entry, clock: &Clock) -> Option<Value> {
    let Entry::Event {
        id,
        seq,
        kind,
        payload,
        at,
    } = entry
    else {
        return None;
    };
    Some(json!({
        "id": id, "seq": seq, "type": kind, "timestamp": clock.text(*at),
        "attempt_id": attempt, "payload": payload,
    }))
}
