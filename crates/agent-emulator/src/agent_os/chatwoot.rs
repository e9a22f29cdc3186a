//! A small Chatwoot on a port of its own, so on another origin: profile and inboxes of one account.
//!
//! It refuses every request that carries anything of Agent OS, so that a test can prove that nothing does. Facts come
//! from Chatwoot's public reference.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use hyper::header::{AUTHORIZATION, COOKIE, HeaderValue, LOCATION};
use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::http::{self, Reply, Request};
use crate::record::{RecordedRequest, Recorder};
use crate::server::Site;
use crate::sync::lock;
use crate::table;
use crate::vendors::World;

/// The one account.
const ACCOUNT: u64 = 7;
/// The header of the token.
const TOKEN: &str = "api_access_token";
/// What a request may carry besides the token.
const HARMLESS: [&str; 8] = [
    TOKEN,
    "content-type",
    "content-length",
    "accept",
    "accept-encoding",
    "user-agent",
    "host",
    "connection",
];

/// The chat service behind one emulator.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) url: String,
    pub(super) token: String,
    recorder: Recorder,
    leaks: AtomicUsize,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    inboxes: BTreeMap<u64, Map<String, Value>>,
    last: u64,
    redirect: Option<String>,
    without_accounts: bool,
}

/// Control and inspection of the Chatwoot beside Agent OS. Clones look at the same one.
#[derive(Clone)]
pub struct ChatwootHandle(pub(super) Arc<State>);

impl ChatwootHandle {
    /// Its address, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The token that is known.
    pub fn token(&self) -> &str {
        &self.0.token
    }

    /// The account of the token's owner.
    pub fn account_id(&self) -> u64 {
        ACCOUNT
    }

    /// The requests in order.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.0.recorder.all()
    }

    /// How many requests were refused because they carried something that is not for Chatwoot.
    pub fn leaks(&self) -> usize {
        self.0.leaks.load(Ordering::SeqCst)
    }

    /// All inboxes.
    pub fn inboxes(&self) -> Vec<Value> {
        let inner = lock(&self.0.inner);
        inner.inboxes.values().cloned().map(Value::Object).collect()
    }

    /// Answers every request with a redirect to this URL from now on; `None` ends it.
    pub fn redirect_to(&self, url: Option<&str>) {
        lock(&self.0.inner).redirect = url.map(str::to_owned);
    }

    /// Sets whether the token's owner has no account.
    pub fn without_accounts(&self, none: bool) {
        lock(&self.0.inner).without_accounts = none;
    }
}

impl fmt::Debug for ChatwootHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatwootHandle")
            .field("url", &self.0.url)
            .finish_non_exhaustive()
    }
}

impl State {
    pub(super) fn new(world: &World) -> Self {
        let token = world.ids.opaque("cw_tok");
        world.store.never_show(&token);
        let mut inner = Inner::default();
        inner.put(json!({"name": "Website", "channel_type": "Channel::WebWidget"}));
        Self {
            url: world.chatwoot_url.clone(),
            token,
            recorder: Recorder::default(),
            leaks: AtomicUsize::new(0),
            inner: Mutex::new(inner),
        }
    }

