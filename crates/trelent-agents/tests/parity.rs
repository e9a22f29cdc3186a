//! Every item of the npm package has its counterpart here: a missing one does not compile.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]
#![allow(
    clippy::too_many_lines,
    clippy::match_same_arms,
    reason = "a list is as long as what it lists"
)]

use std::time::Duration;

use serde_json::{Map, Value};
use trelent_agents::agent_core::BoxFuture;
use trelent_agents::events::{
    ErrorEvent, MessageCompleted, MessageDelta, MessageStarted, ReasoningCompleted, ReasoningDelta,
    ReasoningStarted, SessionCompleted, SessionStarted, TextBlock, ThinkingBlock,
    ToolCallCompleted, ToolCallInputComplete, ToolCallInputDelta, ToolCallOutputDelta,
    ToolCallStarted, ToolUseBlock, TurnCompleted, TurnFailed, TurnStarted,
};
use trelent_agents::{
    ApiErrorClass, Call, CancelRunResponse, ChatHistoryEntry, CheckpointResponse,
    ClaudeCodeHarnessSpec, Client, ClientOptions, CodexHarnessSpec, CommonEvent, ContentBlock,
    CreateRunOptions, DEFAULT_API_URL, DeleteSecretResponse, Error, ErrorExt, ErrorKind, EventData,
    EventStream, EventType, Exporter, FileOutput, GeminiHarnessSpec, HarnessInfo, HarnessKind,
    HarnessSpec, HealthResponse, Importer, LocSegment, OutputFile, RegistrySandbox, Result,
    ResumeRunOptions, Run, RunData, RunResult, RunSecretBinding, RunSecretSpec, RunStatus,
    RunStatusResponse, Runs, S3Exporter, Sandboxes, SecretResponse, SecretString, Secrets,
    SecretsProvider, SharedWorkspaceExporter, SharedWorkspaceImporter, TextDelta, TokenRequest,
    TokenResponse, Tokens, ToolKind, Usage, ValidationItem, Wait, WorkflowIds,
};

#[path = "support/rig.rs"]
mod rig;

#[test]
fn the_client_and_its_options() {
    let client: Result<Client> = Client::new(DEFAULT_API_URL);
    let client = client.unwrap();
    let mut options = ClientOptions::default();
    options.client_id = Some(String::from("id"));
    options.client_secret = Some(SecretString::from("secret"));
    options.scope = Some(String::from("AgentOrchestrator:runs:list"));
    options.timeout = Duration::from_secs(10);
    let _: Result<Client> = Client::with_options("https://agents.trelent.com", options);
    let _: ClientOptions = ClientOptions::new()
        .client_id("id")
        .client_secret("secret")
        .credentials("id", "secret")
        .scope("s")
        .timeout(Duration::from_secs(1));

    let _: Call<HealthResponse> = client.health();
    let sandboxes: Sandboxes = client.sandboxes();
    let _: Call<Vec<RegistrySandbox>> = sandboxes.list();
    let tokens: Tokens = client.tokens();
    let _: Call<TokenResponse> = tokens.create(&TokenRequest::new("id", "secret", "scope"));

    let runs: Runs = client.runs();
    let _: Call<Run> = runs.create(CreateRunOptions::new("image", "prompt"));
    let _: Call<Vec<Run>> = runs.list(None);
    let _: Call<Vec<Run>> = runs.list("image");
    let _: Call<Vec<Run>> = runs.list(Some("image"));
    let _: Call<Run> = runs.get("id");
    let _: Call<RunStatusResponse> = runs.get_status("id");
    let _: Call<CancelRunResponse> = runs.cancel("id");
    let _: Call<Vec<CheckpointResponse>> = runs.get_checkpoint_chain("id");
    let _: Call<CheckpointResponse> = runs.get_checkpoint("id", "cid");
    let mut events: EventStream<CommonEvent> = runs.subscribe("id");
    let _: () = events.close();

    let secrets: Secrets = client.secrets();
    let _: Call<SecretResponse> = secrets.create("name", "value");
    let _: Call<Vec<SecretResponse>> = secrets.list();
    let _: Call<SecretResponse> = secrets.get("name");
    let _: Call<SecretResponse> = secrets.update("name", "value");
    let _: Call<DeleteSecretResponse> = secrets.delete("name");
}

