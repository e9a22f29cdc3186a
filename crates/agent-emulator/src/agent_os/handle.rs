//! What a test can see of Agent OS and do to it, besides calling its API.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::chatwoot::ChatwootHandle;
use super::options::Positions;
use super::run::{Run, dto};
use super::script::AgentOsPlan;
use super::{AgentOs, State};
use crate::clock::Clock;
use crate::record::RecordedRequest;
use crate::sync::lock;

/// Control and inspection of Agent OS. Clones look at the same emulator.
#[derive(Clone)]
pub struct AgentOsHandle(pub(crate) Arc<AgentOs>);

/// A run as the emulator sees it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AgentOsRunView {
    /// The run's id.
    pub id: String,
    /// Its agent.
    pub agent_id: String,
    /// Its input.
    pub input: Value,
    /// The status, as the wire names it.
    pub status: &'static str,
    /// Whether a script holds the run now.
    pub held: bool,
    /// Its attempts: id and ledger, oldest first.
    pub attempts: Vec<(String, Vec<Value>)>,
}

impl AgentOsHandle {
    /// The URL to give to a client, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// The token that is known.
    pub fn token(&self) -> &str {
        &self.0.token
    }

    /// The Chatwoot beside it, on a port of its own.
    pub fn chatwoot(&self) -> ChatwootHandle {
        ChatwootHandle(self.0.chatwoot())
    }

    /// How many requests there were.
    pub fn request_count(&self) -> usize {
        self.0.recorder.count()
    }

    /// The requests in order: the last 10,000, or as many as have no more than 256 MiB of bodies.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.0.recorder.all()
    }

    /// Sets what the next run does; an input whose `message` begins with `emulate:` goes before. Called several times,
    /// it queues.
    pub fn next_run(&self, plan: impl Into<AgentOsPlan>) {
        let plan = plan.into();
        self.with(|state| state.next_plans.push_back(plan));
    }

    /// Changes which position event streams begin with, from the next stream on.
    pub fn set_positions(&self, positions: Positions) {
        self.with(|state| state.positions = positions);
    }

    /// Puts a credential there, with whatever JSON, and gives its id.
    pub fn add_credential(&self, credential: Map<String, Value>) -> String {
        let id = self.0.world.ids.next("cr");
        self.with(|state| state.store.put_credential(&id, credential));
        id
    }

    /// Puts a trigger there, with whatever JSON, and gives its id.
    pub fn add_trigger(&self, trigger: Map<String, Value>) -> String {
        let id = self.0.world.ids.next("tr");
        self.with(|state| state.store.put_trigger(&id, trigger));
        id
    }

    /// Lets a run go on that its script holds. False when there is no such run or nothing holds it.
    pub fn release(&self, run_id: &str) -> bool {
        let world = &self.0.world;
        self.with(|state| {
            let run = state.run(run_id, world);
            run.is_ok_and(|run| run.release(world.clock.now()))
        })
    }

    /// Cancels a run. False when there is no such run or it is over.
    pub fn cancel(&self, run_id: &str) -> bool {
        let world = &self.0.world;
        self.with(|state| match state.run(run_id, world) {
            Ok(run) if !run.is_over() => {
                run.cancel(world.clock.now(), &world.ids);
                true
            }
            _ => false,
        })
    }

    /// All runs, oldest first.
    pub fn runs(&self) -> Vec<AgentOsRunView> {
        let ids: Vec<_> = self.with(|state| state.runs.iter().map(|run| run.id.clone()).collect());
        ids.iter().filter_map(|id| self.run(id)).collect()
    }

    /// One run.
    pub fn run(&self, id: &str) -> Option<AgentOsRunView> {
        let world = &self.0.world;
        self.with(|state| Some(view(state.run(id, world).ok()?, &world.clock)))
    }

    /// How many event streams are open now.
    pub fn open_streams(&self) -> usize {
        self.0.open_streams.count()
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut lock(&self.0.state))
    }
}

fn view(run: &Run, clock: &Clock) -> AgentOsRunView {
    let attempts = run.attempts.iter().map(|attempt| {
        let entries = attempt.entries.iter();
        let events = entries.filter_map(|entry| dto(&attempt.id, entry, clock));
        (attempt.id.clone(), events.collect())
    });
    AgentOsRunView {
        id: run.id.clone(),
        agent_id: run.agent_id.clone(),
        input: run.input.clone(),
        status: run.status,
        held: run.held,
        attempts: attempts.collect(),
    }
}

impl fmt::Debug for AgentOsHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentOsHandle")
            .field("base_url", &self.0.base_url)
            .finish_non_exhaustive()
    }
}
