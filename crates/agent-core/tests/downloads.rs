//! Downloads: pieces as they come, and a break is never a short success.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use agent_core::testing::{Reply, ScriptedTransport};
use agent_core::transport::{ResponseBody, TransportError, TransportPhase};
use agent_core::{ErrorKind, RetryPolicy, Sent};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use support::{client, client_with, download, header_of, log, secs};

fn once(reply: Reply) -> ScriptedTransport {
    let wire = ScriptedTransport::new();
    wire.reply(reply);
    wire
}

#[tokio::test(start_paused = true)]
async fn pieces_come_as_they_arrive_and_then_there_is_none() {
    let wire = once(Reply::status(200).chunk("a").wait(secs(1)).chunk("bc"));
    let mut file = download(&client(&wire)).await.unwrap();
    assert_eq!(file.next().await.unwrap().unwrap(), "a");
    assert_eq!(file.next().await.unwrap().unwrap(), "bc");
    for _ in 0..3 {
        assert!(file.next().await.is_none());
    }
    assert_eq!(
        wire.open_exchanges(),
        0,
        "the connection is done with at the end"
    );
    assert_eq!(log(&wire), ["GET /files/a/b.txt"]);
    assert_eq!(header_of(&wire, "accept"), ["*/*"]);
}

#[tokio::test(start_paused = true)]
async fn what_came_beside_the_bytes_is_known_before_them() {
    let reply = Reply::status(206)
        .header("content-length", "3")
        .header("x-request-id", "r");
    let wire = once(reply.chunk("abc"));
    let answer = download(&client(&wire)).with_response().await.unwrap();
    assert_eq!(answer.response.status, 206);
    let file = answer.value;
    assert_eq!(file.content_length(), Some(3));
    assert_eq!(file.response().request_id.as_deref(), Some("r"));
    assert_eq!(file.response().attempts, 1);
    let pieces: Vec<Bytes> = file.try_collect().await.unwrap();
    assert_eq!(pieces.concat(), b"abc");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_is_an_error_then_over() {
    for pieces in 0..3 {
        let reply = (0..pieces).fold(Reply::status(200), |reply, _| reply.chunk("x"));
        let wire = once(reply.lost());
        let mut file = download(&client(&wire)).await.unwrap();
        for _ in 0..pieces {
            file.next().await.unwrap().unwrap();
        }
        let error = file.next().await.unwrap().unwrap_err();
        assert_eq!(
            (error.kind(), error.sent()),
            (ErrorKind::Transport, Sent::Yes)
        );
        assert_eq!((error.operation(), error.attempts()), ("files.get", 1));
        assert!(file.next().await.is_none());
        assert!(file.next().await.is_none());
        assert_eq!(wire.open_exchanges(), 0);
        assert_eq!(
            wire.requests().len(),
            1,
            "bytes that were given are not asked for again"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn opening_is_repeated_and_its_failure_is_the_calls() {
    let wire = once(Reply::status(503));
    wire.reply(Reply::status(200).chunk("x"));
    let file = download(&client(&wire)).await.unwrap();
    assert_eq!(file.response().attempts, 2);

    let wire = once(Reply::status(404));
    let error = download(&client(&wire)).await.unwrap_err();
    assert_eq!(
        (error.status(), error.operation()),
        (Some(404), "files.get")
    );
    let wire = once(Reply::status(503));
    let call = download(&client(&wire)).retry(RetryPolicy::none());
    assert_eq!(call.await.unwrap_err().attempts(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_limit_for_answers_read_whole_is_not_for_downloads() {
    let wire = once(Reply::status(200).chunk(vec![0; 5000]));
    let client = client_with(&wire, |http| http.max_body_bytes(10));
    let mut file = download(&client).await.unwrap();
    assert_eq!(file.next().await.unwrap().unwrap().len(), 5000);
}

#[tokio::test(start_paused = true)]
async fn dropping_it_closes_the_connection() {
    let wire = once(Reply::status(200).chunk("a").open());
    let mut file = download(&client(&wire)).await.unwrap();
    file.next().await.unwrap().unwrap();
    assert_eq!(wire.open_exchanges(), 1);
    drop(file);
    assert_eq!(wire.open_exchanges(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_is_not_asked_again_after_its_end_or_its_error() {
    // Streams made by `unfold` panic when that happens.
    let ends = futures_util::stream::unfold(0, |count| async move {
        (count < 2).then(|| (Ok(Bytes::from_static(b"x")), count + 1))
    });
    let breaks = futures_util::stream::unfold(false, |over| async move {
        assert!(!over, "asked again after the error");
        let error = TransportError::new(TransportPhase::Body, "broken");
        Some((Err(error), true))
    });
    for (mut body, items) in [
        (ResponseBody::from_stream(ends), 2),
        (ResponseBody::from_stream(breaks), 1),
    ] {
        for _ in 0..items {
            assert!(body.next().await.is_some());
        }
        for _ in 0..3 {
            assert!(body.next().await.is_none());
        }
    }
}
