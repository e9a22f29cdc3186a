//! The vendor Meistrari: its state, and which code answers which operation.
//!
//! Fields, headers, states and webhook rules come from the readme of `@meistrari/agent-sdk` 0.5.0, the vault from what
//! `@meistrari/vault-sdk` sends and takes; the paths of two operations and the form of signatures are guesses. Each
//! room below is one concept: `routes` the table of operations, `body` strict reading, `session` the sessions, `script`
//! what their turns do, `events` their streams, `vault` files and presigned URLs, `webhooks` what is to be delivered,
//! `courier` its delivery, `errors`; `options` and `handle` are for users.

mod body;
mod courier;
mod errors;
mod events;
mod handle;
mod options;
mod routes;
mod script;
mod session;
mod vault;
mod webhooks;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::header::AUTHORIZATION;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::api::refuse;
use crate::control::Input;
use crate::http::{self, Reply, Request};
use crate::live::OpenStreams;
use crate::record::Recorder;
use crate::scenario;
use crate::server::Site;
use crate::strike::{self, Victim};
use crate::sync::lock;
use crate::vendors::{Vendor, World};

use errors::{Answer, Refusal};
use routes::Op;
use session::Session;

pub(crate) use courier::Courier;
pub use handle::{Commit, MeistrariHandle, SessionView};
pub use options::MeistrariOptions;
pub use script::{Turn, TurnScenario, TurnScript};
pub use webhooks::{Delivery, DeliveryState};

/// Its name in the table of vendors.
pub(crate) const NAME: &str = "meistrari";
/// Where its paths begin.
pub(crate) const PREFIX: &str = "/meistrari";

/// The name by which faults find its vault.
pub(crate) const VAULT: &str = "vault";

/// Where a program over HTTP says which host's deliveries go where.
const WEBHOOK_HOSTS: &str = "webhook-hosts";

pub(crate) struct Meistrari {
    world: Arc<World>,
    base_url: String,
    data_token: String,
    api_key: String,
    /// A file that is in the vault from the start.
    reference: String,
    recorder: Recorder,
    vault_recorder: Recorder,
    open_streams: OpenStreams,
    /// Tells the courier that there may be something to deliver.
    changed: Notify,
    /// Tells whoever waits for deliveries that one went on.
    delivered: Notify,
    state: Mutex<State>,
}

/// Everything that calls can change.
struct State {
    /// Oldest first.
    sessions: Vec<Session>,
    vault: vault::Files,
    commits: Vec<Commit>,
    deliveries: Vec<Delivery>,
    hosts: BTreeMap<String, SocketAddr>,
    next_turns: VecDeque<Turn>,
    default_turn: Turn,
}

impl State {
    /// A session, with everything that is due by now done.
    fn session(&mut self, id: &str, world: &World) -> Answer<&mut Session> {
        let session = self.sessions.iter_mut().find(|session| session.id == id);
        let session = session.ok_or_else(|| Refusal::not_found("Session"))?;
        session.settle(world.clock.now());
        Ok(session)
    }
}

impl Meistrari {
    pub(crate) fn new(world: Arc<World>, options: MeistrariOptions) -> Self {
        let secret = |given: Option<String>, kind| given.unwrap_or_else(|| world.ids.opaque(kind));
        let data_token = secret(options.data_token, "dt");
        let api_key = secret(options.api_key, "ak");
        world.store.never_show(&data_token);
        world.store.never_show(&api_key);
        let mut files = vault::Files::default();
        let content = Bytes::from_static(b"ticket,state\n1,open\n2,closed\n");
        let id = files.put("tickets.csv".to_owned(), "text/csv", content, &world);
        let state = State {
            sessions: Vec::new(),
            vault: files,
            commits: Vec::new(),
            deliveries: Vec::new(),
            hosts: options.hosts,
            next_turns: VecDeque::new(),
            default_turn: options.turn,
        };
        Self {
            base_url: format!("{}{PREFIX}", world.url),
            world,
            data_token,
            api_key,
            reference: format!("vault://{id}"),
            recorder: Recorder::default(),
            vault_recorder: Recorder::default(),
            open_streams: OpenStreams::default(),
            changed: Notify::new(),
            delivered: Notify::new(),
            state: Mutex::new(state),
        }
    }

    fn authenticated(&self, request: &Request) -> bool {
        let bearer = request
            .header(AUTHORIZATION)
            .and_then(|value| value.strip_prefix("Bearer "));
        request.header("x-data-token") == Some(self.data_token.as_str())
            || bearer == Some(self.api_key.as_str())
    }

    fn route(self: &Arc<Self>, request: &Request) -> Answer {
        let segments = request
            .segments
            .as_deref()
            .ok_or_else(|| Refusal::not_found("Path"))?;
        let (op, id, rest) = routes::find(&request.method, segments)?;
        if !self.authenticated(request) {
            return Err(Refusal::unauthorized());
        }
        body::only_query(request, (op == Op::Stream).then_some("cursor"))?;
        if !matches!(op, Op::Execute | Op::UpdateModel) {
            body::none(request)?;
        }
        if op == Op::Stream {
            return self.stream(request, &id);
        }
        let reply = self.plain(op, request, &id, &rest)?;
        self.changed.notify_one();
        Ok(http::json(StatusCode::OK, &reply))
    }

