//! Without resuming: what the vendor's own client does.

use agent_core::testing::ScriptedTransport;
use trelent_agents::agent_core::TimeoutPhase;
use trelent_agents::{
    Client, ClientOptions, CommonEvent, End, ErrorKind, EventStream, Resume, Sent,
};

use crate::rig::{self, completed, drain, event, events, lines};
use crate::server::{OPEN, numbers, running, server, stream, subscribe};

fn vendor(transport: &ScriptedTransport) -> EventStream<CommonEvent> {
    let http = rig::http(transport).resume(Resume::never());
    let client = Client::with_options(rig::BASE, ClientOptions::new().http(http)).unwrap();
    client.runs().subscribe("run_1")
}

#[tokio::test(start_paused = true)]
async fn without_resuming_an_end_of_file_ends_quietly() {
    for (text, end) in [
        (events(0, 2), End::ServerClosed),
        (events(0, 1) + &completed(1), End::Terminal),
    ] {
        let transport = server(move |_| stream(text.clone()), running);
        let mut stream = vendor(&transport);
        assert_eq!(drain(&mut stream).await, ["0", "1"]);
        assert_eq!(stream.end(), Some(end));
        assert_eq!(lines(&transport), [OPEN]);
    }
}

#[tokio::test(start_paused = true)]
async fn without_resuming_a_break_is_one_error_behind_the_events() {
    let transport = server(|_| stream(events(0, 2) + "data: {").lost(), running);
    let mut stream = vendor(&transport);
    assert_eq!(stream.next().await.unwrap().unwrap().seq, 0);
    assert_eq!(stream.next().await.unwrap().unwrap().seq, 1);
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(
        error.cursor().and_then(trelent_agents::Cursor::as_u64),
        Some(1)
    );
    assert_eq!(error.sent(), Sent::Yes);
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end(), None);
    assert_eq!(lines(&transport), [OPEN]);
}

#[tokio::test(start_paused = true)]
async fn without_resuming_ten_minutes_of_silence_are_a_typed_error() {
    let transport = server(|_| stream(event(0)).open(), running);
    let mut stream = vendor(&transport);
    stream.next().await.unwrap().unwrap();
    let start = tokio::time::Instant::now();
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Idle));
    assert_eq!(start.elapsed().as_secs(), 600);
    assert!(stream.next().await.is_none());
    assert_eq!(lines(&transport), [OPEN]);
    assert_eq!(transport.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn without_resuming_repeated_numbers_pass_through() {
    let text = event(5) + &event(5) + &event(4) + &completed(6);
    let transport = server(move |_| stream(text.clone()), running);
    assert_eq!(drain(&mut vendor(&transport)).await, ["5", "5", "4", "6"]);
    // And within one connection of a resuming stream too.
    assert_eq!(
        drain(&mut subscribe(&transport)).await,
        ["5", "5", "4", "6"]
    );
}

#[tokio::test(start_paused = true)]
async fn subscribing_twice_delivers_everything_twice() {
    let text = events(0, 2) + &completed(2);
    let transport = server(move |_| stream(text.clone()), running);
    for _ in 0..2 {
        assert_eq!(drain(&mut subscribe(&transport)).await, numbers(0..3));
    }
}
