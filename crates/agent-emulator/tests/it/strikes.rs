//! Each kind of fault, as a socket hears it.

use std::time::Duration;

use agent_emulator::{Break, Fault, FaultKind, RetryAfter};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::raw::{End, ask, ask_url, get};
use crate::support::{Api, builder, create, event, start, start_with};

const SECOND: Duration = Duration::from_secs(1);

/// An emulator, and a run whose stream has many events.
async fn with_run() -> (Api, String) {
    let api = start().await;
    let run = api.run("hi").await;
    (api, format!("/runs/{run}/events"))
}

/// The numbers of the events in these chunks.
fn seqs(chunks: &[Vec<u8>]) -> Vec<u64> {
    let seq = |chunk: &Vec<u8>| event(chunk)["seq"].as_u64().unwrap();
    chunks.iter().map(seq).collect()
}

#[tokio::test]
async fn a_status_takes_the_place_of_the_next_answers_and_the_vendor_sees_nothing() {
    let api = start().await;
    let body = create(json!({})).to_string();
    api.emulator.faults().push(
        Fault::status(503)
            .retry_after(RetryAfter::Seconds(7))
            .on("POST", "/runs")
            .times(2),
    );
    for _ in 0..2 {
        let heard = ask(&api, "POST", "/runs", Some(&body)).await.hear().await;
        assert_eq!((heard.status(), heard.end), (503, End::Fin));
        assert_eq!(heard.header("retry-after"), Some("7"));
        // In the vendor's own form.
        assert_eq!(heard.text(), r#"{"detail":"a scripted fault"}"#);
    }
    assert!(api.trelent.runs().is_empty());
    let heard = ask(&api, "POST", "/runs", Some(&body)).await.hear().await;
    assert_eq!(heard.status(), 200);
    let statuses: Vec<_> = api.trelent.requests().iter().map(|r| r.status).collect();
    assert_eq!(statuses[1..], [Some(503), Some(503), Some(200)]);
}

#[tokio::test]
async fn a_status_says_when_to_come_again_in_any_form_and_may_have_a_page_of_a_proxy() {
    let api = start().await;
    for (after, name, value) in [
        (RetryAfter::Seconds(0), "retry-after", "0"),
        (RetryAfter::Millis(250), "retry-after-ms", "250"),
        (
            RetryAfter::Date(90 * SECOND),
            "retry-after",
            "thu, 16 apr 2026 12:01:30 gmt",
        ),
        (RetryAfter::Text("soon".into()), "retry-after", "soon"),
    ] {
        let fault = Fault::status(429).retry_after(after);
        api.emulator.faults().push(fault);
        let heard = get(&api, "/runs").await;
        assert_eq!((heard.status(), heard.header(name)), (429, Some(value)));
    }
    let fault = Fault::status(502).body("text/html", "<h1>Bad Gateway</h1>");
    api.emulator.faults().push(fault);
    let heard = get(&api, "/runs").await;
    assert_eq!(heard.header("content-type"), Some("text/html"));
    assert_eq!(heard.text(), "<h1>Bad Gateway</h1>");
}

#[tokio::test(start_paused = true)]
async fn a_landed_fault_loses_only_the_answer() {
    let api = start().await;
    let body = create(json!({})).to_string();
    for (done, fault) in [
        Fault::status(500),
        Fault::close(),
        Fault::reset(),
        Fault::garbage(),
    ]
    .into_iter()
    .enumerate()
    {
        api.emulator.faults().push(fault.clone());
        ask(&api, "POST", "/runs", Some(&body)).await.hear().await;
        assert_eq!(api.trelent.runs().len(), done, "{fault:?}");
        api.emulator.faults().push(fault.clone().landed());
        ask(&api, "POST", "/runs", Some(&body)).await.hear().await;
        assert_eq!(api.trelent.runs().len(), done + 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_answer_comes_on_a_connection_that_closes_resets_or_stays() {
    let api = start().await;
    for (fault, end) in [
        (Fault::close(), End::Fin),
        (Fault::reset(), End::Reset),
        (Fault::no_answer(), End::Silence),
    ] {
        api.emulator.faults().push(fault);
        let heard = get(&api, "/runs").await;
        assert_eq!((heard.head.as_str(), heard.end), ("", end));
    }
}

#[tokio::test]
async fn garbage_is_all_that_is_sent() {
    let api = start().await;
    api.emulator.faults().push(Fault::garbage());
    let heard = get(&api, "/runs").await;
    assert!(heard.head.contains("this is not http"), "{heard:?}");
    assert_eq!((heard.text().as_str(), heard.end), ("", End::Fin));
    let bytes = Some("SSH-2.0-OpenSSH\r\n".to_owned());
    api.emulator
        .faults()
        .push(Fault::new(FaultKind::Garbage { bytes }));
    assert_eq!(get(&api, "/runs").await.head, "ssh-2.0-openssh\r\n");
    assert_eq!(get(&api, "/runs").await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn a_delay_comes_before_the_answer_and_before_a_fault_instead_of_it() {
    let api = start().await;
    for fault in [None, Some(Fault::status(500))] {
        api.emulator.faults().push(Fault::delay(3 * SECOND));
        if let Some(fault) = fault {
            api.emulator.faults().push(fault);
        }
        let heard = get(&api, "/runs").await;
        let (at, _) = heard.pieces[0];
        assert!((3 * SECOND..4 * SECOND).contains(&at), "{at:?}");
    }
}

#[tokio::test]
async fn expired_tokens_are_refused_until_there_is_a_new_one() {
    let mut api = start().await;
    api.emulator
        .faults()
        .push(Fault::expire_tokens().on("GET", "/runs"));
    assert_eq!(api.get("/sandboxes").await.status, 200);
    assert_eq!(api.get("/runs").await.status, 401);
    assert_eq!(api.get("/sandboxes").await.status, 401);
    api.token = api.token_for(crate::support::ALL).await;
    assert_eq!(api.get("/runs").await.status, 200);
}

#[tokio::test]
async fn a_body_is_cut_behind_any_byte_and_keeps_its_framing() {
    let api = start().await;
    let run = api.run("hi").await;
    let path = format!("/runs/{run}");
    let whole = get(&api, &path).await;
    let length = whole.body.len();
    for k in 0..length {
        api.emulator.faults().push(Fault::cut_body(k));
        let heard = get(&api, &path).await;
        let declared = heard.header("content-length").map(str::to_owned);
        assert_eq!(declared, Some(length.to_string()), "{k}");
        assert_eq!((&heard.body[..], heard.end), (&whole.body[..k], End::Fin));
    }
    api.emulator.faults().push(Fault::reset_body(5));
    let heard = get(&api, &path).await;
    assert_eq!(heard.end, End::Reset);
    // A shorter body stays whole.
    api.emulator.faults().push(Fault::cut_body(length + 1));
    assert_eq!(get(&api, &path).await.body, whole.body);
}

#[tokio::test]
async fn a_stream_is_cut_in_the_middle_of_an_event() {
    let (api, path) = with_run().await;
    let (whole, _) = get(&api, &path).await.chunks();
    let whole = whole.concat();
    for k in [0, 1, 3, 50, whole.len() / 2, whole.len() - 1, whole.len()] {
        api.emulator.faults().push(Fault::cut_body(k));
        let heard = get(&api, &path).await;
        let (chunks, ended) = heard.chunks();
        assert_eq!((chunks.concat(), ended), (whole[..k].to_vec(), false));
        assert_eq!(heard.end, End::Fin);
    }
    assert_eq!(api.trelent.open_streams(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_half_open_connection_stays_even_when_the_client_has_hung_up() {
    let (api, path) = with_run().await;
    let (after_events, how) = (2, Break::HalfOpen);
    let kind = FaultKind::CutStream { after_events, how };
    api.emulator.faults().push(Fault::new(kind));
    let mut ear = ask(&api, "GET", &path, None).await;
    let heard = ear.hear().await;
    assert_eq!((heard.chunks().0.len(), heard.end), (2, End::Silence));
    assert_eq!(api.trelent.open_streams(), 0, "the vendor knows better");
    ear.socket.shutdown().await.unwrap();
    let more = tokio::time::timeout(60 * SECOND, ear.socket.read_u8()).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stalled_stream_falls_silent_for_a_while_or_for_ever() {
    let api = start_with(builder().heartbeat(SECOND)).await;
    let run = api.run("hi").await;
    let path = format!("/runs/{run}/events");
    let (whole, _) = get(&api, &path).await.chunks();
    api.emulator
        .faults()
        .push(Fault::stall_stream(3).lasting(90 * SECOND));
    let heard = get(&api, &path).await;
    assert_eq!(heard.chunks(), (whole.clone(), true), "no heartbeat either");
    let late = heard.pieces.iter().filter(|(at, _)| *at >= 90 * SECOND);
    assert!(late.count() > 0, "{:?}", heard.pieces);
    api.emulator.faults().push(Fault::stall_stream(3));
    let mut ear = ask(&api, "GET", &path, None).await;
    let heard = ear.hear().await;
    assert_eq!(heard.chunks(), (whole[..3].to_vec(), false));
    assert_eq!(heard.end, End::Silence);
    assert_eq!(api.trelent.open_streams(), 1);
    drop(ear);
    while api.trelent.open_streams() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_stalls_and_drips() {
    let api = start().await;
    let whole = get(&api, "/sandboxes").await.body;
    let fault = Fault::stall_body(10).lasting(5 * SECOND);
    api.emulator.faults().push(fault);
    let heard = get(&api, "/sandboxes").await;
    assert_eq!((&heard.body, heard.end), (&whole, End::Fin));
    let (last, rest) = *heard.pieces.last().unwrap();
    assert_eq!(rest, whole.len() - 10);
    assert!((5 * SECOND..6 * SECOND).contains(&last), "{last:?}");
    api.emulator.faults().push(Fault::stall_body(10));
    let heard = get(&api, "/sandboxes").await;
    assert_eq!((&heard.body[..], heard.end), (&whole[..10], End::Silence));

    api.emulator.faults().push(Fault::drip(10, SECOND));
    let heard = get(&api, "/sandboxes").await;
    assert_eq!(heard.body, whole);
    let sizes: Vec<_> = heard.pieces[1..].iter().map(|(_, size)| *size).collect();
    assert!(sizes.iter().all(|size| *size <= 10), "{sizes:?}");
    let (last, _) = *heard.pieces.last().unwrap();
    let seconds = u32::try_from(whole.len().div_ceil(10) - 1).unwrap();
    assert!(last >= seconds * SECOND, "{last:?}");
}

#[tokio::test]
async fn events_come_twice_or_not_at_all() {
    let (api, path) = with_run().await;
    let (whole, _) = get(&api, &path).await.chunks();
    let all = seqs(&whole);
    let got = async |kind: FaultKind| {
        api.emulator.faults().push(Fault::new(kind));
        let (chunks, ended) = get(&api, &path).await.chunks();
        assert!(ended);
        seqs(&chunks)
    };
    let (after_events, events) = (2, 2);
    let twice = got(FaultKind::DuplicateEvents {
        after_events,
        events,
    });
    let twice = twice.await;
    assert_eq!(twice[..6], [1, 2, 3, 3, 4, 4]);
    assert_eq!(twice[6..], all[4..]);
    let gone = got(FaultKind::SkipEvents {
        after_events,
        events,
    });
    let gone = gone.await;
    assert_eq!(gone[..2], [1, 2]);
    assert_eq!(gone[2..], all[4..]);
    // Past the end nothing happens.
    let (after_events, events) = (1000, 1);
    let kind = FaultKind::SkipEvents {
        after_events,
        events,
    };
    assert_eq!(got(kind).await, all);
}

#[tokio::test]
async fn what_is_no_event_and_what_is_too_large_comes_between_events() {
    let (api, path) = with_run().await;
    let (whole, _) = get(&api, &path).await.chunks();
    api.emulator.faults().push(Fault::garbage_event(2));
    let (chunks, ended) = get(&api, &path).await.chunks();
    assert!(ended);
    assert_eq!(
        chunks[2],
        b"!! no field of an event\ndata: {no JSON either\n\n"
    );
    assert_eq!([&chunks[..2], &chunks[3..]].concat(), whole);
    let text = Some("event: new\n\n".to_owned());
    let after_events = 0;
    let kind = FaultKind::GarbageEvent { after_events, text };
    api.emulator.faults().push(Fault::new(kind));
    let (chunks, _) = get(&api, &path).await.chunks();
    assert_eq!(chunks[0], b"event: new\n\n");

    let size = 3 << 20;
    api.emulator.faults().push(Fault::oversized_event(1, size));
    let (chunks, ended) = get(&api, &path).await.chunks();
    assert!(ended);
    let bytes = chunks.concat();
    let large = [&b"data: "[..], &vec![b'x'; size], b"\n\n"].concat();
    let expected = [whole[0].clone(), large, whole[1..].concat()].concat();
    assert!(bytes == expected, "{} bytes", bytes.len());
}

#[tokio::test]
async fn the_framing_of_a_body_can_be_wrong() {
    let (api, path) = with_run().await;
    let whole = get(&api, "/runs").await.body;
    api.emulator.faults().push(Fault::no_terminator());
    let heard = get(&api, "/runs").await;
    assert_eq!(heard.header("content-length"), None);
    assert_eq!(heard.chunks(), (vec![whole.clone()], false));
    assert_eq!(heard.end, End::Fin);

    let events = get(&api, &path).await.chunks().0;
    api.emulator.faults().push(Fault::no_terminator());
    let heard = get(&api, &path).await;
    assert_eq!((heard.chunks(), heard.end), ((events, false), End::Fin));

    // A stream has no length: the fault waits for an answer that has.
    api.emulator.faults().push(Fault::long_length(9));
    assert!(get(&api, &path).await.chunks().1);
    let heard = get(&api, "/runs").await;
    let length = (whole.len() + 9).to_string();
    assert_eq!(heard.header("content-length"), Some(length.as_str()));
    assert_eq!((heard.body, heard.end), (whole, End::Fin));
}

#[tokio::test]
async fn the_content_type_and_the_size_of_a_body_can_be_wrong() {
    let (api, path) = with_run().await;
    let whole: Value = serde_json::from_slice(&get(&api, "/runs").await.body).unwrap();
    for (path, content_type) in [("/runs", "text/html"), (&path, "application/json")] {
        api.emulator
            .faults()
            .push(Fault::content_type(content_type));
        let heard = get(&api, path).await;
        assert_eq!(heard.header("content-type"), Some(content_type));
    }
    api.emulator.faults().push(Fault::content_type(""));
    assert_eq!(get(&api, "/runs").await.header("content-type"), None);

    let bytes = 1 << 20;
    api.emulator.faults().push(Fault::oversized_body(bytes));
    let heard = get(&api, "/runs").await;
    let (chunks, ended) = heard.chunks();
    let body = chunks.concat();
    assert_eq!((body.len(), ended), (bytes, true));
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap(), whole);
    let declared = true;
    let kind = FaultKind::OversizedBody { bytes, declared };
    api.emulator.faults().push(Fault::new(kind));
    let heard = get(&api, "/runs").await;
    let length = bytes.to_string();
    assert_eq!(heard.header("content-length"), Some(length.as_str()));
    assert_eq!((heard.body.len(), heard.end), (bytes, End::Fin));

    api.emulator.faults().push(Fault::oversized_body(bytes));
    let (chunks, ended) = get(&api, &path).await.chunks();
    assert_eq!((chunks.concat().len(), ended), (bytes, true));
}

#[tokio::test]
async fn files_behind_presigned_urls_are_struck_too() {
    let api = start().await;
    let source =
        json!({"target": "run_snapshot", "include": ["/**"], "exclude": [], "run_id": null});
    let drain = json!({"target": "s3_dump", "bucket": "my-bucket", "prefix": "reports/"});
    let export = json!([{"source": source, "drain": drain}]);
    let run = api
        .run_with(&create(json!({"export_connectors": export})))
        .await;
    let run = api.ok("GET", &format!("/runs/{run}"), None).await;
    let url = run["file_outputs"][0]["files"][0]["presigned_url"].as_str();
    let url = url.unwrap_or_else(|| panic!("{run}"));
    api.emulator
        .faults()
        .push(Fault::cut_body(3).vendor("storage"));
    assert_eq!(get(&api, "/runs").await.status(), 200);
    let heard = ask_url(url, "GET", "", None).await.hear().await;
    assert_eq!((heard.status(), heard.body.len()), (200, 3));
    let heard = ask_url(url, "GET", "", None).await.hear().await;
    assert!(heard.body.len() > 3);
    api.emulator
        .faults()
        .push(Fault::status(503).vendor("storage"));
    let heard = ask_url(url, "GET", "", None).await.hear().await;
    assert!(heard.text().contains("<Code>ScriptedFault</Code>"));
}