    fn plain(&self, op: Op, request: &Request, id: &str, rest: &str) -> Answer<Value> {
        let world = &*self.world;
        let mut state = lock(&self.state);
        match op {
            Op::Execute => {
                let wanted = body::execute(request)?;
                state.execute(wanted, world)
            }
            Op::Cancel => {
                let session = state.session(id, world)?;
                session.cancel(world.clock.now())?;
                Ok(json!({"success": true, "message": "Message cancelled"}))
            }
            Op::UpdateModel => {
                let (model, message) = body::model(request)?;
                let hash: String = world.ids.digest("commit").chars().take(40).collect();
                state.commits.push(Commit {
                    repository: id.to_owned(),
                    model,
                    message: message.unwrap_or_else(|| "chore: update agent model".to_owned()),
                    hash: hash.clone(),
                });
                Ok(json!({"success": true, "commitHash": hash}))
            }
            Op::Timeline => Ok(state.session(id, world)?.timeline(&world.clock)),
            Op::ListFiles => Ok(state.session(id, world)?.tree()),
            Op::FetchFile => state.session(id, world)?.file(rest),
            Op::Stream => Err(Refusal::not_found("Path")),
        }
    }

    fn stream(self: &Arc<Self>, request: &Request, id: &str) -> Answer {
        body::accepts_events(request)?;
        let cursor = body::cursor(request)?;
        let wake = lock(&self.state).session(id, &self.world)?.wake.subscribe();
        Ok(events::follow(self, id, cursor, wake))
    }

    /// Answers a request to the vault.
    fn vault(&self, request: &Request) -> Answer {
        let segments = request.segments.as_deref().unwrap_or_default();
        let [files, id] = segments else {
            return Err(Refusal::not_found("Path"));
        };
        if files != "files" || request.method != Method::GET {
            return Err(Refusal::not_found("Path"));
        }
        if request.header("x-data-token") != Some(self.data_token.as_str()) {
            return Err(Refusal::unauthorized());
        }
        if request.header("x-compatibility-date").is_none() {
            return Err(Refusal::invalid("x-compatibility-date", "is missing"));
        }
        body::none(request)?;
        let state = lock(&self.state);
        let file = state
            .vault
            .get(id)
            .ok_or_else(|| Refusal::not_found("File"))?;
        Ok(http::json(StatusCode::OK, &file.presigned(&self.world)))
    }
}

impl Vendor for Meistrari {
    fn base_url(&self) -> &str {
        &self.base_url
    }

    fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("MEISTRARI_BASE_URL", self.base_url.clone()),
            ("MEISTRARI_VAULT_URL", self.world.vault_url.clone()),
            ("MEISTRARI_DATA_TOKEN", self.data_token.clone()),
            ("MEISTRARI_REFERENCE", self.reference.clone()),
        ]
    }

    fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    fn answer(self: Arc<Self>, request: Request) -> BoxFuture<'static, Reply> {
        Box::pin(async move { self.route(&request).unwrap_or_else(Refusal::into_reply) })
    }

    fn too_large(&self) -> Reply {
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "Request body is too large").into_reply()
    }

    fn refuse(&self, status: StatusCode, message: &str) -> Reply {
        Refusal::new(status, message).into_reply()
    }

    /// `POST webhook-hosts` with `{"host": "example.com", "address": "127.0.0.1:9000"}`; `GET` lists them.
    fn control(&self, path: &str, request: &Request) -> Option<Reply> {
        if path != WEBHOOK_HOSTS {
            return None;
        }
        let status = match request.method {
            Method::GET => StatusCode::OK,
            Method::POST => match options::host(&request.body) {
                Ok((host, address)) => {
                    lock(&self.state).hosts.insert(host, address);
                    StatusCode::CREATED
                }
                Err(message) => return Some(refuse(StatusCode::BAD_REQUEST, &message)),
            },
            _ => return Some(refuse(StatusCode::METHOD_NOT_ALLOWED, "only GET and POST")),
        };
        let hosts = lock(&self.state).hosts.clone();
        let hosts: BTreeMap<_, _> = hosts
            .into_iter()
            .map(|(host, address)| (host, address.to_string()))
            .collect();
        Some(http::json(status, &json!({"hosts": hosts})))
    }

    fn runs(self: Arc<Self>) -> Vec<Value> {
        let show = |own: SessionView| json!({"id": own.id, "status": own.status, "held": own.held, "messages": own.messages});
        MeistrariHandle(self)
            .sessions()
            .into_iter()
            .map(show)
            .collect()
    }

    fn next_run(self: Arc<Self>, input: &mut Input) -> Result<(), String> {
        let scenario = scenario::read(input, &TurnScenario::ALL)?;
        MeistrariHandle(self).next_turn(scenario);
        Ok(())
    }

    fn release(self: Arc<Self>, id: &str) -> bool {
        MeistrariHandle(self).release(id)
    }
}

/// The listener of the vault: a port of its own, so an origin of its own.
pub(crate) struct VaultSite(pub(crate) Arc<Meistrari>);

impl Site for VaultSite {
    fn answer(self: Arc<Self>, request: Request) -> BoxFuture<'static, Reply> {
        Box::pin(async move {
            let world = &self.0.world;
            let answer = |request: Request| {
                let reply = self.0.vault(&request);
                std::future::ready(reply.unwrap_or_else(Refusal::into_reply))
            };
            strike::answer(&world.faults, &*self, &world.clock, request, answer).await
        })
    }

    fn too_large(&self, _: &str) -> Reply {
        http::bytes(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", Bytes::new())
    }
}

impl Victim for VaultSite {
    fn name(&self) -> &str {
        VAULT
    }

    fn refuse(&self, status: StatusCode, message: &str) -> Reply {
        Refusal::new(status, message).into_reply()
    }

    fn record(&self) -> &Recorder {
        &self.0.vault_recorder
    }
}

impl fmt::Debug for Meistrari {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meistrari")
            .field("base_url", &self.base_url)
            .field("vault_url", &self.world.vault_url)
            .finish_non_exhaustive()
    }
}
