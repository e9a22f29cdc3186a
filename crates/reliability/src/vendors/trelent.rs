//! Trelent.

use agent_core::{Error, HttpConfig};
use serde_json::{Value, json};
use trelent_agents::{ClientOptions, CreateRunOptions, ResumeRunOptions, TokenRequest};

use super::{Client, Vendor, shown};
use crate::operation::Operations;

pub(super) fn client(url: &str, http: HttpConfig) -> Result<Client, Error> {
    let options = ClientOptions::new()
        .credentials("planted-client-id", "planted-client-secret")
        .http(http);
    let mut all: Vec<_> = shown(&options).into();
    let client = trelent_agents::Client::with_options(url, options)?;
    all.extend(shown(&client));
    all.extend(shown(&client.runs()));
    all.extend(shown(&CreateRunOptions::new("my-sandbox", "hi")));
    let token = || TokenRequest::new("my-client", "planted-secret", "AgentOrchestrator:*");
    all.extend(shown(&token()));
    let operations = Operations::of(client)
        .call("runs.get", |c| c.runs().get("run_1"))
        .call("health", trelent_agents::Client::health)
        .call("tokens.create", move |c| c.tokens().create(&token()))
        .call("sandboxes.list", |c| c.sandboxes().list())
        .call("runs.create", |c| {
            let options = CreateRunOptions::new("my-sandbox", "planted-prompt");
            c.runs().create(options)
        })
        .call("runs.list", |c| c.runs().list(None))
        .call("runs.get_status", |c| c.runs().get_status("run_1"))
        .call("runs.cancel", |c| c.runs().cancel("run_1"))
        .call("runs.get_checkpoint_chain", |c| {
            c.runs().get_checkpoint_chain("run_1")
        })
        .call("runs.get_checkpoint", |c| {
            c.runs().get_checkpoint("run_1", "ck_1")
        })
        .call("run.fork", |c| {
            let runs = c.runs();
            async move {
                let run = runs.get("run_1").await?;
                run.fork("planted-prompt", ResumeRunOptions::new()).await
            }
        })
        .call("secrets.create", |c| {
            c.secrets().create("KEY", "planted-value")
        })
        .call("secrets.list", |c| c.secrets().list())
        .call("secrets.get", |c| c.secrets().get("KEY"))
        .call("secrets.update", |c| {
            c.secrets().update("KEY", "planted-value")
        })
        .call("secrets.delete", |c| c.secrets().delete("KEY"))
        .events("runs.subscribe", |c| {
            std::future::ready(Ok(c.runs().subscribe("run_1")))
        });
    Ok(Client {
        operations: operations.all(),
        shown: all,
    })
}

pub(super) fn event(number: u64) -> String {
    let text = Vendor::mark(number);
    let data = json!({"type": "message.delta", "message_id": "m", "content_index": 0, "delta": {"type": "text", "text": text}});
    frame(number, &data)
}

pub(super) fn last(number: u64) -> String {
    frame(
        number,
        &json!({"type": "session.completed", "exit_code": 0}),
    )
}

fn frame(number: u64, data: &Value) -> String {
    let event = json!({"seq": number, "ts": "2026-04-16T12:00:00Z", "data": data});
    format!("data: {event}\n\n")
}
