//! The events of a run over server-sent events: a snapshot, then the end. Faults that cut it come from `faults.rs`.

use bytes::Bytes;
use futures_util::stream::unfold;
use hyper::header::CACHE_CONTROL;
use serde_json::Value;

use crate::faults::Break;
use crate::http::{self, Reply};
use crate::wire::WireControl;

/// Most events of one snapshot.
pub(crate) const LIMIT: usize = 500;

/// An answer with these events, one chunk each, broken after so many if a fault wants it.
pub(crate) fn snapshot(events: &[Value], cut: Option<(usize, Break)>, wire: WireControl) -> Reply {
    let mut frames: Vec<Bytes> = events.iter().map(frame).collect();
    if frames.is_empty() {
        frames.push(Bytes::from_static(b"event: heartbeat\ndata: {}\n\n"));
    }
    let stream = unfold(
        (frames.into_iter(), 0, wire),
        move |(mut frames, sent, wire)| async move {
            if let Some((_, how)) = cut.filter(|(after, _)| sent >= *after) {
                broken(&wire, how).await;
            }
            let frame = frames.next()?;
            Some((frame, (frames, sent + 1, wire)))
        },
    );
    let mut reply = http::stream("text/event-stream; charset=utf-8", stream);
    http::set_header(&mut reply, CACHE_CONTROL, "no-cache, no-transform");
    reply
}

/// An answer that breaks off before its body.
pub(crate) fn lost(wire: WireControl) -> Reply {
    let stream = unfold(wire, |wire| async move {
        broken(&wire, Break::Close).await;
        Some((Bytes::new(), wire))
    });
    http::stream("application/json", stream)
}

/// Breaks the connection; it ends at its next flush, and this future with it.
async fn broken(wire: &WireControl, how: Break) {
    wire.break_when_flushed(how);
    std::future::pending::<()>().await;
}

fn frame(event: &Value) -> Bytes {
    // A line end in a scripted type would tear the frame; the type in the JSON stays as it is.
    let name = event["type"]
        .as_str()
        .unwrap_or_default()
        .replace(['\r', '\n'], " ");
    Bytes::from(format!(
        "id: {}\nevent: {name}\ndata: {event}\n\n",
        event["sequence"]
    ))
}
