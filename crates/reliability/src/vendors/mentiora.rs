//! Mentiora.

use std::time::SystemTime;

use agent_core::{Error, HttpConfig};
use mentiora_sdk::{
    AddDocumentsParams, AgentRunParams, CreateKnowledgeParams, ErrorKind, ListFilesParams,
    MentioraClient, MentioraConfig, PaginationOptions, TraceEvent, TraceType,
    UpdateKnowledgeParams, UploadFileParams,
};
use serde_json::{Value, json};

use super::{Client, Vendor, shown};
use crate::operation::Operations;

pub(super) fn client(url: &str, http: HttpConfig) -> Result<Client, Error> {
    let config = MentioraConfig::server("planted-api-key")
        .base_url(url)
        .http(http);
    let mut all: Vec<_> = shown(&config).into();
    let client = MentioraClient::new(config)?;
    all.extend(shown(&client));
    let params = || AgentRunParams::tag("production", "planted-message");
    let operations = Operations::of(client)
        .call("files.get", |c| c.files().get("f"))
        .call("agents.run", move |c| c.agents().run(params()))
        .call("tracing.send_trace", |c| {
            let tracing = c.tracing();
            async move {
                let kind = TraceType::Custom;
                let trace = TraceEvent::new("trace", "span", "name", kind, SystemTime::UNIX_EPOCH);
                let sent = tracing?.send_trace(trace).await?;
                // What it tells in its result is an error here, so that it fits the table.
                match sent.error {
                    None => Ok(()),
                    Some(text) => Err(Error::new(ErrorKind::Operation, text)),
                }
            }
        })
        .call("files.upload", |c| {
            let params = UploadFileParams::new("n", "planted-content", "text/plain");
            c.files().upload(params)
        })
        .call("files.list", |c| c.files().list(ListFilesParams::new()))
        .call("files.download", |c| c.files().download("f"))
        .call("files.delete", |c| c.files().delete("f"))
        .call("knowledge.create", |c| {
            c.knowledge().create(CreateKnowledgeParams::new("n"))
        })
        .call("knowledge.list", |c| {
            c.knowledge().list(PaginationOptions::new())
        })
        .call("knowledge.get", |c| c.knowledge().get("k"))
        .call("knowledge.update", |c| {
            c.knowledge().update(UpdateKnowledgeParams::new("k", "n"))
        })
        .call("knowledge.delete", |c| c.knowledge().delete("k"))
        .call("knowledge.add_documents", |c| {
            c.knowledge()
                .add_documents(AddDocumentsParams::new("k", ["f"]))
        })
        .call("knowledge.list_documents", |c| {
            c.knowledge().list_documents("k", PaginationOptions::new())
        })
        .call("knowledge.get_document", |c| {
            c.knowledge().get_document("k", "d")
        })
        .call("knowledge.delete_document", |c| {
            c.knowledge().delete_document("k", "d")
        })
        .events("agents.stream", move |c| {
            std::future::ready(Ok(c.agents().stream(params())))
        });
    Ok(Client {
        operations: operations.all(),
        shown: all,
    })
}

pub(super) fn event(number: u64) -> String {
    frame(
        "chat.output_text.delta",
        &json!({"delta": Vendor::mark(number)}),
    )
}

pub(super) fn last(_: u64) -> String {
    frame(
        "chat.completed",
        &json!({"chat": {"thread_id": "t", "output": "o"}}),
    )
}

fn frame(name: &str, data: &Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}
