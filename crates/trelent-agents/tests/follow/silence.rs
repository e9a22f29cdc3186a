//! A silent stream is not a broken one.

use std::time::Duration;

use trelent_agents::{Client, ClientOptions, End, Limit, StreamOptions};

use crate::rig::{self, anonymous, completed, drain, event, events, line, lines};
use crate::server::{
    OPEN, STATUS, count, numbers, over, running, seconds, server, stream, subscribe,
};

#[tokio::test(start_paused = true)]
async fn silence_asks_for_the_status_and_goes_on_waiting_on_the_same_connection() {
    let transport = server(
        |_| stream(event(0)).wait(seconds(500)).chunk(completed(1)),
        running,
    );
    let mut stream = subscribe(&transport);
    let start = tokio::time::Instant::now();
    assert_eq!(drain(&mut stream).await, ["0", "1"]);
    assert_eq!(start.elapsed().as_secs(), 500);
    let asked: Vec<u64> = transport
        .requests()
        .iter()
        .map(|r| (r.at - start).as_secs())
        .collect();
    assert_eq!(lines(&transport), [OPEN, STATUS, STATUS, STATUS, STATUS]);
    assert_eq!(asked, [0, 120, 240, 360, 480]);
}

#[tokio::test(start_paused = true)]
async fn silence_of_a_run_that_is_over_ends_after_one_last_replay() {
    let transport = server(
        |n| {
            if n == 0 {
                stream(event(0)).open()
            } else {
                stream(events(0, 3))
            }
        },
        over,
    );
    let mut stream = subscribe(&transport);
    assert_eq!(drain(&mut stream).await, numbers(0..3));
    assert_eq!(stream.end(), Some(End::Terminal));
    assert_eq!(lines(&transport), [OPEN, STATUS, OPEN]);
}

#[tokio::test(start_paused = true)]
async fn ten_minutes_of_silence_reconnect_although_the_run_goes_on() {
    let transport = server(
        |n| {
            if n < 20 {
                stream(event(0)).open()
            } else {
                stream(event(0) + &completed(1))
            }
        },
        running,
    );
    let mut stream = subscribe(&transport);
    assert_eq!(
        drain(&mut stream).await,
        ["0", "1"],
        "silence uses up no reconnects"
    );
    let requests = transport.requests();
    let openings: Vec<_> = requests
        .iter()
        .filter(|r| line(r) == OPEN)
        .map(|r| r.at)
        .collect();
    assert_eq!(openings.len(), 21);
    for pair in openings.windows(2) {
        assert!((600.0..601.0).contains(&(pair[1] - pair[0]).as_secs_f64()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_comment_is_a_sign_of_life() {
    let mut reply = stream(event(0));
    for _ in 0..20 {
        reply = reply.wait(seconds(119)).chunk(": ping\n\n");
    }
    let reply = reply.chunk(completed(1));
    let transport = server(move |_| reply.clone(), running);
    assert_eq!(drain(&mut subscribe(&transport)).await, ["0", "1"]);
    assert_eq!(lines(&transport), [OPEN]);
}

#[tokio::test(start_paused = true)]
async fn the_users_limit_of_silence_counts_and_off_is_off() {
    let quiet = |_| stream(event(0)).wait(seconds(100)).chunk(completed(1));
    for (limit, asked) in [
        (Limit::After(seconds(30)), 3),
        (Limit::After(seconds(101)), 0),
        (Limit::Off, 0),
    ] {
        let transport = server(quiet, running);
        let options = StreamOptions::new().idle_timeout(limit);
        let mut stream = anonymous(&transport)
            .runs()
            .subscribe_with("run_1", options);
        assert_eq!(drain(&mut stream).await, ["0", "1"], "{limit:?}");
        assert_eq!(count(&transport, STATUS), asked, "{limit:?}");

        // The same, set on the client.
        let transport = server(quiet, running);
        let http = rig::http(&transport).idle_timeout(limit);
        let client = Client::with_options(rig::BASE, ClientOptions::new().http(http)).unwrap();
        drain(&mut client.runs().subscribe("run_1")).await;
        assert_eq!(count(&transport, STATUS), asked, "{limit:?}");
    }
    // Nothing but silence for a day: off waits.
    let transport = server(
        |_| stream("").wait(seconds(86_400)).chunk(completed(1)),
        running,
    );
    let options = StreamOptions::new().idle_timeout(Limit::Off);
    let mut stream = anonymous(&transport)
        .runs()
        .subscribe_with("run_1", options);
    assert_eq!(drain(&mut stream).await, ["1"]);
    // Zero is refused, and nothing sent.
    let transport = server(quiet, running);
    let options = StreamOptions::new().idle_timeout(Duration::ZERO);
    let mut stream = anonymous(&transport)
        .runs()
        .subscribe_with("run_1", options);
    assert_eq!(drain(&mut stream).await, ["InvalidArgument"]);
    assert_eq!(lines(&transport), Vec::<String>::new());
}
