//! What an agent is run with: to start something new, or to go on with a conversation.

use std::fmt;

use agent_core::{Limit, Result};

use crate::error::{codes, invalid_request};
use crate::polling::Polling;
use crate::runs::{CreateRunRequest, create_setters};
use crate::types::ConversationId;
use crate::wait::{CreateAndWaitRequest, OnEvent, on_event_setter, watch_setters};
use crate::wire::{DEFAULT_MAX_WAIT, message};

/// A new run for [`run_agent`](crate::run_agent): the same as for `create_run_and_wait`.
pub type RunAgentCreateRequest = CreateAndWaitRequest;

/// What [`run_agent`](crate::run_agent) shall do.
#[derive(Debug)]
#[non_exhaustive]
#[must_use]
pub enum RunAgentRequest {
    /// Start a run.
    Create(CreateAndWaitRequest),
    /// Go on with a conversation.
    Resume(RunAgentResumeRequest),
}

/// What [`stream_agent`](crate::stream_agent) shall do.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use]
pub enum StreamAgentRequest {
    /// Start a run.
    Create(StreamAgentCreateRequest),
    /// Go on with a conversation.
    Resume(StreamAgentResumeRequest),
}

/// The next turn of a conversation, for [`run_agent`](crate::run_agent).
#[non_exhaustive]
#[must_use]
pub struct RunAgentResumeRequest {
    /// The conversation.
    pub continue_run: ConversationId,
    /// What the agent is told.
    pub message: String,
    /// The callback sees only events behind this sequence of the new run. Default: all.
    pub after_seq: Option<u64>,
    /// How often the run is asked about.
    pub polling: Polling,
    /// The longest wait.
    pub max_wait: Limit,
    pub(crate) on_event: Option<OnEvent>,
}

/// A new run for [`stream_agent`](crate::stream_agent).
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use]
pub struct StreamAgentCreateRequest {
    /// The run.
    pub create: CreateRunRequest,
    /// Only events behind this sequence. Default: all.
    pub after_seq: Option<u64>,
    /// How often the run is asked about.
    pub polling: Polling,
    /// The longest wait of each stream, from its first read.
    pub max_wait: Limit,
}

/// The next turn of a conversation, for [`stream_agent`](crate::stream_agent).
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use]
pub struct StreamAgentResumeRequest {
    /// The conversation.
    pub continue_run: ConversationId,
    /// What the agent is told.
    pub message: String,
    /// Only events behind this sequence of the new run. Default: all.
    pub after_seq: Option<u64>,
    /// How often the run is asked about.
    pub polling: Polling,
    /// The longest wait of each stream, from its first read.
    pub max_wait: Limit,
}

macro_rules! after_seq_setter {
    () => {
        /// Begins behind this sequence.
        pub fn after_seq(mut self, after_seq: u64) -> Self {
            self.after_seq = Some(after_seq);
            self
        }
    };
}

impl RunAgentResumeRequest {
    /// The next turn of this conversation.
    pub fn new(continue_run: impl Into<ConversationId>, message: impl Into<String>) -> Self {
        Self {
            continue_run: continue_run.into(),
            message: message.into(),
            after_seq: None,
            polling: Polling::default(),
            max_wait: Limit::After(DEFAULT_MAX_WAIT),
            on_event: None,
        }
    }

    after_seq_setter!();
    watch_setters!();
    on_event_setter!();
}

impl StreamAgentCreateRequest {
    /// A run that does this, with the server's defaults.
    pub fn new(task: impl Into<String>) -> Self {
        CreateRunRequest::new(task).into()
    }

    create_setters!(create);
    after_seq_setter!();
    watch_setters!();
}

impl StreamAgentResumeRequest {
    /// The next turn of this conversation.
    pub fn new(continue_run: impl Into<ConversationId>, message: impl Into<String>) -> Self {
        Self {
            continue_run: continue_run.into(),
            message: message.into(),
            after_seq: None,
            polling: Polling::default(),
            max_wait: Limit::After(DEFAULT_MAX_WAIT),
        }
    }

    after_seq_setter!();
    watch_setters!();
}

impl From<CreateRunRequest> for StreamAgentCreateRequest {
    fn from(create: CreateRunRequest) -> Self {
        Self {
            create,
            after_seq: None,
            polling: Polling::default(),
            max_wait: Limit::After(DEFAULT_MAX_WAIT),
        }
    }
}

/// Which of the two forms loose parts make. Continuing wins, if there is a conversation and a message (which may be
/// empty).
enum Form {
    Create(String),
    Resume(String, String),
}

fn form(
    task: Option<String>,
    continue_run: Option<String>,
    message: Option<String>,
) -> Option<Form> {
    match (continue_run.filter(|id| !id.is_empty()), message, task) {
        (Some(id), Some(message), _) => Some(Form::Resume(id, message)),
        (_, _, Some(task)) => Some(Form::Create(task)),
        _ => None,
    }
}

impl RunAgentRequest {
    /// A request from parts of which only the caller's own caller knows which are there. Fails with code
    /// `invalid_run_agent_request` if they neither start nor continue anything.
    pub fn from_parts(
        task: Option<String>,
        continue_run: Option<String>,
        message: Option<String>,
    ) -> Result<Self> {
        match form(task, continue_run, message) {
            Some(Form::Create(task)) => Ok(CreateAndWaitRequest::new(task).into()),
            Some(Form::Resume(id, message)) => Ok(RunAgentResumeRequest::new(id, message).into()),
            None => Err(invalid_request(
                codes::INVALID_RUN_AGENT_REQUEST,
                message::INVALID_RUN_AGENT_REQUEST,
            )),
        }
    }
}

impl StreamAgentRequest {
    /// A request from parts of which only the caller's own caller knows which are there. Fails with code
    /// `invalid_stream_agent_request` if they neither start nor continue anything.
    pub fn from_parts(
        task: Option<String>,
        continue_run: Option<String>,
        message: Option<String>,
    ) -> Result<Self> {
        match form(task, continue_run, message) {
            Some(Form::Create(task)) => Ok(StreamAgentCreateRequest::new(task).into()),
            Some(Form::Resume(id, message)) => {
                Ok(StreamAgentResumeRequest::new(id, message).into())
            }
            None => Err(invalid_request(
                codes::INVALID_STREAM_AGENT_REQUEST,
                message::INVALID_STREAM_AGENT_REQUEST,
            )),
        }
    }
}

macro_rules! from {
    ($($from:ident => $into:ident::$variant:ident),+ $(,)?) => {
        $(
            impl From<$from> for $into {
                fn from(request: $from) -> Self {
                    Self::$variant(request.into())
                }
            }
        )+
    };
}

from! {
    CreateAndWaitRequest => RunAgentRequest::Create,
    CreateRunRequest => RunAgentRequest::Create,
    RunAgentResumeRequest => RunAgentRequest::Resume,
    StreamAgentCreateRequest => StreamAgentRequest::Create,
    CreateRunRequest => StreamAgentRequest::Create,
    StreamAgentResumeRequest => StreamAgentRequest::Resume,
}

impl fmt::Debug for RunAgentResumeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunAgentResumeRequest")
            .field("continue_run", &self.continue_run)
            .field("message", &self.message)
            .field("after_seq", &self.after_seq)
            .field("polling", &self.polling)
            .field("max_wait", &self.max_wait)
            .finish_non_exhaustive()
    }
}
