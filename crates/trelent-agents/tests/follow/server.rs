//! The server of these tests: openings and status questions are answered apart.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use trelent_agents::{CommonEvent, EventStream};

use crate::rig::{anonymous, healthy, line, lines, status_json};

pub(crate) const OPEN: &str = "GET /runs/run_1/events";
pub(crate) const STATUS: &str = "GET /runs/run_1/status";

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Openings are answered by `open` with their number (from 0), status questions by `status` with theirs.
pub(crate) fn server(
    open: impl Fn(usize) -> Reply + Send + Sync + 'static,
    status: impl Fn(usize) -> Reply + Send + Sync + 'static,
) -> ScriptedTransport {
    let transport = ScriptedTransport::new();
    let (opened, asked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    transport.reply_with(move |request| match line(request).as_str() {
        OPEN => open(opened.fetch_add(1, Ordering::SeqCst)),
        STATUS => status(asked.fetch_add(1, Ordering::SeqCst)),
        _ => healthy(request),
    });
    transport
}

pub(crate) fn running(_: usize) -> Reply {
    Reply::json(&status_json("running"))
}

pub(crate) fn over(_: usize) -> Reply {
    Reply::json(&status_json("completed"))
}

pub(crate) fn stream(text: impl Into<String>) -> Reply {
    Reply::events().chunk(text.into())
}

pub(crate) fn subscribe(transport: &ScriptedTransport) -> EventStream<CommonEvent> {
    anonymous(transport).runs().subscribe("run_1")
}

pub(crate) fn count(transport: &ScriptedTransport, wanted: &str) -> usize {
    lines(transport).iter().filter(|l| *l == wanted).count()
}

pub(crate) fn numbers(range: std::ops::Range<u64>) -> Vec<String> {
    range.map(|seq| seq.to_string()).collect()
}
