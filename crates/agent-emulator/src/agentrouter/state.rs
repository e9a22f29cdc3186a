//! Everything that calls can change, and what each call changes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::create::{Creation, Task};
use super::errors::{Answer, Refusal};
use super::run::{Run, is_terminal, with};
use super::script::{AgentRouterPlan, Spec};
use super::show::time;
use super::validate::{Issues, number};
use crate::clock::Moment;
use crate::vendors::World;

/// How long the server keeps an idempotency key.
const KEY_LIFE: Duration = Duration::from_secs(24 * 3600);
const STATUSES: &[&str] = &[
    "active",
    "queued",
    "starting",
    "running",
    "cancelling",
    "cancelled",
    "completed",
    "failed",
];

#[derive(Debug, Default)]
pub(crate) struct State {
    /// Oldest first.
    pub(crate) runs: Vec<Run>,
    keys: BTreeMap<String, (Creation, String, Moment)>,
    closed: BTreeSet<String>,
    pub(crate) next_plans: VecDeque<AgentRouterPlan>,
    /// Refusals that the next calls get, whatever they ask for.
    pub(crate) refusals: VecDeque<Refusal>,
    /// So many keyed creations are still in progress elsewhere.
    pub(crate) keys_in_progress: usize,
    /// So many answers are lost on the way.
    pub(crate) lost_answers: usize,
}

impl State {
    /// Brings all runs up to now.
    pub(crate) fn settle(&mut self, world: &World) {
        let now = world.clock.now();
        for run in &mut self.runs {
            run.settle(now, &world.ids);
        }
    }

    pub(crate) fn run(&self, id: &str) -> Answer<&Run> {
        let found = self.runs.iter().find(|run| run.id == id);
        found.ok_or_else(Refusal::run_not_found)
    }

    pub(crate) fn run_mut(&mut self, id: &str) -> Answer<&mut Run> {
        let found = self.runs.iter_mut().find(|run| run.id == id);
        found.ok_or_else(Refusal::run_not_found)
    }

    pub(crate) fn create(
        &mut self,
        creation: Creation,
        key: Option<&str>,
        world: &World,
    ) -> Answer<(StatusCode, Value)> {
        let now = world.clock.now();
        if let Some(key) = key {
            if self.keys_in_progress > 0 {
                self.keys_in_progress -= 1;
                let message = "A request with this Idempotency-Key is still in progress";
                return Err(Refusal::conflict("idempotency_in_progress", message));
            }
            self.keys.retain(|_, (_, _, at)| *at + KEY_LIFE > now);
            if let Some((known, id, _)) = self.keys.get(key) {
                if *known != creation {
                    let message = "Idempotency-Key was reused with a different request body";
                    return Err(Refusal::conflict("idempotency_conflict", message));
                }
                return Ok((StatusCode::OK, self.run(id)?.show(&world.clock)));
            }
        }
        let id = world.ids.next("run");
        if let Some(key) = key {
            self.keys
                .insert(key.to_owned(), (creation.clone(), id.clone(), now));
        }
        let shown = self.start(id.clone(), id, creation, world);
        Ok((StatusCode::CREATED, shown))
    }

    fn start(
        &mut self,
        id: String,
        conversation: String,
        creation: Creation,
        world: &World,
    ) -> Value {
        let plan = match creation.task.scenario {
            Some(scenario) => scenario.into(),
            None => self.next_plans.pop_front().unwrap_or_default(),
        };
        let script = plan.script(&creation.task.text);
        let now = world.clock.now();
        let run = Run::new(id, conversation, creation, script, world.pace, now);
        let shown = run.show(&world.clock);
        self.runs.push(run);
        shown
    }

