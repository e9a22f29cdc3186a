//! Dropped at every point where it waits: nothing stays open, and the next call on the same client works.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};

use agent_core::sdk::Pipeline;
use agent_core::testing::{RecordedRequest, Reply, ScriptedTransport};
use std::future::IntoFuture as _;

use agent_core::{BoxFuture, Result};
use serde_json::json;
use support::broker::Broker;
use support::rules::{After, Rules, at, drain, event};
use support::{client_auth, create, download, get, millis, secs};

/// A future that is dropped when it has been polled so often.
struct Polled<F> {
    future: Pin<Box<F>>,
    left: u32,
}

impl<F: Future> Future for Polled<F> {
    /// `None` if it was not finished by then.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        match self.future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            // The last poll is over: do not wait for a reason to poll again.
            Poll::Pending if self.left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

fn polled<F: Future>(future: F, polls: u32) -> Polled<F> {
    Polled {
        future: Box::pin(future),
        left: polls,
    }
}

/// A server where everything is slow, in pieces, and fails first: tokens, answers, streams and files.
fn slow() -> ScriptedTransport {
    let wire = ScriptedTransport::new();
    let turn = Arc::new(AtomicU32::new(0));
    wire.reply_with(move |request| {
        let turn = turn.fetch_add(1, Ordering::SeqCst);
        answer(request, turn).delay(millis(10))
    });
    wire
}

fn answer(request: &RecordedRequest, turn: u32) -> Reply {
    let wait = millis(10);
    let path = request.uri.path();
    if path.ends_with("tokens") {
        return match turn % 2 {
            0 => Reply::status(503),
            _ => Reply::status(200)
                .chunk("{\"token\":")
                .wait(wait)
                .chunk("\"t\",")
                .wait(wait)
                .chunk("\"expires_in\":3600}"),
        };
    }
    if path.ends_with("events") {
        return match request.uri.query() {
            None => Reply::events()
                .chunk(at(1))
                .wait(wait)
                .chunk(event("ask", "0"))
                .wait(wait)
                .lost(),
            Some("after=1") => Reply::events().wait(wait).chunk(at(2)).wait(wait).lost(),
            Some(_) => Reply::events()
                .wait(wait)
                .chunk(at(3))
                .chunk(event("end", "0")),
        };
    }
    if path.contains("files") {
        return match turn % 3 {
            0 => Reply::status(500).chunk("{").wait(wait).chunk("}"),
            _ => Reply::status(200)
                .wait(wait)
                .chunk("a")
                .wait(wait)
                .chunk("b"),
        };
    }
    match turn % 3 {
        0 => Reply::status(503).wait(wait).chunk("{}"),
        1 => Reply::status(307).header("location", "/v1/elsewhere"),
        _ => Reply::status(200)
            .chunk("{")
            .wait(wait)
            .chunk("\"ok\": 1")
            .wait(wait)
            .chunk("}"),
    }
}

type Work = fn(Pipeline) -> BoxFuture<'static, Result<()>>;

const WORKS: &[(&str, Work)] = &[
    ("a call", |c| {
        Box::pin(async move { get(&c).total_timeout(secs(60)).await.map(|_| ()) })
    }),
    ("an unsafe call", |c| {
        // Whatever it gives: it must be dropped cleanly.
        Box::pin(async move {
            let _ = create(&c).await;
            Ok(())
        })
    }),
    ("a stream", |c| {
        Box::pin(async move {
            let rules = Rules {
                lost: After::Reopen(millis(10)),
                ..Rules::default()
            };
            assert_eq!(drain(&mut rules.follow(&c)).await, ["1", "2", "3"]);
            Ok(())
        })
    }),
    ("connecting a stream", |c| {
        Box::pin(async move { Rules::default().follow(&c).connect().await.map(|_| ()) })
    }),
    ("a download", |c| {
        Box::pin(async move {
            let mut file = download(&c).await?;
            while let Some(piece) = file.next().await {
                piece?;
            }
            Ok(())
        })
    }),
];

#[tokio::test(start_paused = true)]
async fn what_is_dropped_at_any_point_leaves_nothing_open_and_harms_nothing_after_it() {
    for &(name, work) in WORKS {
        for polls in 1.. {
            assert!(polls < 200, "{name} does not finish");
            let wire = slow();
            let client = client_auth(&wire, Broker::auth(&["read"]));
            let finished = polled(work(client.clone()), polls).await;
            assert_eq!(
                wire.open_exchanges(),
                0,
                "{name} dropped after {polls} polls"
            );
            work(client.clone()).await.unwrap_or_else(|error| {
                panic!("{name} after one dropped after {polls} polls: {error}")
            });
            assert_eq!(
                wire.open_exchanges(),
                0,
                "{name}, the one after {polls} polls"
            );
            if let Some(result) = finished {
                result.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(
                    polls > 5,
                    "{name} waits at {polls} points only: the script is too easy"
                );
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_for_a_dropped_exchange_go_on() {
    for polls in 1..12 {
        let wire = slow();
        let client = client_auth(&wire, Broker::auth(&["read"]));
        let others: Vec<_> = (0..3)
            .map(|_| {
                let client = client.clone();
                async move { get(&client).await }
            })
            .collect();
        let leader = polled(get(&client).into_future(), polls);
        let (_, results) =
            futures_util::future::join(leader, futures_util::future::join_all(others)).await;
        for result in results {
            result.unwrap_or_else(|error| panic!("after {polls} polls of the leader: {error}"));
        }
        assert_eq!(wire.open_exchanges(), 0, "{polls}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_never_awaited_sends_nothing() {
    let wire = slow();
    let client = client_auth(&wire, Broker::auth(&["read"]));
    drop(get(&client));
    drop(get(&client).into_future());
    assert!(wire.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn calls_in_tasks_that_are_aborted_leave_nothing_open() {
    let wire = slow();
    let client = client_auth(&wire, Broker::auth(&["read"]));
    for after in 0..60 {
        let task = tokio::spawn({
            let client = client.clone();
            async move { get(&client).await }
        });
        tokio::time::sleep(millis(after)).await;
        task.abort();
        let _ = task.await;
        assert_eq!(wire.open_exchanges(), 0, "aborted after {after} ms");
    }
    get(&client).await.unwrap();
    assert_eq!(json!(wire.open_exchanges()), json!(0));
}
