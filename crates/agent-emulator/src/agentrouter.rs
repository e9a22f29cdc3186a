//! The vendor AgentRouter: its state, and which code answers which operation.
//!
//! Facts about the API come from the readme of `@agentrouterhq/sdk` 0.1.3 and from what its server and worker send and
//! take. Each room below is one concept: `routes` the table of operations, `create` and `validate` strict reading,
//! `state` what calls change, `run` and `script` what runs do, `show` and `stream` what the wire shows, `artifacts`,
//! `errors`; `options` and `handle` are for users.

mod artifacts;
mod create;
mod errors;
mod handle;
mod options;
mod routes;
mod run;
mod script;
mod show;
mod state;
mod stream;
mod validate;

use std::fmt;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use hyper::StatusCode;
use hyper::header::AUTHORIZATION;
use serde_json::{Value, json};

use crate::control::Input;
use crate::http::{self, Reply, Request};
use crate::record::Recorder;
use crate::scenario;
use crate::sync::lock;
use crate::vendors::{Vendor, World};

use errors::{Answer, Refusal};
use routes::Op;
use state::State;

pub use handle::{AgentRouterHandle, AgentRouterRun};
pub use options::AgentRouterOptions;
pub use script::{AgentRouterPlan, AgentRouterScenario, AgentRouterScript};

/// Its name in the table of vendors.
pub(crate) const NAME: &str = "agentrouter";
/// Where its paths begin.
pub(crate) const PREFIX: &str = "/agentrouter";

pub(crate) struct AgentRouter {
    world: Arc<World>,
    base_url: String,
    api_key: String,
    artifact_store: bool,
    recorder: Recorder,
    state: Mutex<State>,
}

impl AgentRouter {
    pub(crate) fn new(world: Arc<World>, options: AgentRouterOptions) -> Self {
        let api_key = options.api_key.unwrap_or_else(|| world.ids.opaque("ar"));
        world.store.never_show(&api_key);
        Self {
            base_url: format!("{}{PREFIX}", world.url),
            world,
            api_key,
            artifact_store: options.artifact_store,
            recorder: Recorder::default(),
            state: Mutex::default(),
        }
    }

    fn route(&self, request: &Request) -> Answer {
        let (op, ids) = routes::find(request)?;
        if op == Op::Health {
            return Ok(ok(&json!({"ok": true})));
        }
        let bearer = request
            .header(AUTHORIZATION)
            .and_then(|value| value.strip_prefix("Bearer "));
        if bearer != Some(self.api_key.as_str()) {
            return Err(Refusal::unauthorized());
        }
        let mut state = lock(&self.state);
        state.settle(&self.world);
        if let Some(refusal) = state.refusals.pop_front() {
            return Err(refusal);
        }
        let known: &[&str] = match op {
            Op::List => &["status", "limit"],
            Op::Events => &["afterSeq", "limit"],
            Op::Stream => &["afterSeq"],
            _ => &[],
        };
        let query = validate::query(request, known)?;
        let id = ids.first().map_or("", String::as_str);
        let second = ids.get(1).map_or("", String::as_str);
        if !matches!(
            op,
            Op::Create | Op::Cancel | Op::Approve | Op::Deny | Op::Messages | Op::Close
        ) {
            validate::no_body(request)?;
        }
        let world = &*self.world;
        let clock = &*world.clock;
        let reply = match op {
            Op::Health => ok(&json!({"ok": true})),
            Op::Create => {
                let creation = create::creation(request)?;
                let key = request
                    .header("idempotency-key")
                    .filter(|key| !key.is_empty());
                let (status, run) = state.create(creation, key, world)?;
                http::json(status, &run)
            }
            Op::List => ok(&state.list(&query, world)?),
            Op::Get => ok(&state.run(id)?.show(clock)),
            Op::Session => ok(&state.run(id)?.show_session(clock)),
            Op::Events => ok(&state.events(id, &query, world)?),
            Op::Stream => {
                let after = validate::number(&query, "afterSeq", (0, u64::MAX))?;
                let after = after.or_else(|| request.header("last-event-id")?.parse().ok());
                // An unknown run has nothing new, which is not an error here.
                let events = state
                    .run(id)
                    .map(|run| run.show_events(after.unwrap_or(0), stream::LIMIT, clock))
                    .unwrap_or_default();
                stream::snapshot(&events)
            }
            Op::Cancel => {
                validate::empty_object(request)?;
                let run = state.run_mut(id)?;
                run.cancel(clock.now());
                ok(&run.show(clock))
            }
            Op::Approve => {
                let decision = create::decision(request)?;
                ok(&state.decide((id, second), "approved", decision, world)?)
            }
            Op::Deny => {
                let decision = create::decision(request)?;
                ok(&state.decide((id, second), "denied", decision, world)?)
            }
            Op::Messages => {
                let message = create::message(request)?;
                http::json(
                    StatusCode::ACCEPTED,
                    &state.continue_run(id, message, world)?,
                )
            }
            Op::Turns => ok(&state.turns(id, world)?),
            Op::Close => {
                validate::empty_object(request)?;
                ok(&state.close(id)?)
            }
            Op::Artifacts => ok(&state.run(id)?.show_artifacts(clock)),
            Op::Download => self.download(&state, id, second)?,
        };
        if state.lost_answers > 0 {
            state.lost_answers -= 1;
            return Ok(stream::lost(request.wire.clone()));
        }
        Ok(reply)
    }

    fn download(&self, state: &State, id: &str, artifact: &str) -> Answer {
        if !self.artifact_store {
            return Err(Refusal::new(
                StatusCode::NOT_IMPLEMENTED,
                "artifact_download_unconfigured",
                "Artifact downloads are not configured",
            ));
        }
        let run = state.run(id).map_err(|_| Refusal::artifact_not_found())?;
        let found = run.artifacts.iter().find(|known| known.id == artifact);
        let found = found.ok_or_else(Refusal::artifact_not_found)?;
        Ok(http::bytes(
            StatusCode::OK,
            found.content_type,
            found.content.clone(),
        ))
    }
}

fn ok(value: &Value) -> Reply {
    http::json(StatusCode::OK, value)
}

impl Vendor for AgentRouter {
    fn base_url(&self) -> &str {
        &self.base_url
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AGENTROUTER_API_BASE_URL", self.base_url.clone()),
            ("AGENTROUTER_API_KEY", self.api_key.clone()),
        ]
    }

    fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    fn answer(self: Arc<Self>, request: Request) -> BoxFuture<'static, Reply> {
        Box::pin(async move { self.route(&request).unwrap_or_else(Refusal::into_reply) })
    }

    fn too_large(&self) -> Reply {
        validate::too_large().into_reply()
    }

    fn refuse(&self, status: StatusCode, message: &str) -> Reply {
        Refusal::new(status, "scripted_fault", message).into_reply()
    }

    fn runs(self: Arc<Self>) -> Vec<Value> {
        let show = |run: AgentRouterRun| json!({"id": run.id, "status": run.status, "held": run.held, "waits_for": run.waits_for});
        AgentRouterHandle(self)
            .runs()
            .into_iter()
            .map(show)
            .collect()
    }

    fn next_run(self: Arc<Self>, input: &mut Input) -> Result<(), String> {
        let scenario = scenario::read(input, &AgentRouterScenario::ALL)?;
        AgentRouterHandle(self).next_run(scenario);
        Ok(())
    }

    fn release(self: Arc<Self>, id: &str) -> bool {
        AgentRouterHandle(self).release(id)
    }
}

impl fmt::Debug for AgentRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentRouter")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}
