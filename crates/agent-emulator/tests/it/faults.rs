//! The faults' queue, their schedules, and the control API. What each kind does is in `strikes.rs`.

use std::collections::BTreeSet;

use agent_emulator::{Break, Emulator, Fault, FaultKind, Schedule};
use serde_json::{Value, json};

use crate::client::send;
use crate::support::{Api, builder, create, event, start, start_with};

/// Reads a stream that breaks; the events before.
async fn until_broken(api: &Api, run: &str) -> Vec<Value> {
    let mut stream = api.subscribe(run).await;
    assert_eq!(stream.status, 200);
    let mut events = Vec::new();
    loop {
        match stream.next().await {
            Ok(Some(chunk)) => events.push(event(&chunk)),
            Ok(None) => panic!("ended in order after {} events", events.len()),
            Err(_) => return events,
        }
    }
}

#[tokio::test]
async fn a_cut_stream_delivers_exactly_so_many_events_and_breaks() {
    let api = start().await;
    let run = api.run("hi").await;
    let whole = api.events(&run).await;
    for how in [Break::Close, Break::Reset] {
        for k in 0..=whole.len() {
            let kind = FaultKind::CutStream {
                after_events: k,
                how,
            };
            api.emulator.faults().push(Fault::new(kind));
            let got = until_broken(&api, &run).await;
            if how == Break::Close {
                assert_eq!(got, whole[..k]);
            } else {
                // A reset may overtake what was sent before.
                assert_eq!(got, whole[..got.len()]);
            }
            assert!(api.emulator.faults().pending().is_empty());
        }
    }
    assert_eq!(
        api.events(&run).await,
        whole,
        "and the next stream is whole"
    );
    assert_eq!(api.trelent.open_streams(), 0);
}

#[tokio::test]
async fn a_cut_strikes_live_streams_too() {
    let api = start().await;
    api.emulator.faults().cut_stream_after(12);
    let run = api.run("emulate:held").await;
    let mut stream = api.subscribe(&run).await;
    for _ in 0..10 {
        stream.next().await.unwrap().unwrap();
    }
    api.trelent.release(&run);
    for _ in 0..2 {
        stream.next().await.unwrap().unwrap();
    }
    stream.next().await.expect_err("broken");
}

#[tokio::test]
async fn faults_wait_for_their_vendor_and_strike_as_often_as_they_say() {
    let api = start_with(
        builder()
            .fault(Fault::cut_stream(2).vendor("trelent").times(2))
            .fault(Fault::cut_stream(1).vendor("other")),
    )
    .await;
    let run = api.run("hi").await;
    assert_eq!(until_broken(&api, &run).await.len(), 2);
    assert_eq!(until_broken(&api, &run).await.len(), 2);
    api.events(&run).await;
    assert_eq!(api.emulator.faults().pending().len(), 1);
}

