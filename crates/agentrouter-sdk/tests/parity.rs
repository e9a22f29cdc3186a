//! Every row of the npm package's interface has its counterpart here: a missing one does not compile.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]
#![allow(
    clippy::type_complexity,
    clippy::single_match_else,
    reason = "a list shows what it lists"
)]

use std::sync::Arc;
use std::time::Duration;

use agent_core::testing::ScriptedTransport;
use agentrouter_sdk::agent_core::Transport;
use agentrouter_sdk::{
    ActionApprovalDecision, ActionApprovalMode, ActionPart, AgentResponse, AgentResponseTextPart,
    AgentRouterClient, AgentRouterError, AgentRouterOptions, AgentRunResult, AgentRunStream,
    AgentStreamPart, ApprovalDecisionPart, ApprovalRequestPart, Artifact, ArtifactList, Call,
    ClaudeCodePermissionMode, ClaudeCodeRuntimeOptions, ClaudeCodeRuntimeSelection, CloseRunResult,
    CodexRuntimeMode, CodexRuntimeOptions, CodexRuntimeSelection, ContinueRunResult,
    ConversationId, CreateAndWaitRequest, CreateRunRequest, DonePart, ErrorExt, ErrorPart,
    EventCursor, EventStream, ExecutionPart, ExecutionStreamStatus, Extra, HttpConfig,
    ListRunEventsQuery, ListRunsQuery, MessagePart, NoProgressPart, NoProgressSignal, ProgressPart,
    ResolvedRuntimeSelection, Result, Run, RunActionDecisionRequest, RunAgentCreateRequest,
    RunAgentRequest, RunAgentResumeRequest, RunEvent, RunEventPage, RunEventType, RunId, RunList,
    RunSession, RunStatus, RunTurn, RunTurnsResult, RuntimeSelection, StreamAgentCreateRequest,
    StreamAgentRequest, StreamAgentResumeRequest, StreamRunOptions, TextPart, agentrouter,
    claude_code, codex, error::codes, run_agent, stream_agent,
};
use bytes::Bytes;
use serde_json::Value;

#[path = "support/rig.rs"]
mod rig;

#[test]
fn the_client_and_its_options() {
    let transport: Arc<dyn Transport> = ScriptedTransport::new().shared();
    let options: AgentRouterOptions = AgentRouterOptions::new("key")
        .base_url("https://agents.example.com")
        .default_header("x-a", "1")
        .default_headers([("x-b", "2")])
        .transport(transport)
        .http(HttpConfig::new());
    let client: Result<AgentRouterClient> = agentrouter(options.clone());
    let _: Result<AgentRouterClient> = AgentRouterClient::new(options);
    let client = client.unwrap();

    let _: Call<Run> = client.create_run(CreateRunRequest::new("t"));
    let _: Call<RunSession> = client.create_run_and_wait(CreateAndWaitRequest::new("t"));
    let _: Call<Run> = client.get_run("id");
    let _: Call<RunList> = client.list_runs(ListRunsQuery::new().status("active").limit(1));
    let _: Call<Run> = client.cancel_run("id");
    let _: Call<RunEventPage> =
        client.list_run_events("id", ListRunEventsQuery::new().after_seq(1).limit(2));
    let _: EventStream<RunEvent> = client.stream_run("id", StreamRunOptions::new().after_seq(1));
    let _: Call<RunSession> = client.get_run_session("id");
    let _: Call<ArtifactList> = client.list_run_artifacts("id");
    let _: Call<Bytes> = client.download_artifact("id", "artifact");
    let decision = || RunActionDecisionRequest::new("id", "action", "digest").reason("why");
    let _: Call<RunEvent> = client.approve_run_action(decision());
    let _: Call<RunEvent> = client.deny_run_action(decision());
    let _: Call<ContinueRunResult> = client.continue_run("id", "message");
    let _: Call<RunTurnsResult> = client.get_run_turns("id");
    let _: Call<CloseRunResult> = client.close_run("id");
}

