//! Answers, member by member: what must be there, what may be absent, and the words about what is missing.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail tests"
)]

use agent_core::testing::{Reply, ScriptedTransport};
use mentiora_sdk::{
    AddDocumentsParams, AgentRunResult, CreateKnowledgeParams, Error, ErrorClass, ErrorExt,
    ErrorKind, ListFilesParams, MentioraClient, PaginationOptions,
};
use serde_json::{Value, json};

#[path = "support/rig.rs"]
mod rig;

use rig::{OPERATIONS, base_json, client, document_json, file_json, params, run_json};

async fn run(body: impl Into<Vec<u8>>) -> Result<AgentRunResult, Error> {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::status(200).chunk(body.into()));
    client(&transport).agents().run(params()).await
}

/// `whole` with `change` merged in; what is `"absent"` is taken out.
fn with(mut whole: Value, change: &Value) -> Value {
    for (key, value) in change.as_object().unwrap() {
        whole[key] = value.clone();
        if value == "absent" {
            whole.as_object_mut().unwrap().remove(key);
        }
    }
    whole
}

fn missing(what: &str) -> String {
    format!("Invalid agent response: missing {what}")
}

#[tokio::test]
async fn a_run_needs_what_the_vendors_client_needs_in_its_order() {
    let status = Some("Invalid agent response: invalid status".to_owned());
    let array = Some("Invalid agent response: tool_calls must be an array".to_owned());
    let entries = Some("Invalid agent response: tool_calls entries must be objects".to_owned());
    for (change, expected) in [
        (json!({}), None),
        (
            json!({"thread_id": "absent", "agent_id": 1}),
            Some(missing("thread_id")),
        ),
        (json!({"thread_id": null}), Some(missing("thread_id"))),
        (json!({"thread_id": 42}), Some(missing("thread_id"))),
        (json!({"thread_id": ""}), None),
        (
            json!({"agent_id": "absent", "output": null}),
            Some(missing("agent_id")),
        ),
        (json!({"agent_id": []}), Some(missing("agent_id"))),
        (
            json!({"output": "absent", "status": "x"}),
            Some(missing("output")),
        ),
        (
            json!({"output": [{"type": "message", "content": []}]}),
            Some(missing("output")),
        ),
        (json!({"output": ""}), None),
        (json!({"status": "absent"}), status.clone()),
        (
            json!({"status": null, "agent_revision": null}),
            status.clone(),
        ),
        (json!({"status": "Completed"}), status.clone()),
        (json!({"status": "running"}), status.clone()),
        (json!({"status": 1}), status),
        (json!({"status": "failed"}), None),
        (
            json!({"agent_revision": "absent", "tool_calls": 1}),
            Some(missing("agent_revision")),
        ),
        (
            json!({"agent_revision": "3"}),
            Some(missing("agent_revision")),
        ),
        (json!({"agent_revision": 3.0}), None),
        (json!({"agent_revision": -9e18}), None),
        (json!({"tool_calls": null}), None),
        (json!({"tool_calls": {}}), array.clone()),
        (json!({"tool_calls": false}), array.clone()),
        (json!({"tool_calls": ""}), array),
        (json!({"tool_calls": [null]}), entries.clone()),
        (json!({"tool_calls": [{}, "x"]}), entries),
        (json!({"tool_calls": [{}]}), None),
        (
            json!({"trace_id": 1, "agent_tag": [], "usage": "much"}),
            None,
        ),
    ] {
        let got = run(with(run_json(), &change).to_string()).await;
        match (got, expected) {
            (Ok(_), None) => {}
            (Err(error), Some(text)) => {
                assert_eq!(error.message(), text, "{change}");
                assert_eq!((error.kind(), error.status()), (ErrorKind::Decode, None));
                assert_eq!(error.class(), ErrorClass::Network);
            }
            (got, expected) => panic!("{change}: {got:?}, not {expected:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_optional_in_a_run_is_none_when_it_is_absent_null_or_odd() {
    let odd = [json!("absent"), json!(null), json!(7), json!([]), json!({})];
    for value in odd {
        let change = json!({"trace_id": value, "agent_tag": value});
        let got = run(with(run_json(), &change).to_string()).await.unwrap();
        assert_eq!((got.trace_id, got.agent_tag), (None, None), "{value}");
    }
    for (usage, expected) in [
        (json!("absent"), None),
        (json!(null), None),
        (json!([1]), None),
        (json!({}), Some((None, None))),
        (
            json!({"prompt_tokens": null, "completion_tokens": "4"}),
            Some((None, None)),
        ),
        (
            json!({"prompt_tokens": 4.0, "completion_tokens": -1}),
            Some((Some(4), None)),
        ),
        (
            json!({"prompt_tokens": u64::MAX, "completion_tokens": 1e19, "total_tokens": 9}),
            Some((Some(u64::MAX), Some(10_000_000_000_000_000_000))),
        ),
    ] {
        let got = run(with(run_json(), &json!({"usage": usage})).to_string())
            .await
            .unwrap();
        let got = got
            .usage
            .map(|usage| (usage.prompt_tokens, usage.completion_tokens));
        assert_eq!(got, expected, "{usage}");
    }
    let calls = json!({"tool_calls": [
        {"tool_call_id": "b", "name": "n", "arguments": [1], "result": null, "more": 1},
        {"tool_call_id": 7, "name": null},
        {"tool_call_id": "a", "name": "m", "arguments": "text", "result": {"z": 1}},
    ]});
    let got = run(with(run_json(), &calls).to_string()).await.unwrap();
    let expected = json!([
        {"toolCallId": "b", "name": "n", "arguments": [1], "result": null},
        {"toolCallId": "", "name": "", "arguments": null},
        {"toolCallId": "a", "name": "m", "arguments": "text", "result": {"z": 1}},
    ]);
    assert_eq!(serde_json::to_value(got.tool_calls).unwrap(), expected);
}

#[tokio::test]
async fn a_body_that_is_no_object_is_one_without_members() {
    for body in [
        "", " ", "null", "[]", "7", "\"x\"", "<html>", "{", "{}x", "\u{0}",
    ] {
        let error = run(body).await.unwrap_err();
        assert_eq!(error.message(), missing("thread_id"), "{body:?}");
    }
}

#[tokio::test]
async fn a_finished_run_is_not_lost_for_the_spelling_of_its_answer() {
    let text = run_json().to_string();
    let within = |more: &str| format!("{},{more}}}", text.strip_suffix('}').unwrap());
    for body in [
        format!("\u{feff}{text}"),
        format!("\r\n\t {text} \n"),
        within(r#""extra":"half a character: \ud83d""#),
        within(r#""extra":1e999"#),
        within(r#""extra":[-1e999,{"a":12345678901234567890123}]"#),
        within(r#""output":"the last of two""#),
    ] {
        assert!(run(body.clone()).await.is_ok(), "{body}");
    }
    let mut invalid = text.into_bytes();
    let at = invalid
        .windows(5)
        .position(|part| part == b"Hello")
        .unwrap();
    invalid[at] = 0xff;
    assert_eq!(run(invalid).await.unwrap().output, "\u{fffd}ello");
}

#[tokio::test]
async fn any_status_from_200_to_299_is_an_answer() {
    for status in [200, 201, 202, 206, 226, 299] {
        let transport = ScriptedTransport::new();
        transport.reply(Reply::status(status).chunk(run_json().to_string()));
        client(&transport).agents().run(params()).await.unwrap();
    }
    let transport = ScriptedTransport::new();
    transport.reply(Reply::status(204));
    let error = client(&transport).agents().run(params()).await.unwrap_err();
    assert_eq!(error.message(), missing("thread_id"));
}

/// An operation's name, its good answer, and the members that it needs.
type Needs = (&'static str, fn() -> Value, &'static [&'static str]);

const NEEDS: &[Needs] = &[
    ("files.upload", || json!({"file_id": "f"}), &["file_id"]),
    (
        "files.list",
        || json!({"data": [], "total_count": 0}),
        &["data", "total_count"],
    ),
    (
        "files.get",
        file_json,
        &[
            "file_id",
            "filename",
            "mime_type",
            "size",
            "created_at",
            "updated_at",
        ],
    ),
    ("files.delete", || json!({"deleted": true}), &["deleted"]),
    (
        "knowledge.create",
        || json!({"knowledge_id": "k"}),
        &["knowledge_id"],
    ),
    (
        "knowledge.list",
        || json!({"data": [], "total_count": 0}),
        &["data", "total_count"],
    ),
    ("knowledge.get", base_json, BASE),
    ("knowledge.update", base_json, BASE),
    (
        "knowledge.delete",
        || json!({"deleted": false}),
        &["deleted"],
    ),
    (
        "knowledge.add_documents",
        || json!({"documents": []}),
        &["documents"],
    ),
    (
        "knowledge.list_documents",
        || json!({"data": [], "total_count": 0}),
        &["data", "total_count"],
    ),
    ("knowledge.get_document", document_json, DOCUMENT),
    (
        "knowledge.delete_document",
        || json!({"deleted": true}),
        &["deleted"],
    ),
];

const BASE: &[&str] = &[
    "knowledge_id",
    "name",
    "document_count",
    "created_at",
    "updated_at",
];

const DOCUMENT: &[&str] = &[
    "document_id",
    "knowledge_id",
    "file_id",
    "filename",
    "mime_type",
    "status",
    "created_at",
];

async fn answered(name: &str, body: &Value) -> Result<(), Error> {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::json(body));
    let op = OPERATIONS.iter().find(|op| op.name == name).unwrap();
    (op.call)(&client(&transport)).await
}

#[tokio::test]
async fn a_member_that_is_missing_is_named() {
    for (name, whole, needed) in NEEDS {
        answered(name, &whole()).await.unwrap();
        for key in *needed {
            for odd in [json!("absent"), json!(null), json!({})] {
                let body = with(whole(), &json!({ *key: odd }));
                let error = answered(name, &body).await.unwrap_err();
                let room = name.split('.').next().unwrap();
                let expected = format!("Invalid {room} response: missing {key}");
                assert_eq!(error.message(), expected, "{name} {body}");
                assert_eq!(
                    (error.kind(), error.class()),
                    (ErrorKind::Decode, ErrorClass::Network)
                );
            }
        }
    }
}

async fn listed<T>(
    body: &Value,
    call: impl AsyncFnOnce(MentioraClient) -> Result<T, Error>,
) -> Result<T, Error> {
    let transport = ScriptedTransport::new();
    transport.reply(Reply::json(body));
    call(client(&transport)).await
}

#[tokio::test]
async fn entries_of_lists_are_read_like_single_ones() {
    let list = |entry: Value| json!({"data": [file_json(), entry], "total_count": 2});
    let files = async |client: MentioraClient| client.files().list(ListFilesParams::new()).await;
    let two = listed(
        &list(with(
            file_json(),
            &json!({"description": 7, "size": 2.0, "new": 1}),
        )),
        files,
    )
    .await
    .unwrap();
    assert_eq!(
        (two.data[1].description.as_deref(), two.data[1].size),
        (None, 2)
    );
    assert_eq!(two.data[1].extra["new"], 1);
    for entry in [json!(null), json!(7), json!([])] {
        let error = listed(&list(entry), files).await.unwrap_err();
        assert_eq!(error.message(), "Invalid files response: missing file_id");
    }

    let documents =
        json!({"documents": [document_json(), with(document_json(), &json!({"status": 1}))]});
    let add = async |client: MentioraClient| {
        client
            .knowledge()
            .add_documents(AddDocumentsParams::new("k", ["f"]))
            .await
    };
    let error = listed(&documents, add).await.unwrap_err();
    assert_eq!(
        error.message(),
        "Invalid knowledge response: missing status"
    );
}

#[tokio::test]
async fn what_is_optional_in_knowledge_is_none_and_counts_are_whole() {
    let get = async |client: MentioraClient| client.knowledge().get("k").await;
    for (counts, expected) in [
        (json!("absent"), Some(json!({}))),
        (json!(null), Some(json!({}))),
        (
            json!({"READY": 2.0, "NEW": 0}),
            Some(json!({"READY": 2, "NEW": 0})),
        ),
        (json!({"READY": "2"}), None),
        (json!([]), None),
    ] {
        let got = listed(&with(base_json(), &json!({"status_counts": counts})), get).await;
        match (got, expected) {
            (Ok(got), Some(expected)) => {
                let shown = serde_json::to_value(&got).unwrap();
                assert_eq!(shown["statusCounts"], expected);
                assert_eq!(
                    (&shown["description"], &shown["lastIngestedAt"]),
                    (&Value::Null, &Value::Null)
                );
            }
            (Err(error), None) => {
                assert_eq!(
                    error.message(),
                    "Invalid knowledge response: missing status_counts"
                );
            }
            (got, expected) => panic!("{counts}: {got:?}, not {expected:?}"),
        }
    }
    let document = async |client: MentioraClient| client.knowledge().get_document("k", "d").await;
    let more = json!({"chunk_count": 3.0, "average_chunk_size": 1.5, "embedding_model": "m", "file_size": 9, "status": "NEW"});
    let got = listed(&with(document_json(), &more), document)
        .await
        .unwrap();
    assert_eq!(
        (got.chunk_count, got.average_chunk_size),
        (Some(3), Some(1.5))
    );
    assert_eq!((got.file_size, got.status.as_str()), (Some(9), "NEW"));
    let got = listed(&document_json(), document).await.unwrap();
    let shown = serde_json::to_value(&got).unwrap();
    for key in [
        "chunkCount",
        "averageChunkSize",
        "embeddingModel",
        "fileSize",
        "updatedAt",
        "parseError",
    ] {
        assert_eq!(shown.get(key), Some(&Value::Null), "{key}");
    }

    let page =
        async |client: MentioraClient| client.knowledge().list(PaginationOptions::new()).await;
    let got = listed(&json!({"data": [base_json()], "total_count": 1.0}), page)
        .await
        .unwrap();
    assert_eq!((got.data.len(), got.total_count), (1, 1));
    let create = async |client: MentioraClient| {
        client
            .knowledge()
            .create(CreateKnowledgeParams::new("n"))
            .await
    };
    assert!(listed(&json!({"knowledge_id": ""}), create).await.is_ok());
}
