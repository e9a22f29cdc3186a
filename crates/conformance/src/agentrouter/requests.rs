//! Arguments of vectors as the SDK's requests. What a request can not express is left out: unknown input fields are
//! never sent.

use std::sync::Arc;
use std::time::Duration;

use agent_core::Transport;
use agentrouter_sdk::{
    AgentRouterClient, AgentRouterOptions, ClaudeCodeRuntimeSelection, CodexRuntimeSelection,
    CreateRunRequest, Error, HttpConfig, Polling, Resume, RetryPolicy, RuntimeSelection,
    claude_code, codex,
};
use serde_json::Value;

use crate::args::{Args, given, parsed, text};

pub(super) fn client(
    options: &Args,
    transport: Option<Arc<dyn Transport>>,
) -> Result<AgentRouterClient, Error> {
    // As the vendor's client does: neither repeat nor resume by itself.
    let mut http = HttpConfig::new()
        .retry(RetryPolicy::none())
        .resume(Resume::never());
    if let Some(transport) = transport {
        http = http.transport(transport);
    }
    // Vectors that need no client have no options.
    let key = given(options, "apiKey").unwrap_or(if options.is_empty() { "unused" } else { "" });
    let mut settings = AgentRouterOptions::new(key).http(http);
    settings.base_url = given(options, "baseUrl").map(str::to_owned);
    for (name, value) in options
        .get("defaultHeaders")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        settings = settings.default_header(name, value.as_str().unwrap_or_default());
    }
    AgentRouterClient::new(settings)
}

pub(super) fn create(args: &Args) -> Result<CreateRunRequest, String> {
    let mut request = CreateRunRequest::new(text(args, "task"));
    if let Some(runtime) = args.get("runtime").filter(|value| !value.is_null()) {
        let runtime: RuntimeSelection = serde_json::from_value(runtime.clone())
            .map_err(|error| format!("an unknown runtime: {error}"))?;
        request = request.runtime(runtime);
    }
    if let Some(mode) = given(args, "approvalMode") {
        request = request.approval_mode(mode);
    }
    if let Some(metadata) = args.get("metadata").and_then(Value::as_object) {
        request = request.metadata(metadata.clone());
    }
    if let Some(key) = given(args, "idempotencyKey") {
        request = request.idempotency_key(key);
    }
    Ok(request)
}

/// The intervals that the arguments give, for anything that has them.
pub(super) fn polling(args: &Args) -> Result<(Option<Polling>, Option<Duration>), String> {
    let interval = milliseconds(args, "pollIntervalMs")?;
    Ok((
        interval.map(Polling::every),
        milliseconds(args, "maxWaitMs")?,
    ))
}

fn milliseconds(args: &Args, key: &str) -> Result<Option<Duration>, String> {
    let duration = |ms: f64| {
        let duration = Duration::try_from_secs_f64(ms / 1000.0);
        duration.map_err(|error| format!("{key}: {error}"))
    };
    parsed::<f64>(args, key)?.map(duration).transpose()
}

pub(super) fn codex_of(args: &Args) -> CodexRuntimeSelection {
    let mut runtime = codex();
    if let Some(mode) = given(args, "mode") {
        runtime = runtime.mode(mode);
    }
    if let Some(model) = given(args, "model") {
        runtime = runtime.model(model);
    }
    runtime
}

pub(super) fn claude_code_of(args: &Args) -> ClaudeCodeRuntimeSelection {
    let mut runtime = claude_code();
    if let Some(mode) = given(args, "permissionMode") {
        runtime = runtime.permission_mode(mode);
    }
    if let Some(model) = given(args, "model") {
        runtime = runtime.model(model);
    }
    runtime
}

pub(super) fn owned(args: &Args, key: &str) -> Option<String> {
    given(args, key).map(str::to_owned)
}