    pub(crate) fn list(&self, query: &Map<String, Value>, world: &World) -> Answer<Value> {
        let limit = number(query, "limit", (1, 100))?.unwrap_or(50);
        let mut issues = Issues::default();
        let status = query
            .get("status")
            .and_then(|s| issues.one_of(&["status"], s, STATUSES));
        issues.check()?;
        let wanted = |run: &&Run| match status {
            None => true,
            Some("active") => !is_terminal(run.status),
            Some(status) => run.status == status,
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let newest = self.runs.iter().rev().filter(wanted).take(limit);
        let items: Vec<_> = newest.map(|run| run.show(&world.clock)).collect();
        Ok(json!({"items": items}))
    }

    pub(crate) fn events(
        &self,
        id: &str,
        query: &Map<String, Value>,
        world: &World,
    ) -> Answer<Value> {
        let after = number(query, "afterSeq", (0, u64::MAX))?.unwrap_or(0);
        let limit = number(query, "limit", (1, 500))?.unwrap_or(100);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let items = self.run(id)?.show_events(after, limit, &world.clock);
        let next = items
            .last()
            .map_or(json!(after), |event| event["sequence"].clone());
        Ok(json!({"items": items, "nextAfterSeq": next}))
    }

    pub(crate) fn decide(
        &mut self,
        (id, action): (&str, &str),
        decision: &'static str,
        (digest, reason): (String, Option<String>),
        world: &World,
    ) -> Answer<Value> {
        let now = world.clock.now();
        let run = self.run_mut(id)?;
        let about = |kind: &str, event: &super::run::Event| {
            event.spec.kind == kind && event.spec.payload["actionId"] == action
        };
        let first = &run.events[..run.events.len().min(500)];
        let Some(request) = first.iter().rev().find(|e| about("approval.requested", e)) else {
            let message = "No approval was requested for this action";
            return Err(Refusal::conflict("approval_not_requested", message));
        };
        let request = request.spec.payload.clone();
        if request["actionDigest"] != digest.as_str() {
            return Err(Refusal::with_details(
                StatusCode::CONFLICT,
                "action_digest_mismatch",
                "Approval decision does not match the requested action digest",
                &json!({"expected": request["actionDigest"], "received": digest}),
            ));
        }
        if let Some(at) = run.events.iter().position(|e| about("approval.decided", e)) {
            if run.events[at].spec.payload["decision"] != decision {
                let message = "Approval has already been decided";
                return Err(Refusal::conflict("approval_already_decided", message));
            }
            return Ok(run.show_event(at + 1, &world.clock).unwrap_or_default());
        }
        let mut payload = json!({
            "actor": "human", "eventId": world.ids.next("evt"), "priorEventId": request["eventId"],
            "actionId": action, "actionDigest": digest, "argsDigest": request["argsDigest"],
            "requestId": request["requestId"], "decisionId": world.ids.next("decision"), "decision": decision,
        });
        if let Some(reason) = reason {
            payload = with(&payload, json!({"reason": reason}));
        }
        if decision == "denied" {
            payload = with(&payload, json!({"terminalState": "denied"}));
        }
        let waits = run.timeline.waits_for.as_deref() == Some(action);
        if waits && decision == "approved" {
            run.go_on(now);
        } else if waits {
            run.deny(now);
        }
        let mut spec = Spec::new("approval.decided", payload);
        spec.source = "api";
        run.push(spec, None);
        Ok(run
            .show_event(run.events.len(), &world.clock)
            .unwrap_or_default())
    }

    pub(crate) fn continue_run(&mut self, id: &str, message: Task, world: &World) -> Answer<Value> {
        let conversation = self.run(id)?.conversation.clone();
        if self.closed.contains(&conversation) {
            return Err(Refusal::conflict(
                "session_closed",
                "Conversation is closed",
            ));
        }
        let turns: Vec<&Run> = self.turns_of(&conversation).collect();
        let number = turns.len() + 1;
        if turns.iter().any(|run| !is_terminal(run.status)) {
            let message = "A turn is already in progress for this conversation";
            return Err(Refusal::conflict("run_busy", message));
        }
        let Some(last) = turns.last().filter(|run| run.parked) else {
            let message = "This run is not continuable (no active conversation; its sandbox may have been reclaimed)";
            return Err(Refusal::conflict("run_not_continuable", message));
        };
        let creation = Creation {
            task: message,
            runtime: last.input.runtime.clone(),
            approval_mode: None,
            metadata: None,
        };
        let new = world.ids.next("run");
        self.start(new.clone(), conversation, creation, world);
        // The server answers with the id that it was asked with, whichever turn's it is.
        Ok(json!({"runId": new, "turnNumber": number, "conversationId": id}))
    }

    fn turns_of<'a>(&'a self, conversation: &'a str) -> impl Iterator<Item = &'a Run> {
        self.runs
            .iter()
            .filter(move |run| run.conversation == conversation)
    }

    pub(crate) fn turns(&self, id: &str, world: &World) -> Answer<Value> {
        let conversation = &self.run(id)?.conversation;
        let turns: Vec<&Run> = self.turns_of(conversation).collect();
        let implicit = turns.len() == 1;
        let items = turns.iter().enumerate().map(|(index, run)| {
            let turn = if implicit {
                run.id.clone()
            } else {
                format!("turn_{}", run.id)
            };
            json!({
                "id": turn, "runId": run.id, "turnNumber": index + 1, "prompt": run.input.task.text,
                "createdAt": time(&world.clock, run.queued),
            })
        });
        Ok(json!({"conversationId": conversation, "items": items.collect::<Vec<_>>()}))
    }

    pub(crate) fn close(&mut self, id: &str) -> Answer<Value> {
        let conversation = self.run(id)?.conversation.clone();
        self.closed.insert(conversation.clone());
        let last = self.turns_of(&conversation).last();
        let reclaimed = last.is_some_and(|run| run.parked);
        Ok(json!({"closed": true, "conversationId": conversation, "reclaimed": reclaimed}))
    }
}
