//! Whole jobs against the emulator, over real HTTP on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use std::time::Duration;

use agent_emulator::{
    AgentRouterHandle, AgentRouterOptions as Settings, AgentRouterScript, Emulator, Fault,
};
use agentrouter_sdk::{
    ActionApprovalMode, AgentRouterClient, AgentRouterOptions, AgentStreamPart, ConversationId,
    CreateAndWaitRequest, CreateRunRequest, ErrorExt, ErrorKind, HttpConfig, ListRunEventsQuery,
    ListRunsQuery, Polling, Resume, RetryPolicy, RunActionDecisionRequest, RunAgentCreateRequest,
    RunAgentResumeRequest, RunStatus, RunStatusFilter, SaveOptions, StreamAgentCreateRequest,
    StreamRunOptions, agentrouter, claude_code, codex, run_agent, stream_agent,
};
use serde_json::json;

struct World {
    emulator: Emulator,
    router: AgentRouterHandle,
    client: AgentRouterClient,
}

async fn world() -> World {
    world_with(Settings::new()).await
}

/// Runs take no time unless they are held.
async fn world_with(settings: Settings) -> World {
    let emulator = Emulator::builder()
        .pace(Duration::ZERO)
        .agentrouter(settings)
        .start()
        .await
        .unwrap();
    let router = emulator.agentrouter();
    let nothing = Duration::ZERO;
    let http = HttpConfig::new()
        .retry(RetryPolicy::default().backoff(nothing, nothing))
        .resume(Resume::auto().backoff(nothing, nothing));
    let options = AgentRouterOptions::new(router.api_key())
        .base_url(router.base_url())
        .http(http);
    let client = agentrouter(options).unwrap();
    World {
        emulator,
        router,
        client,
    }
}

/// Nothing here waits for time: a run is over when it is looked at, or waits for what the test does.
const FAST: Duration = Duration::ZERO;

#[tokio::test]
async fn a_run_is_watched_from_its_first_event_to_its_last() {
    let world = world().await;
    for polling in [Polling::every(FAST), Polling::adaptive()] {
        let request = StreamAgentCreateRequest::new("emulate:newer things")
            .runtime(codex())
            .polling(polling);
        let run = stream_agent(&world.client, request).await.unwrap();
        let mut events = run.events();
        let mut stored = Vec::new();
        while let Some(event) = events.next().await {
            stored.push(event.unwrap());
        }
        let view = world.router.run(run.run.id.as_str()).unwrap();
        assert_eq!(
            stored.len(),
            view.events.len(),
            "each once, unknown ones included"
        );
        for (event, raw) in stored.iter().zip(&view.events) {
            assert_eq!(event.raw_json(), raw.to_string());
        }
        let result = run.final_result().await.unwrap();
        assert_eq!(
            (&result.status, result.text.as_str()),
            (&RunStatus::Completed, "Done: emulate:newer things")
        );
        let mut parts = run.full_stream();
        let mut kinds = Vec::new();
        while let Some(part) = parts.next().await {
            let part = serde_json::to_value(part.unwrap()).unwrap();
            kinds.push(part["type"].as_str().unwrap().to_owned());
        }
        let expected = [
            "progress",
            "progress",
            "action",
            "progress",
            "execution",
            "progress",
            "progress",
            "progress",
            "no_progress",
            "message",
            "progress",
            "execution",
            "text",
            "progress",
            "progress",
            "done",
        ];
        assert_eq!(kinds, expected);
    }
}

