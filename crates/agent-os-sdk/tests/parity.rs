//! Every row of the original's surface, by its Rust name: a missing one does not compile.

#![allow(clippy::unwrap_used, reason = "a test that can not go on should stop")]

use std::time::{Duration, SystemTime};

use agent_os_sdk::agent_core::SystemAmbient;
use agent_os_sdk::{
    Agent, AgentBundle, AgentOsClient, Agents, AuthModule, ByteStream, Call, Chatwoot,
    ChatwootConfig, ChatwootErrorCode, ChatwootInboxUrlResponse, ClientOptions, CreateAgent,
    CreateRun, CreateRunResponse, Credential, Credentials, EventStream, FollowEvent,
    FollowEventType, FollowOptions, InboxId, Me, Members, Pages, PaginatedResponse,
    PaginationParams, Patch, PollEvents, Raw, RawMethod, RequestOptions, Result, Run, RunEventDto,
    RunEventsPollResponse, RunListResponse, RunStatus, RunStream, RunStreamEvent, Runs, SseEvent,
    SseOptions, SseStream, Thread, Trigger, TriggerFilter, Triggers, UpdateAgent, WaitForOptions,
    WaitRunResponse, WithResponse, calculate_backoff, is_terminal_run_event, narrow_follow_event,
    parse_sse,
};
use serde_json::{Value, json};

/// Checks the type of what is given.
fn is<T>(_: T) {}

fn client() -> AgentOsClient {
    AgentOsClient::with_options("http://127.0.0.1:9", ClientOptions::new().token("t")).unwrap()
}

#[test]
fn the_client_has_its_modules() {
    let client = client();
    is::<Agents>(client.agents());
    is::<AuthModule>(client.auth());
    is::<Chatwoot>(client.chatwoot());
    is::<Credentials>(client.credentials());
    is::<Me>(client.me());
    is::<Members>(client.members());
    is::<Runs>(client.runs());
    is::<Triggers>(client.triggers());
    is::<Raw>(client.raw());
    is::<Raw>(client.auth().raw());
    is::<Call<Value>>(client.me().get());
    is::<Call<PaginatedResponse<Value>>>(client.members().list(PaginationParams::new()));
}

#[test]
fn the_raw_client_has_its_methods() {
    let raw = client().raw();
    let options = RequestOptions::new;
    is::<Call<Value>>(raw.get("/x", options()));
    is::<Call<Value>>(raw.post("/x", options()));
    is::<Call<Value>>(raw.patch("/x", options()));
    is::<Call<Value>>(raw.put("/x", options()));
    is::<Call<Value>>(raw.delete("/x", options()));
    is::<Call<Agent>>(raw.typed(RawMethod::Get, "/x", options()));
    is::<Call<ByteStream>>(raw.stream_get("/x", options()));
    is::<Call<SseStream<ByteStream>>>(raw.stream_sse("/x", options(), SseOptions::new()));
    is::<Call<WithResponse<Value>>>(raw.get("/x", options()).with_response());
}

#[test]
fn agents_credentials_and_triggers_have_theirs() {
    let client = client();
    let agents = client.agents();
    is::<Call<Agent>>(agents.create(CreateAgent::new("n").idempotency_key("k")));
    is::<Call<Agent>>(agents.update("a", UpdateAgent::new().metadata(Patch::Null)));
    is::<Call<Agent>>(agents.get("a"));
    is::<Call<PaginatedResponse<Agent>>>(agents.list(PaginationParams::new()));
    is::<Pages<PaginatedResponse<Agent>>>(agents.list_all(PaginationParams::new()));
    is::<Call<Value>>(agents.delete("a"));
    is::<AgentBundle>(AgentBundle::default());

    let credentials = client.credentials();
    is::<Call<Credential>>(credentials.get("c", false));
    is::<Call<PaginatedResponse<Credential>>>(credentials.list());
    is::<Call<Credential>>(credentials.create(&json!({})));
    is::<Call<Credential>>(credentials.update("c", &json!({})));
    is::<Call<Value>>(credentials.delete("c"));

    let triggers = client.triggers();
    is::<Call<PaginatedResponse<Trigger>>>(triggers.list(TriggerFilter::new().agent_id("a")));
    is::<Call<Trigger>>(triggers.get("t"));
    is::<Call<Trigger>>(triggers.create(&json!({})));
    is::<Call<Trigger>>(triggers.update("t", &json!({})));
    is::<Call<Value>>(triggers.delete("t"));
}

