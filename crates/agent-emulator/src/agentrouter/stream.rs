//! The events of a run over server-sent events: a snapshot, then the end.

use bytes::Bytes;
use futures_util::stream::{iter, unfold};
use hyper::header::CACHE_CONTROL;
use serde_json::Value;

use crate::faults::Break;
use crate::http::{self, Reply};
use crate::live::{self, EVENT_STREAM};
use crate::wire::WireControl;

/// Most events of one snapshot.
pub(crate) const LIMIT: usize = 500;

/// An answer with these events, one chunk each.
pub(crate) fn snapshot(events: &[Value]) -> Reply {
    let mut frames: Vec<Bytes> = events.iter().map(frame).collect();
    if frames.is_empty() {
        frames.push(Bytes::from_static(b"event: heartbeat\ndata: {}\n\n"));
    }
    let mut reply = http::stream(EVENT_STREAM, iter(frames));
    http::set_header(&mut reply, CACHE_CONTROL, "no-cache, no-transform");
    reply
}

/// An answer that breaks off before its body.
pub(crate) fn lost(wire: WireControl) -> Reply {
    let stream = unfold(wire, |wire| async move {
        wire.break_when_flushed(Break::Close);
        // The connection ends at its next flush, and this future with it.
        std::future::pending::<()>().await;
        Some((Bytes::new(), wire))
    });
    http::stream("application/json", stream)
}

fn frame(event: &Value) -> Bytes {
    let name = event["type"].as_str().unwrap_or_default();
    live::frame(Some(&event["sequence"]), name, event)
}
