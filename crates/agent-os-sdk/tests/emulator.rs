//! Against the emulator, over real HTTP on loopback.

#![allow(clippy::unwrap_used, reason = "a test that can not go on should stop")]

use std::time::Duration;

use agent_emulator::{AgentOsOptions, AgentOsScript, Emulator, Fault, Positions};
use agent_os_sdk::{
    AgentOsClient, ChatwootErrorCode, ClientOptions, CreateAgent, CreateRun, ErrorExt,
    FollowEventType, FollowOptions, PollEvents, RunStatus, UpdateAgent,
};
use serde_json::json;

async fn start(options: AgentOsOptions) -> (Emulator, AgentOsClient) {
    let builder = Emulator::builder().pace(Duration::ZERO).agent_os(options);
    let emulator = builder.start().await.unwrap();
    let agent_os = emulator.agent_os();
    let options = ClientOptions::new()
        .token(agent_os.token())
        .header("x-workspace", "w");
    let client = AgentOsClient::with_options(agent_os.base_url(), options).unwrap();
    (emulator, client)
}

fn quick() -> FollowOptions {
    FollowOptions::new().base_delay(Duration::from_millis(1))
}

#[tokio::test]
async fn a_run_is_followed_whole_over_cuts_whatever_position_the_server_honours() {
    for positions in Positions::ALL {
        for reset in [false, true] {
            let options = AgentOsOptions::new()
                .positions(positions)
                .server_close(true);
            let (emulator, client) = start(options).await;
            let agent = client.agents().create(CreateAgent::new("a")).await.unwrap();
            let script = AgentOsScript::new()
                .event("A", json!({}))
                .trouble(json!({"message": "hiccup"}))
                .event("B", json!({}))
                .event("C", json!({}))
                .completes(json!(1));
            emulator.agent_os().next_run(script);
            for after in [0, 1, 2, 3] {
                let fault = if reset {
                    Fault::reset_stream(after)
                } else {
                    Fault::cut_stream(after)
                };
                emulator.faults().push(fault.vendor("agent-os"));
            }
            let run = CreateRun::new(&agent.id);
            let mut events = client.runs().create_and_stream(run, quick()).await.unwrap();
            let mut seen = Vec::new();
            while let Some(event) = events.next().await {
                let event = event.unwrap();
                seen.push((event.kind, event.seq));
            }
            let run_events: Vec<_> = seen
                .iter()
                .filter(|(kind, _)| *kind == FollowEventType::RunEvent)
                .map(|(_, seq)| *seq)
                .collect();
            assert_eq!(run_events, [1, 2, 3, 4], "{positions:?} {reset}");
            assert_eq!(seen.last(), Some(&(FollowEventType::Close, 4)));
            assert!(events.reconnects() >= 1);
        }
    }
}

#[tokio::test]
async fn an_attempt_that_failed_ends_its_stream_and_the_next_has_its_own() {
    let (emulator, client) = start(AgentOsOptions::new()).await;
    let agent = client.agents().create(CreateAgent::new("a")).await.unwrap();
    let script = AgentOsScript::new()
        .event("A", json!({}))
        .hold()
        .retry()
        .completes(json!(1));
    emulator.agent_os().next_run(script);
    let run = CreateRun::new(&agent.id).idempotency_key("k");
    let mut events = client
        .runs()
        .create_and_stream(run.clone(), quick())
        .await
        .unwrap();
    let run_id = events.run_id().to_owned();
    events.next().await.unwrap().unwrap();
    let first = events.attempt_id().unwrap().to_owned();
    assert!(emulator.agent_os().release(&run_id));
    let failed = events.next().await.unwrap().unwrap();
    assert_eq!(failed.event_type(), Some("RUN_FAILED"));
    assert_eq!(
        events.next().await.unwrap().unwrap().kind,
        FollowEventType::Close
    );
    assert!(events.next().await.is_none());

    let shown = client.runs().get(&run_id).await.unwrap();
    assert_eq!(shown.status, RunStatus::Completed);
    let second = shown.current_attempt_id.unwrap();
    assert_ne!(first, second);
    for (attempt, count) in [(first, 2), (second, 1)] {
        let events = client
            .runs()
            .poll_all(&run_id, PollEvents::new(attempt).limit(1));
        assert_eq!(events.all().await.unwrap().len(), count);
    }
    let error = client.runs().create(run).await.unwrap_err();
    assert_eq!(error.details().unwrap()["run_id"], run_id);
}

