//! How faults are carried out, around a vendor that knows nothing of them.
//!
//! Before a vendor sees a request, in place of its answer, and on the way of its answer to the client. What happens to
//! a body is in `strike/body.rs` and `strike/events.rs`, what happens to a socket in `wire.rs`.

use std::fmt;

use bytes::Bytes;
use hyper::body::Body as _;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Method, StatusCode};

use crate::clock::Clock;
use crate::faults::{Break, Fault, FaultKind, Faults, RetryAfter, Shape, Target};
use crate::http::{self, Reply, Request};
use crate::record::Recorder;
use crate::wire::WireControl;

mod body;
mod events;

/// What is sent where HTTP is expected.
const GARBAGE: &[u8] = b"\x16\x03\x01\x00\x05\xff\x00this is not HTTP\r\n\r\n";

/// Whose requests are struck, and what it has to offer for it.
pub(crate) trait Victim: Send + Sync {
    /// Its name, by which faults are filtered.
    fn name(&self) -> &str;
    /// An error in its own form.
    fn refuse(&self, status: StatusCode, message: &str) -> Reply;
    /// Expires its tokens, if it has any.
    fn expire_tokens(&self) {}
    /// Where its requests are noted.
    fn record(&self) -> &Recorder;
}

/// Marks an answer that is none: the connection ends without it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dropped;

impl Dropped {
    fn reply() -> Reply {
        let mut reply = http::bytes(StatusCode::OK, "text/plain", Bytes::new());
        reply.extensions_mut().insert(Self);
        reply
    }

    /// Whether `reply` is no answer.
    pub(crate) fn is(reply: &Reply) -> bool {
        reply.extensions().get::<Self>().is_some()
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dropped by a scripted fault")
    }
}

impl std::error::Error for Dropped {}

/// Answers a request as `handle` does, but for the faults that strike it, and notes both.
pub(crate) async fn answer<F: Future<Output = Reply>>(
    faults: &Faults,
    victim: &dyn Victim,
    clock: &Clock,
    request: Request,
    handle: impl FnOnce(Request) -> F,
) -> Reply {
    let number = victim.record().note(&request);
    let reply = struck(faults, victim, clock, request, handle).await;
    if !Dropped::is(&reply) {
        victim.record().answered(number, reply.status().as_u16());
    }
    reply
}

async fn struck<F: Future<Output = Reply>>(
    faults: &Faults,
    victim: &dyn Victim,
    clock: &Clock,
    request: Request,
    handle: impl FnOnce(Request) -> F,
) -> Reply {
    let (method, path) = (request.method.clone(), request.path.clone());
    let wire = request.wire.clone();
    let target = Target {
        vendor: victim.name(),
        method: method.as_str(),
        path: &path,
    };
    let mut strikes = faults.strike(&target);
    for fault in &strikes.before {
        match fault.kind {
            FaultKind::Delay { time } => tokio::time::sleep(time).await,
            _ => victim.expire_tokens(),
        }
    }
    if let Some(fault) = strikes.instead.take() {
        if fault.landed {
            drop(handle(request).await);
        }
        return instead(fault, victim, clock, &wire).await;
    }
    let reply = handle(request).await;
    let shape = shape(&reply, &method);
    match faults.strike_answer(&target, strikes, shape) {
        Some(kind) => to_answer(kind, reply, wire),
        None => reply,
    }
}

fn shape(reply: &Reply, method: &Method) -> Shape {
    let length = reply.body().size_hint().exact();
    let body = method != Method::HEAD && length != Some(0);
    Shape {
        stream: body && reply.status().is_success() && events::Framing::of(reply).is_some(),
        body,
        sized: length.is_some(),
    }
}

async fn instead(fault: Fault, victim: &dyn Victim, clock: &Clock, wire: &WireControl) -> Reply {
    match fault.kind {
        FaultKind::Status {
            status,
            retry_after,
            body,
        } => {
            let status = StatusCode::from_u16(status)
                .ok()
                .filter(|status| (200..600).contains(&status.as_u16()))
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut reply = match body {
                Some((content_type, text)) => {
                    let mut reply = http::bytes(status, "text/plain", Bytes::from(text));
                    set_text(&mut reply, CONTENT_TYPE, &content_type);
                    reply
                }
                None => victim.refuse(status, "a scripted fault"),
            };
            if let Some(after) = retry_after {
                tell_when(&mut reply, &after, clock);
            }
            reply
        }
        FaultKind::Garbage { bytes } => {
            wire.send_instead(bytes.map_or(Bytes::from_static(GARBAGE), Bytes::from));
            // Only its bytes on the wire would matter, and they are thrown away.
            http::bytes(StatusCode::OK, "text/plain", Bytes::new())
        }
        FaultKind::Disconnect { how } if how != Break::HalfOpen => {
            wire.break_when_flushed(how);
            Dropped::reply()
        }
        _ => std::future::pending().await,
    }
}

fn tell_when(reply: &mut Reply, after: &RetryAfter, clock: &Clock) {
    match after {
        RetryAfter::Seconds(seconds) => set_text(reply, RETRY_AFTER, &seconds.to_string()),
        RetryAfter::Millis(millis) => {
            let name = HeaderName::from_static("retry-after-ms");
            set_text(reply, name, &millis.to_string());
        }
        RetryAfter::Date(wait) => {
            let now = clock.now();
            set_text(reply, DATE, &clock.http_date(now));
            let then = clock.http_date(now.saturating_add(*wait));
            set_text(reply, RETRY_AFTER, &then);
        }
        RetryAfter::Text(text) => set_text(reply, RETRY_AFTER, text),
    }
}

/// Does to an answer what `kind` says; it fits.
fn to_answer(kind: FaultKind, mut reply: Reply, wire: WireControl) -> Reply {
    // A body in other pieces keeps the framing it had, unless the fault is about the framing.
    let length = reply.body().size_hint().exact();
    let declared = match &kind {
        FaultKind::NoTerminator => None,
        FaultKind::LongLength { extra } => {
            length.map(|length| length.saturating_add(*extra as u64))
        }
        FaultKind::OversizedBody { bytes, declared } => {
            declared.then(|| (*bytes as u64).max(length.unwrap_or(0)))
        }
        _ => length,
    };
    match declared {
        Some(length) => {
            let value = HeaderValue::from(length);
            reply.headers_mut().insert(CONTENT_LENGTH, value);
        }
        None => {
            reply.headers_mut().remove(CONTENT_LENGTH);
        }
    }
    if let FaultKind::ContentType { content_type } = &kind {
        reply.headers_mut().remove(CONTENT_TYPE);
        if !content_type.is_empty() {
            set_text(&mut reply, CONTENT_TYPE, content_type);
        }
        return reply;
    }
    let framing = events::Framing::of(&reply);
    reply.map(|whole| match framing {
        Some(framing) if kind.is_about_events() => events::change(whole, framing, kind, wire),
        _ => body::change(whole, kind, wire),
    })
}

/// Sets a header; a text that no header can hold leaves it out.
fn set_text(reply: &mut Reply, name: HeaderName, text: &str) {
    reply.headers_mut().remove(&name);
    if let Ok(value) = HeaderValue::from_str(text) {
        reply.headers_mut().insert(name, value);
    }
}