#[test]
fn the_run() {
    fn fields(run: &Run) {
        let _: &String = &run.id;
        let _: &String = &run.sandbox;
        let _: &HarnessInfo = &run.harness;
        let _: &Option<String> = &run.parent;
        let _: &Option<String> = &run.prompt;
        let _: &RunStatus = &run.status;
        let _: &String = &run.created_at;
        let _: &Option<String> = &run.started_at;
        let _: &Option<String> = &run.completed_at;
        let _: &Option<RunResult> = &run.result;
        let _: &Vec<FileOutput> = &run.file_outputs;
        let _: &Option<String> = &run.error;
        let _: &Option<WorkflowIds> = &run.workflow_ids;
        let _: &RunData = run;
    }
    fn actions(run: &mut Run) {
        let _: Call<Run> = run.fork("prompt", ResumeRunOptions::default());
        let refresh: BoxFuture<'_, Result<()>> = Box::pin(run.refresh());
        drop(refresh);
        let _: EventStream<CommonEvent> = run.subscribe();
        let _: Wait = run.wait();
        let text: BoxFuture<'_, Result<Option<String>>> = Box::pin(run.text());
        drop(text);
    }
    let _: fn(&Run) = fields;
    let _: fn(&mut Run) = actions;
}

/// What users rely on when they move handles into tasks.
#[test]
fn clients_runs_calls_and_streams_move_between_threads() {
    fn client<T: Clone + Send + Sync + 'static>() {}
    fn stream<T>()
    where
        T: futures_util::Stream<Item = Result<CommonEvent>> + Send + Unpin + 'static,
    {
    }
    fn send<T: Send + 'static>() {}
    client::<Client>();
    client::<Run>();
    client::<Runs>();
    client::<Tokens>();
    client::<Secrets>();
    client::<Sandboxes>();
    stream::<EventStream<CommonEvent>>();
    send::<Call<Run>>();
    send::<Wait>();
    send::<Error>();
}

#[test]
fn connectors_and_options() {
    #[cfg(feature = "imports")]
    {
        use trelent_agents::LocalImporter;
        let importer = LocalImporter::new("./data");
        let _: &std::path::PathBuf = &importer.path;
        let _: Importer = importer.into();
    }
    let exporter = S3Exporter::new().bucket("bucket").path("prefix/");
    let _: (&Option<String>, &Option<String>) = (&exporter.bucket, &exporter.path);
    let _: Exporter = exporter.into();
    let _: Importer = SharedWorkspaceImporter::new("name").subpath("sub").into();
    let shared = SharedWorkspaceExporter::new("name")
        .directory("dir")
        .bucket("bucket")
        .path("prefix");
    let _: Exporter = shared.into();

    let create = CreateRunOptions::new("sandbox", "prompt")
        .harness(ClaudeCodeHarnessSpec::new())
        .timeout(Duration::from_secs(60))
        .timeout_seconds(60)
        .import(SharedWorkspaceImporter::new("name"))
        .imports(Vec::<Importer>::new())
        .export(S3Exporter::new())
        .exports(Vec::<Exporter>::new())
        .workdir("/work")
        .secret("KEY")
        .secrets(["A", "B"]);
    let _: (&String, &String, &HarnessSpec) = (&create.sandbox, &create.prompt, &create.harness);
    let _: (u64, &Option<String>) = (create.timeout_seconds, &create.workdir);
    let _: (&Vec<Importer>, &Vec<Exporter>) = (&create.imports, &create.exports);
    let _: &Vec<RunSecretSpec> = &create.secrets;

    let fork = ResumeRunOptions::new()
        .timeout(Duration::from_secs(60))
        .timeout_seconds(60)
        .import(SharedWorkspaceImporter::new("name"))
        .export(S3Exporter::new())
        .workdir("/work")
        .secret(RunSecretBinding::new("KEY").env_var("VAR").mount(true));
    let _: (u64, &Option<String>) = (fork.timeout_seconds, &fork.workdir);
    let _: (&Vec<Importer>, &Vec<Exporter>) = (&fork.imports, &fork.exports);
    let _: &Vec<RunSecretSpec> = &fork.secrets;
    let _: [RunSecretSpec; 2] = [
        RunSecretSpec::Name(String::new()),
        RunSecretSpec::Binding(RunSecretBinding::new("KEY")),
    ];
    let binding = RunSecretBinding::new("KEY");
    let _: (String, Option<String>, bool) = (binding.name, binding.env_var, binding.mount);

    let _: [HarnessSpec; 3] = [
        ClaudeCodeHarnessSpec::new().model("opus").into(),
        CodexHarnessSpec::new().into(),
        GeminiHarnessSpec::new().into(),
    ];
    let _: Option<String> = ClaudeCodeHarnessSpec::new().model;
    let _: Option<String> = CodexHarnessSpec::new().model;
    let _: Option<String> = GeminiHarnessSpec::new().model;
}

