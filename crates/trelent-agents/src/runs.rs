//! Runs: start, list, look at, follow, cancel.
//!
//! What a single run can do by itself (fork, refresh, wait) is in `run.rs`; the rules for following one in
//! `follow.rs`.

use agent_core::sdk::{Op, Pipeline, Request, Response};
use agent_core::{Call, EventStream, Result, StreamOptions, WithResponse};
use serde::de::DeserializeOwned;

use crate::body;
use crate::events::CommonEvent;
use crate::follow::Subscription;
use crate::ops;
use crate::run::Run;
use crate::run_options::CreateRunOptions;
use crate::types::{CancelRunResponse, CheckpointResponse, RunData, RunStatusResponse};

/// Runs: [`Client::runs`](crate::Client::runs).
///
/// Every [`Run`] that is returned keeps the client, so it can be forked, refreshed and followed by itself.
#[derive(Clone, Debug)]
pub struct Runs {
    pub(crate) pipeline: Pipeline,
}

impl Runs {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self { pipeline }
    }

    /// Starts a run.
    ///
    /// Options are checked and local imports packed before anything is sent: failures of kind `InvalidArgument` or `Io`
    /// cost no request. The API takes no idempotency key, so the request is **not repeated** when it may have arrived;
    /// [`Error::sent`](crate::Error::sent) tells.
    pub fn create(&self, options: CreateRunOptions) -> Call<Run> {
        let runs = self.clone();
        Call::new(
            self.pipeline.clone(),
            ops::RUNS_CREATE.name,
            move |caller| async move {
                let body = body::create(&options).await?;
                let request = Request::new(&ops::RUNS_CREATE).json_body(body);
                let response = caller.send(&request).await?;
                runs.read_run(response)
            },
        )
    }

    /// All runs, or those from one image, in the server's order: the newest first.
    pub fn list<'a>(&self, sandbox: impl Into<Option<&'a str>>) -> Call<Vec<Run>> {
        let request = Request::new(&ops::RUNS_LIST).query_opt("sandbox", sandbox.into());
        let runs = self.clone();
        self.pipeline.call(request, move |response| {
            let all: Vec<RunData> = response.json()?;
            Ok(all.into_iter().map(|data| runs.bind(data)).collect())
        })
    }

    /// One run.
    pub fn get(&self, run_id: impl Into<String>) -> Call<Run> {
        let runs = self.clone();
        self.get_data(run_id).map(move |data| runs.bind(data))
    }

    /// The status of a run and nothing else: cheaper to ask for than the whole.
    pub fn get_status(&self, run_id: impl Into<String>) -> Call<RunStatusResponse> {
        self.about(&ops::RUNS_GET_STATUS, run_id)
    }

    /// Asks for a run to be stopped. Not repeated after a failure; cancelling again does no harm if you do.
    pub fn cancel(&self, run_id: impl Into<String>) -> Call<CancelRunResponse> {
        self.about(&ops::RUNS_CANCEL, run_id)
    }

    /// The checkpoints of a run, in order.
    pub fn get_checkpoint_chain(&self, run_id: impl Into<String>) -> Call<Vec<CheckpointResponse>> {
        self.about(&ops::RUNS_GET_CHECKPOINT_CHAIN, run_id)
    }

    /// One checkpoint.
    pub fn get_checkpoint(
        &self,
        run_id: impl Into<String>,
        checkpoint_id: impl Into<String>,
    ) -> Call<CheckpointResponse> {
        let request = Request::new(&ops::RUNS_GET_CHECKPOINT)
            .param("run_id", run_id)
            .param("checkpoint_id", checkpoint_id);
        self.pipeline.call(request, Response::json)
    }

    /// The events of a run: its whole history, then live until it is over.
    ///
    /// Not sent before the stream is first polled; what can not be opened is the first item. A stream that breaks is
    /// resumed: events already delivered are dropped by their `seq` (see [`Resume`](crate::Resume)). Dropping the
    /// stream does not cancel the run.
    pub fn subscribe(&self, run_id: impl Into<String>) -> EventStream<CommonEvent> {
        self.subscribe_with(run_id, StreamOptions::new())
    }

    /// As [`subscribe`](Self::subscribe), with options.
    pub fn subscribe_with(
        &self,
        run_id: impl Into<String>,
        options: StreamOptions,
    ) -> EventStream<CommonEvent> {
        let rules = Subscription::new(run_id.into(), options.resume_on(&self.pipeline));
        self.pipeline
            .follow(ops::RUNS_SUBSCRIBE.name, rules, options)
    }

    pub(crate) fn get_data(&self, run_id: impl Into<String>) -> Call<RunData> {
        self.about(&ops::RUNS_GET, run_id)
    }

    fn about<T: DeserializeOwned + Send + 'static>(
        &self,
        op: &'static Op,
        run_id: impl Into<String>,
    ) -> Call<T> {
        let request = Request::new(op).param("run_id", run_id);
        self.pipeline.call(request, Response::json)
    }

    pub(crate) fn read_run(&self, response: Response) -> Result<WithResponse<Run>> {
        let run = self.bind(response.json()?);
        Ok(WithResponse::new(run, response.meta))
    }

    pub(crate) fn bind(&self, data: RunData) -> Run {
        Run::new(data, self.clone())
    }
}
