//! The field tables of the API, and a check that a JSON object has exactly these fields with these types.

use serde_json::Value;

/// The type of a field.
#[derive(Debug, Clone, Copy)]
pub(crate) enum T {
    Str,
    Int,
    Num,
    Bool,
    /// RFC 3339 in UTC.
    Time,
    Object,
    List,
    Strings,
    /// Or null.
    Or(&'static T),
}

use T::{Bool, Int, List, Num, Object, Or, Str, Strings, Time};

impl T {
    fn fits(self, value: &Value) -> bool {
        match self {
            Str => value.is_string(),
            Int => value.is_u64() || value.is_i64(),
            Num => value.is_number(),
            Bool => value.is_boolean(),
            Time => value.as_str().is_some_and(is_time),
            Object => value.is_object(),
            List => value.is_array(),
            Strings => value
                .as_array()
                .is_some_and(|items| items.iter().all(Value::is_string)),
            Or(inner) => value.is_null() || inner.fits(value),
        }
    }
}

fn is_time(text: &str) -> bool {
    let pattern = "dddd-dd-ddTdd:dd:dd.ddddddZ";
    text.len() == pattern.len()
        && text
            .chars()
            .zip(pattern.chars())
            .all(|(c, p)| if p == 'd' { c.is_ascii_digit() } else { c == p })
}

type Fields = &'static [(&'static str, T)];

pub(crate) const RUN: Fields = &[
    ("run_id", Str),
    ("sandbox", Str),
    ("harness", Object),
    ("parent_run_id", Or(&Str)),
    ("prompt", Str),
    ("status", Str),
    ("created_at", Time),
    ("started_at", Or(&Time)),
    ("completed_at", Or(&Time)),
    ("result", Or(&Object)),
    ("file_outputs", List),
    ("error", Or(&Str)),
    ("workflow_ids", Or(&Object)),
];
pub(crate) const HARNESS: Fields = &[("kind", Str), ("model", Str)];
pub(crate) const RESULT: Fields = &[("run_id", Str), ("status", Str), ("output", Or(&Str))];
pub(crate) const WORKFLOWS: Fields = &[("infra", Str), ("agent", Str)];
pub(crate) const FILE_OUTPUT: Fields = &[("delivery", Str), ("files", List)];
pub(crate) const OUTPUT_FILE: Fields = &[("path", Str), ("presigned_url", Or(&Str))];
pub(crate) const STATUS: Fields = &[("run_id", Str), ("status", Str)];
pub(crate) const CANCEL: Fields = &[("status", Str)];
pub(crate) const SANDBOX: Fields = &[("name", Str), ("tags", Strings)];
pub(crate) const TOKEN: Fields = &[
    ("access_token", Str),
    ("token_type", Str),
    ("expires_in", Int),
    ("scope", Str),
];
pub(crate) const SECRET: Fields = &[
    ("id", Str),
    ("name", Str),
    ("provider", Str),
    ("created_at", Time),
    ("updated_at", Time),
];
pub(crate) const CHECKPOINT: Fields = &[
    ("checkpoint_id", Str),
    ("index", Int),
    ("layer_sha", Str),
    ("s3_path", Str),
    ("created_at", Time),
];
pub(crate) const FULL_CHECKPOINT: Fields = &[
    ("checkpoint_id", Str),
    ("index", Int),
    ("layer_sha", Str),
    ("s3_path", Str),
    ("created_at", Time),
    ("download_url", Or(&Str)),
    ("chat_history", Or(&List)),
];
pub(crate) const ENVELOPE: Fields = &[
    ("version", Str),
    ("event_id", Str),
    ("run_id", Str),
    ("harness_session_id", Or(&Str)),
    ("harness", Object),
    ("seq", Int),
    ("ts", Time),
    ("data", Object),
    ("raw", Or(&Object)),
    ("type", Str),
];
/// An item of a 422.
pub(crate) const PROBLEM: Fields = &[("loc", List), ("msg", Str), ("type", Str)];

