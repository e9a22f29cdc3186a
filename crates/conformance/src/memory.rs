//! Plays a script without sockets: a transport on tokio's clock, which the runner pauses.

use std::fmt;
use std::future::pending;
use std::sync::Arc;

use agent_core::transport::{
    ReasonPhrase, RequestBody, ResponseBody, TransportError, TransportPhase,
};
use agent_core::{BoxFuture, Transport};
use bytes::Bytes;
use futures_util::stream;
use tokio::time::sleep;

use crate::compare::request::Received;
use crate::script::plan::{Framing, Plan};
use crate::script::{Reply, Script, Turn};
use crate::vector::End;
use crate::vector::placeholders::{CLOSED, Servers};

/// A transport that answers from a script.
pub struct Memory {
    script: Arc<Script>,
    servers: Servers,
}

impl Memory {
    /// Plays `script` in the place of `servers`.
    pub fn new(script: Arc<Script>, servers: Servers) -> Self {
        Self { script, servers }
    }

    /// Addresses for the servers, none of which exists.
    pub fn servers() -> Servers {
        // The discard service's neighbourhood: on a real network nothing would answer either.
        Servers::new([1, 2, 3, 4, 5, 6].map(|port| format!("127.0.0.1:{port}")))
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memory")
    }
}

impl Transport for Memory {
    fn send(
        &self,
        request: http::Request<RequestBody>,
    ) -> BoxFuture<'static, Result<http::Response<ResponseBody>, TransportError>> {
        let script = Arc::clone(&self.script);
        let authority = request.uri().authority().map(ToString::to_string);
        let authority = authority.unwrap_or_default();
        let server = self.servers.at(&authority);
        Box::pin(async move {
            let refused = || TransportError::new(TransportPhase::Connect, "connection refused");
            let received = received(server.unwrap_or(&authority), &authority, &request);
            match server {
                Some(CLOSED) => return Err(refused()),
                Some(_) => {}
                None => {
                    drop(script.arrive(received));
                    return Err(refused());
                }
            }
            match script.arrive(received) {
                Reply::Play(turn) => play(turn).await,
                Reply::Beyond => answer(400, &[], ResponseBody::from_bytes("not in the script")),
                Reply::Hang => pending().await,
            }
        })
    }
}

/// The request as a server would see it.
fn received(server: &str, authority: &str, request: &http::Request<RequestBody>) -> Received {
    let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let mut headers: Vec<_> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value)))
        .collect();
    headers.push(("host".to_owned(), authority.to_owned()));
    if !request.body().is_empty() {
        let length = request.body().len().to_string();
        headers.push(("content-length".to_owned(), length));
    }
    Received {
        server: server.to_owned(),
        method: request.method().to_string(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().unwrap_or_default().to_owned(),
        headers,
        body: request.body().to_bytes(),
    }
}

async fn play(turn: Turn) -> Result<http::Response<ResponseBody>, TransportError> {
    let Some(plan) = turn.plan() else {
        turn.finish();
        return Err(TransportError::new(
            TransportPhase::Request,
            "connection closed before an answer",
        ));
    };
    if !plan.stall.is_zero() {
        sleep(plan.stall).await;
    }
    let mut headers = plan.headers.clone();
    if let Framing::Length(length) = plan.framing {
        headers.push(("content-length".to_owned(), length.to_string()));
    }
    let status = plan.status;
    let reason = plan.reason.clone();
    let mut response = answer(status, &headers, body(turn, plan))?;
    if let Some(reason) = reason {
        response.extensions_mut().insert(ReasonPhrase(reason));
    }
    Ok(response)
}

fn answer(
    status: u16,
    headers: &[(String, String)],
    body: ResponseBody,
) -> Result<http::Response<ResponseBody>, TransportError> {
    let mut response = http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(body).map_err(|error| {
        TransportError::new(TransportPhase::Request, "the script is not HTTP").with_source(error)
    })
}

/// The pieces with the waits between them, then the scripted end.
fn body(turn: Turn, plan: Arc<Plan>) -> ResponseBody {
    enum At {
        Piece(usize),
        Over,
    }
    let bare = plan.framing == Framing::Nothing;
    let pieces = stream::unfold(
        (At::Piece(0), turn, plan),
        move |(at, turn, plan)| async move {
            let index = match at {
                At::Piece(index) => index,
                At::Over => return None,
            };
            if let Some(piece) = plan.chunks.get(index).filter(|_| !bare) {
                if index > 0 && !plan.gap.is_zero() {
                    sleep(plan.gap).await;
                }
                let piece: Bytes = piece.clone();
                return Some((Ok(piece), (At::Piece(index + 1), turn, plan)));
            }
            match (plan.end, plan.open) {
                (End::Close, _) => {
                    turn.finish();
                    return None;
                }
                (End::Open, None) => pending().await,
                (End::Open, Some(open)) => sleep(open).await,
                (End::Reset | End::Truncate, _) => {}
            }
            turn.finish();
            let broken = TransportError::new(TransportPhase::Body, "connection broken");
            Some((Err(broken), (At::Over, turn, plan)))
        },
    );
    ResponseBody::from_stream(pieces)
}
