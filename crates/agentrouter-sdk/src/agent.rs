//! The two functions most users need: run an agent, and watch an agent run.
//!
//! What they are asked with is in `agent/request.rs`, what a watched run gives in `agent/stream.rs`.

use agent_core::sdk::{Request, now};
use agent_core::{Call, Caller, Result, WithResponse};

use crate::client::AgentRouterClient;
use crate::conversations::continue_run;
use crate::ops;
use crate::types::{AgentRunResult, Run};
use crate::wait::{create_and_wait, wait};
use crate::watch::Watch;

mod request;
mod stream;

pub use request::{
    RunAgentCreateRequest, RunAgentRequest, RunAgentResumeRequest, StreamAgentCreateRequest,
    StreamAgentRequest, StreamAgentResumeRequest,
};
pub use stream::AgentRunStream;

/// Runs an agent and waits for its result (`runAgent`): a new run, or the next turn of a conversation.
///
/// A run that failed or was cancelled is a **result**: look at its status. Errors after the run was started name it
/// ([`run_id`](crate::ErrorExt::run_id)); it goes on.
///
/// ```no_run
/// # async fn demo(client: &agentrouter_sdk::AgentRouterClient) -> agentrouter_sdk::Result<()> {
/// use agentrouter_sdk::{RunAgentCreateRequest, RunAgentResumeRequest, codex, run_agent};
///
/// let first = run_agent(client, RunAgentCreateRequest::new("Fix the failing test").runtime(codex())).await?;
/// println!("{}: {}", first.status, first.text);
/// let more = RunAgentResumeRequest::new(first.run.conversation(), "Now add a test");
/// println!("{}", run_agent(client, more).await?.text);
/// # Ok(()) }
/// ```
pub fn run_agent(
    client: &AgentRouterClient,
    request: impl Into<RunAgentRequest>,
) -> Call<AgentRunResult> {
    let request = request.into();
    Call::new(
        client.pipeline.clone(),
        ops::RUN_AGENT,
        move |caller| async move {
            let session = match request {
                RunAgentRequest::Create(create) => {
                    Box::pin(create_and_wait(&caller, create)).await?
                }
                RunAgentRequest::Resume(resume) => {
                    Box::pin(resume_and_wait(&caller, resume)).await?
                }
            };
            Ok(session.map(AgentRunResult::from))
        },
    )
}

async fn resume_and_wait(
    caller: &Caller,
    resume: RunAgentResumeRequest,
) -> Result<WithResponse<crate::RunSession>> {
    let turn = continue_run(caller, &resume.continue_run, &resume.message)
        .await?
        .value;
    let watch = Watch::new(turn.run_id, caller.pipeline().resume().clone())
        .after_seq(resume.after_seq.unwrap_or(0))
        .polling(resume.polling)
        .max_wait(resume.max_wait);
    wait(caller, watch.since(now()), resume.on_event).await
}

/// Starts an agent and gives a handle to watch it with (`streamAgent`): a new run, or the next turn of a conversation.
///
/// The call is done when the run exists. The streams of the handle send nothing before they are read.
///
/// ```no_run
/// # async fn demo(client: &agentrouter_sdk::AgentRouterClient) -> agentrouter_sdk::Result<()> {
/// use agentrouter_sdk::{AgentStreamPart, StreamAgentCreateRequest, codex, stream_agent};
///
/// let request = StreamAgentCreateRequest::new("Fix the failing test").runtime(codex());
/// let run = stream_agent(client, request).await?;
/// let mut parts = run.full_stream();
/// while let Some(part) = parts.next().await {
///     match part? {
///         AgentStreamPart::ApprovalRequest(request) => {
///             client.approve_run_action(&request).await?;
///         }
///         part => println!("{}", part.text().unwrap_or("done")),
///     }
/// }
/// println!("{}", run.final_result().await?.status);
/// # Ok(()) }
/// ```
pub fn stream_agent(
    client: &AgentRouterClient,
    request: impl Into<StreamAgentRequest>,
) -> Call<AgentRunStream> {
    let (request, client) = (request.into(), client.clone());
    Call::new(
        client.pipeline.clone(),
        ops::STREAM_AGENT,
        move |caller| async move {
            match request {
                StreamAgentRequest::Create(create) => start(&caller, client, create).await,
                StreamAgentRequest::Resume(resume) => next_turn(&caller, client, resume).await,
            }
        },
    )
}

async fn start(
    caller: &Caller,
    client: AgentRouterClient,
    request: StreamAgentCreateRequest,
) -> Result<WithResponse<AgentRunStream>> {
    let response = caller.send(&request.create.request()).await?;
    let run: Run = response.json()?;
    let stream = AgentRunStream {
        conversation_id: run.conversation(),
        run,
        turn_number: None,
        client,
        after_seq: request.after_seq.unwrap_or(0),
        polling: request.polling,
        max_wait: request.max_wait,
        started: now(),
    };
    Ok(WithResponse::new(stream, response.meta))
}

async fn next_turn(
    caller: &Caller,
    client: AgentRouterClient,
    request: StreamAgentResumeRequest,
) -> Result<WithResponse<AgentRunStream>> {
    let turn = continue_run(caller, &request.continue_run, &request.message)
        .await?
        .value;
    let look = Request::new(&ops::GET_RUN).param("run_id", &turn.run_id);
    // The turn exists: who can not look at it must learn its id.
    let signed = |error: agent_core::Error| error.with_view(turn.run_id.clone());
    let response = caller.send(&look).await.map_err(signed)?;
    let stream = AgentRunStream {
        run: response.json().map_err(signed)?,
        conversation_id: turn.conversation_id,
        turn_number: Some(turn.turn_number),
        client,
        after_seq: request.after_seq.unwrap_or(0),
        polling: request.polling,
        max_wait: request.max_wait,
        started: now(),
    };
    Ok(WithResponse::new(stream, response.meta))
}
