//! Closing, dropping, and reading slowly.

use agent_core::testing::{Reply, ScriptedTransport};
use trelent_agents::End;

use crate::rig::{self, completed, event, events, lines};
use crate::server::{OPEN, running, seconds, server, stream, subscribe};

#[tokio::test(start_paused = true)]
async fn closing_before_the_first_poll_sends_nothing() {
    let transport = server(|_| stream(completed(0)), running);
    let mut stream = subscribe(&transport);
    stream.close();
    stream.close();
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end(), Some(End::ClosedByCaller));
    assert_eq!(lines(&transport), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn closing_in_the_middle_ends_the_stream_and_the_connection_but_not_the_run() {
    let transport = server(|_| stream(events(0, 5)).open(), running);
    let mut stream = subscribe(&transport);
    assert_eq!(stream.next().await.unwrap().unwrap().seq, 0);
    assert_eq!(transport.open_exchanges(), 1);
    stream.close();
    assert_eq!(transport.open_exchanges(), 0);
    assert!(stream.next().await.is_none());
    assert_eq!(stream.end(), Some(End::ClosedByCaller));
    assert_eq!(
        stream.cursor().and_then(trelent_agents::Cursor::as_u64),
        Some(0)
    );
    assert_eq!(lines(&transport), [OPEN]);
}

#[tokio::test(start_paused = true)]
async fn dropping_closes_the_connection_at_every_moment_and_never_cancels_the_run() {
    type Script = fn() -> ScriptedTransport;
    let scripts: [(&str, Script); 5] = [
        ("opening", || server(|_| Reply::silence(), running)),
        ("reading", || server(|_| stream("").open(), running)),
        ("in an event", || {
            server(|_| stream("data: {").open(), running)
        }),
        ("waiting to reconnect", || {
            server(|_| stream("").lost(), running)
        }),
        ("asking", || server(|_| stream(""), |_| Reply::silence())),
    ];
    for (name, script) in scripts {
        for how in ["drop", "close"] {
            let transport = script();
            let mut stream = subscribe(&transport);
            for _ in 0..4 {
                // Goes as far as it can without time.
                let mut next = Box::pin(stream.next());
                assert!(rig::poll_once(next.as_mut()).is_pending(), "{name}");
            }
            assert!(!transport.requests().is_empty());
            if how == "drop" {
                drop(stream);
            } else {
                stream.close();
                assert!(stream.next().await.is_none(), "{name}");
            }
            tokio::time::sleep(seconds(3600)).await;
            assert_eq!(transport.open_exchanges(), 0, "{name}, {how}");
            assert!(
                transport
                    .requests()
                    .iter()
                    .all(|r| r.method == http::Method::GET),
                "{name}, {how}: {:?}",
                lines(&transport)
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_abandoned_next_loses_nothing() {
    let transport = server(
        |_| {
            (0..20)
                .fold(Reply::events(), |reply, seq| {
                    let text = event(seq);
                    let (a, b) = text.split_at(20);
                    reply
                        .chunk(a.to_owned())
                        .wait(seconds(7))
                        .chunk(b.to_owned())
                })
                .chunk(completed(20))
        },
        running,
    );
    let mut stream = subscribe(&transport);
    let mut got = Vec::new();
    loop {
        match tokio::time::timeout(seconds(2), stream.next()).await {
            Err(_) => {}
            Ok(None) => break,
            Ok(Some(event)) => got.push(event.unwrap().seq),
        }
    }
    assert_eq!(got, (0..=20).collect::<Vec<_>>());
    assert_eq!(lines(&transport), [OPEN]);
}

#[tokio::test(start_paused = true)]
async fn a_stream_reads_no_further_than_its_reader() {
    let transport = server(
        |_| {
            (0..100)
                .fold(Reply::events(), |reply, seq| reply.chunk(event(seq)))
                .lost()
        },
        running,
    );
    let mut stream = subscribe(&transport);
    stream.next().await.unwrap().unwrap();
    tokio::time::sleep(seconds(3600)).await;
    assert_eq!(
        lines(&transport),
        [OPEN],
        "the break lies behind what was read"
    );
}
