//! The vendor Mentiora: its state, and which code answers which operation.
//!
//! Facts about the API come from the vendor's API reference and from what its clients send and take; where they are
//! silent (limits, codes of refusals, what an agent says) the emulator has its own way. Each room below is one
//! concept: `routes` the table of operations, `auth` keys, `read` strict reading, `agents` who can be asked, `runs`
//! what they are asked, `script` and `standard` what they do, `stream` how that is told, `files`, `knowledge`,
//! `traces`, `errors`; `options` and `handle` are for users.

mod agents;
mod auth;
mod errors;
mod files;
mod handle;
mod knowledge;
mod options;
mod read;
mod routes;
mod runs;
mod script;
mod standard;
mod stream;
mod traces;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use hyper::StatusCode;
use serde_json::{Value, json};

use crate::control::Input;
use crate::http::{self, Reply, Request};
use crate::live::OpenStreams;
use crate::record::Recorder;
use crate::scenario;
use crate::sync::lock;
use crate::vendors::{Vendor, World};

use errors::{Answer, Refusal};
use routes::Op;

pub use agents::EmulatedAgent;
pub use handle::{MentioraHandle, MentioraRun};
pub use options::MentioraOptions;
pub use script::{MentioraPlan, MentioraScenario, MentioraScript};

/// Its name in the table of vendors.
pub(crate) const NAME: &str = "mentiora";
/// Where its paths begin.
pub(crate) const PREFIX: &str = "/mentiora";

pub(crate) struct Mentiora {
    world: Arc<World>,
    base_url: String,
    api_key: String,
    publishable_key: String,
    recorder: Recorder,
    open_streams: OpenStreams,
    state: Mutex<State>,
}

/// Everything that calls can change.
struct State {
    auth: auth::Auth,
    agents: Vec<EmulatedAgent>,
    /// Messages of each thread, oldest first.
    threads: BTreeMap<String, Vec<String>>,
    runs: Vec<Arc<runs::Run>>,
    next_plans: VecDeque<MentioraPlan>,
    refusals: VecDeque<Refusal>,
    files: files::Files,
    knowledge: knowledge::Knowledge,
    traces: Vec<Value>,
}

impl Mentiora {
    pub(crate) fn new(world: Arc<World>, options: MentioraOptions) -> Self {
        let api_key = options
            .api_key
            .unwrap_or_else(|| world.ids.opaque("sk_emulator"));
        let publishable_key = options
            .publishable_key
            .unwrap_or_else(|| world.ids.opaque("pk_emulator"));
        world.store.never_show(&api_key);
        let auth = auth::Auth::new(
            api_key.clone(),
            publishable_key.clone(),
            options.identity_tokens,
        );
        Self {
            // By this name, as clients warn of keys that go to any other plain http host.
            base_url: format!("{}{PREFIX}", world.url.replace("127.0.0.1", "localhost")),
            api_key,
            publishable_key,
            recorder: Recorder::default(),
            open_streams: OpenStreams::default(),
            state: Mutex::new(State {
                auth,
                agents: options.agents,
                threads: BTreeMap::new(),
                runs: Vec::new(),
                next_plans: VecDeque::new(),
                refusals: VecDeque::new(),
                files: files::Files::default(),
                knowledge: knowledge::Knowledge::default(),
                traces: Vec::new(),
            }),
            world,
        }
    }

    async fn route(self: Arc<Self>, request: Request) -> Answer {
        let segments = request.segments.as_deref();
        let segments = segments.ok_or_else(|| Refusal::not_found("not_found", "No such path"))?;
        let (op, ids) = routes::find(&request.method, segments)?;
        {
            let mut state = lock(&self.state);
            state.auth.check(&request, op == Op::SendTrace)?;
            if let Some(refusal) = state.refusals.pop_front() {
                return Err(refusal);
            }
        }
        if op == Op::RunAgent {
            return self.run_agent(&request).await;
        }
        self.plain(op, &request, &ids)
    }

    async fn run_agent(self: &Arc<Self>, request: &Request) -> Answer {
        let asked = runs::Asked::read(request)?;
        let run = lock(&self.state).accept(asked, &self.world)?;
        if run.streams {
            return Ok(stream::follow(self, run));
        }
        stream::play(&self.world, &run).await;
        Ok(http::json(StatusCode::OK, &run.result()))
    }

    /// The operations that take no time.
    fn plain(&self, op: Op, request: &Request, ids: &[String]) -> Answer {
        let world = &*self.world;
        let state = &mut *lock(&self.state);
        let id = ids.first().map_or("", String::as_str);
        let second = ids.get(1).map_or("", String::as_str);
        match op {
            Op::RunAgent => Err(Refusal::not_found("not_found", "No such path")),
            Op::SendTrace => traces::take(&mut state.traces, request),
            Op::FilesUpload => state.files.upload(request, world),
            Op::FilesList => state.files.list(request),
            Op::FilesGet => state.files.get(request, id),
            Op::FilesContent => state.files.content(request, id),
            Op::FilesDelete => {
                if state.knowledge.uses(id) {
                    return Err(Refusal::conflict("File is still referenced"));
                }
                state.files.delete(request, id)
            }
            Op::KnowledgeCreate => state.knowledge.create(request, world),
            Op::KnowledgeList => state.knowledge.list(request, world),
            Op::KnowledgeGet => state.knowledge.get(request, id, world),
            Op::KnowledgeUpdate => state.knowledge.update(request, id, world),
            Op::KnowledgeDelete => state.knowledge.delete(request, id),
            Op::DocumentsAdd => state.knowledge.add(request, id, &state.files, world),
            Op::DocumentsList => state.knowledge.documents(request, id, world),
            Op::DocumentsGet => state.knowledge.document(request, id, second, world),
            Op::DocumentsDelete => state.knowledge.remove(request, id, second),
        }
    }
}

impl Vendor for Mentiora {
    fn base_url(&self) -> &str {
        &self.base_url
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("MENTIORA_BASE_URL", self.base_url.clone()),
            ("MENTIORA_API_KEY", self.api_key.clone()),
        ]
    }

    fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    fn answer(self: Arc<Self>, request: Request) -> BoxFuture<'static, Reply> {
        Box::pin(async move {
            self.route(request)
                .await
                .unwrap_or_else(Refusal::into_reply)
        })
    }

    fn too_large(&self) -> Reply {
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "payload_too_large",
            "Request body is too large",
        )
        .into_reply()
    }

    fn refuse(&self, status: StatusCode, message: &str) -> Reply {
        Refusal::new(status, "emulated_fault", message).into_reply()
    }

    fn expire_tokens(&self) -> Option<usize> {
        lock(&self.state).auth.expire_tokens()
    }

    fn runs(self: Arc<Self>) -> Vec<Value> {
        let show = |run: MentioraRun| json!({"id": run.id, "thread_id": run.thread_id, "message": run.message});
        MentioraHandle(self).runs().into_iter().map(show).collect()
    }

    fn next_run(self: Arc<Self>, input: &mut Input) -> Result<(), String> {
        let scenario = scenario::read(input, &MentioraScenario::ALL)?;
        MentioraHandle(self).next_run(scenario);
        Ok(())
    }

    fn release(self: Arc<Self>, id: &str) -> bool {
        MentioraHandle(self).release(id)
    }
}

impl fmt::Debug for Mentiora {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mentiora")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
