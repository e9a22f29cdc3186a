//! One wire vector as schema 1 writes it: a call, the exchanges that follow on the wire, and what the caller gets.
//!
//! Here live the types only. Finding vectors on disk is in `vector/load.rs`, filling in server addresses in
//! `vector/placeholders.rs`, and what the expectations mean is in `compare`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

pub mod load;
pub mod placeholders;

/// A scripted conversation. Keys that are not known here stay in [`extra`](Self::extra).
#[derive(Clone, Debug, Deserialize)]
pub struct Vector {
    /// Unique within the vendor.
    pub name: String,
    /// Whose API it is about.
    pub vendor: String,
    /// The vendor's name of the operation, such as `runs.create`.
    pub operation: String,
    /// Construction options.
    #[serde(default)]
    pub client: Map<String, Value>,
    /// Arguments of the call.
    #[serde(default)]
    pub args: Map<String, Value>,
    /// What must happen on the wire, in order.
    #[serde(default)]
    pub exchanges: Vec<Exchange>,
    /// What the caller must get.
    #[serde(default)]
    pub expect: Value,
    /// Several calls on one client, where there are several.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// Every other key.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One call on the client.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// The operation.
    pub operation: String,
    /// Its arguments.
    #[serde(default)]
    pub args: Map<String, Value>,
    /// What the caller must get; null compares nothing.
    #[serde(default)]
    pub expect: Value,
    /// Every other key of the step; of the whole vector where that has no steps.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// One request and its answer.
#[derive(Clone, Debug, Deserialize)]
pub struct Exchange {
    /// Which of the scripted servers is asked.
    #[serde(default = "api")]
    pub server: String,
    /// What must arrive.
    pub request: Request,
    /// What is answered; none closes the connection without an answer.
    pub response: Option<Response>,
}

/// A request as it must arrive.
#[derive(Clone, Debug, Deserialize)]
pub struct Request {
    /// HTTP method.
    pub method: String,
    /// Raw path.
    pub path: String,
    /// Raw query without the question mark.
    #[serde(default)]
    pub query: String,
    /// Headers that must be there with these values.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Headers that must not be there.
    #[serde(default)]
    pub absent_headers: Vec<String>,
    /// JSON, text, or null for none.
    #[serde(default)]
    pub body: Value,
    /// Name of the adapter's rule that compares the body instead.
    pub body_check: Option<String>,
}

/// A scripted answer.
#[derive(Clone, Debug, Deserialize)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Reason phrase, if not the standard one.
    pub reason: Option<String>,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// JSON, text, or null for an empty one.
    pub body: Option<Value>,
    /// The body's bytes.
    pub body_base64: Option<String>,
    /// The body in pieces of text.
    pub chunks: Option<Vec<String>>,
    /// The body in pieces of bytes.
    pub chunks_base64: Option<Vec<String>>,
    /// What follows the body.
    #[serde(default)]
    pub end: End,
    /// Wait before the headers.
    #[serde(default)]
    pub stall_ms: u64,
    /// Wait between two pieces.
    #[serde(default)]
    pub gap_ms: u64,
    /// How long a server that keeps the answer open stays; none stays for ever.
    pub open_ms: Option<u64>,
    /// The content length that is announced, larger than what is sent.
    pub declared_length: Option<u64>,
    /// The whole body of which only a part is sent: its length is announced.
    pub declared_body_base64: Option<String>,
}

/// What follows the body of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// The answer is finished in good order.
    #[default]
    Close,
    /// The answer is kept open.
    Open,
    /// TCP reset.
    Reset,
    /// The connection is closed in an orderly way before the announced end.
    Truncate,
}

fn api() -> String {
    "api".to_owned()
}

impl Vector {
    /// The calls to make, in order: the steps, or what follows the construction (`then`), or the vector's own.
    pub fn calls(&self) -> Vec<Step> {
        if !self.steps.is_empty() {
            let mut steps = self.steps.clone();
            if let Some(last) = steps.last_mut() {
                for (key, value) in &self.extra {
                    last.extra.entry(key).or_insert_with(|| value.clone());
                }
            }
            return steps;
        }
        let then = self.extra.get("then");
        let operation = then
            .and_then(|then| then.get("operation"))
            .and_then(Value::as_str)
            .unwrap_or(&self.operation);
        let args = match then {
            Some(then) => then.get("args").and_then(Value::as_object).cloned(),
            None => Some(self.args.clone()),
        };
        vec![Step {
            operation: operation.to_owned(),
            args: args.unwrap_or_default(),
            expect: self.expect.clone(),
            extra: self.extra.clone(),
        }]
    }

    /// Whether a key beyond the schema's own is there and true.
    pub fn flag(&self, key: &str) -> bool {
        self.extra.get(key).and_then(Value::as_bool) == Some(true)
    }

    /// Whether the script or the expectations are about waiting.
    pub fn waits(&self) -> bool {
        ["sleeps_ms", "port_sleeps_ms"]
            .iter()
            .any(|key| self.extra.contains_key(*key))
            || self
                .exchanges
                .iter()
                .filter_map(|exchange| exchange.response.as_ref())
                .any(|answer| answer.stall_ms > 0 || answer.gap_ms > 0 || answer.open_ms.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn vector(value: Value) -> Vector {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn keys_beyond_the_schema_are_kept() {
        let vector = vector(json!({
            "name": "n", "vendor": "v", "operation": "o", "client": {}, "args": {"a": 1},
            "exchanges": [], "expect": {"ok": 1}, "take": 2, "inexpressible": true,
        }));
        assert_eq!(vector.extra["take"], 2);
        assert!(vector.flag("inexpressible"));
        let calls = vector.calls();
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].args["a"], 1);
        assert_eq!(calls[0].extra["take"], 2);
    }

    #[test]
    fn then_replaces_the_construction() {
        let vector = vector(json!({
            "name": "n", "vendor": "v", "operation": "client.new", "args": {"x": 1}, "exchanges": [],
            "expect": {"ok": 1}, "then": {"operation": "runs.get", "args": {"run_id": "r"}},
        }));
        let calls = vector.calls();
        assert_eq!(calls[0].operation, "runs.get");
        assert_eq!(calls[0].args["run_id"], "r");
        assert_eq!(calls[0].expect, json!({"ok": 1}));
    }

    #[test]
    fn any_wait_of_the_script_counts() {
        let with = |answer: Value| {
            vector(json!({
                "name": "n", "vendor": "v", "operation": "o", "expect": {},
                "exchanges": [{"server": "api", "request": {"method": "GET", "path": "/"}, "response": answer}],
            }))
        };
        assert!(!with(json!(null)).waits());
        assert!(!with(json!({"status": 200, "body": null})).waits());
        assert!(with(json!({"status": 200, "body": null, "stall_ms": 1})).waits());
        assert!(with(json!({"status": 200, "chunks": [], "gap_ms": 1})).waits());
        assert!(with(json!({"status": 200, "chunks": [], "end": "open", "open_ms": 1})).waits());
    }
}
