//! What may not be sent twice is not, and says so.

use agent_core::sdk::Safety;
use agent_core::testing::{Reply, ScriptedTransport};
use mentiora_sdk::ops::OPS;
use mentiora_sdk::{MentioraClient, RetryPolicy, Sent};

use crate::rig::{OPERATIONS, Operation, client, config, http, params, run_json};

fn safety(op: &Operation) -> Safety {
    OPS.iter().find(|row| row.name == op.name).unwrap().safety
}

#[test]
fn the_tables_of_crate_and_tests_are_the_same() {
    let crate_names: Vec<_> = OPS.iter().map(|op| op.name).collect();
    let names: Vec<_> = OPERATIONS.iter().map(|op| op.name).collect();
    assert_eq!(crate_names, names);
    for op in OPERATIONS {
        let expected = match op.name {
            "agents.run"
            | "agents.stream"
            | "files.upload"
            | "knowledge.create"
            | "knowledge.add_documents" => Safety::Unsafe,
            _ => Safety::Safe,
        };
        assert_eq!(safety(op), expected, "{}", op.name);
    }
}

/// A failure, and how often a call is sent with 3 retries: what is safe, what is not, and by the vendor's policy.
struct Failure {
    name: &'static str,
    reply: fn() -> Reply,
    safe: usize,
    once: usize,
    vendor: usize,
    /// The failure lies in a successful answer's body.
    body: bool,
}

const fn failure(name: &'static str, reply: fn() -> Reply, sent: (usize, usize, usize)) -> Failure {
    Failure {
        name,
        reply,
        safe: sent.0,
        once: sent.1,
        vendor: sent.2,
        body: false,
    }
}

const FAILURES: &[Failure] = &[
    failure("no connection", Reply::refused, (4, 4, 4)),
    failure("broken", Reply::broken, (4, 1, 4)),
    failure("silent", Reply::silence, (4, 1, 4)),
    failure("429", || Reply::status(429), (4, 4, 4)),
    failure(
        "429, in a second",
        || Reply::status(429).header("retry-after", "1"),
        (4, 4, 4),
    ),
    failure(
        "429, much later",
        || Reply::status(429).header("retry-after", "61"),
        (1, 1, 1),
    ),
    failure("500", || Reply::status(500), (4, 1, 4)),
    failure(
        "503, later",
        || Reply::status(503).header("retry-after", "61"),
        (4, 1, 4),
    ),
    failure("599", || Reply::status(599), (4, 1, 4)),
    failure("400", || Reply::status(400), (1, 1, 1)),
    failure("401", || Reply::status(401), (1, 1, 1)),
    failure("404", || Reply::status(404), (1, 1, 1)),
    failure("408", || Reply::status(408), (1, 1, 1)),
    failure("425", || Reply::status(425), (1, 1, 1)),
    failure(
        "302",
        || Reply::status(302).header("location", "http://localhost:1/"),
        (1, 1, 1),
    ),
    Failure {
        body: true,
        ..failure("cut", || Reply::status(200).chunk("{").lost(), (4, 1, 4))
    },
    Failure {
        body: true,
        ..failure("stuck", || Reply::status(200).chunk("{").open(), (4, 1, 4))
    },
    Failure {
        body: true,
        ..failure("empty", || Reply::status(200), (1, 1, 1))
    },
    Failure {
        body: true,
        ..failure("HTML", || Reply::status(200).chunk("<html>"), (1, 1, 1))
    },
];

#[tokio::test(start_paused = true)]
async fn what_may_not_be_sent_twice_is_not_unless_the_vendors_policy_is_asked_for() {
    for op in OPERATIONS {
        for failure in FAILURES {
            let formless = matches!(failure.name, "empty" | "HTML");
            if failure.body && op.is_stream() || formless && !op.reads_json() {
                continue;
            }
            let never_again = op.is_stream() || op.name == "files.download";
            for vendor in [false, true] {
                let name = format!("{}, {}, vendor's policy: {vendor}", op.name, failure.name);
                let transport = ScriptedTransport::new();
                transport.reply_with(|_| (failure.reply)());
                let config = config(&transport);
                let config = if vendor { config.retries(3) } else { config };
                let error = (op.call)(&MentioraClient::new(config).unwrap())
                    .await
                    .unwrap_err();
                let expected = match (vendor, safety(op)) {
                    _ if never_again => 1,
                    (true, _) => failure.vendor,
                    (false, Safety::Safe) => failure.safe,
                    (false, _) => failure.once,
                };
                assert_eq!(transport.requests().len(), expected, "{name}: {error}");
                assert_eq!(transport.open_exchanges(), 0, "{name}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_repeated_with_retries_off() {
    for op in OPERATIONS {
        for failure in FAILURES {
            let formless = matches!(failure.name, "empty" | "HTML");
            if failure.body && op.is_stream() || formless && !op.reads_json() {
                continue;
            }
            for off in [true, false] {
                let transport = ScriptedTransport::new();
                transport.reply_with(|_| (failure.reply)());
                let config = if off {
                    config(&transport).retries(0)
                } else {
                    config(&transport).http(http(&transport).retry(RetryPolicy::none()))
                };
                (op.call)(&MentioraClient::new(config).unwrap())
                    .await
                    .unwrap_err();
                assert_eq!(
                    transport.requests().len(),
                    1,
                    "{}, {}",
                    op.name,
                    failure.name
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_may_have_landed_says_so() {
    for (reply, sent) in [
        (Reply::refused as fn() -> Reply, Sent::Never),
        (Reply::broken, Sent::Maybe),
        (Reply::silence, Sent::Maybe),
        (|| Reply::status(500), Sent::Yes),
    ] {
        let transport = ScriptedTransport::new();
        transport.reply_with(move |_| reply());
        let error = client(&transport).agents().run(params()).await.unwrap_err();
        assert_eq!(error.sent(), sent, "{error}");
        assert_eq!(error.operation(), "agents.run");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_429_a_refused_connection_is_still_safe_to_repeat() {
    let transport = ScriptedTransport::new();
    transport
        .reply(Reply::status(429))
        .reply(Reply::refused())
        .reply(Reply::json(&run_json()));
    let answer = client(&transport)
        .agents()
        .run(params())
        .with_response()
        .await
        .unwrap();
    assert_eq!(answer.response.attempts, 3);
}