/// Each enumeration has the variants of the original, one for what is unknown, and the text of the wire.
#[test]
fn enumerations() {
    let types = [
        (EventType::SessionStarted, "session.started"),
        (EventType::SessionCompleted, "session.completed"),
        (EventType::TurnStarted, "turn.started"),
        (EventType::TurnCompleted, "turn.completed"),
        (EventType::TurnFailed, "turn.failed"),
        (EventType::MessageStarted, "message.started"),
        (EventType::MessageDelta, "message.delta"),
        (EventType::MessageCompleted, "message.completed"),
        (EventType::ReasoningStarted, "reasoning.started"),
        (EventType::ReasoningDelta, "reasoning.delta"),
        (EventType::ReasoningCompleted, "reasoning.completed"),
        (EventType::ToolCallStarted, "tool_call.started"),
        (EventType::ToolCallInputDelta, "tool_call.input_delta"),
        (EventType::ToolCallInputComplete, "tool_call.input_complete"),
        (EventType::ToolCallOutputDelta, "tool_call.output_delta"),
        (EventType::ToolCallCompleted, "tool_call.completed"),
        (EventType::Error, "error"),
    ];
    assert_eq!(types.len(), EventType::KNOWN.len());
    for (value, text) in types {
        assert_eq!(value.as_str(), text);
    }
    let statuses = [
        (RunStatus::Pending, "pending", false),
        (RunStatus::Starting, "starting", false),
        (RunStatus::Running, "running", false),
        (RunStatus::Completed, "completed", true),
        (RunStatus::Failed, "failed", true),
        (RunStatus::Timeout, "timeout", true),
        (RunStatus::Cancelled, "cancelled", true),
    ];
    assert_eq!(statuses.len(), RunStatus::KNOWN.len());
    for (value, text, terminal) in statuses {
        assert_eq!(value.as_str(), text);
        assert_eq!(value.is_terminal(), terminal);
        assert_eq!(value, text, "compared as text, as users of the original do");
    }
    for (value, text) in [
        (HarnessKind::ClaudeCode, "claude_code"),
        (HarnessKind::Codex, "codex"),
        (HarnessKind::Gemini, "gemini"),
    ] {
        assert_eq!(value.as_str(), text);
    }
    for (value, text) in [
        (ToolKind::CommandExecution, "command_execution"),
        (ToolKind::FileChange, "file_change"),
        (ToolKind::McpTool, "mcp_tool"),
        (ToolKind::WebSearch, "web_search"),
        (ToolKind::PlanUpdate, "plan_update"),
        (ToolKind::Other, "other"),
    ] {
        assert_eq!(value.as_str(), text);
    }
    for (value, text) in [
        (SecretsProvider::Aws, "aws"),
        (SecretsProvider::Gcp, "gcp"),
        (SecretsProvider::ObjectStorage, "object_storage"),
    ] {
        assert_eq!(value.as_str(), text);
    }
    let _ = [
        EventType::Unknown("x".to_owned()).as_str() == "x",
        RunStatus::Unknown("x".to_owned()).is_terminal(),
        HarnessKind::Unknown("x".to_owned()).as_str() == "x",
        ToolKind::Unknown("x".to_owned()).as_str() == "x",
        SecretsProvider::Unknown("x".to_owned()).as_str() == "x",
    ];
}

