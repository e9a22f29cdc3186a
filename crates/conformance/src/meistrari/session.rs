//! Every call into the Meistrari SDK.

use agent_core::{BoxFuture, Cursor, HttpConfig, Resume, RetryPolicy};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::TryStreamExt as _;
use meistrari_agent_sdk::{
    AgentClient, AgentClientConfig, AgentInput, ApiKeyAuthStrategy, AuthStrategy, ByteStream,
    CancelSessionResponse, DataTokenAuthStrategy, Error, ExecuteAgentRequest, ExecuteAgentResponse,
    Extra, ReferenceFormat, ResolvedReference, SessionFile, SessionFileEntry, SessionFiles,
    SessionStream, SessionStreamEvent, SessionTimelineResponse, SessionWebhookConfig,
    SessionWebhookEventPayload, StreamSessionOptions, UpdateAgentModelRequest,
    UpdateAgentModelResponse, extract_vault_references, is_vault_reference,
    verify_webhook_signature,
};
use serde_json::{Value, json};

use super::errors::failure;
use crate::adapter::{Adapter, Env, Failure, Outcome, Session, Streamed};
use crate::args::{Args, given, parsed, text};
use crate::vector::{Step, Vector};

/// The adapter.
#[derive(Debug)]
pub struct Meistrari;

impl Adapter for Meistrari {
    fn numbers_in_messages_are_free(&self) -> bool {
        true
    }

    fn open<'a>(
        &'a self,
        vector: &'a Vector,
        env: &'a Env,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, Failure>> {
        Box::pin(async move {
            let offline =
                vector.operation.starts_with("webhooks.") || vector.operation.starts_with("vault.");
            let client = if offline {
                None
            } else {
                Some(client(&vector.client, env).map_err(|error| failure(&error))?)
            };
            let session: Box<dyn Session> = Box::new(Live { client });
            Ok(session)
        })
    }
}

/// A client; helpers need none.
struct Live {
    client: Option<AgentClient>,
}

impl Session for Live {
    fn call<'a>(&'a mut self, step: &'a Step) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match &self.client {
                Some(client) => online(client, step).await,
                None => offline(step),
            }
        })
    }
}

async fn online(client: &AgentClient, step: &Step) -> Outcome {
    let args = &step.args;
    let id = text(args, "sessionId");
    match step.operation.as_str() {
        "client.new" => {
            let join = text(args, "join");
            Outcome::Ok(json!({"url": format!("{}{join}", client.base_url())}))
        }
        "client.execute_agent" => match request(args) {
            Ok(request) => answer(client.execute_agent(request).await),
            Err(reason) => Outcome::Unusable(reason),
        },
        "client.stream_session" => {
            let mut options = StreamSessionOptions::new();
            options.cursor = args.get("cursor").and_then(Value::as_i64);
            match client.stream_session(id, options).await {
                Ok(stream) => read(stream).await,
                Err(error) => Outcome::Error(failure(&error)),
            }
        }
        "client.cancel_session" => answer(client.cancel_session(id).await),
        "client.update_agent_model" => {
            let mut request =
                UpdateAgentModelRequest::new(text(args, "repository"), text(args, "model"));
            request.commit_message = given(args, "commitMessage").map(str::to_owned);
            answer(client.update_agent_model(request).await)
        }
        "client.fetch_timeline" => answer(client.fetch_timeline(id).await),
        "client.list_session_files" => {
            outcome(client.list_session_files(id).await.map(|list| files(&list)))
        }
        "client.fetch_session_file" => {
            match client.fetch_session_file(id, text(args, "path")).await {
                Ok(file) => {
                    let bytes = file.bytes();
                    let mut value = apart(&file);
                    match bytes {
                        Ok(bytes) => value["bytesBase64"] = STANDARD.encode(bytes).into(),
                        Err(error) => {
                            let kind = failure(&error).get("kind").cloned();
                            value["bytesError"] = kind.unwrap_or_default();
                        }
                    }
                    Outcome::Ok(value)
                }
                Err(error) => Outcome::Error(failure(&error)),
            }
        }
        "client.resolve_reference" => resolve(client, args).await,
        _ => Outcome::unknown(step),
    }
}

fn offline(step: &Step) -> Outcome {
    let args = &step.args;
    match step.operation.as_str() {
        "webhooks.verify_webhook_signature" => Outcome::Ok(
            verify_webhook_signature(
                text(args, "rawBody"),
                given(args, "signature"),
                text(args, "secret"),
            )
            .into(),
        ),
        "webhooks.parse_webhook_payload" => answer(SessionWebhookEventPayload::from_slice(
            text(args, "rawBody").as_bytes(),
        )),
        "vault.is_vault_reference" => Outcome::Ok(is_vault_reference(text(args, "text")).into()),
        "vault.extract_vault_references" => {
            Outcome::Ok(extract_vault_references(text(args, "text")).into())
        }
        _ => Outcome::unknown(step),
    }
}

fn client(options: &Args, env: &Env) -> Result<AgentClient, Error> {
    let auth = options.get("auth").cloned().unwrap_or_default();
    let value = auth["value"].as_str().unwrap_or_default();
    if auth["type"] == "api_key" {
        build(options, env, ApiKeyAuthStrategy::new(value))
    } else {
        build(options, env, DataTokenAuthStrategy::new(value))
    }
}

