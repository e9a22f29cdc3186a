//! A transport without a network, for tests: it answers by script and records what it was asked.
//!
//! With it and tokio's paused clock a test of retries, time limits and broken streams takes no time. For tests over
//! real HTTP there is the crate `agent-emulator`.
//!
//! ```
//! use agent_core::testing::{Reply, ScriptedTransport};
//!
//! let transport = ScriptedTransport::new();
//! transport.reply(Reply::status(503).header("retry-after", "1"));
//! transport.reply(Reply::json(&serde_json::json!({ "status": "ok" })));
//! // HttpConfig::new().transport(transport.shared()) gives it to a client.
//! assert!(transport.requests().is_empty());
//! ```

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use tokio::time::{Instant, Sleep};

use crate::ambient::now;
use crate::transport::{
    BoxFuture, ReasonPhrase, RequestBody, ResponseBody, Transport, TransportError, TransportPhase,
};

/// A [`Transport`] that answers by script. Clones share script and record.
#[derive(Clone, Default)]
pub struct ScriptedTransport(Arc<Inner>);

#[derive(Default)]
struct Inner {
    script: Mutex<Script>,
    open: Arc<AtomicUsize>,
}

type Handler = Arc<dyn Fn(&RecordedRequest) -> Reply + Send + Sync>;

#[derive(Default)]
struct Script {
    queue: VecDeque<Reply>,
    handler: Option<Handler>,
    requests: Vec<RecordedRequest>,
}

/// A request that arrived.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// Method.
    pub method: Method,
    /// Absolute URL.
    pub uri: Uri,
    /// Headers.
    pub headers: HeaderMap,
    /// Body; empty if there was none.
    pub body: Bytes,
    /// When it arrived, on tokio's clock.
    pub at: Instant,
}

impl ScriptedTransport {
    /// A transport that answers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers the next request that has no answer yet.
    pub fn reply(&self, reply: Reply) -> &Self {
        self.script().queue.push_back(reply);
        self
    }

    /// Answers every request that the queue has no answer for.
    pub fn reply_with(
        &self,
        handler: impl Fn(&RecordedRequest) -> Reply + Send + Sync + 'static,
    ) -> &Self {
        self.script().handler = Some(Arc::new(handler));
        self
    }

    /// Every request so far, in order.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.script().requests.clone()
    }

    /// Exchanges that were begun and neither finished nor dropped.
    pub fn open_exchanges(&self) -> usize {
        self.0.open.load(Ordering::SeqCst)
    }

    /// This transport as clients take it.
    pub fn shared(&self) -> Arc<dyn Transport> {
        Arc::new(self.clone())
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.0.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ScriptedTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScriptedTransport")
    }
}

impl Transport for ScriptedTransport {
    fn send(
        &self,
        request: Request<RequestBody>,
    ) -> BoxFuture<'static, Result<Response<ResponseBody>, TransportError>> {
        let (head, body) = request.into_parts();
        let record = RecordedRequest {
            method: head.method,
            uri: head.uri,
            headers: head.headers,
            body: body.to_bytes(),
            at: now(),
        };
        let reply = {
            let mut script = self.script();
            script.requests.push(record.clone());
            let queued = script.queue.pop_front();
            let handler = script.handler.clone();
            drop(script);
            // The handler runs outside the lock, so that it can look at the record.
            queued.or_else(|| handler.map(|handler| handler(&record)))
        };
        let open = Open::new(&self.0.open);
        Box::pin(async move {
            let Some(reply) = reply else {
                return Err(TransportError::new(
                    TransportPhase::Connect,
                    "the script has no answer to this request",
                ));
            };
            reply.play(open).await
        })
    }
}

/// Counts an exchange while it lives.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One scripted answer.
#[derive(Clone, Debug)]
#[must_use]
pub struct Reply {
    delay: Duration,
    head: Head,
    steps: VecDeque<Step>,
}

#[derive(Clone, Debug)]
enum Head {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        reason: Option<String>,
    },
    Fail(TransportPhase),
    Hang,
}

#[derive(Clone, Debug)]
enum Step {
    Bytes(Bytes),
    Wait(Duration),
    Lost,
    Hang,
}

