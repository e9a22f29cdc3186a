//! Every row of the vendor's API has its counterpart here: a missing one does not compile.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]
#![allow(
    clippy::too_many_lines,
    clippy::items_after_statements,
    reason = "a list is as long as what it lists"
)]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_core::Stream;
use mentiora_sdk::streaming::{SseBody, SseFrames};
use mentiora_sdk::{
    AddDocumentsParams, AddDocumentsResult, AgentErrorEvent, AgentResolvedEvent, AgentRunParams,
    AgentRunResult, AgentRunStatus, AgentStreamEvent, AgentToolCall, AgentUsage, AgentsClient,
    ByteStream, Call, ChatCompletedEvent, ConfigurationError, CreateKnowledgeParams,
    CreateKnowledgeResult, CreateStreamResponseOptions, CustomEvent, DEFAULT_BASE_URL,
    DeleteFileResult, DeleteResult, DocumentDetails, DocumentStatus, DocumentSummary, Error,
    ErrorClass, ErrorExt, EventStream, FileMetadata, FilesClient, KnowledgeClient,
    KnowledgeDetails, KnowledgeSummary, ListDocumentsResult, ListFilesParams, ListFilesResult,
    ListKnowledgeResult, MentioraClient, MentioraConfig, MentioraError, ModelParams, NetworkError,
    OutputTextDeltaEvent, PaginationOptions, Result, SSE_HEADERS, SdkMode, SendTraceResult,
    StreamOptions, StreamResponse, SuggestionItem, SuggestionsEvent, ToolCallDeltaEvent,
    ToolCallResultEvent, TraceError, TraceEvent, TraceTime, TraceType, TracingClient,
    UpdateKnowledgeParams, UploadFileParams, UploadFileResult, UsageInfo, ValidationError,
    create_stream_response, format_sse_event, stream_events,
};
use serde_json::{Map, Value, json};

fn server() -> MentioraClient {
    MentioraClient::new(MentioraConfig::server("k")).unwrap()
}

fn shared<T: Clone + Send + Sync + 'static>(_: &T) {}

#[test]
fn the_client_and_its_options() {
    let config: MentioraConfig = MentioraConfig::new()
        .api_key("k")
        .base_url(DEFAULT_BASE_URL)
        .timeout(Duration::from_secs(30))
        .retries(3)
        .debug(true);
    let client: Result<MentioraClient> = MentioraClient::new(config);
    let client = client.unwrap();
    shared(&client);
    let mode: SdkMode = client.mode();
    assert_eq!(
        (mode, mode.to_string().as_str()),
        (SdkMode::Server, "server")
    );
    assert!(client.debug());
    assert_eq!(
        (client.timeout(), client.retries()),
        (Duration::from_secs(30), 3)
    );
    assert_eq!(client.base_url(), "https://platform.mentiora.ai");
    client.close();
    client.close();

    let browser = MentioraConfig::browser("pk")
        .identity_token("t")
        .get_identity_token(|| async { Ok::<_, std::io::Error>(String::from("t")) })
        .publishable_key("pk");
    let browser = MentioraClient::new(browser).unwrap();
    assert_eq!(browser.mode(), SdkMode::Browser);
    let error: MentioraError = browser.tracing().unwrap_err();
    assert_eq!(
        error.message(),
        "tracing is only available in server mode (initialized with apiKey). Browser mode (publishableKey) does not \
         support sending traces."
    );
    let _: (AgentsClient, FilesClient, KnowledgeClient) =
        (client.agents(), client.files(), client.knowledge());
    let _: TracingClient = client.tracing().unwrap();
}

#[test]
fn agents() {
    let agents: AgentsClient = server().agents();
    shared(&agents);
    let model: ModelParams = ModelParams::new().temperature(1.0).max_tokens(1).seed(-1);
    let params: AgentRunParams = AgentRunParams::tag("production", "x")
        .revision(1)
        .thread_id("t")
        .model_id("m")
        .model_params(model)
        .end_user_id("u")
        .metadata("k", 1)
        .metadata_object(Map::new());
    let _: Result<()> = params.validate();
    let _: Call<AgentRunResult> = agents.run(params.clone());
    let stream: EventStream<AgentStreamEvent> = agents.stream(params.clone());
    let _: EventStream<AgentStreamEvent> = agents.stream_with(params, StreamOptions::new());
    fn is_stream<S: Stream<Item = Result<AgentStreamEvent, MentioraError>> + Send + 'static>(_: S) {
    }
    is_stream(stream);
    let _: AgentRunParams = AgentRunParams::agent_id("a", "x");
}

