//! Events of a run, page by page or as one snapshot over server-sent events. Following a run live is in `agent.rs`.

use agent_core::sdk::{
    Broke, Follow, Next, Open, Out, Reconnects, Request, SILENCE, SILENCE_RESUMING, Scene,
    reconnects_exhausted,
};
use agent_core::sse::Frame;
use agent_core::{Call, End, Error, EventStream, Limit, Resume, StreamOptions};

use crate::client::AgentRouterClient;
use crate::ops;
use crate::types::{RunEvent, RunEventPage, RunId};
use crate::watch::is_passing;
use crate::wire;

/// Which events to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct ListRunEventsQuery {
    /// Only events behind this sequence; 0 is sent too. Default: from the first.
    pub after_seq: Option<u64>,
    /// At most so many, 1 to 500. Default: the server's, which is 100. 0 is sent too, and refused.
    pub limit: Option<u64>,
}

impl ListRunEventsQuery {
    /// The first events.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins behind this sequence.
    pub fn after_seq(mut self, after_seq: u64) -> Self {
        self.after_seq = Some(after_seq);
        self
    }

    /// Sets the most events.
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }
}

/// How a snapshot of events is read.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
#[must_use]
pub struct StreamRunOptions {
    /// Only events behind this sequence; 0 is sent too. Default: from the first.
    pub after_seq: Option<u64>,
    /// Resuming, limits, headers.
    pub stream: StreamOptions,
}

impl StreamRunOptions {
    /// From the first event.
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins behind this sequence.
    pub fn after_seq(mut self, after_seq: u64) -> Self {
        self.after_seq = Some(after_seq);
        self
    }

    /// Sets resuming, limits, headers.
    pub fn stream(mut self, options: StreamOptions) -> Self {
        self.stream = options;
        self
    }
}

impl AgentRouterClient {
    /// A page of the events of a run (`listRunEvents`), of every visibility. The next page is behind
    /// `next_after_seq`.
    pub fn list_run_events(
        &self,
        run_id: impl Into<RunId>,
        query: ListRunEventsQuery,
    ) -> Call<RunEventPage> {
        self.call(
            Request::new(&ops::LIST_RUN_EVENTS)
                .param("run_id", run_id.into())
                .query_opt("afterSeq", query.after_seq)
                .query_opt("limit", query.limit),
        )
    }

    /// The events of a run as they are now (`streamRun`): **a snapshot**, at most 500 events, over server-sent events.
    ///
    /// The stream ends when the server has sent them ([`End::ServerClosed`]), whether or not the run is over. To go on,
    /// call again with the last `sequence`; to follow a run live, use [`stream_agent`](crate::stream_agent).
    ///
    /// Not sent before the stream is first polled; what can not be opened is the first item. A connection that breaks
    /// is resumed behind the last event (see [`Resume`]). An event that is not JSON ends the stream with an error.
    pub fn stream_run(
        &self,
        run_id: impl Into<RunId>,
        options: StreamRunOptions,
    ) -> EventStream<RunEvent> {
        let rules = Snapshot {
            run_id: run_id.into(),
            after_seq: options.after_seq,
            reconnects: Reconnects::new(options.stream.resume_on(&self.pipeline)),
            resumed: false,
        };
        self.pipeline
            .follow(ops::STREAM_RUN.name, rules, options.stream)
    }
}

/// The rules for one snapshot.
struct Snapshot {
    run_id: RunId,
    after_seq: Option<u64>,
    reconnects: Reconnects,
    resumed: bool,
}

impl Snapshot {
    fn policy(&self) -> &Resume {
        self.reconnects.policy()
    }

    fn lost(&mut self, error: Error, scene: &Scene<'_>) -> Next {
        if !self.policy().is_on() {
            return Next::Fail(error);
        }
        match self.reconnects.failed(scene, error.retry_after()) {
            Some(wait) => {
                self.resumed = true;
                Next::Reopen(wait)
            }
            None => Next::Fail(reconnects_exhausted(self.reconnects.failures(), error)),
        }
    }

    /// Sent again after a break.
    fn is_old(&self, event: &RunEvent) -> bool {
        self.resumed && self.after_seq.is_some_and(|after| event.sequence <= after)
    }
}

impl Follow for Snapshot {
    type Item = RunEvent;

    fn open(&mut self) -> Open {
        Open::Sse(
            Request::new(&ops::STREAM_RUN)
                .param("run_id", &self.run_id)
                .query_opt("afterSeq", self.after_seq),
        )
    }

    fn frame(&mut self, frame: Frame, _: &Scene<'_>, out: &mut Out<RunEvent>) -> Next {
        // Several empty data lines are line ends, and as empty as one.
        let empty = frame.data_bytes().iter().all(|byte| *byte == b'\n');
        if frame.event() == wire::HEARTBEAT || empty {
            return Next::Read;
        }
        match RunEvent::from_json(&frame.data()) {
            Ok(event) if self.is_old(&event) => Next::Read,
            Ok(event) => {
                self.after_seq = self.after_seq.max(Some(event.sequence));
                self.reconnects.progress();
                let at = event.cursor();
                out.item_at(Ok(event), at);
                Next::Read
            }
            Err(error) => Next::Fail(error),
        }
    }

    fn broke(&mut self, broke: Broke, scene: &Scene<'_>, _: &mut Out<RunEvent>) -> Next {
        match broke {
            Broke::Eof => Next::Finish(End::ServerClosed),
            // The first opening has its own retries, and what is refused for good stays refused.
            Broke::Refused(error) if !self.resumed || !is_passing(&error) => Next::Fail(error),
            broken => self.lost(broken.into_error(), scene),
        }
    }

    fn idle(&self) -> Limit {
        if self.policy().is_on() {
            SILENCE_RESUMING
        } else {
            SILENCE
        }
    }

    fn dispatches_unfinished(&self) -> bool {
        true
    }
}
