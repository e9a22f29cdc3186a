//! The vendor Trelent: its state, and which code answers which operation.
//!
//! Facts about the API come from the readme of `@trelent/agents` 0.2.7 and from what its sister client sends and
//! takes. Each room below is one concept: `routes` the table of operations, `auth` tokens and scopes, `validate` and
//! `bodies` strict reading, `runs` and `run` the runs, `script` what they do, `events` their streams, `imports`,
//! `exports` and `files` their files, `checkpoints`, `secrets`, `errors`; `options`, `handle` and `control` are for users.

mod auth;
mod bodies;
mod checkpoints;
mod control;
mod errors;
mod events;
mod exports;
mod files;
mod handle;
mod imports;
mod options;
mod routes;
mod run;
mod runs;
mod script;
mod secrets;
mod validate;

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
use crate::sync::lock;
use crate::vendors::{Vendor, World};

use errors::{Answer, Refusal};
use routes::Op;

pub use auth::TokenExchange;
pub use files::{FileKind, FileTree, Node};
pub use handle::{RunView, TrelentHandle};
pub use imports::ImportEntry;
pub use options::TrelentOptions;
pub use script::{Plan, Scenario, Script};

/// Its name in the table of vendors.
pub(crate) const NAME: &str = "trelent";
/// Where its paths begin.
pub(crate) const PREFIX: &str = "/trelent";

pub(crate) struct Trelent {
    world: Arc<World>,
    base_url: String,
    client: (String, String),
    recorder: Recorder,
    open_streams: OpenStreams,
    state: Mutex<State>,
}

/// Everything that calls can change.
struct State {
    auth: auth::Auth,
    sandboxes: BTreeMap<String, Vec<String>>,
    drives: BTreeMap<String, FileTree>,
    secrets: secrets::Secrets,
    /// Oldest first.
    runs: Vec<run::Run>,
    next_plans: VecDeque<Plan>,
    default_plan: Plan,
}

impl Trelent {
    pub(crate) fn new(world: Arc<World>, options: TrelentOptions) -> Self {
        let client = options
            .client
            .unwrap_or_else(|| ("emulator-client".into(), world.ids.opaque("secret")));
        world.store.never_show(&client.1);
        let mut secrets = secrets::Secrets::default();
        for (name, value) in &options.secrets {
            secrets.put(name, value, world.clock.now(), &world.ids);
        }
        let state = State {
            auth: auth::Auth::new(
                client.clone(),
                options.granted,
                options.anonymous,
                options.token_life,
            ),
            sandboxes: options.sandboxes,
            drives: options.drives,
            secrets,
            runs: Vec::new(),
            next_plans: VecDeque::new(),
            default_plan: options.plan,
        };
        Self {
            base_url: format!("{}{PREFIX}", world.url),
            world,
            client,
            recorder: Recorder::default(),
            open_streams: OpenStreams::default(),
            state: Mutex::new(state),
        }
    }

    async fn route(self: Arc<Self>, request: Request) -> Answer {
        let segments = request
            .segments
            .as_deref()
            .ok_or_else(|| Refusal::not_found("Path"))?;
        let (route, ids) = routes::find(&request.method, segments)?;
        match route.scope {
            Some(scope) => lock(&self.state)
                .auth
                .check(&request, scope, self.world.clock.now())?,
            None => auth::no_credentials(&request)?,
        }
        let sandbox =
            validate::only_query(&request, (route.op == Op::RunsList).then_some("sandbox"))?;
        match route.op {
            Op::Token | Op::RunsCreate | Op::RunsResume | Op::SecretsCreate | Op::SecretsUpdate => {
            }
            _ => validate::no_body(&request)?,
        }
        let id = ids.first().map_or("", String::as_str);
        match route.op {
            Op::RunsCreate => {
                let body = runs::create_body(&request)?;
                let (sandbox, harness, mut work) = (body.sandbox, body.harness, body.work);
                let imports = runs::unpack(std::mem::take(&mut work.imports)).await?;
                ok(&lock(&self.state).create_run(sandbox, harness, work, imports, &self.world)?)
            }
            Op::RunsResume => {
                let mut work = runs::fork_body(&request)?;
                let imports = runs::unpack(std::mem::take(&mut work.imports)).await?;
                ok(&lock(&self.state).fork_run(id, work, imports, &self.world)?)
            }
            Op::RunsEvents => self.subscribe(&request, id),
            Op::RunsList => ok(&lock(&self.state).list_runs(sandbox, &self.world)),
            op => self.plain(op, &request, id, ids.get(1).map_or("", String::as_str)),
        }
    }