#[tokio::test]
async fn an_approval_blocks_until_the_digest_that_was_asked_about_is_decided() {
    let world = world().await;
    let client = &world.client;
    for approve in [true, false] {
        let request = StreamAgentCreateRequest::new("t")
            .approval_mode(ActionApprovalMode::Manual)
            .poll_interval(FAST);
        let run = stream_agent(client, request).await.unwrap();
        let (mut parts, mut decisions, mut after) = (run.full_stream(), 0, Vec::new());
        while let Some(part) = parts.next().await {
            match part.unwrap() {
                AgentStreamPart::ApprovalRequest(request) => {
                    assert_eq!(
                        client.get_run(&run.run.id).await.unwrap().status,
                        RunStatus::Running
                    );
                    let decision = RunActionDecisionRequest::from(&request);
                    assert_eq!(
                        decision.action_digest,
                        request.event.payload["actionDigest"].as_str().unwrap()
                    );

                    let mut wrong = decision.clone();
                    wrong.action_digest.push('0');
                    let error = client.approve_run_action(wrong.clone()).await.unwrap_err();
                    let mismatch = error.action_digest_mismatch().unwrap();
                    assert_eq!(mismatch.expected, request.action_digest);
                    assert_eq!(mismatch.received, wrong.action_digest);

                    let decide = |decision| {
                        if approve {
                            client.approve_run_action(decision)
                        } else {
                            client.deny_run_action(decision)
                        }
                    };
                    let first = decide(decision.clone().reason("why")).await.unwrap();
                    let again = decide(decision.clone()).await.unwrap();
                    assert_eq!(
                        (first.sequence, &first.payload),
                        (again.sequence, &again.payload),
                        "recorded once"
                    );
                    let other = if approve {
                        client.deny_run_action(&request)
                    } else {
                        client.approve_run_action(&request)
                    };
                    let error = other.await.unwrap_err();
                    assert!(error.is_approval_already_decided() && error.is_conflict());
                    decisions += 1;
                }
                part => after.push(
                    serde_json::to_value(part).unwrap()["type"]
                        .as_str()
                        .unwrap()
                        .to_owned(),
                ),
            }
        }
        assert_eq!(decisions, 1);
        let last = if approve { "done" } else { "error" };
        assert!(
            after.contains(&"approval_decision".to_owned()) && after.last().unwrap() == last,
            "{after:?}"
        );
        assert_eq!(after.contains(&"execution".to_owned()), approve);
        let sent = world.router.requests();
        let bodies: Vec<_> = sent
            .iter()
            .filter(|r| r.path.contains("/actions/"))
            .map(agent_emulator::RecordedRequest::json)
            .collect();
        assert!(bodies.iter().all(|body| {
            body["actionDigest"]
                .as_str()
                .unwrap()
                .starts_with("sha256:")
        }));
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_does_not_start_a_second_run() {
    let world = world().await;
    world.router.lose_answers(2);
    let run = world.client.create_run("t").await.unwrap();
    assert_eq!(
        world.router.runs().len(),
        1,
        "the key that was made for this call"
    );
    world.router.lose_answers(1);
    let request = || CreateRunRequest::new("mine").idempotency_key("mine-1");
    let mine = world.client.create_run(request()).await.unwrap();
    let again = world
        .client
        .create_run(request())
        .with_response()
        .await
        .unwrap();
    assert_eq!(
        (&again.value.id, again.response.status.as_u16()),
        (&mine.id, 200)
    );
    let error = world
        .client
        .create_run(CreateRunRequest::new("other").idempotency_key("mine-1"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.code(), error.attempts()),
        (Some("idempotency_conflict"), 1)
    );
    assert_eq!(world.router.runs().len(), 2);
    assert_ne!(run.id, mine.id);
    world.router.keep_keys_in_progress(1);
    assert_eq!(
        world.client.create_run(request()).await.unwrap().id,
        mine.id
    );

    // A turn has no key: it is sent once, and the error says that it may have arrived.
    let conversation = run.conversation();
    world.router.lose_answers(1);
    let error = world
        .client
        .continue_run(&conversation, "more")
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Transport, 1));
    assert_eq!(
        world
            .client
            .get_run_turns(&conversation)
            .await
            .unwrap()
            .items
            .len(),
        2
    );
}

