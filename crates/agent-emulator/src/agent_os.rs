//! The vendor Agent OS: its state, and which code answers which operation.
//!
//! Facts about the API come from what is published of `@agent-os-sdk/client` 0.9.3; where that is silent (bundles, the
//! forms of refusals), this is the emulator's own. Each room below is one concept: `routes` the table of operations,
//! `check` strict reading, `store` agents, bundles, credentials and triggers, `runs` and `run` the runs, `script` what
//! they do, `stream` their events as a stream, `chatwoot` the chat service beside it, `errors`; `options` and `handle`
//! are for users.

mod chatwoot;
mod check;
mod errors;
mod handle;
mod options;
mod routes;
mod run;
mod runs;
mod script;
mod store;
mod stream;

use std::collections::VecDeque;
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

pub use chatwoot::ChatwootHandle;
pub(crate) use chatwoot::{ChatwootSite, State as ChatwootState};
pub use handle::{AgentOsHandle, AgentOsRunView};
pub use options::{AgentOsOptions, Positions};
pub use script::{AgentOsPlan, AgentOsScenario, AgentOsScript};

/// Its name in the table of vendors.
pub(crate) const NAME: &str = "agent-os";
/// Where its paths begin.
pub(crate) const PREFIX: &str = "/agent-os";

pub(crate) struct AgentOs {
    world: Arc<World>,
    base_url: String,
    token: String,
    anonymous: bool,
    recorder: Recorder,
    open_streams: OpenStreams,
    chatwoot: Arc<ChatwootState>,
    state: Mutex<State>,
}

/// Everything that calls can change.
struct State {
    store: store::Store,
    /// Oldest first.
    runs: Vec<run::Run>,
    positions: Positions,
    first_seq: u64,
    server_close: bool,
    next_plans: VecDeque<AgentOsPlan>,
    default_plan: AgentOsPlan,
}

impl AgentOs {
    pub(crate) fn new(world: Arc<World>, options: AgentOsOptions) -> Self {
        let token = options.token.unwrap_or_else(|| world.ids.opaque("aos_tok"));
        world.store.never_show(&token);
        let chatwoot = Arc::new(ChatwootState::new(&world));
        Self {
            base_url: format!("{}{PREFIX}", world.url),
            token,
            anonymous: options.anonymous,
            recorder: Recorder::default(),
            open_streams: OpenStreams::default(),
            chatwoot,
            state: Mutex::new(State {
                store: store::Store::default(),
                runs: Vec::new(),
                positions: options.positions,
                first_seq: options.first_seq,
                server_close: options.server_close,
                next_plans: VecDeque::new(),
                default_plan: options.plan,
            }),
            world,
        }
    }

    pub(crate) fn chatwoot(&self) -> Arc<ChatwootState> {
        Arc::clone(&self.chatwoot)
    }

    async fn route(self: Arc<Self>, request: Request) -> Answer {
        let (route, ids) = routes::find(&request)?;
        self.authorize(&request)?;
        check::accepts(&request, route.op == Op::RunsStream)?;
        check::only_query(&request, route.query)?;
        if !route.body {
            check::no_body(&request)?;
        }
        let id = ids.first().map_or("", String::as_str);
        match route.op {
            Op::RunsStream => self.stream(&request, id),
            Op::RunsWait => self.wait(&request).await,
            op => self.plain(op, &request, id, ids.get(1).map_or("", String::as_str)),
        }
    }

    fn authorize(&self, request: &Request) -> Answer<()> {
        let Some(given) = request.header("authorization") else {
            return if self.anonymous {
                Ok(())
            } else {
                Err(Refusal::unauthorized("no token was given"))
            };
        };
        if given.strip_prefix("Bearer ") == Some(self.token.as_str()) {
            Ok(())
        } else {
            Err(Refusal::unauthorized("the token is not known"))
        }
    }

