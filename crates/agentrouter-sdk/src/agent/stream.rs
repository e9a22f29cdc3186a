//! A run that is being watched.

use agent_core::{Call, EventStream, Limit, StreamOptions};
use tokio::time::Instant;

use crate::client::AgentRouterClient;
use crate::ops;
use crate::parts::{AgentStreamPart, answer_text, stream_part};
use crate::polling::Polling;
use crate::types::{AgentRunResult, ConversationId, Run, RunEvent};
use crate::wait::wait;
use crate::watch::{Following, Watch};

/// A run that is being watched: from [`stream_agent`](crate::stream_agent).
///
/// Each stream polls by itself, sends nothing before it is read, pauses while it is not, and sees the whole run; two of
/// them double the requests. Its longest wait begins with its first read. A stream ends when the run is over and every
/// event was delivered, also those behind the one that ended the run; a request that fails for good, or a wait that is
/// too long, is its last item. Dropping everything here leaves the run alone.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AgentRunStream {
    /// The run, as it was when this was made.
    pub run: Run,
    /// The conversation that it is a turn of: what the next turn is started with.
    pub conversation_id: ConversationId,
    /// Which turn it is, if a conversation was continued.
    pub turn_number: Option<u64>,
    pub(crate) client: AgentRouterClient,
    pub(crate) after_seq: u64,
    pub(crate) polling: Polling,
    pub(crate) max_wait: Limit,
    pub(crate) started: Instant,
}

impl AgentRunStream {
    /// Every event, raw.
    pub fn events(&self) -> EventStream<RunEvent> {
        self.events_with(StreamOptions::new())
    }

    /// As [`events`](Self::events), with options.
    pub fn events_with(&self, options: StreamOptions) -> EventStream<RunEvent> {
        self.follow(Some, options)
    }

    /// What the events mean, without those that mean nothing to somebody who watches (`fullStream`).
    pub fn full_stream(&self) -> EventStream<AgentStreamPart> {
        self.full_stream_with(StreamOptions::new())
    }

    /// As [`full_stream`](Self::full_stream), with options.
    pub fn full_stream_with(&self, options: StreamOptions) -> EventStream<AgentStreamPart> {
        self.follow(stream_part, options)
    }

    /// The agent's answers, each a whole text (`textStream`). What it says on the way is not in it.
    pub fn text_stream(&self) -> EventStream<String> {
        self.text_stream_with(StreamOptions::new())
    }

    /// As [`text_stream`](Self::text_stream), with options.
    pub fn text_stream_with(&self, options: StreamOptions) -> EventStream<String> {
        self.follow(answer_text, options)
    }

    /// What the run came to (`finalResult`): polls until it is over, then asks for its session.
    ///
    /// It is sent when it is awaited; one that is not awaited does nothing. Its longest wait counts from when this
    /// handle was made, but it always polls once, so that after reading a stream to its end it gives the result.
    pub fn final_result(&self) -> Call<AgentRunResult> {
        let this = self.clone();
        Call::new(
            self.client.pipeline.clone(),
            ops::FINAL_RESULT,
            move |caller| async move {
                let resume = caller.pipeline().resume().clone();
                let watch = this.watch(resume).since(this.started);
                let session = wait(&caller, watch, None).await?;
                Ok(session.map(AgentRunResult::from))
            },
        )
    }

    fn watch(&self, resume: agent_core::Resume) -> Watch {
        Watch::new(self.run.id.clone(), resume)
            .after_seq(self.after_seq)
            .polling(self.polling)
            .max_wait(self.max_wait)
    }

    fn follow<T: Send + 'static>(
        &self,
        meaning: fn(RunEvent) -> Option<T>,
        options: StreamOptions,
    ) -> EventStream<T> {
        let pipeline = &self.client.pipeline;
        let watch = self.watch(options.resume_on(pipeline));
        pipeline.follow(ops::STREAM_AGENT, Following::new(watch, meaning), options)
    }
}