#[test]
fn results() {
    let json = json!({
        "threadId": "t", "traceId": "r", "agentId": "a", "agentRevision": 1, "agentTag": "p", "output": "o",
        "toolCalls": [{"toolCallId": "c", "name": "n", "arguments": {}, "result": null}], "status": "failed",
        "usage": {"promptTokens": 1, "completionTokens": 2},
    });
    let result: AgentRunResult = serde_json::from_value(json.clone()).unwrap();
    let _: (&String, &Option<String>, &String, i64) = (
        &result.thread_id,
        &result.trace_id,
        &result.agent_id,
        result.agent_revision,
    );
    let _: (&Option<String>, &String, &Map<String, Value>) =
        (&result.agent_tag, &result.output, &result.extra);
    let call: &AgentToolCall = &result.tool_calls[0];
    let _: (&String, &String, &Value) = (&call.tool_call_id, &call.name, &call.arguments);
    assert_eq!(call.result, Some(Value::Null));
    assert_eq!(result.status, AgentRunStatus::Failed);
    assert_ne!(AgentRunStatus::Completed, AgentRunStatus::from("other"));
    let usage: AgentUsage = result.usage.unwrap();
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens),
        (Some(1), Some(2))
    );
    assert_eq!(serde_json::to_value(&result).unwrap(), json);
}

#[test]
fn events() {
    let mut names = Vec::new();
    for json in [
        json!({"type": "agent_resolved", "agentId": "a", "agentRevision": 1, "threadId": "t"}),
        json!({"type": "output_text_delta", "delta": "x"}),
        json!({"type": "tool_call_delta", "toolCallId": "c", "name": "n", "argumentsDelta": ""}),
        json!({"type": "tool_call_result", "toolCallId": "c", "name": "n", "arguments": 1, "result": 2}),
        json!({"type": "suggestions", "suggestions": [{"label": "l", "message": "m"}]}),
        json!({"type": "chat_completed", "threadId": "t", "status": "completed", "output": ""}),
        json!({"type": "error", "code": "c", "message": "m"}),
        json!({"type": "custom", "event": "e", "data": null}),
    ] {
        let event: AgentStreamEvent = serde_json::from_value(json).unwrap();
        names.push(event.event_type());
        match event {
            AgentStreamEvent::AgentResolved(AgentResolvedEvent {
                agent_id,
                agent_revision,
                agent_tag,
                thread_id,
                ..
            }) => {
                let _: (String, i64, Option<String>, String) =
                    (agent_id, agent_revision, agent_tag, thread_id);
            }
            AgentStreamEvent::OutputTextDelta(OutputTextDeltaEvent { delta, .. }) => {
                assert_eq!(delta, "x");
            }
            AgentStreamEvent::ToolCallDelta(ToolCallDeltaEvent {
                tool_call_id,
                name,
                arguments_delta,
                ..
            }) => {
                let _: (String, String, String) = (tool_call_id, name, arguments_delta);
            }
            AgentStreamEvent::ToolCallResult(ToolCallResultEvent {
                tool_call_id,
                name,
                arguments,
                result,
                ..
            }) => {
                let _: (String, String, Value, Value) = (tool_call_id, name, arguments, result);
            }
            AgentStreamEvent::Suggestions(SuggestionsEvent { suggestions, .. }) => {
                let first: &SuggestionItem = &suggestions[0];
                assert_eq!((first.label.as_str(), first.message.as_str()), ("l", "m"));
            }
            AgentStreamEvent::ChatCompleted(ChatCompletedEvent {
                thread_id,
                status,
                output,
                ..
            }) => {
                let _: (String, AgentRunStatus, String) = (thread_id, status, output);
            }
            AgentStreamEvent::Error(AgentErrorEvent { code, message, .. }) => {
                assert_ne!(code, message);
            }
            AgentStreamEvent::Custom(CustomEvent { event, data, .. }) => {
                assert_eq!((event.as_str(), data), ("e", Value::Null));
            }
            other => panic!("{other:?}"),
        }
    }
    let expected = [
        "agent_resolved",
        "output_text_delta",
        "tool_call_delta",
        "tool_call_result",
        "suggestions",
        "chat_completed",
        "error",
        "custom",
    ];
    assert_eq!(names, expected);
}

#[test]
fn streaming_helpers() {
    let headers: [(&str, &str); 4] = SSE_HEADERS;
    assert_eq!(
        headers[0],
        ("Content-Type", "text/event-stream; charset=utf-8")
    );
    let frame: Result<String> = format_sse_event(&json!(1));
    assert_eq!(frame.unwrap(), "data: 1\n\n");
    let events = || server().agents().stream(AgentRunParams::tag("p", "x"));
    let options: CreateStreamResponseOptions = CreateStreamResponseOptions::new()
        .header("x", "y")
        .transform(|event| Ok::<_, Error>(Some(event.clone())));
    let response: StreamResponse = create_stream_response(events(), options);
    let (_, _): (u16, &Vec<(String, String)>) = (response.status, &response.headers);
    fn is_body<
        B: Stream<Item = Result<Bytes, std::convert::Infallible>>
            + http_body::Body<Data = Bytes>
            + Send
            + Unpin
            + 'static,
    >(
        _: &B,
    ) {
    }
    is_body::<SseBody>(&response.body);
    let frames: SseFrames = stream_events(events(), |event| Ok::<_, Error>(Some(event.clone())));
    fn is_text<S: Stream<Item = String> + Send>(_: S) {}
    is_text(frames);
}

