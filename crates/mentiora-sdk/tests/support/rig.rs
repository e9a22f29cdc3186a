//! What the tests share: clients on a scripted transport, and every operation as a row.
#![allow(dead_code, reason = "each test file uses its part")]

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use agent_core::testing::{Reply, ScriptedTransport};
use mentiora_sdk::agent_core::{BoxFuture, SeededAmbient};
use mentiora_sdk::{
    AddDocumentsParams, AgentRunParams, AgentStreamEvent, CreateKnowledgeParams, Error,
    EventStream, HttpConfig, ListFilesParams, MentioraClient, MentioraConfig, PaginationOptions,
    TraceEvent, TraceType, UpdateKnowledgeParams, UploadFileParams,
};
use serde_json::{Value, json};

pub(crate) const BASE: &str = "http://localhost:1";
pub(crate) const KEY: &str = "planted-api-key";

pub(crate) fn http(transport: &ScriptedTransport) -> HttpConfig {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    HttpConfig::new()
        .transport(transport.shared())
        .ambient(Arc::new(SeededAmbient::new(7, start)))
}

pub(crate) fn config(transport: &ScriptedTransport) -> MentioraConfig {
    MentioraConfig::server(KEY)
        .base_url(BASE)
        .http(http(transport))
}

/// A client with the defaults.
pub(crate) fn client(transport: &ScriptedTransport) -> MentioraClient {
    MentioraClient::new(config(transport)).unwrap()
}

pub(crate) fn params() -> AgentRunParams {
    AgentRunParams::tag("production", "planted-message")
}

pub(crate) fn run_json() -> Value {
    json!({"thread_id": "thr_1", "agent_id": "agt_1", "agent_revision": 3, "output": "Hello", "status": "completed"})
}

pub(crate) fn file_json() -> Value {
    json!({"file_id": "f", "filename": "n", "mime_type": "m", "size": 1, "created_at": "c", "updated_at": "u"})
}

pub(crate) fn base_json() -> Value {
    json!({"knowledge_id": "k", "name": "n", "document_count": 0, "created_at": "c", "updated_at": "u"})
}

pub(crate) fn document_json() -> Value {
    json!({"document_id": "d", "knowledge_id": "k", "file_id": "f", "filename": "n", "mime_type": "m",
        "status": "READY", "created_at": "c"})
}

pub(crate) fn frame(event: &str, data: &Value) -> String {
    format!("event: {event}\ndata: {data}\n\n")
}

pub(crate) fn delta(text: &str) -> String {
    frame("chat.output_text.delta", &json!({"delta": text}))
}

pub(crate) fn completed() -> String {
    frame(
        "chat.completed",
        &json!({"chat": {"thread_id": "t", "output": "o"}}),
    )
}

/// One operation, and how a user calls it.
pub(crate) struct Operation {
    /// Its name in the table.
    pub(crate) name: &'static str,
    /// A good answer.
    pub(crate) answer: fn() -> Value,
    /// Calls it. A stream gives its first item.
    pub(crate) call: fn(&MentioraClient) -> BoxFuture<'static, Result<(), Error>>,
}

impl Operation {
    pub(crate) fn is_stream(&self) -> bool {
        self.name == "agents.stream"
    }

    /// Whether the answer must have a form; a download is any bytes, and a trace's answer is not read.
    pub(crate) fn reads_json(&self) -> bool {
        !matches!(
            self.name,
            "agents.stream" | "files.download" | "tracing.send_trace"
        )
    }

    pub(crate) fn good(&self) -> Reply {
        if self.is_stream() {
            Reply::events().chunk(delta("x"))
        } else {
            Reply::json(&(self.answer)())
        }
    }
}

fn unit<T: Send + 'static, F>(future: F) -> BoxFuture<'static, Result<(), Error>>
where
    F: IntoFuture<Output = Result<T, Error>>,
    F::IntoFuture: Send + 'static,
{
    let future = future.into_future();
    Box::pin(async move { future.await.map(drop) })
}

