//! Runs: start, look at, read the events of, follow, wait for.
//!
//! The rules for following are in `follow.rs`, waiting for an event in `wait_for.rs`.

use agent_core::sdk::{Op, Pipeline, Request, Response};
use agent_core::{BoxFuture, Call, EventStream, Pages, Result, WithResponse};
use serde_json::Value;

use crate::decode::{typed, untyped};
use crate::error::with_view;
use crate::events::FollowEvent;
use crate::follow::FollowOptions;
use crate::lists::{Ledger, Offsets, events_request, page_request};
use crate::ops;
use crate::run_stream::RunStream;
use crate::types::{
    CreateRun, CreateRunResponse, PaginationParams, PollEvents, Run, RunEventsPollResponse,
    RunListResponse, WaitRunResponse,
};
use crate::wait_for::{WaitForOptions, wait_for};

/// Runs: [`AgentOsClient::runs`](crate::AgentOsClient::runs).
///
/// Source: package, 0.9.3, for the events and for following; the paths of the others are decided here by its
/// conventions.
#[derive(Clone, Debug)]
pub struct Runs {
    pipeline: Pipeline,
}

impl Runs {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self { pipeline }
    }

    /// Starts a run.
    ///
    /// Repeated after a failure only with an idempotency key; none is made up. A key that was used before is a conflict
    /// (409): [`Error::details`](crate::Error::details) is the server's body, and
    /// [`may_be_own_duplicate`](crate::ErrorExt::may_be_own_duplicate) tells whether it may have been used by an earlier
    /// attempt of this very call. An answer that can not be read is an error of kind `Decode`: the run exists, and
    /// [`run_id`](crate::ErrorExt::run_id) names it if the answer does.
    pub fn create(&self, run: CreateRun) -> Call<CreateRunResponse> {
        self.pipeline
            .call(creating(&ops::RUNS_CREATE, run), created)
    }

    /// One run.
    pub fn get(&self, run_id: impl Into<String>) -> Call<Run> {
        let request = Request::new(&ops::RUNS_GET).param("run_id", run_id);
        self.pipeline.call(request, typed)
    }

    /// One page of the runs.
    pub fn list(&self, page: PaginationParams) -> Call<RunListResponse> {
        self.pipeline.call(
            page_request(&ops::RUNS_LIST, page.limit, page.offset),
            typed,
        )
    }

    /// All runs from there on, page by page.
    pub fn list_all(&self, page: PaginationParams) -> Pages<RunListResponse> {
        self.pipeline.pages(Offsets::new(&ops::RUNS_LIST, page))
    }

    /// Starts a run and waits for it on the server. Low confidence: the package names it, path and answer are decided
    /// here. Mind the limit of a call, 30 s: [`timeout`](Call::timeout) raises it.
    pub fn wait(&self, run: CreateRun) -> Call<WaitRunResponse> {
        self.pipeline.call(creating(&ops::RUNS_WAIT, run), untyped)
    }

    /// One page of the events of an attempt. An empty attempt is refused before anything is sent.
    ///
    /// Go on with [`next_after`](RunEventsPollResponse::next_after), or use [`poll_all`](Self::poll_all).
    pub fn get_events(
        &self,
        run_id: impl Into<String>,
        poll: PollEvents,
    ) -> Call<RunEventsPollResponse> {
        self.pipeline
            .call(events_request(&run_id.into(), poll), typed)
    }

    /// The same as [`get_events`](Self::get_events).
    pub fn events(
        &self,
        run_id: impl Into<String>,
        poll: PollEvents,
    ) -> Call<RunEventsPollResponse> {
        self.get_events(run_id, poll)
    }

    /// The same as [`get_events`](Self::get_events).
    pub fn poll_events(
        &self,
        run_id: impl Into<String>,
        poll: PollEvents,
    ) -> Call<RunEventsPollResponse> {
        self.get_events(run_id, poll)
    }

    /// All events of an attempt that there are now, in order, each once, page by page. It ends where the ledger ends,
    /// whether or not the run is over: [`follow`](Self::follow) goes on.
    pub fn poll_all(
        &self,
        run_id: impl Into<String>,
        poll: PollEvents,
    ) -> Pages<RunEventsPollResponse> {
        self.pipeline.pages(Ledger::new(run_id.into(), poll))
    }

    /// The checkpoints of a run, as the server tells them. The path is decided here.
    pub fn get_checkpoints(&self, run_id: impl Into<String>) -> Call<Value> {
        let request = Request::new(&ops::RUNS_GET_CHECKPOINTS).param("run_id", run_id);
        self.pipeline.call(request, untyped)
    }

    /// The same as [`get_checkpoints`](Self::get_checkpoints).
    pub fn checkpoints(&self, run_id: impl Into<String>) -> Call<Value> {
        self.get_checkpoints(run_id)
    }

    /// The events of one attempt of a run, in order, each once, to the event that ends the run and a `close` behind it.
    ///
    /// Nothing is sent before the stream is first polled. It reconnects by itself behind the last event seen (see
    /// [`FollowOptions`]), and what a server sends twice is dropped, whichever positions it understands. Answers that a
    /// repetition would not change (401, 404 …) end it with that error. An attempt is required and never guessed: it is
    /// `current_attempt_id` of the [`Run`]. Dropping the stream does not cancel the run.
    ///
    /// Behind the event that ends the run a server has nothing more to say: who starts there waits in vain, until the
    /// reconnects are used up. Ask [`get_events`](Self::get_events) first when unsure.
    pub fn follow(
        &self,
        run_id: impl Into<String>,
        attempt_id: impl Into<String>,
        options: FollowOptions,
    ) -> EventStream<FollowEvent> {
        let rules = options.rules(&self.pipeline, run_id.into(), attempt_id.into());
        self.pipeline
            .follow(ops::RUNS_FOLLOW.name, rules, options.stream)
    }

    /// Starts a run and follows its first attempt.
    ///
    /// The call starts the run and fails as [`create`](Self::create) does. The stream then asks once which attempt is at
    /// work, and follows it: it knows the run from its beginning, and every error that it gives names it
    /// ([`run_id`](crate::ErrorExt::run_id)).
    pub fn create_and_stream(&self, run: CreateRun, options: FollowOptions) -> Call<RunStream> {
        let request = creating(&ops::RUNS_CREATE, run);
        Call::new(
            self.pipeline.clone(),
            "runs.create_and_stream",
            move |caller| async move {
                let answer = caller.send(&request).await?;
                let run = created(&answer)?;
                let stream = RunStream::new(caller.pipeline(), run, options);
                Ok(WithResponse::new(stream, answer.meta))
            },
        )
    }

    /// Follows an attempt until an event matches, and gives that event; the `close` at the end counts as well.
    ///
    /// Fails with kind [`Timeout`](crate::ErrorKind::Timeout) when it takes longer than the options say (5 minutes), and
    /// with [`is_stream_ended`](crate::ErrorExt::is_stream_ended) when the stream is over without a match. The run goes
    /// on in any case.
    pub fn wait_for(
        &self,
        run_id: impl Into<String>,
        attempt_id: impl Into<String>,
        predicate: impl FnMut(&FollowEvent) -> bool + Send + 'static,
        options: WaitForOptions,
    ) -> BoxFuture<'static, Result<FollowEvent>> {
        let events = self.follow(run_id, attempt_id, options.follow());
        Box::pin(wait_for(events, predicate, options.timeout))
    }
}

fn creating(op: &'static Op, run: CreateRun) -> Request {
    Request::new(op)
        .json(&run)
        .idempotency_key(run.idempotency_key)
}

/// Reads the answer to a create. One that can not be read may still tell which run exists now.
fn created(answer: &Response) -> Result<CreateRunResponse> {
    typed(answer).map_err(|error| {
        let run_id = untyped(answer)
            .ok()
            .and_then(|body| Some(body.get("run_id")?.as_str()?.to_owned()));
        with_view(error, |view| view.run_id = run_id)
    })
}
