//! The storage stand-in: downloads by presigned URL on an origin of its own, as the vendors' object stores are.
//!
//! It refuses every request that carries credentials besides the URL's own signature, so that a test can prove that
//! none follows a presigned URL. Who puts files here is each vendor's business.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hyper::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::clock::{Clock, Moment};
use crate::http::{self, Reply, Request};
use crate::ids::Ids;
use crate::record::{RecordedRequest, Recorder};
use crate::server::Site;
use crate::strike::{self, Victim};
use crate::sync::lock;
use crate::vendors::World;

/// How long a presigned URL is good.
const URL_LIFE: Duration = Duration::from_secs(7 * 86_400);
/// What may stand unencoded in the path of a URL.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/');
/// The length from which on a credential of another place is looked for.
const MIN_SECRET: usize = 8;
/// The query key of the signature.
const SIGNATURE: &str = "X-Emulator-Signature";

/// The storage behind one emulator.
pub(crate) struct Store {
    base_url: String,
    clock: Arc<Clock>,
    ids: Arc<Ids>,
    recorder: Recorder,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Object>,
    signatures: BTreeMap<String, (String, Moment)>,
    secrets: BTreeSet<String>,
    refused: usize,
}

struct Object {
    content_type: &'static str,
    content: Bytes,
}

impl Store {
    pub(crate) fn new(base_url: String, clock: Arc<Clock>, ids: Arc<Ids>) -> Self {
        Self {
            base_url,
            clock,
            ids,
            recorder: Recorder::default(),
            state: Mutex::default(),
        }
    }

    /// Stores an object and returns a presigned URL for it.
    pub(crate) fn put(
        &self,
        bucket: &str,
        key: &str,
        content_type: &'static str,
        content: Bytes,
    ) -> String {
        let name = format!("{bucket}/{key}");
        let signature = self.ids.digest("signature");
        let url = format!(
            "{}/{}?{SIGNATURE}={signature}",
            self.base_url,
            utf8_percent_encode(&name, PATH)
        );
        let expires = self.clock.now() + URL_LIFE;
        let mut state = lock(&self.state);
        state.signatures.insert(signature, (name.clone(), expires));
        state.objects.insert(
            name,
            Object {
                content_type,
                content,
            },
        );
        url
    }

    /// Remembers a text that is a credential somewhere else and must never be seen here. Short ones could turn up by
    /// chance and are not looked for.
    pub(crate) fn never_show(&self, secret: &str) {
        if secret.len() < MIN_SECRET {
            return;
        }
        lock(&self.state).secrets.insert(secret.to_owned());
    }

    fn answer(&self, request: &Request) -> Reply {
        self.decide(request).unwrap_or_else(Denied::into_reply)
    }

    fn decide(&self, request: &Request) -> Result<Reply, Denied> {
        let mut state = lock(&self.state);
        if let Some(what) = foreign_credential(request, &state.secrets) {
            state.refused += 1;
            let message =
                format!("a presigned URL takes no other credentials, but there was {what}");
            return Err(denied(StatusCode::BAD_REQUEST, "InvalidArgument", message));
        }
        if request.method != Method::GET && request.method != Method::HEAD {
            let status = StatusCode::METHOD_NOT_ALLOWED;
            return Err(denied(status, "MethodNotAllowed", "only GET and HEAD"));
        }
        let no_access = |message| denied(StatusCode::FORBIDDEN, "AccessDenied", message);
        let name = request.segments.as_ref().map(|segments| segments.join("/"));
        let name = name.unwrap_or_default();
        let signature = request.query.iter().find(|(key, _)| key == SIGNATURE);
        let (signed, expires) = signature
            .and_then(|(_, text)| state.signatures.get(text))
            .ok_or_else(|| no_access("no valid signature"))?;
        if *signed != name {
            return Err(no_access("the signature is another object's"));
        }
        if *expires <= self.clock.now() {
            return Err(no_access("the signature has expired"));
        }
        let object = state
            .objects
            .get(&name)
            .ok_or_else(|| denied(StatusCode::NOT_FOUND, "NoSuchKey", "no such object"))?;
        Ok(http::bytes(
            StatusCode::OK,
            object.content_type,
            object.content.clone(),
        ))
    }
}

impl fmt::Debug for Store {
    /// Without what it holds: signatures and other places' credentials among it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

/// Names a credential in the request that has no business here.
fn foreign_credential(request: &Request, secrets: &BTreeSet<String>) -> Option<String> {
    for (name, value) in &request.headers {
        let text = String::from_utf8_lossy(value.as_bytes());
        if http::is_credential(name) || secrets.iter().any(|secret| text.contains(secret.as_str()))
        {
            return Some(format!("the header {name}"));
        }
    }
    let known = |text: &String| secrets.iter().any(|secret| text.contains(secret.as_str()));
    let (key, _) = request
        .query
        .iter()
        .find(|(key, value)| known(key) || known(value))?;
    Some(format!("the query parameter {key}"))
}

/// A refusal.
struct Denied {
    status: StatusCode,
    code: &'static str,
    message: String,
}

fn denied(status: StatusCode, code: &'static str, message: impl Into<String>) -> Denied {
    let message = message.into();
    Denied {
        status,
        code,
        message,
    }
}

impl Denied {
    /// In the form of the object stores.
    fn into_reply(self) -> Reply {
        let Self {
            status,
            code,
            message,
        } = self;
        let xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
        );
        http::bytes(status, "application/xml", Bytes::from(xml))
    }
}

/// A look at the storage stand-in of an emulator.
#[derive(Debug, Clone)]
pub struct Storage(pub(crate) Arc<Store>);

impl Storage {
    /// Where it listens: another port, so another origin, than the API.
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// Every request so far, refused ones too.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.0.recorder.all()
    }

    /// How many requests were refused because they carried credentials. A client that leaks none leaves this at 0.
    pub fn refused_credentials(&self) -> usize {
        lock(&self.0.state).refused
    }

    /// The names of the stored objects, `bucket/key`, in order.
    pub fn objects(&self) -> Vec<String> {
        lock(&self.0.state).objects.keys().cloned().collect()
    }
}

/// The name by which faults find the storage.
pub(crate) const STORAGE: &str = "storage";

/// The listener of the storage: a port of its own, so an origin of its own.
pub(crate) struct StorageSite(pub(crate) Arc<World>);

impl Site for StorageSite {
    fn answer(self: Arc<Self>, request: Request) -> BoxFuture<'static, Reply> {
        Box::pin(async move {
            let World {
                faults,
                store,
                clock,
                ..
            } = &*self.0;
            let answer = |request| std::future::ready(store.answer(&request));
            strike::answer(faults, &**store, clock, request, answer).await
        })
    }

    fn too_large(&self, _path: &str) -> Reply {
        http::bytes(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", Bytes::new())
    }
}

impl Victim for Store {
    fn name(&self) -> &str {
        STORAGE
    }

    fn refuse(&self, status: StatusCode, message: &str) -> Reply {
        denied(status, "ScriptedFault", message).into_reply()
    }

    fn record(&self) -> &Recorder {
        &self.recorder
    }
}
