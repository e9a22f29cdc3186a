//! Lists page by page: none is read in circles.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can not go on should stop"
)]

use agent_core::testing::{Reply, ScriptedTransport};
use agent_os_sdk::{ErrorKind, PaginationParams, PollEvents};
use serde_json::{Value, json};

#[path = "support/rig.rs"]
mod rig;

use rig::client;

#[tokio::test(start_paused = true)]
async fn a_list_that_ignores_offsets_ends_and_says_so_if_more_is_out_of_reach() {
    let items = json!([{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]);
    let list = async |answer: Value, page: PaginationParams| {
        let transport = ScriptedTransport::new();
        transport.reply_with(move |_| Reply::json(&answer));
        let result = client(&transport).agents().list_all(page).all().await;
        (result.map(|items| items.len()), transport.requests().len())
    };
    let (all, requests) = list(json!({"items": items}), PaginationParams::new()).await;
    assert_eq!((all.unwrap(), requests), (2, 2));
    let (all, requests) = list(json!({"items": items, "total": 2}), PaginationParams::new()).await;
    assert_eq!((all.unwrap(), requests), (2, 1));
    let (all, requests) = list(items.clone(), PaginationParams::new().limit(2)).await;
    assert_eq!(
        (all.unwrap_err().kind(), requests),
        (ErrorKind::Protocol, 2)
    );
    let (all, _) = list(json!({"items": items, "total": 9}), PaginationParams::new()).await;
    assert_eq!(all.unwrap_err().kind(), ErrorKind::Protocol);
    let (all, requests) = list(json!({"items": []}), PaginationParams::new().limit(2)).await;
    assert_eq!((all.unwrap(), requests), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn lists_are_read_by_offset_item_by_item_and_by_page() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|request| {
        let offset = request
            .uri
            .query()
            .and_then(|query| query.split("offset=").nth(1));
        let offset: u64 = offset.map_or(0, |offset| offset.parse().unwrap());
        let items: Vec<_> = (offset..5)
            .take(2)
            .map(|n| json!({"id": n.to_string(), "name": "n"}))
            .collect();
        Reply::json(&json!({"items": items}))
    });
    let client = client(&transport);
    let page = PaginationParams::new().limit(2);
    let all = client.agents().list_all(page).all().await.unwrap();
    let ids: Vec<_> = all.iter().map(|agent| agent.id.as_str()).collect();
    assert_eq!(ids, ["0", "1", "2", "3", "4"]);
    let mut pages = client.agents().list_all(page.offset(1)).by_page();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().items.len());
    }
    assert_eq!(sizes, [2, 2, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_repeats_its_position_is_not_read_for_ever() {
    let event = |seq: u64| json!({"seq": seq, "type": "X", "timestamp": "t"});
    let page = |events: Vec<Value>, next: Value, more: bool| {
        Reply::json(
            &json!({"events": events, "latest_seq": 9, "next_after_seq": next, "has_more": more}),
        )
    };
    let transport = ScriptedTransport::new();
    // The position counted in, a null, and the end.
    transport.reply(page(vec![event(1), event(2)], json!(2), true));
    transport.reply(page(vec![event(2), event(3)], json!(null), true));
    transport.reply(page(vec![event(3), event(4)], json!(null), false));
    let all = client(&transport)
        .runs()
        .poll_all("r", PollEvents::new("a"))
        .all()
        .await
        .unwrap();
    let seqs: Vec<_> = all.iter().map(|event| event.seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4]);

    let transport = ScriptedTransport::new();
    transport.reply_with(move |_| page(vec![event(1)], json!(1), true));
    let error = client(&transport)
        .runs()
        .poll_all("r", PollEvents::new("a"))
        .all()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), transport.requests().len()),
        (ErrorKind::Protocol, 2)
    );
}