/// The data of each of the 17 event types, besides `type`: required fields, then optional ones.
#[rustfmt::skip]
pub(crate) const EVENTS: &[(&str, Fields, Fields)] = &[
    ("session.started", &[], &[("tools", Strings)]),
    ("session.completed", &[("exit_code", Int)], &[("usage", Object), ("error", Str)]),
    ("turn.started", &[("turn_id", Str)], &[]),
    ("turn.completed", &[("turn_id", Str)], &[("usage", Object)]),
    ("turn.failed", &[("turn_id", Str), ("error", Str)], &[]),
    ("message.started", &[("message_id", Str)], &[("role", Str)]),
    ("message.delta", &[("message_id", Str), ("content_index", Int), ("delta", Object)], &[]),
    ("message.completed", &[("message_id", Str), ("content", List)], &[]),
    ("reasoning.started", &[("reasoning_id", Str)], &[]),
    ("reasoning.delta", &[("reasoning_id", Str), ("text", Str)], &[]),
    ("reasoning.completed", &[("reasoning_id", Str), ("text", Str)], &[]),
    ("tool_call.started", &[("tool_call_id", Str), ("name", Str), ("kind", Str)], &[]),
    ("tool_call.input_delta", &[("tool_call_id", Str), ("partial_json", Str)], &[]),
    ("tool_call.input_complete", &[("tool_call_id", Str)], &[("input", Object)]),
    ("tool_call.output_delta", &[("tool_call_id", Str), ("text", Str)], &[]),
    ("tool_call.completed", &[("tool_call_id", Str)], &[("output", Str), ("exit_code", Int)]),
    ("error", &[("code", Str), ("message", Str)], &[("recoverable", Bool)]),
];
pub(crate) const DELTA: Fields = &[("type", Str), ("text", Str)];
/// Usage, all optional.
pub(crate) const USAGE: Fields = &[
    ("input_tokens", Int),
    ("output_tokens", Int),
    ("cached_input_tokens", Int),
    ("cost_usd", Num),
];
/// Content blocks by type, besides `type`.
pub(crate) const BLOCKS: &[(&str, Fields)] = &[
    ("text", &[("text", Str)]),
    (
        "tool_use",
        &[("tool_call_id", Str), ("name", Str), ("input", Object)],
    ),
    ("thinking", &[("text", Str)]),
];
pub(crate) const TOOL_KINDS: &[&str] = &[
    "command_execution",
    "file_change",
    "mcp_tool",
    "web_search",
    "plan_update",
    "other",
];

/// Exactly these fields, each of its type.
pub(crate) fn check(value: &Value, fields: Fields) {
    check_some(value, fields, &[], &[]);
}

/// Exactly these fields, some of which may be absent or null, and some of which are looked at elsewhere.
pub(crate) fn check_some(value: &Value, required: Fields, optional: Fields, elsewhere: &[&str]) {
    let object = value
        .as_object()
        .unwrap_or_else(|| panic!("no object: {value}"));
    for (name, kind) in required {
        let found = object
            .get(*name)
            .unwrap_or_else(|| panic!("{name} is missing: {value}"));
        assert!(kind.fits(found), "{name} is no {kind:?}: {value}");
    }
    for (name, kind) in optional {
        let found = object.get(*name).unwrap_or(&Value::Null);
        assert!(
            found.is_null() || kind.fits(found),
            "{name} is no {kind:?}: {value}"
        );
    }
    for name in object.keys() {
        let known = required.iter().chain(optional).any(|(key, _)| key == name);
        assert!(
            known || elsewhere.contains(&name.as_str()),
            "{name} is not in the table: {value}"
        );
    }
}

/// A run with all that is in it.
pub(crate) fn check_run(run: &Value) {
    check(run, RUN);
    check(&run["harness"], HARNESS);
    if !run["result"].is_null() {
        check(&run["result"], RESULT);
    }
    if !run["workflow_ids"].is_null() {
        check(&run["workflow_ids"], WORKFLOWS);
    }
    for output in run["file_outputs"].as_array().unwrap() {
        check(output, FILE_OUTPUT);
        output["files"]
            .as_array()
            .unwrap()
            .iter()
            .for_each(|file| check(file, OUTPUT_FILE));
    }
}

/// An event with all that is in it; false when its type is in no table.
pub(crate) fn check_event(event: &Value) -> bool {
    check(event, ENVELOPE);
    check(&event["harness"], HARNESS);
    assert_eq!(event["version"], "v1");
    assert_eq!(event["type"], event["data"]["type"]);
    let data = &event["data"];
    let Some((_, required, optional)) = EVENTS.iter().find(|(name, ..)| data["type"] == *name)
    else {
        return false;
    };
    check_some(data, required, optional, &["type"]);
    if data["type"] == "message.delta" {
        check(&data["delta"], DELTA);
    }
    if data["usage"].is_object() {
        check_some(&data["usage"], &[], USAGE, &[]);
    }
    for block in data["content"].as_array().into_iter().flatten() {
        let (_, fields) = BLOCKS
            .iter()
            .find(|(name, _)| block["type"] == *name)
            .expect("a known block");
        check_some(block, fields, &[], &["type"]);
    }
    true
}
