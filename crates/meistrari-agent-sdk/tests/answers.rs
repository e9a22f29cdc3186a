//! How answers are read: fields that are missing, null or of another type, and fields that nobody knows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::format_push_string,
    reason = "a test that can not go on should stop, and its texts are for people"
)]

use std::fmt::Debug;

use meistrari_agent_sdk::{
    CancelSessionResponse, ErrorKind, ExecuteAgentResponse, FileEncoding, SessionFile,
    SessionFiles, SessionTimelineResponse, SessionWebhookEventPayload, UpdateAgentModelResponse,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Reads each answer and writes it again. `None`: it can not be read.
fn table<T: DeserializeOwned + Serialize + PartialEq + Debug>(rows: &[(Value, Option<Value>)]) {
    for (answer, expected) in rows {
        let read: Option<T> = serde_json::from_value(answer.clone()).ok();
        let written = read
            .as_ref()
            .map(|read| serde_json::to_value(read).unwrap());
        assert_eq!(&written, expected, "{answer}");
        // What is written is read as the same, and holds no key twice: that would make it longer.
        if let (Some(read), Some(written)) = (read, written) {
            let text = serde_json::to_string(&read).unwrap();
            assert_eq!(text.len(), written.to_string().len(), "{text}");
            let again: T = serde_json::from_str(&text).unwrap();
            assert_eq!(again, read, "{answer}");
        }
    }
}

#[test]
fn an_execution() {
    table::<ExecuteAgentResponse>(&[
        (json!({}), Some(json!({"success": true}))),
        (
            json!({"success": null, "sessionId": null, "error": null}),
            Some(json!({"success": true})),
        ),
        (
            json!({"success": true, "sessionId": "s", "runId": "r"}),
            Some(json!({"success": true, "sessionId": "s", "runId": "r"})),
        ),
        (
            json!({"success": "no", "sessionId": 5}),
            Some(json!({"success": true, "sessionId": 5})),
        ),
        (
            json!({"error": {"message": "m", "code": 1}}),
            Some(json!({"success": false, "error": "m"})),
        ),
        (
            json!({"error": {"code": 1}}),
            Some(json!({"success": false, "error": "{\"code\":1}"})),
        ),
        (
            json!({"success": true, "error": ""}),
            Some(json!({"success": true, "error": ""})),
        ),
        (
            json!({"error": 5}),
            Some(json!({"success": true, "error": 5})),
        ),
        (json!([]), None),
        (json!("ok"), None),
        (json!(null), None),
    ]);
}

#[test]
fn a_cancel_and_a_model() {
    table::<CancelSessionResponse>(&[
        (
            json!({"success": true, "message": "Message cancelled"}),
            Some(json!({"success": true, "message": "Message cancelled"})),
        ),
        (
            json!({"success": false, "error": "no", "message": 7}),
            Some(json!({"success": false, "error": "no", "message": 7})),
        ),
        (json!({"message": null}), Some(json!({"success": true}))),
        (json!(true), None),
    ]);
    table::<UpdateAgentModelResponse>(&[
        (
            json!({"success": true, "commitHash": "abc", "branch": "main"}),
            Some(json!({"success": true, "commitHash": "abc", "branch": "main"})),
        ),
        (
            json!({"commitHash": ["x"], "error": "no"}),
            Some(json!({"success": false, "commitHash": ["x"], "error": "no"})),
        ),
        (json!(7), None),
    ]);
}

#[test]
fn a_timeline() {
    let bare = json!({"metrics": null, "prompt": null, "spans": []});
    table::<SessionTimelineResponse>(&[
        (json!({}), Some(bare.clone())),
        (json!({"status": null, "spans": null}), Some(bare)),
        (
            json!({"status": "hibernating", "metrics": 1, "prompt": [2], "spans": [null, 3], "v": 4}),
            Some(
                json!({"status": "hibernating", "metrics": 1, "prompt": [2], "spans": [null, 3], "v": 4}),
            ),
        ),
        (
            json!({"status": 5, "spans": []}),
            Some(json!({"status": 5, "metrics": null, "prompt": null, "spans": []})),
        ),
        (json!({"spans": {}}), None),
        (json!({"spans": "x"}), None),
    ]);
}

#[test]
fn a_list_of_files() {
    let tree = |size: Value| json!({"tree": [{"path": "a", "size": size}]});
    for (size, expected) in [
        (json!(0), Some(0)),
        (json!(5.0), Some(5)),
        (json!(u64::MAX), Some(u64::MAX)),
        (json!(-1), None),
        (json!(-0.0), Some(0)),
        (json!(1.5), None),
        (json!(1e300), None),
        (json!("5"), None),
        (json!(null), None),
        (json!(true), None),
        (json!([5]), None),
    ] {
        let files: SessionFiles = serde_json::from_value(tree(size.clone())).unwrap();
        assert_eq!(files.tree[0].size, expected, "{size}");
    }
    table::<SessionFiles>(&[
        (json!({"tree": []}), Some(json!({"tree": []}))),
        (
            json!({"tree": [{"path": "b"}, {"path": "", "mode": 1}], "more": 2}),
            Some(json!({"tree": [{"path": "b"}, {"path": "", "mode": 1}], "more": 2})),
        ),
        (tree(json!("5")), Some(tree(json!("5")))),
        (json!({}), None),
        (json!({"tree": null}), None),
        (json!({"tree": {"a": 1}}), None),
        (json!({"tree": ["a"]}), None),
        (json!({"tree": [{"size": 1}]}), None),
        (json!({"tree": [{"path": 1}]}), None),
        (json!({"tree": [{"path": null}]}), None),
    ]);
}

#[test]
fn a_file() {
    table::<SessionFile>(&[
        (
            json!({"content": ""}),
            Some(json!({"content": "", "encoding": "raw"})),
        ),
        (
            json!({"content": "x", "encoding": null, "path": 5, "size": -1}),
            Some(json!({"content": "x", "encoding": "raw", "path": 5, "size": -1})),
        ),
        (
            json!({"content": "x", "encoding": 5}),
            Some(json!({"content": "x", "encoding": "raw"})),
        ),
        (
            json!({"content": "x", "encoding": "zstd", "mtime": 1}),
            Some(json!({"content": "x", "encoding": "zstd", "mtime": 1})),
        ),
        (json!({}), None),
        (json!({"content": null}), None),
        (json!({"content": 5}), None),
    ]);
    let file = |content: &str, encoding: &str| -> SessionFile {
        serde_json::from_value(json!({"content": content, "encoding": encoding})).unwrap()
    };
    for (content, bytes) in [
        ("", Some(&b""[..])),
        ("AP8=", Some(&[0, 255])),
        ("AP8", Some(&[0, 255])),
        (" A\nP\r8\t= ", Some(&[0, 255])),
        ("+/+/", Some(&[0xfb, 0xff, 0xbf])),
        ("-_-_", None),
        ("AP8=AP8=", None),
        ("AP8==", None),
        ("A", None),
        ("AP*=", None),
        ("é", None),
    ] {
        let read = file(content, "base64").bytes();
        match bytes {
            Some(bytes) => assert_eq!(read.unwrap(), bytes, "{content}"),
            None => assert_eq!(read.unwrap_err().kind(), ErrorKind::Decode, "{content}"),
        }
        assert_eq!(file(content, "raw").bytes().unwrap(), content.as_bytes());
        for other in ["", "BASE64", "Raw", "hex"] {
            let other = file(content, other);
            assert!(matches!(other.encoding, FileEncoding::Other(_)));
            assert_eq!(other.bytes().unwrap_err().kind(), ErrorKind::Decode);
            assert_eq!(other.text(), None);
        }
    }
}

#[test]
fn a_webhooks_payload() {
    let least = json!({"eventType": "session.completed", "sessionId": "s"});
    let with = |name: &str, value: Value| {
        let mut payload = least.clone();
        payload[name] = value;
        payload
    };
    table::<SessionWebhookEventPayload>(&[
        (least.clone(), Some(least.clone())),
        (with("runId", json!(null)), Some(least.clone())),
        (with("runId", json!(1)), Some(with("runId", json!(1)))),
        (with("status", json!([])), Some(with("status", json!([])))),
        (with("status", json!("x")), Some(with("status", json!("x")))),
        (with("usage", json!(null)), Some(least.clone())),
        (
            with("usage", json!({"inputTokens": "many"})),
            Some(with("usage", json!({"inputTokens": "many"}))),
        ),
        (
            with("subagent", json!("x")),
            Some(with("subagent", json!("x"))),
        ),
        (
            with("error", json!({"message": "m"})),
            Some(with("error", json!("m"))),
        ),
        (
            with("error", json!(false)),
            Some(with("error", json!(false))),
        ),
        (
            with("more", json!({"a": null})),
            Some(with("more", json!({"a": null}))),
        ),
        (
            with("eventType", json!("")),
            Some(with("eventType", json!(""))),
        ),
        (with("eventType", json!(5)), None),
        (with("eventType", json!(null)), None),
        (with("sessionId", json!({})), None),
        (json!({"eventType": "session.completed"}), None),
        (json!([least.clone()]), None),
    ]);
}
