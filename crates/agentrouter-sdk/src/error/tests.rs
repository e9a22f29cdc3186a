use serde_json::{Value, json};

use super::{ErrorBody, ErrorExt, codes, read};
use agent_core::{Error, ErrorKind};

#[test]
fn every_form_of_error_body_is_read() {
    let details = json!({"issues": []});
    for (body, code, message, found) in [
        (
            r#"{"error":{"code":"c","message":"m","details":{"issues":[]}}}"#,
            "c",
            "m",
            Some(details.clone()),
        ),
        (
            r#"{"error":{"code":"c","message":"m","details":[1]}}"#,
            "c",
            "m",
            Some(json!([1])),
        ),
        (
            r#"{"error":{"code":"c","message":"m","details":"x"}}"#,
            "c",
            "m",
            None,
        ),
        (
            r#"{"error":{"code":"c","message":"m","details":null}}"#,
            "c",
            "m",
            None,
        ),
        (
            r#"{"error":{"code":7,"message":null}}"#,
            codes::API_ERROR,
            "AgentRouter API error",
            None,
        ),
        (r#"{"error":{"message":""}}"#, codes::API_ERROR, "", None),
        (
            r#"{"error":null}"#,
            codes::API_ERROR,
            "AgentRouter API error",
            None,
        ),
        (
            r#"{"error":"Not Found","message":"x"}"#,
            codes::API_ERROR,
            "AgentRouter API error",
            None,
        ),
        (
            r#"{"code":"c","message":"m"}"#,
            codes::API_ERROR,
            "AgentRouter API error",
            None,
        ),
        ("[]", codes::API_ERROR, "AgentRouter API error", None),
        ("null", codes::API_ERROR, "AgentRouter API error", None),
        ("", codes::API_ERROR, "AgentRouter API error", None),
        ("<html>", codes::API_ERROR, "AgentRouter API error", None),
        (
            "\u{fffd}\u{0}{",
            codes::API_ERROR,
            "AgentRouter API error",
            None,
        ),
    ] {
        let expected = ErrorBody {
            code: code.to_owned(),
            message: message.to_owned(),
            details: found,
        };
        assert_eq!(read(body.as_bytes()), expected, "{body}");
    }
}

#[test]
fn a_mismatch_tells_both_digests_and_other_errors_none() {
    let error = |code: &'static str, details: Value| {
        Error::new(ErrorKind::Api, "m")
            .with_code(code)
            .with_details(details)
    };
    let mismatch = error(
        codes::ACTION_DIGEST_MISMATCH,
        json!({"expected": "sha256:a", "received": "sha256:b"}),
    );
    let view = mismatch.action_digest_mismatch().unwrap();
    assert_eq!((view.expected, view.received), ("sha256:a", "sha256:b"));
    assert!(mismatch.is_agent_router_error());
    let bare = error(codes::ACTION_DIGEST_MISMATCH, json!({}));
    assert_eq!(bare.action_digest_mismatch().unwrap().expected, "");
    let other = error(codes::APPROVAL_ALREADY_DECIDED, json!({}));
    assert_eq!(other.action_digest_mismatch(), None);
    assert!(other.is_approval_already_decided());
    assert!(!Error::new(ErrorKind::Transport, "m").is_agent_router_error());
}
