//! What a vendor adds to the runner: how a call of a vector becomes a call of the SDK, and the result JSON again.
//!
//! Everything else (servers, waiting, comparing, reporting) is the same for all vendors and is not here.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use agent_core::{BoxFuture, Transport};
use futures_util::{Stream, StreamExt as _};
use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::compare::Difference;
use crate::compare::url::UrlRule;
use crate::vector::{Request, Step, Vector};

/// One vendor's SDK, as the runner sees it.
pub trait Adapter: Send + Sync {
    /// How the vendor's vectors compare paths and queries.
    fn url_rule(&self) -> UrlRule {
        UrlRule::Raw
    }

    /// Whether the vendor's contract leaves open how numbers are written in JSON that an error's message quotes.
    fn numbers_in_messages_are_free(&self) -> bool {
        false
    }

    /// Whether the vector makes the SDK wait although its keys do not show it: a polling interval, a time limit.
    fn needs_virtual_time(&self, _vector: &Vector) -> bool {
        false
    }

    /// Builds the client from the vector's `client` options. Placeholders are filled in already.
    ///
    /// A failure is the result of every call of the vector.
    fn open<'a>(
        &'a self,
        vector: &'a Vector,
        env: &'a Env,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, Failure>>;

    /// Compares a request's body by one of the contract's named rules. An unknown rule is an error.
    fn check_body(
        &self,
        rule: &str,
        _body: &[u8],
        _expected: &Request,
        _vector: &Vector,
    ) -> Result<Vec<Difference>, String> {
        Err(format!("the adapter has no rule {rule:?}"))
    }
}

/// A client under test, with what its earlier calls returned.
pub trait Session: Send {
    /// Makes one call.
    fn call<'a>(&'a mut self, step: &'a Step) -> BoxFuture<'a, Outcome>;

    /// What the session saw beside the results, asked for when a vector has one of the keys `on_event_sequences`,
    /// `refresh_calls` or `next_after`: a value of the same form.
    fn observed(&self, _key: &str) -> Option<Value> {
        None
    }
}

/// Where the vector is replayed.
#[derive(Debug)]
pub struct Env {
    transport: Option<Arc<dyn Transport>>,
    folder: OnceLock<TempDir>,
}

impl Env {
    /// An environment with, or without, a transport that stands for the network.
    pub fn new(transport: Option<Arc<dyn Transport>>) -> Self {
        Self {
            transport,
            folder: OnceLock::new(),
        }
    }

    /// The transport to use; none means the SDK's own, over the wire.
    pub fn transport(&self) -> Option<Arc<dyn Transport>> {
        self.transport.clone()
    }

    /// An empty folder of this vector's own, removed afterwards.
    pub fn folder(&self) -> io::Result<&Path> {
        if self.folder.get().is_none() {
            let _ = self.folder.set(tempfile::tempdir()?);
        }
        match self.folder.get() {
            Some(folder) => Ok(folder.path()),
            None => Err(io::Error::other("no folder")),
        }
    }
}

/// What a call gave.
#[derive(Debug)]
pub enum Outcome {
    /// A value, as JSON with the contract's field names.
    Ok(Value),
    /// A stream that was read to its end.
    Stream(Streamed),
    /// An error.
    Error(Failure),
    /// The adapter cannot make this call: always a failure of the vector.
    Unusable(String),
}

impl Outcome {
    /// The adapter does not know the operation.
    pub fn unknown(step: &Step) -> Self {
        Self::Unusable(format!(
            "the adapter does not know the operation {}",
            step.operation
        ))
    }

    /// From the result of a call, with `failure` to say what an error is in the vendor's words.
    pub fn from_result<T: serde::Serialize, E>(
        result: Result<T, E>,
        failure: impl FnOnce(E) -> Failure,
    ) -> Self {
        match result {
            Ok(value) => match serde_json::to_value(value) {
                Ok(value) => Self::Ok(value),
                Err(error) => Self::Unusable(format!("the result is no JSON: {error}")),
            },
            Err(error) => Self::Error(failure(error)),
        }
    }
}

/// The items of a stream, in order. An error that ends the stream is its last item.
#[derive(Debug, Default)]
pub struct Streamed {
    /// Events and error items.
    pub items: Vec<Result<Value, Failure>>,
    /// The position at the end, if the stream has one.
    pub cursor: Option<Value>,
}

impl Streamed {
    /// Reads `stream` to its end, with `failure` to say what an error is in the vendor's words.
    pub async fn read<T: serde::Serialize, E>(
        mut stream: impl Stream<Item = Result<T, E>> + Unpin,
        failure: impl Fn(&E) -> Failure,
    ) -> Result<Self, String> {
        let mut items = Vec::new();
        while let Some(item) = stream.next().await {
            items.push(match item {
                Err(error) => Err(failure(&error)),
                Ok(event) => match serde_json::to_value(event) {
                    Ok(event) => Ok(event),
                    Err(error) => return Err(format!("the event is no JSON: {error}")),
                },
            });
        }
        Ok(Self {
            items,
            cursor: None,
        })
    }
}

impl From<Result<Streamed, String>> for Outcome {
    fn from(streamed: Result<Streamed, String>) -> Self {
        streamed.map_or_else(Self::Unusable, Self::Stream)
    }
}

/// An error in the vendor's words: `kind`, `status`, `code`, `message` and whatever else its vectors compare.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Failure(Map<String, Value>);

impl Failure {
    /// An error of this kind.
    pub fn new(kind: &str) -> Self {
        Self::default().with("kind", kind)
    }

    /// Sets a member; null is as absent.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    /// A member.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members = self.0.iter().filter(|(_, value)| !value.is_null());
        let members: Map<_, _> = members
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        write!(f, "error {}", Value::Object(members))
    }
}
