//! What is refused before anything is sent, and redirects, which are not followed.

use agent_core::testing::{Reply, ScriptedTransport};
use mentiora_sdk::{AgentRunParams, ErrorExt, ErrorKind, Sent};

use crate::rig::{OPERATIONS, client};

#[tokio::test(start_paused = true)]
async fn what_is_refused_costs_no_request_and_no_callback() {
    let transport = ScriptedTransport::new();
    let client = client(&transport);
    let bad = || AgentRunParams::from_parts(None, None, "x");
    let call = client.agents().run(bad()).await.unwrap_err();
    // A stream says it with its first item, not before.
    let mut stream = client.agents().stream(bad());
    let item = stream.next().await.unwrap().unwrap_err();
    for error in [call, item] {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(error.message(), "Either tag or agentId must be provided");
        assert_eq!(error.class().code(), "VALIDATION_ERROR");
        assert_eq!((error.attempts(), error.sent()), (0, Sent::Never));
    }
    assert!(stream.next().await.is_none());
    assert!(transport.requests().is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_redirect_is_followed_so_no_key_leaves() {
    for op in OPERATIONS {
        for status in [301, 302, 303, 307, 308] {
            for location in [
                "http://localhost:1/other",
                "http://evil.example/",
                "//evil.example/",
            ] {
                let transport = ScriptedTransport::new();
                transport.reply_with(move |_| Reply::status(status).header("location", location));
                (op.call)(&client(&transport)).await.unwrap_err();
                assert_eq!(transport.requests().len(), 1, "{} {status}", op.name);
            }
        }
    }
}
