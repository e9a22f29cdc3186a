//! What a test can see of Meistrari and do to it, besides calling its API.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::script::Turn;
use super::session::Session;
use super::webhooks::{Delivery, DeliveryState};
use super::{Meistrari, State};
use crate::record::RecordedRequest;
use crate::sync::lock;

/// Control and inspection of Meistrari. Clones look at the same emulator.
#[derive(Clone)]
pub struct MeistrariHandle(pub(crate) Arc<Meistrari>);

/// A session as the emulator sees it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SessionView {
    /// The session's id.
    pub id: String,
    /// The organisation that it was started for.
    pub organization: String,
    /// The repository that it was started from.
    pub repository: String,
    /// The messages so far.
    pub messages: Vec<String>,
    /// The files of the last turn: name and reference.
    pub inputs: Vec<(String, String)>,
    /// The names of the last turn's environment variables.
    pub environment: Vec<String>,
    /// The status, as the wire names it.
    pub status: &'static str,
    /// Whether a script holds the turn now.
    pub held: bool,
    /// Whether the turn's last event was sent: only then another may begin.
    pub over: bool,
    /// The URLs of the registered webhooks.
    pub webhooks: Vec<String>,
    /// The events so far, as they are sent.
    pub events: Vec<Value>,
}

/// A change of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Commit {
    /// The repository.
    pub repository: String,
    /// The new model.
    pub model: String,
    /// The message.
    pub message: String,
    /// The commit's hash.
    pub hash: String,
}

impl MeistrariHandle {
    /// The URL of the API to give to a client, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// The URL of the vault, on a port of its own.
    pub fn vault_url(&self) -> &str {
        &self.0.world.vault_url
    }

    /// The data token that is known: for the API and the vault.
    pub fn data_token(&self) -> &str {
        &self.0.data_token
    }

    /// The API key that is known: for the API alone.
    pub fn api_key(&self) -> &str {
        &self.0.api_key
    }

    /// A reference to a file that is in the vault from the start: `tickets.csv`.
    pub fn reference(&self) -> &str {
        &self.0.reference
    }

    /// How many requests to the API there were.
    pub fn request_count(&self) -> usize {
        self.0.recorder.count()
    }

    /// The requests to the API in order: the last 10,000, or as many as have no more than 256 MiB of bodies.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.0.recorder.all()
    }

    /// The requests to the vault in order, likewise.
    pub fn vault_requests(&self) -> Vec<RecordedRequest> {
        self.0.vault_recorder.all()
    }

    /// Puts a file into the vault and gives its reference.
    pub fn put_file(
        &self,
        name: impl Into<String>,
        content_type: &'static str,
        content: impl Into<Bytes>,
    ) -> String {
        let (name, content) = (name.into(), content.into());
        let id = self.with(|state| state.vault.put(name, content_type, content, &self.0.world));
        format!("vault://{id}")
    }

    /// Sets what the next turn does; a message that begins with `emulate:` goes before. Called several times, it
    /// queues.
    pub fn next_turn(&self, turn: impl Into<Turn>) {
        let turn = turn.into();
        self.with(|state| state.next_turns.push_back(turn));
    }

    /// Lets a turn go on that its script holds. False when there is no such session or nothing holds it.
    pub fn release(&self, session_id: &str) -> bool {
        let world = &self.0.world;
        let released = self.with(|state| {
            state
                .session(session_id, world)
                .is_ok_and(|session| session.release(world.clock.now()))
        });
        self.0.changed.notify_one();
        released
    }

    /// All sessions, oldest first.
    pub fn sessions(&self) -> Vec<SessionView> {
        let world = &self.0.world;
        self.with(|state| {
            let sessions = state.sessions.iter_mut();
            sessions
                .map(|session| {
                    session.settle(world.clock.now());
                    view(session)
                })
                .collect()
        })
    }

    /// One session.
    pub fn session(&self, id: &str) -> Option<SessionView> {
        self.sessions().into_iter().find(|session| session.id == id)
    }

    /// The changes of models, oldest first.
    pub fn commits(&self) -> Vec<Commit> {
        self.with(|state| state.commits.clone())
    }

    /// How many event streams are open now.
    pub fn open_streams(&self) -> usize {
        self.0.open_streams.count()
    }

    /// From now on, delivers to `address`, over plain http, what is registered for `https://<host>/…`. False, and
    /// nothing changes, if the address is not this machine's.
    pub fn webhook_host(&self, host: &str, address: SocketAddr) -> bool {
        let loopback = address.ip().is_loopback();
        if loopback {
            let host = host.to_ascii_lowercase();
            self.with(|state| state.hosts.insert(host, address));
        }
        loopback
    }

    /// The deliveries to webhooks so far, oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.with(|state| state.deliveries.clone())
    }

    /// Waits until there are at least `count` deliveries and none of them is pending.
    pub async fn settled_deliveries(&self, count: usize) -> Vec<Delivery> {
        loop {
            let changed = self.0.delivered.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let all = self.deliveries();
            let pending = all.iter().any(|own| own.state == DeliveryState::Pending);
            if all.len() >= count && !pending {
                return all;
            }
            changed.await;
        }
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut lock(&self.0.state))
    }
}

fn view(session: &Session) -> SessionView {
    SessionView {
        id: session.id.clone(),
        organization: session.organization.clone(),
        repository: session.repository.clone(),
        messages: session.messages.clone(),
        inputs: session.inputs.clone(),
        environment: session.environment.clone(),
        status: session.status.name(),
        held: session.is_held(),
        over: session.is_over(),
        webhooks: session
            .webhooks
            .iter()
            .map(|hook| hook.url.clone())
            .collect(),
        events: (0..session.events.len())
            .filter_map(|index| session.event(index))
            .collect(),
    }
}

impl fmt::Debug for MeistrariHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MeistrariHandle")
            .field("base_url", &self.0.base_url)
            .field("vault_url", &self.0.world.vault_url)
            .finish_non_exhaustive()
    }
}
