//! Traces of your own program, for the vendor's dashboard. Beyond the agents API; source: the vendor's client.
//!
//! What an event is, is in `traces/event.rs`.

use agent_core::Result;
use agent_core::sdk::Request;
use serde::{Deserialize, Serialize};

use crate::client::Room;
use crate::error::{ErrorClass, ErrorExt};
use crate::ids::uuid_v7;
use crate::ops::SEND_TRACE;
use crate::params::is_blank;

mod event;

pub use event::{TraceError, TraceEvent, TraceTime, TraceType, UsageInfo};

/// Traces: [`MentioraClient::tracing`](crate::MentioraClient::tracing).
#[derive(Clone, Debug)]
pub struct TracingClient {
    room: Room,
}

/// What became of a trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SendTraceResult {
    /// Whether the server has it.
    pub success: bool,
    /// The event's own.
    pub trace_id: String,
    /// The event's own.
    pub span_id: String,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl TracingClient {
    pub(crate) fn new(room: Room) -> Self {
        Self { room }
    }

    /// Sends one event, at once: one request per event, repeated as any safe call.
    ///
    /// An event that is not valid is an error of kind [`InvalidArgument`](crate::ErrorKind::InvalidArgument). Whatever
    /// the network and the server do is no error but told in the result, so that tracing never breaks what is traced.
    /// An event without a thread id gets a new one.
    ///
    /// ```no_run
    /// # use std::time::SystemTime;
    /// # use mentiora_sdk::{MentioraClient, TraceEvent, TraceType};
    /// # async fn demo(client: MentioraClient, started: SystemTime) -> mentiora_sdk::Result<()> {
    /// let event = TraceEvent::new("trace-1", "span-1", "summarise", TraceType::Llm, started)
    ///     .model("gpt-4o")
    ///     .output("a summary");
    /// let sent = client.tracing()?.send_trace(event).await?;
    /// if !sent.success {
    ///     eprintln!("no trace: {:?}", sent.error);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn send_trace(&self, mut event: TraceEvent) -> Result<SendTraceResult> {
        if event.thread_id.as_deref().is_none_or(is_blank) {
            event.thread_id = Some(uuid_v7(&**self.room.pipeline.ambient()));
        }
        let request = Request::new(&SEND_TRACE);
        let request = match event.refusal() {
            None => request.json(&event.body()),
            Some(refusal) => request.refuse(refusal),
        };
        let error = match self.room.call(request, |_| Ok(())).await {
            Ok(()) => None,
            Err(error) => match error.class() {
                ErrorClass::Network => Some(error.message().to_owned()),
                ErrorClass::Validation | ErrorClass::Configuration => return Err(error),
            },
        };
        Ok(SendTraceResult {
            success: error.is_none(),
            trace_id: event.trace_id,
            span_id: event.span_id,
            error,
        })
    }

    /// Does nothing: every event is sent at once. Here because the vendor's client has it.
    #[expect(clippy::unused_async, reason = "the vendor's is to be awaited")]
    pub async fn flush(&self) {}
}
