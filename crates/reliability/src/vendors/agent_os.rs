//! Agent OS.

use agent_core::{Error, HttpConfig};
use agent_os_sdk::{
    AgentOsClient, ClientOptions, CreateAgent, CreateRun, FollowOptions, PaginationParams,
    PollEvents, RequestOptions, TriggerFilter, UpdateAgent,
};
use serde_json::json;

use super::{Client, Vendor, shown};
use crate::operation::Operations;

pub(super) fn client(url: &str, http: HttpConfig) -> Result<Client, Error> {
    let options = ClientOptions::new()
        .token("planted-token")
        .header("x-workspace", "planted-workspace")
        .http(http);
    let mut all: Vec<_> = shown(&options).into();
    let client = AgentOsClient::with_options(url, options)?;
    all.extend(shown(&client));
    let page = PaginationParams::new;
    let run = || CreateRun::new("agent").idempotency_key("planted-key");
    let raw = || RequestOptions::new().header("x-call", "planted-call");
    all.extend(shown(&raw()));
    let operations = Operations::of(client)
        .call("runs.get", |c| c.runs().get("run_1"))
        .call("agents.create", |c| {
            c.agents().create(CreateAgent::new("a"))
        })
        .call("agents.update", |c| {
            c.agents().update("a", UpdateAgent::new().name("n"))
        })
        .call("agents.get", |c| c.agents().get("a"))
        .call("agents.list", move |c| c.agents().list(page()))
        .call("agents.delete", |c| c.agents().delete("a"))
        .call("credentials.get", |c| c.credentials().get("c", true))
        .call("credentials.list", |c| c.credentials().list())
        .call("credentials.create", |c| {
            c.credentials().create(&json!({"value": "planted-value"}))
        })
        .call("credentials.update", |c| {
            c.credentials()
                .update("c", &json!({"value": "planted-value"}))
        })
        .call("credentials.delete", |c| c.credentials().delete("c"))
        .call("triggers.list", |c| {
            c.triggers().list(TriggerFilter::default())
        })
        .call("triggers.get", |c| c.triggers().get("t"))
        .call("triggers.create", |c| c.triggers().create(&json!({})))
        .call("triggers.update", |c| c.triggers().update("t", &json!({})))
        .call("triggers.delete", |c| c.triggers().delete("t"))
        .call("runs.create", move |c| c.runs().create(run()))
        .call("runs.list", move |c| c.runs().list(page()))
        .call("runs.wait", move |c| c.runs().wait(run()))
        .call("runs.get_events", |c| {
            c.runs().get_events("run_1", PollEvents::new("att_1"))
        })
        .call("runs.get_checkpoints", |c| {
            c.runs().get_checkpoints("run_1")
        })
        .call("me.get", |c| c.me().get())
        .call("members.list", move |c| c.members().list(page()))
        .call("chatwoot.list_inboxes", |c| c.chatwoot().list_inboxes("c"))
        .call("chatwoot.create_inbox", |c| {
            c.chatwoot().create_inbox("c", &json!({}))
        })
        .call("raw.get", move |c| c.raw().get("/x", raw()))
        .call("raw.post", move |c| c.raw().post("/x", raw()))
        .bytes("raw.stream_get", move |c| c.raw().stream_get("/x", raw()))
        .events("runs.follow", |c| {
            let events = c.runs().follow("run_1", "att_1", FollowOptions::new());
            std::future::ready(Ok(events))
        });
    Ok(Client {
        operations: operations.all(),
        shown: all,
    })
}

pub(super) fn event(number: u64) -> String {
    frame(number, "TOKEN")
}

pub(super) fn last(number: u64) -> String {
    frame(number, "RUN_FINISHED")
}

fn frame(number: u64, kind: &str) -> String {
    let payload = json!({"text": Vendor::mark(number)});
    let event = json!({"seq": number, "type": kind, "timestamp": "t", "attempt_id": "att_1", "payload": payload});
    format!("id: {number}\nevent: run_event\ndata: {event}\n\n")
}