#[test]
fn the_envelope_and_all_payloads() {
    fn envelope(event: &CommonEvent) {
        let _: u64 = event.seq;
        let _: &String = &event.timestamp;
        let _: &EventType = &event.event_type;
        let _: &EventData = &event.data;
        let _: &String = &event.version;
        let _: (&Option<String>, &Option<String>) = (&event.event_id, &event.run_id);
        let _: &Option<HarnessInfo> = &event.harness;
        let _: &Option<String> = &event.harness_session_id;
        let _: &Option<Map<String, Value>> = &event.raw;
    }
    fn payload(data: &EventData) {
        match data {
            EventData::SessionStarted(SessionStarted { tools, .. }) => {
                let _: &Option<Vec<String>> = tools;
            }
            EventData::SessionCompleted(SessionCompleted {
                exit_code,
                usage,
                error,
                ..
            }) => {
                let _: (&i64, &Option<Usage>, &Option<String>) = (exit_code, usage, error);
            }
            EventData::TurnStarted(TurnStarted { turn_id, .. }) => {
                let _: &String = turn_id;
            }
            EventData::TurnCompleted(TurnCompleted { turn_id, usage, .. }) => {
                let _: (&String, &Option<Usage>) = (turn_id, usage);
            }
            EventData::TurnFailed(TurnFailed { turn_id, error, .. }) => {
                let _: (&String, &String) = (turn_id, error);
            }
            EventData::MessageStarted(MessageStarted {
                message_id, role, ..
            }) => {
                let _: (&String, &String) = (message_id, role);
            }
            EventData::MessageDelta(MessageDelta {
                message_id,
                content_index,
                delta: TextDelta {
                    delta_type, text, ..
                },
                ..
            }) => {
                let _: (&String, &i64) = (message_id, content_index);
                let _: (&String, &String) = (delta_type, text);
            }
            EventData::MessageCompleted(MessageCompleted {
                message_id,
                content,
                ..
            }) => {
                let _: (&String, &Vec<ContentBlock>) = (message_id, content);
            }
            EventData::ReasoningStarted(ReasoningStarted { reasoning_id, .. }) => {
                let _: &String = reasoning_id;
            }
            EventData::ReasoningDelta(ReasoningDelta {
                reasoning_id, text, ..
            }) => {
                let _: (&String, &String) = (reasoning_id, text);
            }
            EventData::ReasoningCompleted(ReasoningCompleted {
                reasoning_id, text, ..
            }) => {
                let _: (&String, &String) = (reasoning_id, text);
            }
            EventData::ToolCallStarted(ToolCallStarted {
                tool_call_id,
                name,
                kind,
                ..
            }) => {
                let _: (&String, &String, &ToolKind) = (tool_call_id, name, kind);
            }
            EventData::ToolCallInputDelta(ToolCallInputDelta {
                tool_call_id,
                partial_json,
                ..
            }) => {
                let _: (&String, &String) = (tool_call_id, partial_json);
            }
            EventData::ToolCallInputComplete(ToolCallInputComplete {
                tool_call_id,
                input,
                ..
            }) => {
                let _: (&String, &Map<String, Value>) = (tool_call_id, input);
            }
            EventData::ToolCallOutputDelta(ToolCallOutputDelta {
                tool_call_id, text, ..
            }) => {
                let _: (&String, &String) = (tool_call_id, text);
            }
            EventData::ToolCallCompleted(ToolCallCompleted {
                tool_call_id,
                output,
                exit_code,
                ..
            }) => {
                let _: (&String, &Option<String>, &Option<i64>) = (tool_call_id, output, exit_code);
            }
            EventData::Error(ErrorEvent {
                code,
                message,
                recoverable,
                ..
            }) => {
                let _: (&String, &String, &bool) = (code, message, recoverable);
            }
            EventData::Unknown {
                event_type, data, ..
            } => {
                let _: (&String, &Map<String, Value>) = (event_type, data);
            }
            _ => {}
        }
    }
    fn block(block: &ContentBlock) {
        match block {
            ContentBlock::Text(TextBlock { text, .. })
            | ContentBlock::Thinking(ThinkingBlock { text, .. }) => {
                let _: &String = text;
            }
            ContentBlock::ToolUse(ToolUseBlock {
                tool_call_id,
                name,
                input,
                ..
            }) => {
                let _: (&String, &String, &Map<String, Value>) = (tool_call_id, name, input);
            }
            ContentBlock::Unknown(object) => {
                let _: &Map<String, Value> = object;
            }
            _ => {}
        }
    }
    let _: fn(&CommonEvent) = envelope;
    let _: fn(&EventData) = payload;
    let _: fn(&ContentBlock) = block;
}