#[test]
fn chatwoot_has_its_calls_and_codes() {
    let chatwoot = client().chatwoot();
    is::<Call<ChatwootConfig>>(chatwoot.get_config("c"));
    is::<Call<ChatwootInboxUrlResponse>>(chatwoot.get_inbox_url("c"));
    is::<Call<ChatwootInboxUrlResponse>>(chatwoot.get_agent_inbox_url("a"));
    is::<Call<Vec<Value>>>(chatwoot.list_inboxes("c"));
    is::<Call<Value>>(chatwoot.create_inbox("c", &json!({})));
    is::<Call<Value>>(chatwoot.get_inbox("c", "9"));
    is::<Call<Value>>(chatwoot.update_inbox("c", 9_u64, &json!({})));
    is::<Call<Value>>(chatwoot.delete_inbox("c", 9));
    is::<Call<Value>>(chatwoot.get_inbox_metrics("c", InboxId::from("9")));
    assert_eq!(
        ChatwootErrorCode::KNOWN,
        [
            "CREDENTIAL_NOT_FOUND",
            "INVALID_CREDENTIAL",
            "ACCOUNT_ID_MISSING",
            "CONFIG_MISSING",
            "API_ERROR",
            "UNKNOWN_ERROR",
            "TRIGGER_FETCH_FAILED",
            "NO_TRIGGER",
            "MISSING_CREDENTIAL_ID",
        ]
    );
}

#[test]
fn runs_have_theirs() {
    let runs = client().runs();
    let run = || {
        CreateRun::new("a")
            .thread(Thread::New)
            .input(json!({}))
            .idempotency_key("k")
    };
    let poll = || PollEvents::new("att");
    is::<Call<CreateRunResponse>>(runs.create(run()));
    is::<Call<Run>>(runs.get("r"));
    is::<Call<RunListResponse>>(runs.list(PaginationParams::new()));
    is::<Call<WaitRunResponse>>(runs.wait(run()));
    is::<Call<RunEventsPollResponse>>(runs.get_events("r", poll()));
    is::<Call<RunEventsPollResponse>>(runs.events("r", poll()));
    is::<Call<RunEventsPollResponse>>(runs.poll_events("r", poll()));
    is::<Pages<RunEventsPollResponse>>(runs.poll_all("r", poll()));
    is::<Call<Value>>(runs.get_checkpoints("r"));
    is::<Call<Value>>(runs.checkpoints("r"));
    is::<EventStream<FollowEvent>>(runs.follow("r", "att", FollowOptions::new()));
    is::<Call<RunStream>>(runs.create_and_stream(run(), FollowOptions::after(3)));
    drop(runs.wait_for("r", "att", FollowEvent::is_terminal, WaitForOptions::new()));
    is::<RunStreamEvent>(Value::Null);
    is::<fn(&RunEventsPollResponse, u64) -> u64>(RunEventsPollResponse::next_after);
    is::<fn(&RunEventDto) -> bool>(RunEventDto::is_terminal);
    assert_eq!(
        RunStatus::from("hibernating"),
        RunStatus::Other("hibernating".to_owned())
    );
    assert_eq!(
        &RunStatus::KNOWN[1..4],
        ["running", "waiting_for_human", "resumed"]
    );
}

#[test]
fn the_helpers_are_there() {
    let event = SseEvent::new(json!({"type": "RUN_FINISHED"}))
        .event("run_event")
        .id("4");
    let event = narrow_follow_event(&event, SystemTime::UNIX_EPOCH).unwrap();
    assert!(is_terminal_run_event(&event));
    assert_eq!(
        (event.kind.clone(), event.seq),
        (FollowEventType::RunEvent, 4)
    );
    let wait = calculate_backoff(
        1,
        Duration::from_secs(1),
        Duration::from_secs(30),
        &SystemAmbient,
    );
    assert!(wait >= Duration::from_secs(1));
    let body = futures_util::stream::empty::<Result<bytes::Bytes>>();
    drop(parse_sse(
        body,
        SseOptions::new().on_open(|| ()).header("x", "y"),
    ));
}