fn build(options: &Args, env: &Env, auth: impl AuthStrategy) -> Result<AgentClient, Error> {
    let mut http = HttpConfig::new()
        .retry(RetryPolicy::none())
        .resume(Resume::never());
    if let Some(transport) = env.transport() {
        http = http.transport(transport);
    }
    let mut config = AgentClientConfig::new(text(options, "baseUrl"), auth).http(http);
    config.vault_url = given(options, "vaultUrl").map(str::to_owned);
    AgentClient::new(config)
}

fn request(args: &Args) -> Result<ExecuteAgentRequest, String> {
    let own = |key| given(args, key).map(str::to_owned);
    let mut request = ExecuteAgentRequest::default();
    request.organization_name = own("organizationName");
    request.repository = own("repository");
    request.message = own("message");
    request.session_id = own("sessionId");
    request.recover = args.get("recover").and_then(Value::as_bool);
    request.inputs = parsed::<Vec<AgentInput>>(args, "inputs")?;
    request.environment_variables = parsed(args, "environmentVariables")?;
    request.webhooks = parsed::<Vec<SessionWebhookConfig>>(args, "webhooks")?;
    Ok(request)
}

async fn resolve(client: &AgentClient, args: &Args) -> Outcome {
    let format = match text(args, "as") {
        "stream" => ReferenceFormat::Stream,
        "json" => ReferenceFormat::Json,
        _ => ReferenceFormat::Bytes,
    };
    let resolved = client.resolve_reference_as(text(args, "reference"), format);
    let resolved = match resolved.await {
        Ok(ResolvedReference::Stream(stream)) => collect(stream)
            .await
            .map(|bytes| json!({"bytesBase64": STANDARD.encode(bytes)})),
        Ok(ResolvedReference::Bytes(bytes)) => Ok(json!({"bytesBase64": STANDARD.encode(bytes)})),
        Ok(ResolvedReference::Json(value)) => Ok(json!({"json": value})),
        Ok(_) => return Outcome::Unusable("another form".to_owned()),
        Err(error) => Err(error),
    };
    outcome(resolved)
}

async fn collect(mut stream: ByteStream) -> Result<Vec<u8>, Error> {
    let mut all = Vec::new();
    while let Some(piece) = stream.next().await {
        all.extend_from_slice(&piece?);
    }
    Ok(all)
}

/// Reads a stream to its end.
async fn read(mut stream: SessionStream) -> Outcome {
    let shown = (&mut stream).map_ok(|event| shown(&event));
    let streamed = Streamed::read(shown, failure).await;
    streamed
        .map(|streamed| Streamed {
            cursor: stream.cursor().and_then(Cursor::as_i64).map(Value::from),
            ..streamed
        })
        .into()
}

fn shown(event: &SessionStreamEvent) -> Value {
    let cursor = event.next_cursor();
    let extra = event.extra();
    match event {
        SessionStreamEvent::Status(e) => {
            json!({"kind": "status", "status": e.status, "nextCursor": cursor, "extra": extra})
        }
        SessionStreamEvent::Steps(e) => {
            json!({"kind": "steps", "steps": e.steps, "nextCursor": cursor, "extra": extra})
        }
        SessionStreamEvent::Result(e) => json!({
            "kind": "result", "status": e.status, "result": e.result, "nextCursor": cursor, "extra": extra
        }),
        SessionStreamEvent::Error(e) => {
            json!({"kind": "error", "error": e.error, "nextCursor": cursor, "extra": extra})
        }
        other => {
            json!({"kind": "unknown", "rawKind": other.kind(), "nextCursor": cursor, "raw": extra})
        }
    }
}

/// The SDK writes fields back that it does not know, or could not read, beside those that it read; the vectors list them
/// apart.
trait Answer: serde::Serialize {
    fn extra(&self) -> &Extra;
}

macro_rules! answers {
    ($($name:ty),+ $(,)?) => {
        $( impl Answer for $name { fn extra(&self) -> &Extra { &self.extra } } )+
    };
}

answers!(
    CancelSessionResponse,
    ExecuteAgentResponse,
    SessionFile,
    SessionFileEntry,
    SessionFiles,
    SessionTimelineResponse,
    SessionWebhookEventPayload,
    UpdateAgentModelResponse,
);

fn answer<T: Answer>(result: Result<T, Error>) -> Outcome {
    outcome(result.map(|value| apart(&value)))
}

fn apart(answer: &impl Answer) -> Value {
    let mut value = serde_json::to_value(answer).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        members.retain(|name, _| !answer.extra().contains_key(name));
    }
    if !answer.extra().is_empty() {
        value["extra"] = answer.extra().clone().into();
    }
    value
}

fn files(files: &SessionFiles) -> Value {
    let mut value = apart(files);
    value["tree"] = files.tree.iter().map(apart).collect();
    value
}

fn outcome<T: serde::Serialize>(result: Result<T, Error>) -> Outcome {
    Outcome::from_result(result, |error| failure(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_could_not_be_read_is_absent_beside_what_was_read() {
        let list: SessionFiles = serde_json::from_value(json!({
            "tree": [{"path": "a", "size": -1, "mode": "rw"}, {"path": "b", "size": 2.0}], "page": 1,
        }))
        .unwrap();
        assert_eq!(
            files(&list),
            json!({
                "tree": [{"path": "a", "extra": {"size": -1, "mode": "rw"}}, {"path": "b", "size": 2}],
                "extra": {"page": 1},
            })
        );
    }
}