#[tokio::test]
async fn faults_can_be_queued_over_http() {
    let api = start().await;
    let url = format!("{}/_control/faults", api.emulator.url());
    let json_type = [("content-type", "application/json")];
    let post = async |body: &str| send("POST", &url, &json_type, Some(body.as_bytes())).await;
    let answer = post(r#"{"fault": "cut_stream", "after_events": 3}"#).await;
    assert_eq!(answer.status, 201);
    let fault = json!({
        "fault": "cut_stream", "after_events": 3, "how": "close", "vendor": null, "method": null, "path": null,
        "times": 1, "landed": false,
    });
    let pending = json!({"pending": [fault], "schedules": [], "struck": 0});
    assert_eq!(answer.json(), pending);
    assert_eq!(send("GET", &url, &[], None).await.json(), pending);
    let run = api.run("hi").await;
    assert_eq!(until_broken(&api, &run).await.len(), 3);
    post(r#"{"fault": "cut_stream", "after_events": 0, "how": "reset", "vendor": "trelent", "times": 2}"#).await;
    let fault = Fault::reset_stream(0).vendor("trelent").times(2);
    assert_eq!(api.emulator.faults().pending(), [fault]);
    assert_eq!(
        send("DELETE", &url, &[], None).await.json(),
        json!({"pending": [], "schedules": [], "struck": 1})
    );
    for wrong in [
        "",
        "7",
        "{}",
        r#"{"fault": "flood"}"#,
        r#"{"fault": "cut_stream"}"#,
        r#"{"fault": "cut_stream", "after_events": -1}"#,
        r#"{"fault": "cut_stream", "after_events": 1, "how": "softly"}"#,
        r#"{"fault": "cut_stream", "after_events": 1, "vendor": "none"}"#,
        r#"{"fault": "cut_stream", "after_events": 1, "more": 1}"#,
    ] {
        assert_eq!(post(wrong).await.status, 400, "{wrong}");
    }
    let untyped = send(
        "POST",
        &url,
        &[],
        Some(br#"{"fault": "cut_stream", "after_events": 3}"#),
    )
    .await;
    assert_eq!(untyped.status, 415);
    assert_eq!(send("PUT", &url, &[], None).await.status, 405);
    assert!(api.emulator.faults().pending().is_empty());
}

#[tokio::test]
async fn a_fault_is_for_requests_of_its_method_and_path() {
    let api = start().await;
    let run = api.run("hi").await;
    let faults = api.emulator.faults();
    faults.push(Fault::status(500).on("GET", "/runs/*").forever());
    faults.push(Fault::status(501).on("*", "/secrets/**"));
    let status = async |path: &str| api.get(path).await.status;
    assert_eq!(status("/runs").await, 200);
    assert_eq!(status(&format!("/runs/{run}")).await, 500);
    assert_eq!(status(&format!("/runs/{run}/status")).await, 200);
    assert_eq!(status("/runs/none").await, 500);
    assert_eq!(status("/secrets/a").await, 501);
    assert_eq!(status("/secrets").await, 200);
    assert_eq!((faults.pending().len(), faults.struck()), (1, 3));
    let struck = &faults.strikes()[2];
    assert_eq!(
        (struck.method.as_str(), struck.path.as_str()),
        ("GET", "/secrets/a")
    );
    faults.clear();
    assert_eq!(status(&format!("/runs/{run}")).await, 200);
}

/// The same requests to an emulator with a schedule; what came back.
async fn draws(seed: u64) -> Vec<String> {
    let schedule = Schedule::seeded(seed)
        .chance(0.2, Fault::status(503))
        .chance(0.1, Fault::close())
        .chance_within(0.4, 20, Fault::cut_stream(0));
    let api = start().await;
    let run = api.run("hi").await;
    api.emulator.faults().schedule(schedule);
    let mut heard = Vec::new();
    for _ in 0..40 {
        for path in [format!("/runs/{run}/events"), "/runs".to_owned()] {
            let answer = crate::raw::get(&api, &path).await;
            // Not the bytes: they have times in them.
            let first = answer.head.lines().next().unwrap_or_default();
            heard.push(format!("{:?} {first} {}", answer.end, answer.body.len()));
        }
    }
    heard
}

#[tokio::test]
async fn a_schedule_gives_the_same_faults_to_the_same_requests() {
    let first = draws(7).await;
    assert_eq!(first, draws(7).await);
    assert_ne!(first, draws(8).await);
    let kinds: BTreeSet<_> = first.iter().collect();
    assert!(kinds.len() > 10, "cuts after many different numbers");
}

#[tokio::test]
async fn lists_and_schedules_come_over_http_too() {
    let api = start().await;
    let url = format!("{}/_control/faults", api.emulator.url());
    let json_type = [("content-type", "application/json")];
    let post = async |body: &str| send("POST", &url, &json_type, Some(body.as_bytes())).await;
    let answer = post(
        r#"[{"fault": "status", "status": 429, "retry_after": {"ms": 5}, "times": "forever"},
            {"fault": "drip", "bytes": 1, "ms": 0, "method": "GET", "path": "/runs/*"}]"#,
    )
    .await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["pending"].as_array().unwrap().len(), 2);
    assert_eq!(api.get("/runs").await.header("retry-after-ms"), Some("5"));
    send("DELETE", &url, &[], None).await;
    let answer = post(
        r#"{"seed": 7, "at_most": 2, "schedule": [{"chance": 1.0, "within": 3, "fault": "reset"}]}"#,
    )
    .await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    let answer = post(
        r#"{"seed": 7, "at_most": 2, "schedule": [{"chance": 1.0, "fault": "status", "status": 500}]}"#,
    )
    .await;
    assert_eq!(answer.json()["schedules"][0]["at_most"], 2);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(api.get("/runs").await.status);
    }
    assert_eq!(statuses, [500, 500, 200]);
    assert_eq!(api.emulator.faults().schedules().len(), 1);
}

#[tokio::test]
async fn the_emulators_own_pages_are_never_struck() {
    let faults = Schedule::seeded(1).chance(1.0, Fault::close());
    let builder = Emulator::builder().fault(Fault::reset().forever());
    let emulator = builder.schedule(faults).start().await.unwrap();
    for path in ["/", "/health", "/_control/faults"] {
        let url = format!("{}{path}", emulator.url());
        assert_eq!(send("GET", &url, &[], None).await.status, 200);
    }
}

#[tokio::test]
async fn what_a_client_sends_at_once_is_struck_once() {
    let api = start().await;
    api.emulator
        .faults()
        .push(Fault::status(503).on("POST", "/runs").times(3));
    let body = create(json!({}));
    let calls = (0..8).map(|_| api.call("POST", "/runs", Some(&body)));
    let answers = futures_util::future::join_all(calls).await;
    let refused = answers.iter().filter(|answer| answer.status == 503);
    assert_eq!((refused.count(), api.trelent.runs().len()), (3, 5));
}

#[tokio::test]
async fn the_documented_faults_can_be_queued_as_they_stand() {
    let api = start().await;
    let faults = api.emulator.faults();
    let page = include_str!("../../FAULTS.md");
    let quoted = page.split('`').filter(|text| text.starts_with("{\""));
    let mut kinds = BTreeSet::new();
    for text in quoted.filter(|text| text.contains("\"fault\"")) {
        faults.push_json(text).unwrap();
        let kind = text.split('"').nth(3).unwrap();
        kinds.insert(kind);
    }
    // The schedule's first text is another.
    assert!(kinds.len() > 18, "{kinds:?}");
}