    /// The operations that need neither time nor a stream.
    fn plain(&self, op: Op, request: &Request, id: &str, second: &str) -> Answer {
        let world = &*self.world;
        let mut state = lock(&self.state);
        let State { store, runs, .. } = &mut *state;
        match op {
            Op::AgentsCreate => created(&store.create_agent(request, world)?),
            Op::AgentsList => check::page(request, store.agents(runs, world)),
            Op::AgentsGet => ok(&store.agent(id, runs, world)?),
            Op::AgentsUpdate => {
                store.update_agent(id, request)?;
                ok(&store.agent(id, runs, world)?)
            }
            Op::AgentsDelete => store.delete_agent(id).map(|()| no_content()),
            Op::BundlesCreate => created(&store.create_bundle(id, request, world)?),
            Op::BundlesList => ok(&store.bundles(id)?),
            Op::BundlesGet => ok(&store.bundle(id, second)?),
            Op::CredentialsCreate => created(&store.create_credential(request, world)?),
            Op::CredentialsList => ok(&store.credentials()),
            Op::CredentialsGet => {
                ok(&store.credential(id, check::flag(request, "includeValues")?)?)
            }
            Op::CredentialsUpdate => ok(&store.update_credential(id, request)?),
            Op::CredentialsDelete => store.delete_credential(id).map(|()| no_content()),
            Op::TriggersCreate => created(&store.create_trigger(request, world)?),
            Op::TriggersList => ok(&store.triggers(check::value(request, "agent_id"))),
            Op::TriggersGet => ok(&store.trigger(id)?),
            Op::TriggersUpdate => ok(&store.update_trigger(id, request)?),
            Op::TriggersDelete => store.delete_trigger(id).map(|()| no_content()),
            Op::RunsCreate => created(&state.create_run(request, world)?),
            Op::RunsList => {
                let runs = state.list_runs(world);
                check::page(request, runs)
            }
            Op::RunsGet => ok(&state.run(id, world)?.show(&world.clock)),
            Op::RunsEvents => ok(&state.events(id, request, world)?),
            Op::RunsCheckpoints => ok(&state.run(id, world)?.checkpoints(&world.clock)),
            Op::Me => ok(&json!({"id": "usr_1", "email": "me@example.com", "role": "owner"})),
            Op::Members => check::page(
                request,
                vec![
                    json!({"id": "mem_1", "user_id": "usr_1", "role": "owner"}),
                    json!({"id": "mem_2", "user_id": "usr_2", "role": "member"}),
                ],
            ),
            Op::RunsStream | Op::RunsWait => Err(Refusal::not_found("path")),
        }
    }
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "it ends the arms of a match that may also refuse"
)]
fn ok(value: &Value) -> Answer {
    Ok(http::json(StatusCode::OK, value))
}

#[allow(
    clippy::unnecessary_wraps,
    reason = "it ends the arms of a match that may also refuse"
)]
fn created(value: &Value) -> Answer {
    Ok(http::json(StatusCode::CREATED, value))
}

fn no_content() -> Reply {
    let mut reply = http::bytes(StatusCode::NO_CONTENT, "text/plain", bytes::Bytes::new());
    reply.headers_mut().clear();
    reply
}

impl Vendor for AgentOs {
    fn base_url(&self) -> &str {
        &self.base_url
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AGENT_OS_BASE_URL", self.base_url.clone()),
            ("AGENT_OS_TOKEN", self.token.clone()),
            ("AGENT_OS_CHATWOOT_URL", self.chatwoot.url.clone()),
            ("AGENT_OS_CHATWOOT_TOKEN", self.chatwoot.token.clone()),
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

    fn refuse(&self, status: StatusCode, message: &str) -> Reply {
        Refusal::new(status, "SCRIPTED_FAULT", message).into_reply()
    }

    fn too_large(&self) -> Reply {
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "TOO_LARGE",
            "the body is too long",
        )
        .into_reply()
    }

    fn runs(self: Arc<Self>) -> Vec<Value> {
        let show = |run: AgentOsRunView| json!({"id": run.id, "status": run.status, "held": run.held, "input": run.input});
        AgentOsHandle(self).runs().into_iter().map(show).collect()
    }

    fn next_run(self: Arc<Self>, input: &mut Input) -> Result<(), String> {
        let scenario = scenario::read(input, &AgentOsScenario::ALL)?;
        AgentOsHandle(self).next_run(scenario);
        Ok(())
    }

    fn release(self: Arc<Self>, id: &str) -> bool {
        AgentOsHandle(self).release(id)
    }
}

impl fmt::Debug for AgentOs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentOs")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