#[test]
fn errors() {
    let error: MentioraError = AgentRunParams::tag("p", "").validate().unwrap_err();
    let _: Option<NetworkError<'_>> = error.network_error();
    let _: Option<ConfigurationError<'_>> = error.configuration_error();
    let view: ValidationError<'_> = error.validation_error().unwrap();
    assert_eq!(view.to_string(), "message is required and cannot be empty");
    assert_eq!(view.code(), "VALIDATION_ERROR");
    let _: (Option<u16>, Option<&str>, Option<&str>) =
        (error.status(), error.server_code(), error.server_message());
    let codes = [
        ErrorClass::Configuration,
        ErrorClass::Validation,
        ErrorClass::Network,
    ]
    .map(ErrorClass::code);
    assert_eq!(
        codes,
        ["CONFIGURATION_ERROR", "VALIDATION_ERROR", "NETWORK_ERROR"]
    );
    fn is_error<E: std::error::Error + Send + Sync + 'static>(_: &E) {}
    is_error(&error);
}

#[tokio::test]
async fn traces() {
    let tracing: TracingClient = server().tracing().unwrap();
    tracing.flush().await;
    let error: TraceError = TraceError::new("m").error_type("T").stack("s");
    let usage: UsageInfo = UsageInfo::new()
        .prompt_tokens(1)
        .completion_tokens(2)
        .total_tokens(3);
    let time: TraceTime = "2025-01-01T00:00:00Z".into();
    let event: TraceEvent = TraceEvent::new("t", "s", "n", TraceType::Llm, SystemTime::UNIX_EPOCH)
        .parent_span_id("p")
        .thread_id("th")
        .input(1)
        .output(2)
        .end_time(time)
        .duration_ms(1.5)
        .metadata(Map::new())
        .tag("x")
        .error(error)
        .usage(usage)
        .model("m")
        .provider("p");
    let _ = [
        TraceType::Llm,
        TraceType::Tool,
        TraceType::Chat,
        TraceType::Error,
        TraceType::Custom,
    ];
    let mut bad = event;
    bad.name.clear();
    let result: Result<SendTraceResult> = tracing.send_trace(bad).await;
    assert_eq!(
        result.unwrap_err().message(),
        "name is required and must be a string"
    );
}

#[test]
fn files_and_knowledge() {
    let files: FilesClient = server().files();
    let upload = UploadFileParams::new("n", "content", "text/plain").description("d");
    let _: Call<UploadFileResult> = files.upload(upload);
    let _: Call<ListFilesResult> = files.list(ListFilesParams::new().query("q").offset(0).count(1));
    let _: Call<FileMetadata> = files.get("f");
    let _: Call<Bytes> = files.download("f");
    let _: Call<ByteStream> = files.download_stream("f");
    let _: Call<DeleteFileResult> = files.delete("f");

    let knowledge: KnowledgeClient = server().knowledge();
    let page: PaginationOptions = PaginationOptions::new().offset(0).count(1);
    let _: Call<CreateKnowledgeResult> =
        knowledge.create(CreateKnowledgeParams::new("n").description("d"));
    let _: Call<ListKnowledgeResult> = knowledge.list(page);
    let _: Call<KnowledgeDetails> = knowledge.get("k");
    let _: Call<KnowledgeDetails> =
        knowledge.update(UpdateKnowledgeParams::new("k", "n").description("d"));
    let _: Call<DeleteResult> = knowledge.delete("k");
    let _: Call<AddDocumentsResult> = knowledge.add_documents(AddDocumentsParams::new("k", ["f"]));
    let _: Call<ListDocumentsResult> = knowledge.list_documents("k", page);
    let _: Call<DocumentDetails> = knowledge.get_document("k", "d");
    let _: Call<DeleteResult> = knowledge.delete_document("k", "d");

    fn summary(one: &KnowledgeSummary) -> (&str, u64, Option<&str>) {
        (&one.name, one.document_count, one.description.as_deref())
    }
    fn details(one: &KnowledgeDetails) -> (&BTreeMap<String, u64>, &str) {
        (&one.status_counts, &one.name)
    }
    fn document(one: &DocumentSummary) -> (&DocumentStatus, Option<u64>, Option<&str>) {
        (&one.status, one.file_size, one.parse_error.as_deref())
    }
    fn document_details(
        one: &DocumentDetails,
    ) -> (Option<u64>, Option<f64>, Option<&str>, &DocumentStatus) {
        (
            one.chunk_count,
            one.average_chunk_size,
            one.embedding_model.as_deref(),
            &one.status,
        )
    }
    let _ = (
        summary as fn(_) -> _,
        details as fn(_) -> _,
        document as fn(_) -> _,
        document_details as fn(_) -> _,
    );
}