    fn reply(&self, request: &Request) -> Reply {
        let foreign = request
            .headers
            .keys()
            .find(|name| !HARMLESS.contains(&name.as_str()));
        if let Some(name) = foreign {
            self.leaks.fetch_add(1, Ordering::SeqCst);
            let what = match *name {
                AUTHORIZATION | COOKIE => "credentials of another service",
                _ => "a header that is not for Chatwoot",
            };
            return error(StatusCode::BAD_REQUEST, &format!("{what}: {name}"));
        }
        let mut inner = lock(&self.inner);
        if let Some(url) = &inner.redirect {
            let mut reply = error(StatusCode::FOUND, "moved");
            if let Ok(url) = HeaderValue::from_str(url) {
                reply.headers_mut().insert(LOCATION, url);
            }
            return reply;
        }
        if request.header(TOKEN) != Some(self.token.as_str()) {
            return error(StatusCode::UNAUTHORIZED, "Invalid Access Token");
        }
        let segments = request.segments.as_deref().unwrap_or_default();
        let account = ACCOUNT.to_string();
        if segments == ["api", "v1", "profile"] {
            return match request.method {
                Method::GET => inner.profile(),
                _ => error(StatusCode::METHOD_NOT_ALLOWED, "only GET"),
            };
        }
        let inboxes = ["api", "v1", "accounts", account.as_str(), "inboxes"];
        if segments == inboxes {
            return match request.method {
                Method::GET => http::json(
                    StatusCode::OK,
                    &json!({"payload": inner.inboxes.values().collect::<Vec<_>>()}),
                ),
                Method::POST => inner.create(&request.body),
                _ => error(StatusCode::METHOD_NOT_ALLOWED, "only GET and POST"),
            };
        }
        let one = ["api", "v1", "accounts", account.as_str(), "inboxes", "*"];
        let inbox = table::ids(&one, segments);
        let inbox = inbox.and_then(|ids| ids.first()?.parse().ok());
        match (inbox, &request.method) {
            (Some(id), &Method::GET) => inner.show(id),
            (Some(id), &Method::PATCH) => inner.update(id, &request.body),
            (Some(id), &Method::DELETE) => inner.delete(id),
            // As stock servers: no metrics of an inbox.
            _ => error(StatusCode::NOT_FOUND, "Resource could not be found"),
        }
    }
}

impl Inner {
    fn profile(&self) -> Reply {
        let accounts = if self.without_accounts {
            json!([])
        } else {
            json!([{"id": ACCOUNT, "name": "Acme", "role": "administrator"}])
        };
        http::json(
            StatusCode::OK,
            &json!({"id": 1, "name": "Ada", "accounts": accounts}),
        )
    }

    fn put(&mut self, inbox: Value) -> Value {
        self.last += 1;
        let mut fields = match inbox {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        fields.insert("id".to_owned(), self.last.into());
        self.inboxes.insert(self.last, fields.clone());
        fields.into()
    }

    fn create(&mut self, body: &[u8]) -> Reply {
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
            return error(StatusCode::BAD_REQUEST, "no JSON object");
        };
        let named = fields.get("name").and_then(Value::as_str);
        if named.is_none_or(str::is_empty) {
            let refusal = json!({"message": "Name can't be blank", "attributes": ["name"]});
            return http::json(StatusCode::UNPROCESSABLE_ENTITY, &refusal);
        }
        http::json(StatusCode::OK, &self.put(fields.into()))
    }

    fn show(&self, id: u64) -> Reply {
        match self.inboxes.get(&id) {
            Some(inbox) => http::json(StatusCode::OK, &Value::Object(inbox.clone())),
            None => missing(),
        }
    }

    fn update(&mut self, id: u64, body: &[u8]) -> Reply {
        let Ok(Value::Object(change)) = serde_json::from_slice(body) else {
            return error(StatusCode::BAD_REQUEST, "no JSON object");
        };
        match self.inboxes.get_mut(&id) {
            Some(inbox) => inbox.extend(change),
            None => return missing(),
        }
        self.show(id)
    }

    fn delete(&mut self, id: u64) -> Reply {
        match self.inboxes.remove(&id) {
            Some(_) => {
                let text = "Your inbox deletion request will be processed in some time.";
                http::json(StatusCode::OK, &json!({"message": text}))
            }
            None => missing(),
        }
    }
}

fn missing() -> Reply {
    error(StatusCode::NOT_FOUND, "Resource could not be found")
}

fn error(status: StatusCode, text: &str) -> Reply {
    http::json(status, &json!({"error": text}))
}

/// The listener's side.
pub(crate) struct ChatwootSite(pub(crate) Arc<State>);

impl Site for ChatwootSite {
    fn answer(self: Arc<Self>, request: Request) -> BoxFuture<'static, Reply> {
        Box::pin(async move {
            let number = self.0.recorder.note(&request);
            let reply = self.0.reply(&request);
            self.0.recorder.answered(number, reply.status().as_u16());
            reply
        })
    }

    fn too_large(&self, _path: &str) -> Reply {
        error(StatusCode::PAYLOAD_TOO_LARGE, "the body is too long")
    }
}