#[test]
fn run_agent_and_stream_agent_with_both_forms() {
    let client = rig::client(&ScriptedTransport::new());
    let create: RunAgentCreateRequest = CreateAndWaitRequest::new("t")
        .runtime(codex())
        .approval_mode(ActionApprovalMode::Manual)
        .metadata(Extra::new())
        .metadata_entry("a", 1)
        .idempotency_key("k")
        .poll_interval(Duration::from_secs(1))
        .max_wait(Duration::from_secs(1))
        .on_event(|event: &RunEvent| drop(event.clone()));
    let _: Call<AgentRunResult> = run_agent(&client, create);
    let resume = RunAgentResumeRequest::new(ConversationId::from("id"), "m").after_seq(3);
    let _: Call<AgentRunResult> = run_agent(&client, RunAgentRequest::Resume(resume));
    let create = StreamAgentCreateRequest::new("t")
        .after_seq(1)
        .poll_interval(Duration::from_secs(1));
    let _: Call<AgentRunStream> = stream_agent(&client, StreamAgentRequest::Create(create));
    let resume = StreamAgentResumeRequest::new("id", "m").max_wait(Duration::from_secs(1));
    let _: Call<AgentRunStream> = stream_agent(&client, resume);

    let text = |text: &str| Some(text.to_owned());
    for (task, id, message, resumes) in [
        (text("t"), None, None, Some(false)),
        (text(""), text(""), text("m"), Some(false)),
        (text("t"), text("id"), text(""), Some(true)),
        (text("t"), text("id"), None, Some(false)),
        (None, text("id"), None, None),
        (None, text(""), text("m"), None),
        (None, None, None, None),
    ] {
        let run = RunAgentRequest::from_parts(task.clone(), id.clone(), message.clone());
        let stream = StreamAgentRequest::from_parts(task, id, message);
        match resumes {
            Some(resumes) => {
                assert_eq!(matches!(run, Ok(RunAgentRequest::Resume(_))), resumes);
                assert_eq!(matches!(stream, Ok(StreamAgentRequest::Resume(_))), resumes);
            }
            None => {
                assert_eq!(
                    run.unwrap_err().code(),
                    Some(codes::INVALID_RUN_AGENT_REQUEST)
                );
                assert_eq!(
                    stream.unwrap_err().code(),
                    Some(codes::INVALID_STREAM_AGENT_REQUEST)
                );
            }
        }
    }
}

#[test]
fn the_handle_of_a_watched_run() {
    fn handle(stream: &AgentRunStream) {
        let _: (&Run, &ConversationId, Option<u64>) =
            (&stream.run, &stream.conversation_id, stream.turn_number);
        let _: EventStream<RunEvent> = stream.events();
        let _: EventStream<AgentStreamPart> = stream.full_stream();
        let _: EventStream<String> = stream.text_stream();
        let _: Call<AgentRunResult> = stream.final_result();
    }
    let _: fn(&AgentRunStream) = handle;
}

#[test]
fn every_part() {
    fn all(part: AgentStreamPart) -> Option<String> {
        Some(match part {
            AgentStreamPart::Progress(ProgressPart { text, .. })
            | AgentStreamPart::Message(MessagePart { text, .. })
            | AgentStreamPart::Text(TextPart { text, .. })
            | AgentStreamPart::Error(ErrorPart { text, .. }) => text,
            AgentStreamPart::Action(ActionPart {
                text,
                action_id,
                action_digest,
                ..
            })
            | AgentStreamPart::ApprovalRequest(ApprovalRequestPart {
                text,
                action_id,
                action_digest,
                ..
            }) => text + &action_id + &action_digest,
            AgentStreamPart::ApprovalDecision(ApprovalDecisionPart {
                action_id,
                action_digest,
                decision,
                ..
            }) => {
                let decision: ActionApprovalDecision = decision;
                action_id + &action_digest + decision.as_str()
            }
            AgentStreamPart::Execution(ExecutionPart {
                action_id,
                action_digest,
                status,
                ..
            }) => {
                let status: ExecutionStreamStatus = status;
                action_id + &action_digest + status.as_str()
            }
            AgentStreamPart::NoProgress(NoProgressPart {
                signal,
                text,
                event,
                ..
            }) => {
                let _: (NoProgressSignal, RunEvent) = (signal, event);
                text
            }
            AgentStreamPart::Done(DonePart { status, .. }) => status.to_string(),
            _ => return None,
        })
    }
    let _: fn(AgentStreamPart) -> Option<String> = all;
}

#[test]
fn runtimes_and_enumerations() {
    let _: CodexRuntimeSelection = codex().mode(CodexRuntimeMode::FullAccess).model("m");
    let _: ClaudeCodeRuntimeSelection = claude_code()
        .permission_mode(ClaudeCodePermissionMode::Plan)
        .model("m");
    let _: (CodexRuntimeOptions, ClaudeCodeRuntimeOptions) = (codex(), claude_code());
    let _: [RuntimeSelection; 3] = [
        codex().into(),
        claude_code().into(),
        RuntimeSelection::Other(Extra::new()),
    ];
    assert_eq!(
        CodexRuntimeMode::KNOWN,
        ["default", "read_only", "full_access", "auto_review"]
    );
    assert_eq!(
        ClaudeCodePermissionMode::KNOWN,
        [
            "default",
            "acceptEdits",
            "plan",
            "auto",
            "dontAsk",
            "bypassPermissions"
        ]
    );
    assert_eq!(ActionApprovalMode::KNOWN, ["auto", "manual", "block"]);
    assert_eq!(ActionApprovalDecision::KNOWN, ["approved", "denied"]);
    assert_eq!(
        ExecutionStreamStatus::KNOWN,
        ["started", "completed", "failed"]
    );
    assert_eq!(
        RunStatus::KNOWN,
        [
            "queued",
            "starting",
            "running",
            "cancelling",
            "cancelled",
            "completed",
            "failed"
        ]
    );
    let terminal: Vec<_> = RunStatus::KNOWN
        .iter()
        .filter(|s| RunStatus::from(**s).is_terminal())
        .collect();
    assert_eq!(terminal, [&"cancelled", &"completed", &"failed"]);
    assert_eq!(RunEventType::KNOWN.len(), 28);
    assert_eq!(RunStatus::from("paused").as_str(), "paused");
}

