//! Runs: watched, listed, cancelled.

use agentrouter_sdk::{
    ErrorExt, ListRunEventsQuery, ListRunsQuery, Polling, RunAgentCreateRequest, RunStatus,
    RunStatusFilter, StreamAgentCreateRequest, codex, run_agent, stream_agent,
};

use crate::world::{FAST, world};

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
