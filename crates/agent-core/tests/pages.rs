//! Lists in pages: what holds for each of their requests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use agent_core::sdk::{After, Paging, Request, Response};
use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::{ErrorKind, Page, Result, TimeoutPhase};
use serde_json::json;
use support::{PAGE, client_with, secs, timed};

struct Numbers(Vec<u64>);

impl Page for Numbers {
    type Item = u64;

    fn into_items(self) -> Vec<u64> {
        self.0
    }
}

/// Pages `[1, 2]`, `[3]` and so on; an empty one is the last.
struct List;

impl Paging for List {
    type Page = Numbers;

    fn request(&mut self) -> Request {
        Request::new(&PAGE)
    }

    fn read(&mut self, answer: &Response) -> Result<(Numbers, After)> {
        let numbers: Vec<u64> = answer.json()?;
        let after = if numbers.is_empty() {
            After::End
        } else {
            After::More
        };
        Ok((Numbers(numbers), after))
    }
}

#[tokio::test(start_paused = true)]
async fn the_clients_limit_for_a_whole_call_holds_for_each_page() {
    let wire = ScriptedTransport::new();
    for _ in 0..3 {
        wire.reply(Reply::json(&json!([1])).delay(secs(2)));
    }
    wire.reply_with(|_| Reply::silence());
    let client = client_with(&wire, |http| http.total_timeout(secs(3)));
    let mut pages = client.pages(List);
    for _ in 0..3 {
        assert_eq!(pages.next().await.unwrap().unwrap(), 1);
    }
    let (seconds, item) = timed(pages.next()).await;
    let error = item.unwrap().unwrap_err();
    assert_eq!(error.timeout_phase(), Some(TimeoutPhase::Total), "{error}");
    assert!((seconds - 3.0).abs() < 0.1, "{seconds} s");
    assert!(pages.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_page_whose_future_is_dropped_is_not_asked_for_twice() {
    let wire = ScriptedTransport::new();
    wire.reply(Reply::json(&json!([1, 2])).delay(secs(2)));
    wire.reply(Reply::json(&json!([3])).delay(secs(2)));
    wire.reply(Reply::json(&json!([])));
    let mut pages = client_with(&wire, |http| http).pages(List);
    let mut seen = Vec::new();
    loop {
        match tokio::time::timeout(secs(1), pages.next()).await {
            Err(_) => {}
            Ok(Some(item)) => seen.push(item.unwrap()),
            Ok(None) => break,
        }
    }
    assert_eq!(seen, [1, 2, 3]);
    assert_eq!(wire.requests().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_limit_of_zero_is_refused_before_anything_is_sent() {
    let wire = ScriptedTransport::new();
    let mut pages = client_with(&wire, |http| http).pages(List).timeout(secs(0));
    let error = pages.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(wire.requests().is_empty());
}