#[test]
fn the_records() {
    fn run(run: &Run) {
        let _: (&RunId, &RunStatus, &ResolvedRuntimeSelection) =
            (&run.id, &run.status, &run.runtime);
        let _: (&String, &Extra, u64) = (&run.task, &run.input, run.last_event_seq);
        let _: (&Option<ConversationId>, &Option<String>) = (&run.conversation_id, &run.session_id);
        let _: (&String, [&Option<String>; 3]) = (
            &run.queued_at,
            [&run.started_at, &run.completed_at, &run.cancel_requested_at],
        );
        let failure = run.failure.as_ref();
        let _: Option<(&Option<String>, &Option<String>)> = failure.map(|f| (&f.code, &f.reason));
    }
    fn event(event: &RunEvent) {
        let _: (&RunId, u64, &RunEventType) = (&event.run_id, event.sequence, &event.event_type);
        let _: (&Option<String>, &String, &Value) =
            (&event.provider_event_type, &event.source, &event.payload);
        let _: (bool, &String, &str) = (event.is_truncated, &event.created_at, event.raw_json());
        let reference = event.artifact_ref.as_ref();
        let _: Option<(&String, &String)> = reference.map(|r| (&r.artifact_id, &r.r2_key));
    }
    fn artifact(artifact: &Artifact) {
        let _: [&String; 5] = [
            &artifact.id,
            &artifact.kind,
            &artifact.r2_key,
            &artifact.sha256,
            &artifact.created_at,
        ];
        let _: (&RunId, &Option<String>, u64, &Extra) = (
            &artifact.run_id,
            &artifact.content_type,
            artifact.size_bytes,
            &artifact.metadata,
        );
    }
    fn session(session: &RunSession) {
        let _: (&Run, &EventCursor, u64) = (
            &session.run,
            &session.event_cursor,
            session.last_event_seq(),
        );
        let _: (&Option<AgentResponse>, &Extra, &ArtifactList) = (
            &session.response,
            &session.artifact_manifest,
            &session.artifacts,
        );
        let parts = session
            .response
            .as_ref()
            .map(|response| (&response.text, &response.parts));
        let _: Option<(&String, &Vec<AgentResponseTextPart>)> = parts;
    }
    fn result(result: &AgentRunResult) {
        let _: (&RunId, &RunStatus, &String, &Option<AgentResponse>) =
            (&result.id, &result.status, &result.text, &result.response);
        let _: (&Run, &RunSession, &EventCursor) =
            (&result.run, &result.session, &result.event_cursor);
        let _: (&Extra, &ArtifactList) = (&result.artifact_manifest, &result.artifacts);
    }
    fn conversation(next: &ContinueRunResult, turn: &RunTurn, closed: &CloseRunResult) {
        let _: (&RunId, u64, &ConversationId) =
            (&next.run_id, next.turn_number, &next.conversation_id);
        let _: (&String, &RunId, u64, &String, &String) = (
            &turn.id,
            &turn.run_id,
            turn.turn_number,
            &turn.prompt,
            &turn.created_at,
        );
        let _: (bool, &ConversationId, bool) =
            (closed.closed, &closed.conversation_id, closed.reclaimed);
    }
    fn error(error: &AgentRouterError) {
        let _: (Option<&str>, &str, Option<&Value>) =
            (error.code(), error.message(), error.details());
        let _: (Option<u16>, bool) = (error.status_code(), error.is_agent_router_error());
    }
    let _: (fn(&Run), fn(&RunEvent), fn(&Artifact), fn(&RunSession)) =
        (run, event, artifact, session);
    let _: (fn(&AgentRunResult), fn(&AgentRouterError)) = (result, error);
    let _: fn(&ContinueRunResult, &RunTurn, &CloseRunResult) = conversation;
}

/// What users rely on when they move handles into tasks.
#[test]
fn clients_handles_calls_and_streams_move_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    fn stream<I, T: futures_util::Stream<Item = Result<I>> + Send + Unpin + 'static>() {}
    fn send<T: Send + 'static>() {}
    shared::<AgentRouterClient>();
    shared::<AgentRunStream>();
    stream::<RunEvent, EventStream<RunEvent>>();
    stream::<AgentStreamPart, EventStream<AgentStreamPart>>();
    send::<Call<AgentRunResult>>();
    send::<RunAgentRequest>();
    send::<AgentRouterError>();
}
