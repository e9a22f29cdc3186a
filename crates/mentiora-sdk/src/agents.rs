//! Agents: run them, stream their events.
//!
//! What they are asked is in `params.rs`, what they answer in `types.rs` and `events.rs`, the rules of a stream in
//! `follow.rs`.

use agent_core::sdk::{Op, Request};
use agent_core::{Call, EventStream, StreamOptions};

use crate::client::Room;
use crate::events::AgentStreamEvent;
use crate::follow::AgentStream;
use crate::ops::{AGENTS_RUN, AGENTS_STREAM};
use crate::params::AgentRunParams;
use crate::types::AgentRunResult;

/// Agents: [`MentioraClient::agents`](crate::MentioraClient::agents).
#[derive(Clone, Debug)]
pub struct AgentsClient {
    room: Room,
}

impl AgentsClient {
    pub(crate) fn new(room: Room) -> Self {
        Self { room }
    }

    /// Runs an agent and gives its whole answer.
    ///
    /// Parameters are checked before anything is sent. A run that ended as
    /// [`Failed`](crate::AgentRunStatus::Failed) is a result. Not repeated when it may have arrived, unless
    /// [`retries`](crate::MentioraConfig::retries) says so; [`Error::sent`](crate::Error::sent) tells.
    pub fn run(&self, params: AgentRunParams) -> Call<AgentRunResult> {
        let request = request(&AGENTS_RUN, params, false);
        self.room.call(request, AgentRunResult::read)
    }

    /// Runs an agent and gives its events as they come.
    ///
    /// Nothing is checked or sent before the first item is asked for; what is wrong with the parameters or can not be
    /// opened is that item. Sent once, never resumed: a connection that breaks is an error of kind
    /// [`Interrupted`](crate::ErrorKind::Interrupted), after the events that were complete. An
    /// [`error`](AgentStreamEvent::Error) event ends the stream, [`chat_completed`](AgentStreamEvent::ChatCompleted)
    /// does not, as suggestions can follow. The end of the server's answer is an end without error even if neither
    /// came: [`EventStream::end`] tells [`Terminal`](crate::End::Terminal) from
    /// [`ServerClosed`](crate::End::ServerClosed). Dropping the stream closes the connection; whether the agent goes
    /// on is the server's.
    pub fn stream(&self, params: AgentRunParams) -> EventStream<AgentStreamEvent> {
        self.stream_with(params, StreamOptions::new())
    }

    /// As [`stream`](Self::stream), with options: longest silence (10 minutes by default), time for opening, headers.
    /// A resume policy has no effect.
    pub fn stream_with(
        &self,
        params: AgentRunParams,
        options: StreamOptions,
    ) -> EventStream<AgentStreamEvent> {
        let request = request(&AGENTS_STREAM, params, true).open_once();
        let url = self.room.pipeline.url_of(&request);
        let url = url.map(|url| url.to_string()).unwrap_or_default();
        let rules = AgentStream::new(request, url, self.room.debug);
        self.room
            .pipeline
            .follow(AGENTS_STREAM.name, rules, options)
    }
}

fn request(op: &'static Op, params: AgentRunParams, stream: bool) -> Request {
    let request = Request::new(op);
    match params.into_body(stream) {
        Ok(body) => request.json(&body),
        Err(refusal) => request.refuse(refusal),
    }
}
