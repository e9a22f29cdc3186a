//! Answers that are not what they should be.

use std::time::Duration;

use agent_core::testing::{Reply, ScriptedTransport};
use tokio::time::Instant;
use trelent_agents::{Client, ClientOptions, Error, ErrorKind, Sent};

use crate::rig::{self, BASE, MakeReply, OPERATIONS, anonymous, authenticated, without_retries};

#[tokio::test(start_paused = true)]
async fn a_page_of_html_is_an_error_of_one_line_with_its_beginning() {
    let page = format!(
        "<html>\n<body>\r\n{}</body></html>",
        "down for maintenance ".repeat(500)
    );
    for op in OPERATIONS {
        for status in [200, 502] {
            let page = page.clone();
            let transport = op.failing(move |_| {
                Reply::status(status)
                    .header("content-type", "text/html; charset=utf-8")
                    .chunk(page.clone())
            });
            let error = (op.call)(without_retries(&transport)).await.unwrap_err();
            let shown = error.to_string();
            assert!(
                !shown.contains('\n') && shown.len() < 1000,
                "{}: {shown}",
                op.name
            );
            if status == 200 {
                assert_eq!(error.kind(), ErrorKind::Decode, "{}", op.name);
                assert!(shown.contains("text/html"), "{}: {shown}", op.name);
            } else {
                let expected = format!(
                    "HTTP 502: Failed to parse error response: {}",
                    page_of(&error)
                );
                assert_eq!(error.message(), expected, "{}", op.name);
            }
        }
    }
}

fn page_of(error: &Error) -> String {
    error.response().unwrap().text().into_owned()
}

#[tokio::test(start_paused = true)]
async fn answers_of_the_wrong_form_are_decode_errors_that_are_not_repeated() {
    let bodies: &[&[u8]] = &[
        b"",
        b"null",
        b"7",
        b"\"text\"",
        b"[null]",
        b"[[]]",
        b"{}",
        b"{\"detail\": \"not an error\"}",
        b"{\"status\": null}",
        b"{\"status\"",
        b"\xff\xfe{}",
        b"{\"stat\xff\": \"ok\"}",
        b"\x1f\x8b\x08compressed",
        b"{\"status\": \"ok\"} trailing",
    ];
    for op in OPERATIONS {
        if op.is_stream() {
            continue;
        }
        for body in bodies {
            let transport = op.failing(move |_| {
                Reply::status(200)
                    .header("content-type", "application/json")
                    .header("x-request-id", "req_7")
                    .chunk(*body)
            });
            let shown = String::from_utf8_lossy(body);
            match (op.call)(authenticated(&transport)).await {
                Ok(()) => assert!(
                    body.starts_with(b"[") && op.name.ends_with("list"),
                    "{}: {shown}",
                    op.name
                ),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Decode, "{}: {shown}", op.name);
                    assert_eq!(error.sent(), Sent::Yes, "{}: {shown}", op.name);
                    assert_eq!(error.request_id(), Some("req_7"), "{}: {shown}", op.name);
                }
            }
            assert_eq!(op.requests(&transport).len(), 1, "{}: {shown}", op.name);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn deep_nesting_is_an_error_and_no_crash() {
    let deep = "[".repeat(200_000);
    for op in OPERATIONS {
        for status in [200, 400, 422] {
            let body = format!("{{\"detail\": {deep}");
            let transport = op.failing(move |_| Reply::status(status).chunk(body.clone()));
            (op.call)(without_retries(&transport)).await.unwrap_err();
        }
    }
    let event = format!("data: {{\"seq\": 0, \"data\": {deep}\n\n");
    let transport = ScriptedTransport::new();
    transport.reply_with(move |_| Reply::events().chunk(event.clone() + &rig::completed(1)));
    let mut events = anonymous(&transport).runs().subscribe("run_1");
    assert!(!rig::drain(&mut events).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn gigantic_answers_end_at_the_limit() {
    for op in OPERATIONS {
        if op.is_stream() {
            continue;
        }
        for declared in [true, false] {
            let transport = op.failing(move |_| {
                let mut reply = Reply::status(200).header("content-type", "application/json");
                if declared {
                    reply = reply.header("content-length", "99999999999");
                }
                for _ in 0..100 {
                    reply = reply.chunk("x".repeat(1000));
                }
                reply.open()
            });
            let http = rig::http(&transport).max_body_bytes(50_000);
            let client = Client::with_options(BASE, ClientOptions::new().http(http)).unwrap();
            let error = (op.call)(client).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{}", op.name);
            assert_eq!(error.sent(), Sent::Yes, "{}", op.name);
            assert_eq!(op.requests(&transport).len(), 1, "{}", op.name);
            assert_eq!(transport.open_exchanges(), 0, "{}", op.name);
        }
    }
    // An error's body is read up to 1 MiB.
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| {
        (0..30)
            .fold(Reply::status(400), |reply, _| {
                reply.chunk("x".repeat(100_000))
            })
            .open()
    });
    let error = anonymous(&transport).health().await.unwrap_err();
    let response = error.response().unwrap();
    assert_eq!((response.body.len(), response.truncated), (1 << 20, true));
    assert!(error.to_string().len() < 1000);
}

#[tokio::test(start_paused = true)]
async fn an_errors_body_that_is_cut_or_stuck_still_gives_its_status() {
    for op in OPERATIONS {
        let replies: [(MakeReply, ErrorKind); 2] = [
            (
                || Reply::status(404).chunk("{\"detail\"").lost(),
                ErrorKind::Transport,
            ),
            (
                || Reply::status(404).chunk("{\"detail\"").open(),
                ErrorKind::Api,
            ),
        ];
        for (reply, kind) in replies {
            let transport = op.failing(move |_| reply());
            let start = Instant::now();
            let error = (op.call)(without_retries(&transport)).await.unwrap_err();
            assert_eq!(
                (error.status(), error.kind()),
                (Some(404), kind),
                "{}",
                op.name
            );
            assert!(start.elapsed() <= Duration::from_secs(5), "{}", op.name);
        }
    }
}
