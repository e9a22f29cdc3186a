//! Snapshots, the server's own event streams: cut, split, silent, refused.

use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use agentrouter_sdk::{End, ErrorKind, StreamRunOptions};
use serde_json::Value;
use tokio::time::Instant;

use crate::rig::{client, event, lines, plain};
use crate::server::{drain, sequences};

fn frames(range: std::ops::RangeInclusive<u64>) -> String {
    let frame = |n| format!("id: {n}\nevent: x\ndata: {}\n\n", event(n, "agent.message"));
    range.map(frame).collect::<Vec<_>>().concat()
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_cut_after_any_byte_gives_whole_events_and_then_an_error() {
    let whole = frames(1..=3).replace("text 2", "té\u{1F980}t");
    let bytes = whole.as_bytes();
    let ends: Vec<usize> = whole.match_indices("\n\n").map(|(at, _)| at + 2).collect();
    for cut in 0..=bytes.len() {
        // Broken: whole events, then what broke. Two pieces, so that every boundary is also one of chunks.
        let transport = ScriptedTransport::new();
        transport.reply(
            Reply::events()
                .chunk(bytes[..cut / 2].to_vec())
                .chunk(bytes[cut / 2..cut].to_vec())
                .lost(),
        );
        let (events, error, _) =
            drain(plain(&transport).stream_run("run_1", StreamRunOptions::new())).await;
        let complete = ends.iter().filter(|end| **end <= cut).count();
        assert_eq!(events.len(), complete, "cut at {cut}");
        let error = error.unwrap();
        assert_eq!(error.kind(), ErrorKind::Transport, "cut at {cut}");
        let position = error.cursor().and_then(agentrouter_sdk::Cursor::as_u64);
        assert_eq!(
            position,
            (complete > 0).then_some(complete as u64),
            "cut at {cut}"
        );

        // Resumed: all of them, once, asking behind the last; also from a server that sends what it sent before.
        for from in [complete as u64 + 1, 1] {
            let transport = ScriptedTransport::new();
            transport.reply(Reply::events().chunk(bytes[..cut].to_vec()).lost());
            transport.reply(Reply::events().chunk(frames(from..=3)));
            let stream = client(&transport).stream_run("run_1", StreamRunOptions::new());
            let (events, error, end) = drain(stream).await;
            assert!(error.is_none());
            assert_eq!(
                (sequences(&events), end),
                (vec![1, 2, 3], Some(End::ServerClosed)),
                "cut at {cut}"
            );
            let query = transport.requests()[1].uri.query().map(str::to_owned);
            assert_eq!(
                query,
                (complete > 0).then(|| format!("afterSeq={complete}")),
                "cut at {cut}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_outlives_a_server_that_is_away_for_a_while_and_no_refusal() {
    let cut = || Reply::events().chunk(frames(1..=1)).lost();
    let snapshot = |transport: &ScriptedTransport| {
        client(transport).stream_run("run_1", StreamRunOptions::new())
    };
    // More failures than the retries of one opening.
    let transport = ScriptedTransport::new();
    transport.reply(cut());
    for _ in 0..7 {
        transport.reply(Reply::status(503));
    }
    transport.reply(Reply::events().chunk(frames(2..=2)));
    let (events, error, end) = drain(snapshot(&transport)).await;
    assert_eq!(
        (sequences(&events), error.is_none(), end),
        (vec![1, 2], true, Some(End::ServerClosed))
    );
    for (reply, kind, requests) in [
        (Reply::status(404), ErrorKind::Api, 2),
        (
            Reply::status(503).header("retry-after", "61"),
            ErrorKind::Api,
            2,
        ),
        (Reply::broken(), ErrorKind::ReconnectsExhausted, 1 + 10 * 3),
    ] {
        let transport = ScriptedTransport::new();
        let first = std::sync::atomic::AtomicBool::new(true);
        transport.reply_with(move |_| {
            if first.swap(false, std::sync::atomic::Ordering::SeqCst) {
                cut()
            } else {
                reply.clone()
            }
        });
        let (events, error, _) = drain(snapshot(&transport)).await;
        let error = error.unwrap();
        assert_eq!((events.len(), error.kind()), (1, kind));
        assert_eq!(error.cursor().unwrap().as_u64(), Some(1), "{error}");
        assert_eq!(transport.requests().len(), requests, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_recorded_snapshot_gives_the_same_events_wherever_it_is_split() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/stream_run.json");
    let vectors: Vec<Value> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut splits = 0;
    for vector in vectors {
        let response = &vector["exchanges"][0]["response"];
        let (Some(body), Some(expected)) = (
            response["body"].as_str(),
            vector["expect"]["events"].as_array(),
        ) else {
            continue;
        };
        let expected: Vec<u64> = expected
            .iter()
            .map(|event| event["sequence"].as_u64().unwrap())
            .collect();
        for at in 0..=body.len() {
            let (head, tail) = body.as_bytes().split_at(at);
            let transport = ScriptedTransport::new();
            transport.reply(Reply::events().chunk(head.to_vec()).chunk(tail.to_vec()));
            let (events, error, _) =
                drain(client(&transport).stream_run("run_1", StreamRunOptions::new())).await;
            assert!(error.is_none(), "{} at {at}", vector["name"]);
            assert_eq!(sequences(&events), expected, "{} at {at}", vector["name"]);
            splits += 1;
        }
    }
    assert!(splits > 2000, "{splits}");
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_that_ends_in_good_order_is_the_end_also_without_its_last_blank_line() {
    let whole = frames(1..=2);
    let transport = ScriptedTransport::new();
    transport.reply(Reply::events().chunk(whole.trim_end().to_owned()));
    let options = StreamRunOptions::new().after_seq(0);
    let (events, error, end) = drain(client(&transport).stream_run("run_1", options)).await;
    assert_eq!(
        (sequences(&events), error.is_none(), end),
        (vec![1, 2], true, Some(End::ServerClosed))
    );
    assert_eq!(lines(&transport), ["GET /v1/runs/run_1/stream?afterSeq=0"]);
    assert!(
        !transport.requests()[0]
            .headers
            .contains_key("last-event-id")
    );
    // Data without content is nothing, in however many lines.
    let transport = ScriptedTransport::new();
    let empty = "data\n\ndata:\ndata: \ndata\n\n";
    transport.reply(Reply::events().chunk(format!("{empty}{}{empty}", frames(1..=1))));
    let (events, error, _) =
        drain(client(&transport).stream_run("run_1", StreamRunOptions::new())).await;
    assert_eq!((sequences(&events), error.is_none()), (vec![1], true));
    // What is no JSON ends it, behind the events before.
    let transport = ScriptedTransport::new();
    transport.reply(Reply::events().chunk(format!(
        "{}data: {{\n\n{}",
        frames(1..=1),
        frames(2..=2)
    )));
    let (events, error, _) =
        drain(client(&transport).stream_run("run_1", StreamRunOptions::new())).await;
    assert_eq!(
        (sequences(&events), error.unwrap().kind()),
        (vec![1], ErrorKind::Decode)
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_snapshot_is_given_up() {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::events().chunk(frames(1..=1)).open());
    let start = Instant::now();
    let (events, error, _) =
        drain(plain(&transport).stream_run("run_1", StreamRunOptions::new())).await;
    assert_eq!(
        (events.len(), error.unwrap().is_timeout(), start.elapsed()),
        (1, true, Duration::from_secs(600))
    );
    assert_eq!(transport.open_exchanges(), 0);
}
