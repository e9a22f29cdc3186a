//! Every operation as one call, for tests that walk them all.

#![allow(dead_code, reason = "each program of tests takes what it needs")]

use std::future::IntoFuture;

use agent_os_sdk::agent_core::BoxFuture;
use agent_os_sdk::{
    AgentOsClient, Call, CreateAgent, CreateRun, Error, FollowOptions, PaginationParams,
    PollEvents, RawMethod, RequestOptions, TriggerFilter, UpdateAgent,
};
use serde_json::{Value, json};

/// Whether an operation may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeat {
    Yes,
    WithKey,
    No,
}

type Done = BoxFuture<'static, Result<(), Error>>;

/// One operation.
pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    /// Path and query, with `{id}` where the id stands.
    pub(crate) target: &'static str,
    pub(crate) repeat: Repeat,
    /// Makes the call with an id and an idempotency key, which is empty for none.
    pub(crate) call: fn(&AgentOsClient, &str, &str) -> Done,
}

impl Operation {
    pub(crate) fn has_id(&self) -> bool {
        self.target.contains("{id}")
    }
}

fn done<T: Send + 'static>(call: Call<T>, key: &str) -> Done {
    let call = call.idempotency_key(key).into_future();
    Box::pin(async { call.await.map(drop) })
}

macro_rules! operations {
    ($($name:literal $method:literal $target:literal $repeat:ident |$client:ident, $id:ident| $call:expr;)+) => {
        /// Every operation on Agent OS itself that is one call.
        pub(crate) const OPERATIONS: &[Operation] = &[$(Operation {
            name: $name,
            method: $method,
            target: $target,
            repeat: Repeat::$repeat,
            call: |$client, $id, key| done($call, key),
        }),+];
    };
}

fn body() -> Value {
    json!({"any": "body"})
}

fn create() -> CreateRun {
    CreateRun::new("ag_1").input(body())
}

fn with_body() -> RequestOptions {
    RequestOptions::new().body(&body())
}

