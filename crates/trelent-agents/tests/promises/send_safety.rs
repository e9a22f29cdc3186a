//! What may be sent twice, and what may not.

use agent_core::sdk::Safety;
use agent_core::testing::{Reply, ScriptedTransport};
use serde_json::json;
use trelent_agents::Sent;

use crate::rig::{MakeReply, OPERATIONS, Operation, anonymous, authenticated, without_retries};

pub(crate) fn safety(op: &Operation) -> Safety {
    let row = trelent_agents::ops::TABLE
        .iter()
        .find(|row| row.op.name == op.name);
    row.unwrap().op.safety
}

#[test]
fn what_may_be_sent_twice_is_declared() {
    for op in OPERATIONS {
        let expected = match op.name {
            "runs.create" | "run.fork" | "runs.cancel" | "secrets.create" => Safety::Unsafe,
            _ => Safety::Safe,
        };
        assert_eq!(safety(op), expected, "{}", op.name);
    }
}

/// How an exchange fails, whether that is passing, and what is known of the request.
pub(crate) struct Failure {
    pub(crate) name: &'static str,
    pub(crate) reply: MakeReply,
    pub(crate) passing: bool,
    pub(crate) sent: Sent,
    /// The failure lies in the body, which a stream reads by its own rules.
    pub(crate) body: bool,
}

pub(crate) const FAILURES: &[Failure] = &[
    Failure {
        name: "no connection",
        reply: Reply::refused,
        passing: true,
        sent: Sent::Never,
        body: false,
    },
    Failure {
        name: "broken",
        reply: Reply::broken,
        passing: true,
        sent: Sent::Maybe,
        body: false,
    },
    Failure {
        name: "silent",
        reply: Reply::silence,
        passing: true,
        sent: Sent::Maybe,
        body: false,
    },
    Failure {
        name: "408",
        reply: || Reply::status(408),
        passing: true,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "429",
        reply: || Reply::status(429),
        passing: true,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "500",
        reply: || Reply::status(500),
        passing: true,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "503",
        reply: || Reply::status(503).header("retry-after", "1"),
        passing: true,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "503, later",
        reply: || Reply::status(503).header("retry-after", "61"),
        passing: false,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "400",
        reply: || Reply::status(400),
        passing: false,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "404",
        reply: || Reply::status(404),
        passing: false,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "409",
        reply: || Reply::status(409),
        passing: false,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "501",
        reply: || Reply::status(501),
        passing: false,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "302",
        reply: || Reply::status(302),
        passing: false,
        sent: Sent::Yes,
        body: false,
    },
    Failure {
        name: "cut",
        reply: || Reply::json(&json!({"status": "ok"})).chunk("{").lost(),
        passing: true,
        sent: Sent::Yes,
        body: true,
    },
    Failure {
        name: "stuck",
        reply: || Reply::status(200).chunk("{").open(),
        passing: true,
        sent: Sent::Yes,
        body: true,
    },
    Failure {
        name: "empty",
        reply: || Reply::status(200),
        passing: false,
        sent: Sent::Yes,
        body: true,
    },
    Failure {
        name: "HTML",
        reply: || {
            Reply::status(200)
                .header("content-type", "text/html")
                .chunk("<html>")
        },
        passing: false,
        sent: Sent::Yes,
        body: true,
    },
];

#[tokio::test(start_paused = true)]
async fn unsafe_calls_are_sent_once_whatever_happens_and_safe_ones_again_when_it_may_pass() {
    for op in OPERATIONS {
        for failure in FAILURES {
            if op.is_stream() && failure.body {
                continue;
            }
            let name = format!("{}, {}", op.name, failure.name);
            let transport = op.failing(|_| (failure.reply)());
            let error = (op.call)(authenticated(&transport)).await.unwrap_err();
            let again = safety(op) == Safety::Safe && failure.passing;
            let expected = if again { 3 } else { 1 };
            assert_eq!(op.requests(&transport).len(), expected, "{name}: {error}");
            assert_eq!(error.attempts() as usize, expected, "{name}");
            assert_eq!(error.sent(), failure.sent, "{name}: {error}");
            assert_eq!(error.operation(), op.name, "{name}");
            assert_eq!(transport.open_exchanges(), 0, "{name}");

            // Without retries every call is one request.
            let transport = op.failing(|_| (failure.reply)());
            (op.call)(without_retries(&transport)).await.unwrap_err();
            assert_eq!(op.requests(&transport).len(), 1, "{name}, without retries");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_succeeds_at_last_says_how_often_it_was_sent() {
    for op in OPERATIONS {
        if safety(op) != Safety::Safe || op.is_stream() {
            continue;
        }
        let (name, good) = (op.name, (op.answer)());
        let transport = op.failing(move |n| match n {
            0 => Reply::broken(),
            1 => Reply::status(503),
            _ => Reply::json(&good),
        });
        (op.call)(authenticated(&transport)).await.unwrap();
        assert_eq!(op.requests(&transport).len(), 3, "{name}");
    }
    let transport = ScriptedTransport::new();
    transport
        .reply(Reply::status(503))
        .reply(Reply::json(&json!({"status": "ok"})));
    let answer = anonymous(&transport)
        .health()
        .with_response()
        .await
        .unwrap();
    assert_eq!(answer.response.attempts, 2);
}

#[tokio::test(start_paused = true)]
async fn the_clones_of_a_client_share_a_budget_of_retries() {
    let transport = ScriptedTransport::new();
    transport.reply_with(|_| Reply::status(503));
    let client = anonymous(&transport);
    for _ in 0..50 {
        client.clone().health().await.unwrap_err();
    }
    assert_eq!(transport.requests().len(), 50 + 20);
    assert_eq!(client.retry_budget().available(), 0);
}