    /// The operations that need neither time nor a stream.
    fn plain(&self, op: Op, request: &Request, id: &str, second: &str) -> Answer {
        let world = &*self.world;
        let clock = &*world.clock;
        let mut state = lock(&self.state);
        match op {
            Op::Health => ok(&json!({"status": "ok"})),
            Op::Token => {
                let (answer, token) = state.auth.exchange(request, &world.ids, clock.now())?;
                world.store.never_show(&token);
                ok(&answer)
            }
            Op::Sandboxes => ok(&state
                .sandboxes
                .iter()
                .map(|(name, tags)| json!({"name": name, "tags": tags}))
                .collect()),
            Op::RunsGet => ok(&state.run(id, world)?.show(clock)),
            Op::RunsStatus => {
                let run = state.run(id, world)?;
                ok(&json!({"run_id": run.id, "status": run.status.name()}))
            }
            Op::RunsCancel => ok(&state.cancel_run(id, world)?),
            Op::CheckpointChain => {
                let chain = state
                    .run(id, world)?
                    .checkpoints
                    .iter()
                    .map(|checkpoint| checkpoint.brief(clock));
                ok(&chain.map(Value::Object).collect())
            }
            Op::Checkpoint => {
                let run = state.run(id, world)?;
                let found = run
                    .checkpoints
                    .iter()
                    .find(|checkpoint| checkpoint.id == second);
                let checkpoint = found.ok_or_else(|| Refusal::not_found("Checkpoint"))?;
                ok(&Value::Object(checkpoint.full(clock, &world.store)))
            }
            Op::SecretsCreate => {
                let body = validate::json_object(request)?;
                Ok(http::json(
                    StatusCode::CREATED,
                    &state.secrets.create(&body, clock, &world.ids)?,
                ))
            }
            Op::SecretsList => ok(&state.secrets.list(clock)),
            Op::SecretsGet => ok(&state.secrets.get(id, clock)?),
            Op::SecretsUpdate => {
                let body = validate::json_object(request)?;
                ok(&state.secrets.update(id, &body, clock)?)
            }
            Op::SecretsDelete => ok(&state.secrets.delete(id)?),
            Op::RunsCreate | Op::RunsResume | Op::RunsList | Op::RunsEvents => {
                Err(Refusal::not_found("Path"))
            }
        }
    }

    fn subscribe(self: &Arc<Self>, request: &Request, id: &str) -> Answer {
        validate::accepts_events(request)?;
        if request.headers.contains_key("last-event-id") {
            return Err(Refusal::bad_request(
                "Last-Event-ID is not supported: a subscription replays everything",
            ));
        }
        let wake = lock(&self.state).run(id, &self.world)?.wake.subscribe();
        Ok(events::follow(self, id, wake))
    }
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "it ends the arms of two matches that may also refuse"
)]
fn ok(value: &Value) -> Answer {
    Ok(http::json(StatusCode::OK, value))
}

impl Vendor for Trelent {
    fn base_url(&self) -> &str {
        &self.base_url
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("TRELENT_API_URL", self.base_url.clone()),
            ("TRELENT_CLIENT_ID", self.client.0.clone()),
            ("TRELENT_CLIENT_SECRET", self.client.1.clone()),
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
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large").into_reply()
    }

    fn refuse(&self, status: StatusCode, message: &str) -> Reply {
        Refusal::new(status, message).into_reply()
    }

    fn expire_tokens(&self) -> Option<usize> {
        Some(lock(&self.state).auth.expire_all())
    }

    fn runs(self: Arc<Self>) -> Vec<Value> {
        let show = |run: RunView| json!({"id": run.id, "status": run.status, "held": run.held});
        TrelentHandle(self).runs().into_iter().map(show).collect()
    }

    fn next_run(self: Arc<Self>, input: &mut Input) -> Result<(), String> {
        let plan = control::plan(input)?;
        TrelentHandle(self).next_run(plan);
        Ok(())
    }

    fn release(self: Arc<Self>, id: &str) -> bool {
        TrelentHandle(self).release(id)
    }
}

impl fmt::Debug for Trelent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trelent")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
