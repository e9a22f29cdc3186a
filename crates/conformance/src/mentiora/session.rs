//! Every call into the Mentiora SDK that needs a client.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use agent_core::BoxFuture;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::StreamExt as _;
use mentiora_sdk::{
    AddDocumentsParams, AgentStreamEvent, CreateKnowledgeParams, Error, EventStream,
    ListFilesParams, MentioraClient, PaginationOptions, TraceEvent, TraceTime,
    UpdateKnowledgeParams, UploadFileParams,
};
use serde_json::{Value, json};

use super::client::{Built, build};
use super::errors::failure;
use super::local;
use super::params::params;
use crate::adapter::{Adapter, Env, Failure, Outcome, Session, Streamed};
use crate::args::{Args, given, parsed, text};
use crate::compare::time::instant;
use crate::compare::url::UrlRule;
use crate::vector::{Step, Vector};

/// The adapter.
#[derive(Debug)]
pub struct Mentiora;

impl Adapter for Mentiora {
    fn url_rule(&self) -> UrlRule {
        UrlRule::Decoded
    }

    /// Every further request but that after a 401 comes after a wait.
    fn needs_virtual_time(&self, vector: &Vector) -> bool {
        vector.exchanges.len() > 1
    }

    fn open<'a>(
        &'a self,
        vector: &'a Vector,
        env: &'a Env,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, Failure>> {
        Box::pin(async move {
            let local = ["sse.", "streaming."]
                .iter()
                .any(|kind| vector.operation.starts_with(kind));
            let session: Box<dyn Session> = if local {
                Box::new(Local)
            } else {
                Box::new(Live(build(vector, env).map_err(|error| failure(&error))?))
            };
            Ok(session)
        })
    }
}

/// Calls that need no client.
struct Local;

impl Session for Local {
    fn call<'a>(&'a mut self, step: &'a Step) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match local::call(step).await {
                Some(outcome) => outcome,
                None => Outcome::unknown(step),
            }
        })
    }
}

struct Live(Built);

impl Session for Live {
    fn call<'a>(&'a mut self, step: &'a Step) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let (client, args) = (&self.0.client, &step.args);
            let done = match step.operation.split_once('.') {
                Some(("client", "new")) => Ok(self.settings()),
                Some(("agents", call)) => agents(client, call, args).await,
                Some(("tracing", "send_trace")) => send_trace(client, args).await,
                Some(("files", call)) => files(client, call, args).await,
                Some(("knowledge", call)) => knowledge(client, call, args).await,
                _ => Ok(Outcome::unknown(step)),
            };
            done.unwrap_or_else(Outcome::Unusable)
        })
    }

    fn observed(&self, key: &str) -> Option<Value> {
        (key == "refresh_calls").then(|| self.0.refreshes.load(Ordering::SeqCst).into())
    }
}

impl Live {
    fn settings(&self) -> Outcome {
        let client = &self.0.client;
        Outcome::Ok(json!({
            "mode": client.mode().to_string(),
            "debug": client.debug(),
            "base_url": client.base_url(),
            "timeout_ms": u64::try_from(client.timeout().as_millis()).ok(),
            "retries": client.retries(),
            "warnings": self.0.warnings,
        }))
    }
}

/// What a call gave, or why it could not be made.
type Done = Result<Outcome, String>;

async fn agents(client: &MentioraClient, call: &str, args: &Args) -> Done {
    let agents = client.agents();
    let params = params(args)?;
    match call {
        "run" => Ok(outcome(agents.run(params).await)),
        "stream" => read(agents.stream(params), args).await,
        _ => Err(format!("agents has no {call}")),
    }
}

/// Reads a stream to its end, or drops it after `take` events.
async fn read(stream: EventStream<AgentStreamEvent>, args: &Args) -> Done {
    let take = parsed(args, "take")?.unwrap_or(usize::MAX);
    Ok(Streamed::read(stream.take(take), failure).await.into())
}

async fn send_trace(client: &MentioraClient, args: &Args) -> Done {
    let tracing = match client.tracing() {
        Ok(tracing) => tracing,
        Err(error) => return Ok(Outcome::Error(failure(&error))),
    };
    let event = args.get("event").and_then(Value::as_object);
    let event = trace(event.ok_or("there is no event")?)?;
    Ok(outcome(tracing.send_trace(event).await))
}

fn trace(args: &Args) -> Result<TraceEvent, String> {
    fn of<T: serde::de::DeserializeOwned>(args: &Args, key: &str) -> Result<Option<T>, String> {
        let value = args.get(key).cloned().unwrap_or_default();
        serde_json::from_value(value).map_err(|error| format!("{key}: {error}"))
    }
    let given = |key: &str| given(args, key).map(str::to_owned);
    let mut event = TraceEvent::new(
        given("traceId").unwrap_or_default(),
        given("spanId").unwrap_or_default(),
        given("name").unwrap_or_default(),
        given("type").unwrap_or_default().into(),
        "",
    );
    event.parent_span_id = given("parentSpanId");
    event.thread_id = given("threadId");
    event.input = args.get("input").cloned();
    event.output = args.get("output").cloned();
    event.start_time = time(args.get("startTime"))?;
    event.end_time = time(args.get("endTime"))?;
    event.duration_ms = args.get("durationMs").and_then(Value::as_f64);
    event.metadata = of(args, "metadata")?;
    event.tags = of::<Vec<String>>(args, "tags")?.unwrap_or_default();
    event.error = of(args, "error")?;
    event.usage = of(args, "usage")?;
    event.model = given("model");
    event.provider = given("provider");
    Ok(event)
}