#[tokio::test]
async fn a_conversation_goes_on_and_is_closed() {
    let world = world().await;
    let client = &world.client;
    let first = run_agent(
        client,
        RunAgentCreateRequest::new("one").poll_interval(FAST),
    )
    .await
    .unwrap();
    let conversation: ConversationId = first.run.conversation();
    assert_eq!(conversation.first_run(), first.id);
    for turn in 2..=3 {
        let request =
            RunAgentResumeRequest::new(&conversation, format!("turn {turn}")).poll_interval(FAST);
        let result = run_agent(client, request).await.unwrap();
        assert_eq!(result.text, format!("Done: turn {turn}"));
        assert_ne!(result.id, first.id);
        assert_eq!(result.run.conversation(), conversation);
    }
    let turns = client.get_run_turns(&conversation).await.unwrap();
    assert_eq!(
        turns
            .items
            .iter()
            .map(|turn| turn.turn_number)
            .collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert!(client.close_run(&conversation).await.unwrap().reclaimed);
    assert!(client.close_run(&conversation).await.unwrap().closed);
    let error = client.continue_run(&conversation, "x").await.unwrap_err();
    assert_eq!(error.code(), Some("session_closed"));

    // Nothing to reclaim, so nothing is waited for.
    let claude = run_agent(
        client,
        RunAgentCreateRequest::new("t")
            .runtime(claude_code())
            .poll_interval(FAST),
    )
    .await
    .unwrap();
    assert!(
        !client
            .close_run(claude.run.conversation())
            .await
            .unwrap()
            .reclaimed
    );
}

#[tokio::test]
async fn runs_are_listed_cancelled_and_told_as_they_end() {
    let world = world().await;
    let client = &world.client;
    let silent = client.create_run("emulate:silent").await.unwrap();
    let failed = run_agent(
        client,
        RunAgentCreateRequest::new("emulate:fail").poll_interval(FAST),
    )
    .await
    .unwrap();
    assert_eq!(
        (&failed.status, failed.text.as_str()),
        (&RunStatus::Failed, ""),
        "a result, not an error"
    );
    let list = |query| async {
        client
            .list_runs(query)
            .await
            .unwrap()
            .items
            .into_iter()
            .map(|run| run.id)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        list(ListRunsQuery::new()).await,
        [failed.id.clone(), silent.id.clone()]
    );
    assert_eq!(
        list(ListRunsQuery::new().status(RunStatusFilter::Active)).await,
        vec![silent.id.clone()]
    );
    assert_eq!(
        list(ListRunsQuery::new().status(RunStatus::Failed).limit(1)).await,
        vec![failed.id.clone()]
    );
    assert_eq!(
        client.cancel_run(&silent.id).await.unwrap().status,
        RunStatus::Cancelling
    );
    let cancelled = client.get_run(&silent.id).await.unwrap();
    assert!(cancelled.status.is_terminal() && cancelled.cancel_requested_at.is_some());
    assert_eq!(client.cancel_run(&silent.id).await.unwrap(), cancelled);
    let error = client.get_run("none").await.unwrap_err();
    assert_eq!(
        (error.code(), error.status_code()),
        (Some("run_not_found"), Some(404))
    );
    let error = client
        .list_run_events(&silent.id, ListRunEventsQuery::new().limit(0))
        .await
        .unwrap_err();
    assert!(error.details().unwrap()["issues"].is_array());
}

#[tokio::test]
async fn artifacts_arrive_whole_or_not_at_all() {
    let world = world().await;
    let content: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    world.router.next_run(AgentRouterScript::new().artifact(
        "workspace_patch",
        "p",
        content.clone(),
    ));
    let session = world
        .client
        .create_run_and_wait(CreateAndWaitRequest::new("t").poll_interval(FAST))
        .await
        .unwrap();
    let run = &session.run.id;
    let artifact = &world.client.list_run_artifacts(run).await.unwrap().items[0];
    assert_eq!(artifact.size_bytes, 300_000);
    assert_eq!(
        world
            .client
            .download_artifact(run, &artifact.id)
            .await
            .unwrap(),
        content
    );
    let mut pieces = world
        .client
        .download_artifact_stream(run, &artifact.id)
        .await
        .unwrap();
    assert_eq!(pieces.content_length(), Some(300_000));
    let mut streamed = Vec::new();
    while let Some(piece) = pieces.next().await {
        streamed.extend_from_slice(&piece.unwrap());
    }
    assert_eq!(streamed, content);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("patch");
    let save = |options| {
        world
            .client
            .download_artifact_to_file(run, &artifact.id, &path, options)
    };
    assert_eq!(save(artifact.save_options()).await.unwrap(), 300_000);
    assert_eq!(std::fs::read(&path).unwrap(), content);
    std::fs::write(&path, "old").unwrap();
    assert_eq!(
        save(SaveOptions::new().expect_bytes(1))
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Protocol
    );
    #[cfg(feature = "checksums")]
    {
        let mut other = artifact.clone();
        other.sha256 = "0".repeat(64);
        let error = save(other.save_options()).await.unwrap_err();
        assert!(error.message().contains(&artifact.sha256), "{error}");
    }
    world.router.lose_answers(1);
    assert_eq!(
        save(SaveOptions::new()).await.unwrap_err().kind(),
        ErrorKind::Transport
    );
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "no part is left"
    );

    let error = world
        .client
        .download_artifact(run, "none")
        .await
        .unwrap_err();
    assert_eq!(error.code(), Some("artifact_not_found"));
    let bare = world_with(Settings::new().artifact_store(false)).await;
    let error = bare.client.download_artifact("r", "a").await.unwrap_err();
    assert_eq!(
        (error.code(), error.attempts()),
        (Some("artifact_download_unconfigured"), 1)
    );
}

#[tokio::test]
async fn a_snapshot_that_is_cut_goes_on_behind_its_last_event() {
    let world = world().await;
    let run = world.client.create_run("emulate:long").await.unwrap();
    world
        .emulator
        .faults()
        .push(Fault::cut_stream(100).vendor("agentrouter"));
    world
        .emulator
        .faults()
        .push(Fault::reset_stream(0).vendor("agentrouter"));
    let mut events = world.client.stream_run(&run.id, StreamRunOptions::new());
    let mut last = 0;
    while let Some(event) = events.next().await {
        let event = event.unwrap();
        assert_eq!(event.sequence, last + 1);
        last = event.sequence;
    }
    assert_eq!(
        (last, events.reconnects()),
        (600, 2),
        "a snapshot of 500 behind the hundredth"
    );
    let heartbeat = world
        .client
        .stream_run(&run.id, StreamRunOptions::new().after_seq(9999))
        .next()
        .await;
    assert!(heartbeat.is_none());
}

#[tokio::test]
async fn the_server_is_left_alone_as_long_as_it_asks() {
    let world = world().await;
    world.router.refuse_next(429, "slow_down", Some(0));
    world.client.get_run("none").await.unwrap_err();
    assert_eq!(world.router.request_count(), 2);
    world.router.refuse_next(503, "away", Some(3600));
    let error = world.client.create_run("t").await.unwrap_err();
    assert_eq!(
        (error.retry_after(), error.attempts()),
        (Some(Duration::from_secs(3600)), 1)
    );
    let options = AgentRouterOptions::new("wrong").base_url(world.router.base_url());
    let error = agentrouter(options)
        .unwrap()
        .create_run("t")
        .await
        .unwrap_err();
    assert!(error.is_unauthorized() && error.code() == Some("unauthorized"));
    assert!(world.router.runs().is_empty());
    assert_eq!(json!(error.status_code()), 401);
}