impl Reply {
    /// An answer with this status and no body.
    pub fn status(status: u16) -> Self {
        Self::with_head(Head::Answer {
            status,
            headers: Vec::new(),
            reason: None,
        })
    }

    /// A 200 with a JSON body.
    pub fn json(body: &serde_json::Value) -> Self {
        Self::status(200)
            .header("content-type", "application/json")
            .chunk(body.to_string())
    }

    /// A 200 that begins an event stream; add what it sends with [`chunk`](Self::chunk).
    pub fn events() -> Self {
        Self::status(200).header("content-type", "text/event-stream")
    }

    /// No connection is made: the request is not sent.
    pub fn refused() -> Self {
        Self::with_head(Head::Fail(TransportPhase::Connect))
    }

    /// The connection breaks before an answer: the request may have arrived.
    pub fn broken() -> Self {
        Self::with_head(Head::Fail(TransportPhase::Request))
    }

    /// No answer ever.
    pub fn silence() -> Self {
        Self::with_head(Head::Hang)
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Head::Answer { headers, .. } = &mut self.head {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Sets the reason phrase.
    pub fn reason(mut self, text: &str) -> Self {
        if let Head::Answer { reason, .. } = &mut self.head {
            *reason = Some(text.to_owned());
        }
        self
    }

    /// Waits before the head.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sends a piece of the body.
    pub fn chunk(self, bytes: impl Into<Bytes>) -> Self {
        self.step(Step::Bytes(bytes.into()))
    }

    /// Waits within the body.
    pub fn wait(self, wait: Duration) -> Self {
        self.step(Step::Wait(wait))
    }

    /// Breaks the connection within the body.
    pub fn lost(self) -> Self {
        self.step(Step::Lost)
    }

    /// Keeps the body open for ever.
    pub fn open(self) -> Self {
        self.step(Step::Hang)
    }

    fn with_head(head: Head) -> Self {
        Self {
            delay: Duration::ZERO,
            head,
            steps: VecDeque::new(),
        }
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push_back(step);
        self
    }

    async fn play(self, open: Open) -> Result<Response<ResponseBody>, TransportError> {
        if !self.delay.is_zero() {
            tokio::time::sleep(self.delay).await;
        }
        let (status, headers, reason) = match self.head {
            Head::Answer {
                status,
                headers,
                reason,
            } => (status, headers, reason),
            Head::Fail(phase) => return Err(TransportError::new(phase, "the script breaks here")),
            Head::Hang => std::future::pending().await,
        };
        let mut response = Response::new(ResponseBody::from_stream(Body {
            steps: self.steps,
            wait: None,
            _open: open,
        }));
        let broken = |_| TransportError::new(TransportPhase::Request, "the script is not HTTP");
        *response.status_mut() = StatusCode::from_u16(status)
            .map_err(|_| TransportError::new(TransportPhase::Request, "no such status"))?;
        for (name, value) in headers {
            let name: http::HeaderName = name
                .parse()
                .map_err(|_| TransportError::new(TransportPhase::Request, "no such header"))?;
            let value = http::HeaderValue::from_str(&value).map_err(broken)?;
            response.headers_mut().append(name, value);
        }
        if let Some(reason) = reason {
            response.extensions_mut().insert(ReasonPhrase(reason));
        }
        Ok(response)
    }
}

struct Body {
    steps: VecDeque<Step>,
    wait: Option<Pin<Box<Sleep>>>,
    _open: Open,
}

impl Stream for Body {
    type Item = Result<Bytes, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(wait) = &mut self.wait {
                ready!(wait.as_mut().poll(cx));
                self.wait = None;
            }
            match self.steps.front() {
                None => return Poll::Ready(None),
                Some(Step::Hang) => return Poll::Pending,
                Some(Step::Wait(wait)) => {
                    self.wait = Some(Box::pin(tokio::time::sleep(*wait)));
                    self.steps.pop_front();
                }
                Some(Step::Bytes(_) | Step::Lost) => {
                    if let Some(Step::Bytes(bytes)) = self.steps.pop_front() {
                        return Poll::Ready(Some(Ok(bytes)));
                    }
                    self.steps.clear();
                    let phase = TransportPhase::Body;
                    let error = TransportError::new(phase, "the script breaks here");
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}
