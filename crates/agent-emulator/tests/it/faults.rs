//! Faults: streams that break, and the control API.

use agent_emulator::{Break, Fault, FaultKind};
use serde_json::{Value, json};

use crate::client::send;
use crate::support::{Api, builder, event, start, start_with};

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
    let pending = json!({"pending": [
        {"fault": "cut_stream", "after_events": 3, "how": "close", "vendor": null, "times": 1},
    ]});
    assert_eq!(answer.json(), pending);
    assert_eq!(send("GET", &url, &[], None).await.json(), pending);
    let run = api.run("hi").await;
    assert_eq!(until_broken(&api, &run).await.len(), 3);
    post(r#"{"fault": "cut_stream", "after_events": 0, "how": "reset", "vendor": "trelent", "times": 2}"#).await;
    let fault = Fault::reset_stream(0).vendor("trelent").times(2);
    assert_eq!(api.emulator.faults().pending(), [fault]);
    assert_eq!(
        send("DELETE", &url, &[], None).await.json(),
        json!({"pending": []})
    );
    for wrong in [
        "",
        "[]",
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
