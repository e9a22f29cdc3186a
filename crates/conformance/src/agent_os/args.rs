//! Arguments of vectors as the SDK takes them.

use std::time::Duration;

use agent_os_sdk::{
    CreateAgent, CreateRun, FollowEvent, FollowOptions, InboxId, PaginationParams, Patch,
    PollEvents, RequestOptions, Thread, UpdateAgent, WaitForOptions,
};
use serde_json::Value;

use crate::args::{Args, given, text};
use crate::compare::json::{Rule, differences};

pub(super) fn number(args: &Args, key: &str) -> Option<u64> {
    args.get(key).and_then(Value::as_u64)
}

/// Absent, null, or a value.
fn patch(args: &Args, key: &str) -> Patch<Value> {
    match args.get(key) {
        None => Patch::Keep,
        Some(Value::Null) => Patch::Null,
        Some(value) => Patch::Set(value.clone()),
    }
}

/// A body of the caller's own.
pub(super) fn body(args: &Args) -> Value {
    let body = ["body", "data"].iter().find_map(|key| args.get(*key));
    body.cloned().unwrap_or_default()
}

pub(super) fn page(args: &Args) -> PaginationParams {
    let mut page = PaginationParams::new();
    page.limit = number(args, "limit");
    page.offset = number(args, "offset");
    page
}

pub(super) fn create_agent(args: &Args) -> CreateAgent {
    let mut agent = CreateAgent::new(text(args, "name"));
    agent.metadata = patch(args, "metadata");
    agent.idempotency_key = given(args, "idempotency_key").map(str::to_owned);
    agent
}

pub(super) fn update_agent(args: &Args) -> UpdateAgent {
    let mut update = UpdateAgent::new();
    update.name = given(args, "name").map(str::to_owned);
    update.live_bundle_id = given(args, "live_bundle_id").map(str::to_owned);
    update.metadata = patch(args, "metadata");
    update
}

pub(super) fn create_run(args: &Args) -> Result<CreateRun, String> {
    let mut run = CreateRun::new(text(args, "agent_id"));
    run.input = patch(args, "input");
    run.idempotency_key = given(args, "idempotency_key").map(str::to_owned);
    run.thread = match args.get("thread") {
        None | Some(Value::Null) => None,
        Some(Value::Object(thread)) => Some(match given(thread, "thread_id") {
            Some(id) => Thread::Existing(id.to_owned()),
            None if thread.get("new_thread") == Some(&Value::Bool(true)) => Thread::New,
            None => Thread::Unspecified,
        }),
        Some(other) => return Err(format!("an unknown thread: {other}")),
    };
    Ok(run)
}

pub(super) fn poll(args: &Args) -> PollEvents {
    let mut poll = PollEvents::new(text(args, "attempt_id"));
    poll.after_seq = number(args, "after_seq").unwrap_or(poll.after_seq);
    poll.limit = number(args, "limit").unwrap_or(poll.limit);
    poll
}

fn options(args: &Args) -> Args {
    let options = args.get("options").and_then(Value::as_object);
    options.cloned().unwrap_or_default()
}

fn millis(args: &Args, key: &str) -> Option<Duration> {
    number(args, key).map(Duration::from_millis)
}

/// Whether the options leave hardly a wait before a reconnect.
pub(super) fn reconnects_at_once(args: &Args) -> bool {
    number(&options(args), "base_delay_ms").is_some_and(|wait| wait <= 100)
}

/// An event of which only what counts is given.
pub(super) fn event(args: &Args) -> serde_json::Result<FollowEvent> {
    let mut event = args.get("event").cloned().unwrap_or_default();
    if let Some(event) = event.as_object_mut() {
        event.entry("type").or_insert_with(|| "run_event".into());
    }
    serde_json::from_value(event)
}

pub(super) fn follow(args: &Args) -> Result<FollowOptions, String> {
    let given = options(args);
    let mut options = FollowOptions::new();
    options.base_delay = millis(&given, "base_delay_ms");
    options.max_delay = millis(&given, "max_delay_ms");
    options.start_seq = number(&given, "start_seq").unwrap_or(0);
    options.max_reconnects = match number(&given, "max_reconnects").map(u32::try_from) {
        None => None,
        Some(Ok(reconnects)) => Some(reconnects),
        Some(Err(error)) => return Err(format!("max_reconnects: {error}")),
    };
    if let Some(idle) = millis(&given, "idle_timeout_ms") {
        options = options.idle_timeout(idle);
    }
    Ok(options)
}

pub(super) fn wait_for(args: &Args) -> WaitForOptions {
    let given = options(args);
    let mut options = WaitForOptions::new();
    options.start_seq = number(&given, "start_seq").unwrap_or(0);
    match millis(&given, "timeout_ms") {
        Some(timeout) => options.timeout(timeout),
        None => options,
    }
}

/// Every listed dotted field of the event equals its value.
pub(super) fn predicate(args: &Args) -> impl FnMut(&FollowEvent) -> bool + Send + 'static {
    let wanted = args.get("predicate").and_then(Value::as_object);
    let wanted = wanted.cloned().unwrap_or_default();
    move |event| {
        let event = serde_json::to_value(event).unwrap_or_default();
        wanted.iter().all(|(path, expected)| {
            let found = path
                .split('.')
                .try_fold(&event, |value, name| value.get(name));
            // An absent field is as null, and numbers compare by value, as everywhere.
            differences(Rule::Exact, expected, found.unwrap_or(&Value::Null)).is_empty()
        })
    }
}

pub(super) fn inbox(args: &Args) -> InboxId {
    match args.get("inbox_id") {
        Some(Value::Number(id)) if id.is_u64() => id.as_u64().unwrap_or_default().into(),
        Some(Value::Number(id)) => id.as_i64().unwrap_or_default().into(),
        _ => text(args, "inbox_id").into(),
    }
}

pub(super) fn request(args: &Args) -> RequestOptions {
    fn shown(value: &Value) -> String {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    }
    let object = |key: &str| {
        args.get(key)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
    };
    let mut options = RequestOptions::new();
    for (name, value) in object("path_params") {
        options = options.path_param(name, shown(value));
    }
    for (name, value) in object("headers") {
        options = options.header(name, shown(value));
    }
    let query = args.get("query").and_then(Value::as_array);
    for pair in query.into_iter().flatten() {
        let value = pair.get(1).filter(|value| !value.is_null());
        let name = pair.get(0).and_then(Value::as_str).unwrap_or_default();
        options = options.query_opt(name, value.map(shown));
    }
    match args.get("body") {
        Some(body) => options.body(body),
        None => options,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn args(value: &Value) -> Args {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn a_predicate_takes_absent_for_null_and_numbers_by_value() {
        let event = json!({"event": {"seq": 2, "payload": {"a": {"b": 1}}}});
        let event = super::event(&args(&event)).unwrap();
        for (predicate, fits) in [
            (json!({}), true),
            (json!({"type": "run_event", "seq": 2.0}), true),
            (json!({"payload.a.b": 1, "node": null}), true),
            (json!({"payload.a": {"b": 1}}), true),
            (json!({"payload.a": {}}), false),
            (json!({"payload.a.b": null}), false),
            (json!({"node": "n"}), false),
        ] {
            let mut matches = super::predicate(&args(&json!({"predicate": predicate})));
            assert_eq!(matches(&event), fits, "{predicate}");
        }
    }
}
