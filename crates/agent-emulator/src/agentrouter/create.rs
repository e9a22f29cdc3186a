//! Reading what a run is created with, and what one decides and says.

use serde_json::{Map, Value, json};

use super::errors::{Answer, Refusal};
use super::script::AgentRouterScenario;
use super::validate::{Issues, object};
use crate::http::Request;
use crate::scenario;

/// Keys that the server refuses with codes of their own.
const TOOLS: &[&str] = &[
    "model",
    "tools",
    "mcpServers",
    "rawArgs",
    "cliArgs",
    "providerArgs",
    "codexArgs",
    "claudeArgs",
];
const WORKSPACES: &[&str] = &["source", "repoUrl", "workspace", "checkout"];
const CODEX_MODES: &[&str] = &["default", "read_only", "full_access", "auto_review"];
const CLAUDE_MODES: &[&str] = &[
    "default",
    "acceptEdits",
    "plan",
    "auto",
    "dontAsk",
    "bypassPermissions",
];
const LONGEST_TEXT: usize = 120_000;

/// What a run is created with, as the server parsed it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Creation {
    pub(crate) task: Task,
    pub(crate) runtime: Value,
    pub(crate) approval_mode: Option<String>,
    pub(crate) metadata: Option<Value>,
}

impl Creation {
    /// What the run keeps as its input.
    pub(crate) fn input(&self) -> Value {
        let mut input = json!({"task": self.task.text, "runtime": self.runtime});
        if let Some(mode) = &self.approval_mode {
            input["approvalMode"] = mode.as_str().into();
        }
        if let Some(metadata) = &self.metadata {
            input["metadata"] = metadata.clone();
        }
        input
    }
}

/// What a run is to do.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Task {
    pub(crate) text: String,
    /// What the text asks of the emulator.
    pub(crate) scenario: Option<AgentRouterScenario>,
}

/// The task at `key`; empty when there is an issue with it.
fn task(body: &Map<String, Value>, key: &str, issues: &mut Issues) -> Task {
    let Some(text) = issues.text(&[key], body.get(key), (1, LONGEST_TEXT)) else {
        return Task::default();
    };
    match scenario::asked_by(&text, &AgentRouterScenario::ALL) {
        Ok(scenario) => Task { text, scenario },
        Err(why) => {
            issues.add(&[key], "custom", &why);
            Task::default()
        }
    }
}

pub(crate) fn creation(request: &Request) -> Answer<Creation> {
    let body = object(request)?;
    for (keys, code, message) in [
        (
            TOOLS,
            "unsupported_tool_configuration",
            "Tools can not be configured per run",
        ),
        (
            WORKSPACES,
            "unsupported_workspace_attachment",
            "Workspaces can not be attached to a run",
        ),
    ] {
        if body.keys().any(|key| keys.contains(&key.as_str())) {
            return Err(Refusal::new(hyper::StatusCode::BAD_REQUEST, code, message));
        }
    }
    let mut issues = Issues::default();
    issues.only(&[], &body, &["task", "runtime", "approvalMode", "metadata"]);
    let task = task(&body, "task", &mut issues);
    let runtime = match body.get("runtime") {
        None => json!({"kind": "codex", "mode": "default"}),
        Some(given) => runtime(given, &mut issues),
    };
    let approval_mode = body
        .get("approvalMode")
        .and_then(|mode| issues.one_of(&["approvalMode"], mode, &["auto", "manual", "block"]));
    let approval_mode = approval_mode.map(str::to_owned);
    let metadata = body.get("metadata").cloned();
    if metadata
        .as_ref()
        .is_some_and(|metadata| !metadata.is_object())
    {
        issues.add(
            &["metadata"],
            "invalid_type",
            "Invalid input: expected record",
        );
    }
    issues.check()?;
    Ok(Creation {
        task,
        runtime,
        approval_mode,
        metadata,
    })
}

/// The runtime with its defaults filled in.
fn runtime(given: &Value, issues: &mut Issues) -> Value {
    let Some(map) = given.as_object() else {
        issues.add(
            &["runtime"],
            "invalid_type",
            "Invalid input: expected object",
        );
        return Value::Null;
    };
    let (key, modes) = match map.get("kind").and_then(Value::as_str) {
        Some("codex") => ("mode", CODEX_MODES),
        Some("claude_code") => ("permissionMode", CLAUDE_MODES),
        _ => {
            issues.add(
                &["runtime", "kind"],
                "invalid_union",
                "Invalid discriminator value",
            );
            return Value::Null;
        }
    };
    issues.only(&["runtime"], map, &["kind", key, "model"]);
    let mut resolved = map.clone();
    match map.get(key) {
        None => {
            resolved.insert(key.to_owned(), "default".into());
        }
        Some(mode) => {
            issues.one_of(&["runtime", key], mode, modes);
        }
    }
    if let Some(model) = map.get("model") {
        model_name(model, issues, &mut resolved);
    }
    Value::Object(resolved)
}

fn model_name(model: &Value, issues: &mut Issues, resolved: &mut Map<String, Value>) {
    let path = ["runtime", "model"];
    if let Some(text) = issues.text(&path, Some(model), (1, 128)) {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "._:/-".contains(c);
        if !text.chars().all(allowed) {
            let message = "Model can contain letters, numbers, '.', '_', ':', '/', and '-'";
            issues.add(&path, "invalid_format", message);
        }
        resolved.insert("model".to_owned(), text.into());
    }
}

/// A decision: the digest, and why.
pub(crate) fn decision(request: &Request) -> Answer<(String, Option<String>)> {
    let body = object(request)?;
    let mut issues = Issues::default();
    issues.only(&[], &body, &["actionDigest", "reason"]);
    let digest = issues.text(&["actionDigest"], body.get("actionDigest"), (8, 256));
    if digest
        .as_ref()
        .is_some_and(|digest| !digest.starts_with("sha256:"))
    {
        issues.add(
            &["actionDigest"],
            "invalid_format",
            "Invalid string: must start with \"sha256:\"",
        );
    }
    let reason = body
        .get("reason")
        .map(|reason| issues.text(&["reason"], Some(reason), (1, 1000)));
    issues.check()?;
    Ok((digest.unwrap_or_default(), reason.flatten()))
}

/// What a further turn says.
pub(crate) fn message(request: &Request) -> Answer<Task> {
    let body = object(request)?;
    let mut issues = Issues::default();
    issues.only(&[], &body, &["message"]);
    let message = task(&body, "message", &mut issues);
    issues.check()?;
    Ok(message)
}