fn time(value: Option<&Value>) -> Result<Option<TraceTime>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str().into())),
        Some(value) => {
            let nanos = date(&value["date"]).ok_or("a date that is none")?;
            let nanos = u64::try_from(nanos).map_err(|error| error.to_string())?;
            Ok(Some(
                (SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)).into(),
            ))
        }
    }
}

/// Nanoseconds since 1970 of what JavaScript makes a date of: a time, a day as text, or milliseconds.
fn date(value: &Value) -> Option<i128> {
    let text = match value.as_i64() {
        Some(millis) => return Some(i128::from(millis) * 1_000_000),
        None => value.as_str()?,
    };
    instant(text).or_else(|| instant(&format!("{text}T00:00:00Z")))
}

async fn files(client: &MentioraClient, call: &str, args: &Args) -> Done {
    let files = client.files();
    let id = given(args, "fileId").unwrap_or_default();
    Ok(match call {
        "upload" => {
            let content = match (given(args, "content_text"), given(args, "content_base64")) {
                (Some(text), _) => text.as_bytes().to_vec(),
                (None, Some(text)) => STANDARD.decode(text).map_err(|error| error.to_string())?,
                (None, None) => Vec::new(),
            };
            let (name, kind) = (given(args, "filename"), given(args, "mimeType"));
            let mut params =
                UploadFileParams::new(name.unwrap_or_default(), content, kind.unwrap_or_default());
            if let Some(description) = given(args, "description") {
                params = params.description(description);
            }
            outcome(files.upload(params).await)
        }
        "list" => {
            let mut params = ListFilesParams::new();
            if let Some(query) = given(args, "query") {
                params = params.query(query);
            }
            if let Some(offset) = parsed(args, "offset")? {
                params = params.offset(offset);
            }
            if let Some(count) = parsed(args, "count")? {
                params = params.count(count);
            }
            outcome(files.list(params).await)
        }
        "get" => outcome(files.get(id).await),
        "delete" => outcome(files.delete(id).await),
        "download" => {
            let content = files.download(id).await;
            outcome(content.map(|bytes| json!({"bytes_base64": STANDARD.encode(bytes)})))
        }
        _ => return Err(format!("files has no {call}")),
    })
}

async fn knowledge(client: &MentioraClient, call: &str, args: &Args) -> Done {
    let knowledge = client.knowledge();
    let (id, document) = (text(args, "knowledgeId"), text(args, "documentId"));
    let mut page = PaginationOptions::new();
    if let Some(offset) = parsed(args, "offset")? {
        page = page.offset(offset);
    }
    if let Some(count) = parsed(args, "count")? {
        page = page.count(count);
    }
    Ok(match call {
        "create" => {
            let mut params = CreateKnowledgeParams::new(text(args, "name"));
            if let Some(description) = given(args, "description") {
                params = params.description(description);
            }
            outcome(knowledge.create(params).await)
        }
        "update" => {
            let mut params = UpdateKnowledgeParams::new(id, text(args, "name"));
            if let Some(description) = given(args, "description") {
                params = params.description(description);
            }
            outcome(knowledge.update(params).await)
        }
        "add_documents" => {
            let files = args.get("fileIds").and_then(Value::as_array);
            let files = files.into_iter().flatten().filter_map(Value::as_str);
            outcome(
                knowledge
                    .add_documents(AddDocumentsParams::new(id, files))
                    .await,
            )
        }
        "list" => outcome(knowledge.list(page).await),
        "get" => outcome(knowledge.get(id).await),
        "delete" => outcome(knowledge.delete(id).await),
        "list_documents" => outcome(knowledge.list_documents(id, page).await),
        "get_document" => outcome(knowledge.get_document(id, document).await),
        "delete_document" => outcome(knowledge.delete_document(id, document).await),
        _ => return Err(format!("knowledge has no {call}")),
    })
}

fn outcome<T: serde::Serialize>(result: Result<T, Error>) -> Outcome {
    Outcome::from_result(result, |error| failure(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_time_a_day_or_milliseconds() {
        for (value, expected) in [
            (json!("2025-01-01T00:00:00.123Z"), Some(1_735_689_600_123)),
            (json!("2025-01-01"), Some(1_735_689_600_000)),
            (json!(1_735_689_600_123_i64), Some(1_735_689_600_123)),
            (json!("soon"), None),
            (Value::Null, None),
        ] {
            let expected = expected.map(|millis: i128| millis * 1_000_000);
            assert_eq!(date(&value), expected, "{value}");
        }
    }
}
