//! A run at hand: its data, and what can be done with it.

use std::fmt;
use std::ops::Deref;

use agent_core::sdk::Request;
use agent_core::{Call, EventStream, Result, StreamOptions};
use serde::{Serialize, Serializer};

use crate::body;
use crate::events::{CommonEvent, EventData};
use crate::ops::RUN_FORK;
use crate::run_options::ResumeRunOptions;
use crate::runs::Runs;
use crate::types::{CancelRunResponse, RunData, RunStatusResponse};
use crate::wait::Wait;

/// A run: its data as of the last answer ([`RunData`], whose fields are read directly, such as `run.status`), and the
/// client it came from.
///
/// `Debug` and `Serialize` show the data alone.
#[derive(Clone)]
pub struct Run {
    data: RunData,
    runs: Runs,
}

impl Run {
    pub(crate) fn new(data: RunData, runs: Runs) -> Self {
        Self { data, runs }
    }

    /// Starts a child run that begins with this run's final files, image and agent. Imports and exports are not
    /// inherited. A child can be forked again.
    ///
    /// As [`Runs::create`], it is not repeated when it may have arrived.
    pub fn fork(&self, prompt: impl Into<String>, options: ResumeRunOptions) -> Call<Run> {
        let (runs, run_id, prompt) = (self.runs.clone(), self.data.id.clone(), prompt.into());
        Call::new(
            self.runs.pipeline.clone(),
            RUN_FORK.name,
            move |caller| async move {
                let body = body::fork(&prompt, &options).await?;
                let request = Request::new(&RUN_FORK)
                    .param("run_id", run_id)
                    .json_body(body);
                let response = caller.send(&request).await?;
                runs.read_run(response)
            },
        )
    }

    /// Reads the run again and replaces all its data. On an error the old data stays.
    pub async fn refresh(&mut self) -> Result<()> {
        self.data = self.runs.get_data(&self.data.id).await?;
        Ok(())
    }

    /// The status alone, as of now.
    pub fn get_status(&self) -> Call<RunStatusResponse> {
        self.runs.get_status(&self.data.id)
    }

    /// Asks for the run to be stopped.
    pub fn cancel(&self) -> Call<CancelRunResponse> {
        self.runs.cancel(&self.data.id)
    }

    /// The events of the run: see [`Runs::subscribe`].
    pub fn subscribe(&self) -> EventStream<CommonEvent> {
        self.runs.subscribe(&self.data.id)
    }

    /// As [`subscribe`](Self::subscribe), with options.
    pub fn subscribe_with(&self, options: StreamOptions) -> EventStream<CommonEvent> {
        self.runs.subscribe_with(&self.data.id, options)
    }

    /// Waits until the run is over: await it, or chain options first.
    pub fn wait(&self) -> Wait {
        Wait::new(self.runs.clone(), self.data.id.clone())
    }

    /// Follows the run to its end and gives the assistant's last message, or `None` if there was none.
    ///
    /// An event that can not be read is an error.
    pub async fn text(&self) -> Result<Option<String>> {
        let mut events = self.subscribe();
        let mut last = None;
        while let Some(event) = events.next().await {
            if let EventData::MessageCompleted(message) = event?.data {
                last = Some(message.text());
            }
        }
        Ok(last)
    }

    /// The data without the client.
    pub fn into_data(self) -> RunData {
        self.data
    }
}

impl Deref for Run {
    type Target = RunData;

    fn deref(&self) -> &RunData {
        &self.data
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.data.fmt(f)
    }
}

impl PartialEq for Run {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data
    }
}

impl Serialize for Run {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.data.serialize(serializer)
    }
}
