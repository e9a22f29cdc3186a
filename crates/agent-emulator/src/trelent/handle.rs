//! What a test can see of Trelent and do to it, besides calling its API.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::auth::TokenExchange;
use super::files::FileTree;
use super::imports::ImportEntry;
use super::run::Run;
use super::script::Plan;
use super::{State, Trelent};
use crate::record::RecordedRequest;
use crate::sync::lock;

/// Control and inspection of Trelent. Clones look at the same emulator.
#[derive(Clone)]
pub struct TrelentHandle(pub(crate) Arc<Trelent>);

/// A run as the emulator sees it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RunView {
    /// The run's id.
    pub id: String,
    /// The run that it was forked from.
    pub parent: Option<String>,
    /// The sandbox, as it was named in the request.
    pub sandbox: String,
    /// The prompt.
    pub prompt: String,
    /// The status, as the wire names it.
    pub status: &'static str,
    /// Whether a script holds the run now.
    pub held: bool,
    /// The working directory that was asked for.
    pub workdir: Option<String>,
    /// The limit that was asked for.
    pub timeout_seconds: u64,
    /// The names of the secrets that were bound.
    pub secrets: Vec<String>,
    /// The inline imports, unpacked, one list per connector.
    pub imports: Vec<Vec<ImportEntry>>,
    /// The files of the sandbox.
    pub files: FileTree,
    /// The events so far, each with its envelope.
    pub events: Vec<Value>,
}

impl TrelentHandle {
    /// The URL to give to a client, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// The client id that is known.
    pub fn client_id(&self) -> &str {
        &self.0.client.0
    }

    /// Its secret.
    pub fn client_secret(&self) -> &str {
        &self.0.client.1
    }

    /// How many requests there were, token exchanges included.
    pub fn request_count(&self) -> usize {
        self.0.recorder.count()
    }

    /// The requests in order: the last 10,000, or as many as have no more than 256 MiB of bodies.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.0.recorder.all()
    }

    /// The token exchanges in order, refused ones too, ones that were not well formed not; the last 10,000.
    pub fn token_exchanges(&self) -> Vec<TokenExchange> {
        self.with(|state| state.auth.exchanges.clone())
    }

    /// Expires all tokens now, and says how many lived. The next call with one of them gets a 401.
    pub fn expire_tokens(&self) -> usize {
        self.with(|state| state.auth.expire_all())
    }

    /// Changes which scopes are granted from now on; tokens that were handed out keep theirs.
    pub fn grant<S: Into<String>>(&self, scopes: impl IntoIterator<Item = S>) {
        let granted = scopes.into_iter().map(Into::into).collect();
        self.with(|state| state.auth.granted = granted);
    }

    /// Sets what the next run does, created or forked; a prompt that begins with `emulate:` goes before. Called
    /// several times, it queues.
    pub fn next_run(&self, plan: impl Into<Plan>) {
        let plan = plan.into();
        self.with(|state| state.next_plans.push_back(plan));
    }

    /// Lets a run go on that its script holds. False when there is no such run or nothing holds it.
    pub fn release(&self, run_id: &str) -> bool {
        let world = &self.0.world;
        self.with(|state| {
            state
                .run(run_id, world)
                .is_ok_and(|run| run.release(world.clock.now()))
        })
    }

    /// All runs, oldest first.
    pub fn runs(&self) -> Vec<RunView> {
        let ids: Vec<_> = self.with(|state| state.runs.iter().map(|run| run.id.clone()).collect());
        ids.iter().filter_map(|id| self.run(id)).collect()
    }

    /// One run.
    pub fn run(&self, id: &str) -> Option<RunView> {
        let world = &self.0.world;
        self.with(|state| {
            let run = state.run(id, world).ok()?;
            Some(view(run, |index| {
                run.envelope(index, &run.events[index], &world.clock)
            }))
        })
    }

    /// How many event streams are open now.
    pub fn open_streams(&self) -> usize {
        self.0.open_streams.count()
    }

    /// The value of a secret, which the API never tells.
    pub fn secret_value(&self, name: &str) -> Option<String> {
        self.with(|state| state.secrets.value(name).map(Into::into))
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut lock(&self.0.state))
    }
}

fn view(run: &Run, envelope: impl Fn(usize) -> Value) -> RunView {
    RunView {
        id: run.id.clone(),
        parent: run.parent.clone(),
        sandbox: run.sandbox.clone(),
        prompt: run.prompt.clone(),
        status: run.status.name(),
        held: run.timeline.held,
        workdir: run.workdir.clone(),
        timeout_seconds: run.timeout_seconds,
        secrets: run.secrets.clone(),
        imports: run.imports.clone(),
        files: run.files.clone(),
        events: (0..run.events.len()).map(envelope).collect(),
    }
}

impl fmt::Debug for TrelentHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrelentHandle")
            .field("base_url", &self.0.base_url)
            .finish_non_exhaustive()
    }
}