#[test]
fn answers() {
    fn fields(
        (cancel, health, image): (CancelRunResponse, HealthResponse, RegistrySandbox),
        (result, status, checkpoint): (RunResult, RunStatusResponse, CheckpointResponse),
        (files, file, ids): (FileOutput, OutputFile, WorkflowIds),
        (usage, info, secret): (Usage, HarnessInfo, SecretResponse),
        (request, token): (TokenRequest, TokenResponse),
        deleted: DeleteSecretResponse,
    ) {
        let _: [String; 3] = [cancel.status, health.status, deleted.status];
        let _: (String, Vec<String>) = (image.name, image.tags);
        let _: (String, String, Option<String>) = (result.run_id, result.status, result.output);
        let _: (String, RunStatus) = (status.run_id, status.status);
        let _: [String; 4] = [
            checkpoint.checkpoint_id,
            checkpoint.layer_sha,
            checkpoint.s3_path,
            checkpoint.created_at,
        ];
        let _: (i64, Option<String>) = (checkpoint.index, checkpoint.download_url);
        let _: Option<Vec<ChatHistoryEntry>> = checkpoint.chat_history;
        let _: (String, Vec<OutputFile>) = (files.delivery, files.files);
        let _: (String, Option<String>) = (file.path, file.presigned_url);
        let _: (String, String) = (ids.infra, ids.agent);
        let _: (i64, i64) = (usage.input_tokens, usage.output_tokens);
        let _: (Option<i64>, Option<f64>) = (usage.cached_input_tokens, usage.cost_usd);
        let _: (HarnessKind, String) = (info.kind, info.model);
        let _: [String; 4] = [secret.id, secret.name, secret.created_at, secret.updated_at];
        let _: SecretsProvider = secret.provider;
        let _: [String; 3] = [request.client_id, request.client_secret, request.scope];
        let _: [String; 3] = [token.access_token, token.token_type, token.scope];
        let _: i64 = token.expires_in;
    }
    let _ = fields;
}

#[test]
fn errors() {
    fn views(error: &Error) {
        let _: (ErrorKind, Option<u16>) = (error.kind(), error.status());
        let _: (&str, Option<&Value>) = (error.message(), error.detail());
        let _: (Option<ApiErrorClass>, bool) = (error.api_class(), error.is_validation());
        let _: bool = error.is_not_found();
        for ValidationItem {
            loc,
            msg,
            error_type,
            ..
        } in error.validation_errors()
        {
            let _: (&Vec<LocSegment>, &String, &String) = (loc, msg, error_type);
        }
        let _: (bool, Option<Duration>) = (error.is_retryable(), error.retry_after());
    }
    let _: fn(&Error) = views;
    let _ = [
        ApiErrorClass::Api,
        ApiErrorClass::NotFound,
        ApiErrorClass::Validation,
    ];
    let _ = [LocSegment::Key(String::new()), LocSegment::Index(0)];
    let _ = [
        ErrorKind::Config,
        ErrorKind::InvalidArgument,
        ErrorKind::Io,
        ErrorKind::Transport,
        ErrorKind::Timeout,
        ErrorKind::Api,
        ErrorKind::Decode,
    ];
}

/// The rows that the other test files walk are all rows there are.
#[test]
fn every_operation_of_the_table_is_tested_by_name_method_and_path() {
    let mut rows: Vec<(&str, &str, String)> = trelent_agents::ops::TABLE
        .iter()
        .map(|row| {
            let path = row
                .op
                .path
                .replace("{run_id}", "run_1")
                .replace("{checkpoint_id}", "ck_1")
                .replace("{name}", "KEY");
            (row.op.name, row.op.method.as_str(), path)
        })
        .collect();
    // The exchange that the client makes by itself is `tokens.create` on the wire; `auth.rs` has its tests.
    rows.retain(|(name, ..)| *name != "token");
    let tested: Vec<(&str, &str, String)> = rig::OPERATIONS
        .iter()
        .map(|op| (op.name, op.method, op.path.to_owned()))
        .collect();
    assert_eq!(tested, rows);
}

#[test]
fn the_readme_lists_every_operation_with_its_path() {
    let readme = include_str!("../README.md");
    for row in trelent_agents::ops::TABLE {
        let line = format!("| `{} {}` |", row.op.method, row.op.path);
        let listed = readme
            .lines()
            .any(|l| l.starts_with(&format!("| `{}`", row.op.name)) && l.ends_with(&line));
        assert!(listed, "{} {line}", row.op.name);
    }
}
