//! What goes wrong on the way, and is mended or told.

use std::time::Duration;

use agent_emulator::Fault;
use agentrouter_sdk::{
    AgentRouterOptions, CreateRunRequest, ErrorExt, ErrorKind, StreamRunOptions, agentrouter,
};
use serde_json::json;

use crate::world::world;

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
