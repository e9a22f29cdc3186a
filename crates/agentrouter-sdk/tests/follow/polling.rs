//! Polling: which pages are read, and when.

use agentrouter_sdk::{AgentStreamPart, End, Polling, StreamAgentResumeRequest, stream_agent};
use tokio::time::Instant;

use crate::rig::{client, event, lines, plain};
use crate::server::{MS, Server, drain, request, sequences, started};

#[tokio::test(start_paused = true)]
async fn events_behind_the_one_that_ends_the_run_are_delivered() {
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.progress")
        .event(MS(1500), 2, "run.completed");
    server
        .event(MS(2500), 3, "sandbox.parked")
        .over(MS(2600), "completed");
    let run = started(&plain(&server.transport), request()).await;
    let (events, error, end) = drain(run.events()).await;
    assert_eq!(
        (sequences(&events), error.is_none(), end),
        (vec![1, 2, 3], true, Some(End::Terminal))
    );
    let (parts, ..) = drain(run.full_stream()).await;
    assert!(matches!(
        parts.as_slice(),
        [AgentStreamPart::Progress(_), AgentStreamPart::Done(_)]
    ));
}

#[tokio::test(start_paused = true)]
async fn every_page_is_read_however_many_there_are() {
    let server = Server::new();
    for sequence in 1..=1234 {
        server.event(MS(0), sequence, "agent.message");
    }
    server.over(MS(0), "failed");
    let run = started(&plain(&server.transport), request()).await;
    let start = Instant::now();
    let (events, ..) = drain(run.events()).await;
    assert_eq!(sequences(&events), (1..=1234).collect::<Vec<_>>());
    assert_eq!(
        start.elapsed(),
        MS(0),
        "no wait between pages that are there"
    );
    assert_eq!(events[7].raw_json(), event(8, "agent.message").to_string());
}

#[tokio::test(start_paused = true)]
async fn an_exact_interval_is_kept_and_nothing_is_asked_while_nobody_reads() {
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.message")
        .event(MS(700), 2, "agent.message")
        .over(MS(900), "completed");
    let run = started(&plain(&server.transport), request().poll_interval(MS(250))).await;
    tokio::time::advance(MS(5)).await;
    let created = server.requests();
    let mut events = run.events();
    assert_eq!(server.requests(), created, "nothing before the first read");
    let start = Instant::now();
    events.next().await.unwrap().unwrap();
    assert_eq!(
        server.requests(),
        created + 1,
        "the status is asked for once the page is read"
    );
    tokio::time::advance(MS(300)).await;
    assert_eq!(
        server.requests(),
        created + 1,
        "a reader that pauses pauses polling"
    );
    while let Some(event) = events.next().await {
        event.unwrap();
    }
    let asked: Vec<u64> = server.transport.requests()[created..]
        .iter()
        .filter(|request| request.uri.path().ends_with("/events"))
        .map(|request| u64::try_from((request.at - start).as_millis()).unwrap())
        .collect();
    assert_eq!(asked, [0, 550, 800, 1050]);
}

#[tokio::test(start_paused = true)]
async fn adaptive_polling_asks_less_and_is_no_later_while_something_happens() {
    let mut counts = Vec::new();
    for polling in [Polling::default(), Polling::adaptive()] {
        let server = Server::new();
        for n in 0..20 {
            server.event(MS(n * 100), n + 1, "agent.message");
        }
        server
            .event(MS(60_000), 21, "run.completed")
            .over(MS(60_000), "completed");
        let run = started(&plain(&server.transport), request().polling(polling)).await;
        let begin = Instant::now();
        let mut events = run.events();
        let mut late = Vec::new();
        while let Some(event) = events.next().await {
            let due = (event.unwrap().sequence - 1).min(20) * 100;
            late.push(begin.elapsed().saturating_sub(MS(due)));
        }
        assert_eq!(late.len(), 21);
        counts.push((server.requests(), late[..20].iter().max().copied().unwrap()));
    }
    let [(exact, exact_late), (adaptive, adaptive_late)] = counts[..] else {
        panic!("two")
    };
    assert!(adaptive < exact, "{adaptive} requests against {exact}");
    assert!(
        adaptive_late <= MS(200) && exact_late >= MS(900),
        "{adaptive_late:?} {exact_late:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_turn_has_its_own_run_and_the_conversations_id() {
    let server = Server::new();
    server
        .event(MS(0), 1, "agent.message")
        .event(MS(0), 2, "run.completed")
        .over(MS(0), "completed");
    let request = StreamAgentResumeRequest::new("run_0", "more").after_seq(1);
    let turn = stream_agent(&client(&server.transport), request)
        .await
        .unwrap();
    assert_eq!(
        (
            turn.run.id.as_str(),
            turn.conversation_id.as_str(),
            turn.turn_number
        ),
        ("run_1", "run_0", Some(2))
    );
    let (events, ..) = drain(turn.events()).await;
    assert_eq!(sequences(&events), [2]);
    assert_eq!(
        lines(&server.transport)[..3],
        [
            "POST /v1/runs/run_0/messages",
            "GET /v1/runs/run_1",
            "GET /v1/runs/run_1/events?afterSeq=1&limit=500",
        ]
    );
}
