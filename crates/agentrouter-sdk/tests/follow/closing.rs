//! Streams that are given up.

use std::time::Duration;

use agentrouter_sdk::End;

use crate::rig::{client, lines};
use crate::server::{MS, Server, request, started};

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_closed_or_dropped_asks_nothing_more() {
    let server = Server::new();
    server.event(MS(0), 1, "agent.message");
    let run = started(&client(&server.transport), request()).await;
    let mut events = run.events();
    events.next().await.unwrap().unwrap();
    assert_eq!(events.cursor().unwrap().as_u64(), Some(1));
    let before = server.requests();
    events.close();
    assert!(events.next().await.is_none());
    assert_eq!(
        (events.end(), server.requests()),
        (Some(End::ClosedByCaller), before)
    );
    // Dropped while it waits, at every step of a poll.
    for steps in 0..20 {
        let mut events = run.events();
        for _ in 0..steps {
            let _ = tokio::time::timeout(MS(97), events.next()).await;
        }
        drop(events);
        assert_eq!(server.transport.open_exchanges(), 0);
        let after = server.requests();
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(server.requests(), after);
    }
    assert!(
        !lines(&server.transport)
            .iter()
            .any(|line| line.contains("cancel")),
        "the run goes on"
    );
}
