//! The operations on runs: create, wait, list, get, and the ledger page by page.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::check;
use super::errors::{Answer, Refusal};
use super::run::{Attempt, Run, dto};
use super::script::AgentOsScenario;
use super::{AgentOs, State, ok};
use crate::http::Request;
use crate::scenario;
use crate::sync::lock;
use crate::vendors::World;

/// Most events of one page.
const MAX_LIMIT: u64 = 1000;

impl State {
    /// POST /runs, and the first half of POST /runs/wait.
    pub(super) fn create_run(&mut self, request: &Request, world: &World) -> Answer<Value> {
        let body = check::object(request, &["agent_id", "thread", "input"])?;
        let agent_id = check::text(&body, "agent_id")?;
        let thread_id = match body.get("thread") {
            None => world.ids.next("th"),
            Some(thread) => self.thread(thread, world)?,
        };
        self.store.check_agent(&agent_id)?;
        self.store.check_key("run_id", request)?;
        let input = body.get("input").cloned().unwrap_or_default();
        let message = input.get("message").and_then(Value::as_str);
        let asked = scenario::asked_by(message.unwrap_or_default(), &AgentOsScenario::ALL)
            .map_err(Refusal::invalid)?;
        let plan = match asked {
            Some(scenario) => scenario.into(),
            None => self
                .next_plans
                .pop_front()
                .unwrap_or_else(|| self.default_plan.clone()),
        };
        let script = plan.script(message);
        let now = world.clock.now();
        let run = Run {
            id: world.ids.next("run"),
            agent_id,
            thread_id,
            input,
            status: "pending",
            output: Value::Null,
            error: Value::Null,
            created: now,
            started: None,
            completed: None,
            attempts: vec![Attempt::new(&world.ids, self.first_seq)],
            tells_attempt: script.attempt,
            first_seq: self.first_seq,
            steps: VecDeque::from(script.steps),
            ending: script.ending,
            pace: world.pace,
            at: now,
            held: false,
            wake: watch::Sender::default(),
        };
        let answer = json!({
            "run_id": run.id, "status": run.status, "thread_id": run.thread_id,
        });
        self.store.keep_key("run_id", request, &run.id);
        self.runs.push(run);
        Ok(answer)
    }

    fn thread(&self, thread: &Value, world: &World) -> Answer<String> {
        let refused =
            || Refusal::invalid("thread must be {\"thread_id\": text} or {\"new_thread\": true}");
        let thread = thread.as_object().ok_or_else(refused)?;
        match (
            thread.get("thread_id"),
            thread.get("new_thread"),
            thread.len(),
        ) {
            (None, None, 0) | (None, Some(Value::Bool(true)), 1) => Ok(world.ids.next("th")),
            (Some(Value::String(id)), None, 1) => {
                if self.runs.iter().any(|run| run.thread_id == *id) {
                    Ok(id.clone())
                } else {
                    Err(Refusal::not_found("thread"))
                }
            }
            _ => Err(refused()),
        }
    }

    /// A run, settled.
    pub(super) fn run(&mut self, id: &str, world: &World) -> Answer<&mut Run> {
        let run = self
            .runs
            .iter_mut()
            .find(|run| run.id == id)
            .ok_or_else(|| Refusal::not_found("run"))?;
        run.settle(world.clock.now(), &world.ids);
        Ok(run)
    }

    /// GET /runs: newest first.
    pub(super) fn list_runs(&mut self, world: &World) -> Vec<Value> {
        let now = world.clock.now();
        let runs = self.runs.iter_mut().rev().map(|run| {
            run.settle(now, &world.ids);
            run.show(&world.clock)
        });
        runs.collect()
    }

    /// GET /runs/{id}/events.
    pub(super) fn events(&mut self, id: &str, request: &Request, world: &World) -> Answer<Value> {
        let after = check::number(request, "afterSeq")?.unwrap_or(0);
        let limit = check::number(request, "limit")?.unwrap_or(100);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Refusal::bad_request("limit must be from 1 to 1000"));
        }
        let run = self.run(id, world)?;
        let attempt = attempt(run, request)?;
        let events: Vec<_> = attempt
            .entries
            .iter()
            .filter_map(|entry| dto(&attempt.id, entry, &world.clock))
            .filter(|event| event["seq"].as_u64() > Some(after))
            .collect();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let page = &events[..events.len().min(limit)];
        Ok(json!({
            "events": page,
            "latest_seq": attempt.latest().unwrap_or(0),
            "next_after_seq": page.last().map(|event| event["seq"].clone()),
            "has_more": events.len() > page.len(),
        }))
    }
}

/// The attempt that a request names.
pub(super) fn attempt<'a>(run: &'a Run, request: &Request) -> Answer<&'a Attempt> {
    let id = check::value(request, "attemptId").unwrap_or_default();
    if id.is_empty() {
        return Err(Refusal::bad_request("attemptId is required"));
    }
    let found = run.attempts.iter().find(|attempt| attempt.id == id);
    found.ok_or_else(|| {
        Refusal::new(
            hyper::StatusCode::NOT_FOUND,
            "ATTEMPT_NOT_FOUND",
            "unknown attempt",
        )
    })
}

impl AgentOs {
    /// POST /runs/wait: creates a run and answers when it is over.
    pub(super) async fn wait(self: Arc<Self>, request: &Request) -> Answer {
        let world = &*self.world;
        let created = lock(&self.state).create_run(request, world)?;
        let id = created["run_id"].as_str().unwrap_or_default();
        loop {
            let (due, mut wake) = {
                let mut state = lock(&self.state);
                let run = state.run(id, world)?;
                if run.is_over() {
                    return ok(&run.show(&world.clock));
                }
                (run.next_due(), run.wake.subscribe())
            };
            match due {
                Some(due) => tokio::select! {
                    () = tokio::time::sleep_until(world.clock.instant(due)) => {}
                    _ = wake.changed() => {}
                },
                // Nobody but the handle can move it, and the handle wakes.
                None => {
                    let _ = wake.changed().await;
                }
            }
        }
    }
}