operations! {
    "agents.create" "POST" "/v1/api/agents" WithKey |c, _id| c.agents().create(CreateAgent::new("n"));
    "agents.update" "PATCH" "/v1/api/agents/{id}" No |c, id| c.agents().update(id, UpdateAgent::new());
    "agents.get" "GET" "/v1/api/agents/{id}" Yes |c, id| c.agents().get(id);
    "agents.list" "GET" "/v1/api/agents?limit=2&offset=4" Yes |c, _id| c.agents().list(PaginationParams::new().limit(2).offset(4));
    "agents.delete" "DELETE" "/v1/api/agents/{id}" Yes |c, id| c.agents().delete(id);
    "credentials.get" "GET" "/v1/api/credentials/{id}?includeValues=false" Yes |c, id| c.credentials().get(id, false);
    "credentials.list" "GET" "/v1/api/credentials" Yes |c, _id| c.credentials().list();
    "credentials.create" "POST" "/v1/api/credentials" WithKey |c, _id| c.credentials().create(&body());
    "credentials.update" "PATCH" "/v1/api/credentials/{id}" No |c, id| c.credentials().update(id, &body());
    "credentials.delete" "DELETE" "/v1/api/credentials/{id}" Yes |c, id| c.credentials().delete(id);
    "triggers.list" "GET" "/v1/api/triggers?agent_id=ag%201" Yes |c, _id| c.triggers().list(TriggerFilter::new().agent_id("ag 1"));
    "triggers.get" "GET" "/v1/api/triggers/{id}" Yes |c, id| c.triggers().get(id);
    "triggers.create" "POST" "/v1/api/triggers" WithKey |c, _id| c.triggers().create(&body());
    "triggers.update" "PATCH" "/v1/api/triggers/{id}" No |c, id| c.triggers().update(id, &body());
    "triggers.delete" "DELETE" "/v1/api/triggers/{id}" Yes |c, id| c.triggers().delete(id);
    "runs.create" "POST" "/v1/api/runs" WithKey |c, _id| c.runs().create(create());
    "runs.get" "GET" "/v1/api/runs/{id}" Yes |c, id| c.runs().get(id);
    "runs.list" "GET" "/v1/api/runs" Yes |c, _id| c.runs().list(PaginationParams::new());
    "runs.wait" "POST" "/v1/api/runs/wait" WithKey |c, _id| c.runs().wait(create());
    "runs.get_events" "GET" "/v1/api/runs/{id}/events?attemptId=at&afterSeq=0&limit=100" Yes |c, id| c.runs().get_events(id, PollEvents::new("at"));
    "runs.events" "GET" "/v1/api/runs/{id}/events?attemptId=at&afterSeq=7&limit=100" Yes |c, id| c.runs().events(id, PollEvents::new("at").after_seq(7));
    "runs.poll_events" "GET" "/v1/api/runs/{id}/events?attemptId=at&afterSeq=0&limit=0" Yes |c, id| c.runs().poll_events(id, PollEvents::new("at").limit(0));
    "runs.get_checkpoints" "GET" "/v1/api/runs/{id}/checkpoints" Yes |c, id| c.runs().get_checkpoints(id);
    "runs.checkpoints" "GET" "/v1/api/runs/{id}/checkpoints" Yes |c, id| c.runs().checkpoints(id);
    "runs.create_and_stream" "POST" "/v1/api/runs" WithKey |c, _id| c.runs().create_and_stream(create(), FollowOptions::new());
    "me.get" "GET" "/v1/api/me" Yes |c, _id| c.me().get();
    "members.list" "GET" "/v1/api/members?limit=1" Yes |c, _id| c.members().list(PaginationParams::new().limit(1));
    "raw.get" "GET" "/v1/api/x/{id}" Yes |c, id| c.raw().get("/v1/api/x/{id}", RequestOptions::new().path_param("id", id));
    "raw.post" "POST" "/x" WithKey |c, _id| c.raw().post("/x", with_body());
    "raw.patch" "PATCH" "/x" No |c, _id| c.raw().patch("/x", with_body());
    "raw.put" "PUT" "/x" Yes |c, _id| c.raw().put("/x", with_body());
    "raw.delete" "DELETE" "/x" Yes |c, _id| c.raw().delete("/x", RequestOptions::new());
    "raw.typed" "POST" "/x" WithKey |c, _id| c.raw().typed::<Value>(RawMethod::Post, "/x", with_body());
    "chatwoot.get_config" "GET" "/v1/api/credentials/{id}?includeValues=true" Yes |c, id| c.chatwoot().get_config(id);
    "chatwoot.get_agent_inbox_url" "GET" "/v1/api/triggers?agent_id=ag" Yes |c, _id| c.chatwoot().get_agent_inbox_url("ag");
}

/// Every operation that also speaks to Chatwoot: method and path there.
pub(crate) const CHATWOOT: &[Operation] = &[
    Operation {
        name: "chatwoot.list_inboxes",
        method: "GET",
        target: "/api/v1/accounts/3/inboxes",
        repeat: Repeat::Yes,
        call: |c, _, key| done(c.chatwoot().list_inboxes("cr"), key),
    },
    Operation {
        name: "chatwoot.create_inbox",
        method: "POST",
        target: "/api/v1/accounts/3/inboxes",
        repeat: Repeat::No,
        call: |c, _, key| done(c.chatwoot().create_inbox("cr", &body()), key),
    },
    Operation {
        name: "chatwoot.get_inbox",
        method: "GET",
        target: "/api/v1/accounts/3/inboxes/{id}",
        repeat: Repeat::Yes,
        call: |c, id, key| done(c.chatwoot().get_inbox("cr", id), key),
    },
    Operation {
        name: "chatwoot.update_inbox",
        method: "PATCH",
        target: "/api/v1/accounts/3/inboxes/{id}",
        repeat: Repeat::No,
        call: |c, id, key| done(c.chatwoot().update_inbox("cr", id, &body()), key),
    },
    Operation {
        name: "chatwoot.delete_inbox",
        method: "DELETE",
        target: "/api/v1/accounts/3/inboxes/{id}",
        repeat: Repeat::Yes,
        call: |c, id, key| done(c.chatwoot().delete_inbox("cr", id), key),
    },
    Operation {
        name: "chatwoot.get_inbox_metrics",
        method: "GET",
        target: "/api/v1/accounts/3/inboxes/{id}/metrics",
        repeat: Repeat::Yes,
        call: |c, id, key| done(c.chatwoot().get_inbox_metrics("cr", id), key),
    },
];