pub(crate) fn trace() -> TraceEvent {
    TraceEvent::new(
        "trace",
        "span",
        "name",
        TraceType::Custom,
        SystemTime::UNIX_EPOCH,
    )
}

/// Every operation.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "agents.run",
        answer: run_json,
        call: |client| unit(client.agents().run(params())),
    },
    Operation {
        name: "agents.stream",
        answer: || json!({}),
        call: |client| {
            let mut events = client.agents().stream(params());
            Box::pin(async move { events.next().await.unwrap().map(drop) })
        },
    },
    Operation {
        name: "tracing.send_trace",
        answer: || json!({}),
        call: |client| {
            // What it tells in its result is an error here, so that it fits the table.
            let tracing = client.tracing().unwrap();
            Box::pin(async move {
                let sent = tracing.send_trace(trace()).await?;
                match sent.error {
                    None => Ok(()),
                    Some(text) => Err(Error::new(mentiora_sdk::ErrorKind::Operation, text)),
                }
            })
        },
    },
    Operation {
        name: "files.upload",
        answer: || json!({"file_id": "f"}),
        call: |client| {
            let params = UploadFileParams::new("n", "planted-content", "text/plain");
            unit(client.files().upload(params))
        },
    },
    Operation {
        name: "files.list",
        answer: || json!({"data": [file_json()], "total_count": 1}),
        call: |client| unit(client.files().list(ListFilesParams::new())),
    },
    Operation {
        name: "files.get",
        answer: file_json,
        call: |client| unit(client.files().get("f")),
    },
    Operation {
        name: "files.download",
        answer: || json!({}),
        call: |client| unit(client.files().download("f")),
    },
    Operation {
        name: "files.delete",
        answer: || json!({"deleted": true}),
        call: |client| unit(client.files().delete("f")),
    },
    Operation {
        name: "knowledge.create",
        answer: || json!({"knowledge_id": "k"}),
        call: |client| unit(client.knowledge().create(CreateKnowledgeParams::new("n"))),
    },
    Operation {
        name: "knowledge.list",
        answer: || json!({"data": [base_json()], "total_count": 1}),
        call: |client| unit(client.knowledge().list(PaginationOptions::new())),
    },
    Operation {
        name: "knowledge.get",
        answer: base_json,
        call: |client| unit(client.knowledge().get("k")),
    },
    Operation {
        name: "knowledge.update",
        answer: base_json,
        call: |client| {
            unit(
                client
                    .knowledge()
                    .update(UpdateKnowledgeParams::new("k", "n")),
            )
        },
    },
    Operation {
        name: "knowledge.delete",
        answer: || json!({"deleted": true}),
        call: |client| unit(client.knowledge().delete("k")),
    },
    Operation {
        name: "knowledge.add_documents",
        answer: || json!({"documents": [document_json()]}),
        call: |client| {
            unit(
                client
                    .knowledge()
                    .add_documents(AddDocumentsParams::new("k", ["f"])),
            )
        },
    },
    Operation {
        name: "knowledge.list_documents",
        answer: || json!({"data": [document_json()], "total_count": 1}),
        call: |client| {
            unit(
                client
                    .knowledge()
                    .list_documents("k", PaginationOptions::new()),
            )
        },
    },
    Operation {
        name: "knowledge.get_document",
        answer: document_json,
        call: |client| unit(client.knowledge().get_document("k", "d")),
    },
    Operation {
        name: "knowledge.delete_document",
        answer: || json!({"deleted": true}),
        call: |client| unit(client.knowledge().delete_document("k", "d")),
    },
];

/// The items of a stream until its end: events as JSON, an error as its kind and message.
pub(crate) async fn drain(stream: &mut EventStream<AgentStreamEvent>) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(item) = stream.next().await {
        all.push(match item {
            Ok(event) => serde_json::to_string(&event).unwrap(),
            Err(error) => format!("{:?}: {}", error.kind(), error.message()),
        });
        assert!(all.len() < 10_000, "it never ends");
    }
    assert!(stream.next().await.is_none(), "an end is for ever");
    all
}