#[tokio::test]
async fn a_run_that_names_no_attempt_can_not_be_followed_and_is_named() {
    let (emulator, client) = start(AgentOsOptions::new()).await;
    let agent = client.agents().create(CreateAgent::new("a")).await.unwrap();
    emulator
        .agent_os()
        .next_run(AgentOsScript::new().without_attempt());
    let run = CreateRun::new(&agent.id);
    let mut events = client.runs().create_and_stream(run, quick()).await.unwrap();
    let error = events.next().await.unwrap().unwrap_err();
    assert!(error.is_no_attempt());
    assert_eq!(error.run_id(), Some(events.run_id()));
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    let (emulator, client) = start(AgentOsOptions::new()).await;
    let agent = client.agents().create(CreateAgent::new("a")).await.unwrap();
    emulator
        .agent_os()
        .next_run(AgentOsScript::new().event("A", json!({})).never_ends());
    let run = CreateRun::new(&agent.id);
    let mut events = client.runs().create_and_stream(run, quick()).await.unwrap();
    events.next().await.unwrap().unwrap();
    assert_eq!(emulator.agent_os().open_streams(), 1);
    drop(events);
    while emulator.agent_os().open_streams() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn chatwoot_is_reached_by_credential_and_by_agent_and_nothing_leaks_to_it() {
    let (emulator, client) = start(AgentOsOptions::new()).await;
    let service = emulator.agent_os().chatwoot();
    let credential = json!({
        "type": "chatwoot", "values": {"api_key": service.token()}, "publicConfig": {"endpoint": format!("{}/", service.url())},
    });
    let credential = client.credentials().create(&credential).await.unwrap();
    assert!(credential.values().is_none());
    let chatwoot = client.chatwoot();
    let url = chatwoot.get_inbox_url(&credential.id).await.unwrap().url;
    assert_eq!(url, format!("{}/app/accounts/7/inbox", service.url()));

    let made = chatwoot
        .create_inbox(&credential.id, &json!({"name": "S"}))
        .await
        .unwrap();
    let id = made["id"].as_u64().unwrap();
    assert_eq!(
        chatwoot.get_inbox(&credential.id, id).await.unwrap()["name"],
        "S"
    );
    let named = json!({"name": "T"});
    assert_eq!(
        chatwoot
            .update_inbox(&credential.id, id, &named)
            .await
            .unwrap()["name"],
        "T"
    );
    assert_eq!(
        chatwoot.list_inboxes(&credential.id).await.unwrap().len(),
        2
    );
    let error = chatwoot
        .get_inbox_metrics(&credential.id, id)
        .await
        .unwrap_err();
    assert!(error.is_not_found());
    chatwoot.delete_inbox(&credential.id, id).await.unwrap();

    let agent = client.agents().create(CreateAgent::new("a")).await.unwrap();
    let error = chatwoot.get_agent_inbox_url(&agent.id).await.unwrap_err();
    assert_eq!(error.chatwoot_code(), Some(&ChatwootErrorCode::NoTrigger));
    let trigger = json!({
        "agent_id": agent.id, "type": "evolution_whatsapp",
        "config": {"chat_platform": "chatwoot", "credential_id": credential.id},
    });
    client.triggers().create(&trigger).await.unwrap();
    assert_eq!(
        chatwoot.get_agent_inbox_url(&agent.id).await.unwrap().url,
        url
    );

    service.without_accounts(true);
    let error = chatwoot.get_inbox_url(&credential.id).await.unwrap_err();
    assert_eq!(
        error.chatwoot_code(),
        Some(&ChatwootErrorCode::AccountIdMissing)
    );
    service.without_accounts(false);
    service.redirect_to(Some(&format!(
        "{}/v1/api/me",
        emulator.agent_os().base_url()
    )));
    let before = emulator.agent_os().request_count();
    assert!(chatwoot.list_inboxes(&credential.id).await.is_err());
    // The credential was read; the redirect was not followed.
    assert_eq!(emulator.agent_os().request_count(), before + 1);
    assert_eq!(service.leaks(), 0);
}

#[tokio::test]
async fn agents_are_made_changed_and_deleted() {
    let (_emulator, client) = start(AgentOsOptions::new()).await;
    let agents = client.agents();
    let agent = CreateAgent::new("a").metadata(json!({"x": 1}));
    let agent = agents.create(agent).await.unwrap();
    let update = UpdateAgent::new()
        .name("b")
        .metadata(agent_os_sdk::Patch::Null);
    let changed = agents.update(&agent.id, update).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.metadata), ("b", None));
    assert!(agents.delete(&agent.id).await.unwrap().is_null());
    assert!(agents.get(&agent.id).await.unwrap_err().is_not_found());
    assert_eq!(
        client
            .members()
            .list_all(agent_os_sdk::PaginationParams::new().limit(1))
            .all()
            .await
            .unwrap()
            .len(),
        2
    );
}
