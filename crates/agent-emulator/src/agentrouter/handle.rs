//! What a test can see of AgentRouter and do to it, besides calling its API.

use std::fmt;
use std::sync::Arc;

use hyper::StatusCode;
use serde_json::Value;

use super::AgentRouter;
use super::errors::Refusal;
use super::script::AgentRouterPlan;
use super::state::State;
use crate::record::RecordedRequest;
use crate::sync::lock;

/// Control and inspection of AgentRouter. Clones look at the same emulator.
#[derive(Clone)]
pub struct AgentRouterHandle(pub(crate) Arc<AgentRouter>);

/// A run as the emulator sees it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AgentRouterRun {
    /// The run's id.
    pub id: String,
    /// Id of the first run of its conversation.
    pub conversation: String,
    /// The status, as the wire names it.
    pub status: &'static str,
    /// What it was created with.
    pub input: Value,
    /// Whether a script holds the run now.
    pub held: bool,
    /// The action that waits for a decision.
    pub waits_for: Option<String>,
    /// The events so far, as the wire shows them.
    pub events: Vec<Value>,
}

impl AgentRouterHandle {
    /// The URL to give to a client, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// The key that is known.
    pub fn api_key(&self) -> &str {
        &self.0.api_key
    }

    /// How many requests there were.
    pub fn request_count(&self) -> usize {
        self.0.recorder.count()
    }

    /// The requests in order: the last 10,000.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.0.recorder.all()
    }

    /// Sets what the next run does, created or continued; a task that begins with `emulate:` goes before. Called
    /// several times, it queues.
    pub fn next_run(&self, plan: impl Into<AgentRouterPlan>) {
        let plan = plan.into();
        self.with(|state| state.next_plans.push_back(plan));
    }

    /// Lets a run go on that its script holds. False when there is no such run or nothing holds it.
    pub fn release(&self, run_id: &str) -> bool {
        let now = self.0.world.clock.now();
        self.with(|state| {
            let run = state.run_mut(run_id).ok().filter(|run| run.timeline.held);
            run.map(|run| run.go_on(now)).is_some()
        })
    }

    /// Refuses the next call, whatever it is, with this status and code, and with `Retry-After` if there are seconds.
    /// Called several times, it queues.
    pub fn refuse_next(&self, status: u16, code: &str, retry_after: Option<u64>) {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let refusal = Refusal::new(status, code, "refused by a script").retry_after(retry_after);
        self.with(|state| state.refusals.push_back(refusal));
    }

    /// Answers the next so many creations with an idempotency key with 409 `idempotency_in_progress`.
    pub fn keep_keys_in_progress(&self, times: usize) {
        self.with(|state| state.keys_in_progress = times);
    }

    /// Carries out the next so many calls, and breaks the connection instead of answering them.
    pub fn lose_answers(&self, times: usize) {
        self.with(|state| state.lost_answers = times);
    }

    /// All runs, oldest first.
    pub fn runs(&self) -> Vec<AgentRouterRun> {
        let clock = &self.0.world.clock;
        self.with(|state| {
            let view = |run: &super::run::Run| AgentRouterRun {
                id: run.id.clone(),
                conversation: run.conversation.clone(),
                status: run.status,
                input: run.input.input(),
                held: run.timeline.held,
                waits_for: run.timeline.waits_for.clone(),
                events: run.show_events(0, usize::MAX, clock),
            };
            state.runs.iter().map(view).collect()
        })
    }

    /// One run.
    pub fn run(&self, id: &str) -> Option<AgentRouterRun> {
        self.runs().into_iter().find(|run| run.id == id)
    }

    fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.0.state);
        state.settle(&self.0.world);
        f(&mut state)
    }
}

impl fmt::Debug for AgentRouterHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentRouterHandle")
            .field("base_url", &self.0.base_url)
            .finish_non_exhaustive()
    }
}
