//! What a test can see of Mentiora and do to it, besides calling its API.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::runs::{Run, scripted};
use super::script::MentioraPlan;
use super::{Mentiora, State};
use crate::record::RecordedRequest;
use crate::sync::lock;

/// Control and inspection of Mentiora. Clones look at the same emulator.
#[derive(Clone)]
pub struct MentioraHandle(pub(crate) Arc<Mentiora>);

/// A run as the emulator sees it. Each accepted request is one: an agent that ran twice shows here.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MentioraRun {
    /// Its id, which the API never tells.
    pub id: String,
    /// The message.
    pub message: String,
    /// The agent.
    pub agent_id: String,
    /// Its revision.
    pub agent_revision: i64,
    /// The tag it was found by.
    pub agent_tag: Option<String>,
    /// The thread.
    pub thread_id: String,
    /// Whether it was streamed.
    pub streamed: bool,
    /// The model that was asked for.
    pub model_id: Option<String>,
    /// Who asked.
    pub end_user_id: Option<String>,
    /// What came along.
    pub metadata: Option<Map<String, Value>>,
}

impl MentioraHandle {
    /// The URL to give to a client, without a slash at the end. Its host is `localhost`.
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// The API key that is known.
    pub fn api_key(&self) -> &str {
        &self.0.api_key
    }

    /// The publishable key that is known.
    pub fn publishable_key(&self) -> &str {
        &self.0.publishable_key
    }

    /// How many requests there were.
    pub fn request_count(&self) -> usize {
        self.0.recorder.count()
    }

    /// The requests in order: the last 10,000, or as many as have no more than 256 MiB of bodies.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.0.recorder.all()
    }

    /// Changes which identity tokens are good from now on; browser mode needs one of them.
    pub fn set_identity_tokens<S: Into<String>>(&self, tokens: impl IntoIterator<Item = S>) {
        let tokens = tokens.into_iter().map(Into::into).collect();
        self.with(|state| state.auth.identity_tokens = Some(tokens));
    }

    /// Sets what the next run does; a message that begins with `emulate:` goes before. Called several times, it queues.
    pub fn next_run(&self, plan: impl Into<MentioraPlan>) {
        let plan = plan.into();
        self.with(|state| state.next_plans.push_back(plan));
    }

    /// Refuses the next call that has a good key, with this status and the vendor's envelope. Called several times, it
    /// queues. `retry_after` is the header's value.
    pub fn refuse_next(&self, status: u16, code: &str, message: &str, retry_after: Option<&str>) {
        let refusal = scripted(status, code, message, retry_after);
        self.with(|state| state.refusals.push_back(refusal));
    }

    /// Lets a run pass the hold at which it stands, or the next one. False when there is no such run.
    pub fn release(&self, run_id: &str) -> bool {
        self.with(|state| {
            let run = state.runs.iter().find(|run| run.id == run_id);
            run.map(|run| run.released.add_permits(1)).is_some()
        })
    }

    /// All runs, oldest first.
    pub fn runs(&self) -> Vec<MentioraRun> {
        self.with(|state| state.runs.iter().map(|run| view(run)).collect())
    }

    /// The messages of a thread, oldest first.
    pub fn thread(&self, id: &str) -> Option<Vec<String>> {
        self.with(|state| state.threads.get(id).cloned())
    }

    /// The bodies of all traces that were taken.
    pub fn traces(&self) -> Vec<Value> {
        self.with(|state| state.traces.clone())
    }

    /// How many event streams are open now.
    pub fn open_streams(&self) -> usize {
        self.0.open_streams.count()
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut lock(&self.0.state))
    }
}

fn view(run: &Run) -> MentioraRun {
    MentioraRun {
        id: run.id.clone(),
        message: run.asked.message.clone(),
        agent_id: run.agent.id.clone(),
        agent_revision: run.agent.revision,
        agent_tag: run.agent.tag.clone(),
        thread_id: run.thread_id.clone(),
        streamed: run.streams,
        model_id: run.asked.model_id.clone(),
        end_user_id: run.asked.end_user_id.clone(),
        metadata: run.asked.metadata.clone(),
    }
}

impl fmt::Debug for MentioraHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
