//! Conversations: several runs in one sandbox, one after the other.
//!
//! There is no session to open: the id of the first run is the conversation. Both loops here belong to the
//! operations and run whatever the retry policy says.

use agent_core::sdk::{Request, now};
use agent_core::{Call, Caller, Error, Result, WithResponse};
use serde_json::json;

use crate::client::AgentRouterClient;
use crate::error::codes;
use crate::ops;
use crate::types::{
    CloseRunResult, ContinueRunResult, ConversationId, Extra, Run, RunStatus, RunTurnsResult,
};
use crate::wire;

impl AgentRouterClient {
    /// Starts the next turn of a conversation (`continueRun`): its run is in the result.
    ///
    /// A run becomes continuable a moment after it is completed, so the refusal `run_not_continuable` is tried again
    /// for 8 seconds. Every other failure is returned at once, and a request that may have arrived is **not repeated**:
    /// a second turn could start.
    pub fn continue_run(
        &self,
        conversation: impl Into<ConversationId>,
        message: impl Into<String>,
    ) -> Call<ContinueRunResult> {
        let (conversation, message) = (conversation.into(), message.into());
        Call::new(
            self.pipeline.clone(),
            ops::CONTINUE_RUN.name,
            move |caller| async move { continue_run(&caller, &conversation, &message).await },
        )
    }

    /// The turns of a conversation (`getRunTurns`), in order. A run that was never continued is one turn.
    pub fn get_run_turns(&self, conversation: impl Into<ConversationId>) -> Call<RunTurnsResult> {
        self.about(&ops::GET_RUN_TURNS, conversation.into())
    }

    /// Ends a conversation (`closeRun`). Closing twice does no harm.
    ///
    /// The sandbox of a completed Codex run is reclaimed a moment later: closing is asked again for up to 30 seconds
    /// until it is, or until it is clear that this run has none to reclaim.
    pub fn close_run(&self, conversation: impl Into<ConversationId>) -> Call<CloseRunResult> {
        let conversation = conversation.into();
        Call::new(
            self.pipeline.clone(),
            ops::CLOSE_RUN.name,
            move |caller| async move { close_run(&caller, &conversation).await },
        )
    }
}

pub(crate) async fn continue_run(
    caller: &Caller,
    conversation: &ConversationId,
    message: &str,
) -> Result<WithResponse<ContinueRunResult>> {
    let request = Request::new(&ops::CONTINUE_RUN)
        .param("run_id", conversation.as_str())
        .json(&json!({"message": message}));
    let start = now();
    let mut attempt = 0;
    loop {
        attempt += 1;
        match caller.send(&request).await {
            Ok(response) => return Ok(WithResponse::new(response.json()?, response.meta)),
            Err(error) if not_yet(&error) && now() - start < wire::CONTINUE_WINDOW => {
                caller.sleep(wire::window_wait(attempt)).await?;
            }
            Err(error) => return Err(error.with_attempts(attempt)),
        }
    }
}

fn not_yet(error: &Error) -> bool {
    error.code() == Some(codes::RUN_NOT_CONTINUABLE)
}

async fn close_run(
    caller: &Caller,
    conversation: &ConversationId,
) -> Result<WithResponse<CloseRunResult>> {
    let id = conversation.as_str();
    let close = Request::new(&ops::CLOSE_RUN)
        .param("run_id", id)
        .json(&Extra::new());
    let look = Request::new(&ops::GET_RUN).param("run_id", id);
    let start = now();
    let mut attempt = 0;
    loop {
        attempt += 1;
        let response = caller.send(&close).await?;
        let closed: CloseRunResult = response.json()?;
        let closed = WithResponse::new(closed, response.meta);
        if closed.value.reclaimed || now() - start >= wire::CLOSE_WINDOW {
            return Ok(closed);
        }
        // It is closed already: that its run can not be looked at changes nothing.
        let run = caller.send(&look).await.and_then(|run| run.json::<Run>());
        let parked =
            run.is_ok_and(|run| run.status == RunStatus::Completed && run.runtime.is_continuable());
        if !parked {
            return Ok(closed);
        }
        caller.sleep(wire::window_wait(attempt)).await?;
    }
}
