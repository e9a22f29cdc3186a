//! Every call into the AgentRouter SDK.

use std::sync::{Arc, Mutex, PoisonError};

use agent_core::BoxFuture;
use agentrouter_sdk::{
    AgentRouterClient, AgentStreamPart, CreateAndWaitRequest, Error, EventStream,
    ListRunEventsQuery, ListRunsQuery, RunActionDecisionRequest, RunAgentRequest, RunEvent,
    StreamAgentRequest, StreamRunOptions, run_agent, stream_agent,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::errors::{failure, value};
use super::requests::{self, owned};
use crate::adapter::{Adapter, Env, Failure, Outcome, Session, Streamed};
use crate::args::{Args, given, parsed, text};
use crate::vector::{End, Exchange, Step, Vector};

/// The adapter.
#[derive(Debug)]
pub struct AgentRouter;

/// Operations that may wait between requests, by the vendor's own rules.
const WAITING: [&str; 5] = [
    "client.create_run_and_wait",
    "client.continue_run",
    "client.close_run",
    "agent.run_agent",
    "agent.stream_agent",
];

impl Adapter for AgentRouter {
    fn needs_virtual_time(&self, vector: &Vector) -> bool {
        let waits = |step: &Step| WAITING.contains(&step.operation.as_str());
        // Nothing is cancelled here: who is kept waiting gives up when the time is up.
        let keeps_waiting = |exchange: &Exchange| {
            let answer = exchange.response.as_ref();
            answer.is_some_and(|answer| answer.end == End::Open)
        };
        vector.calls().iter().any(waits) || vector.exchanges.iter().any(keeps_waiting)
    }

    fn open<'a>(
        &'a self,
        vector: &'a Vector,
        env: &'a Env,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, Failure>> {
        Box::pin(async move {
            let client = requests::client(&vector.client, env.transport());
            let session: Box<dyn Session> = Box::new(Live {
                client: client.map_err(|error| failure(&error))?,
                seen: Seen::default(),
            });
            Ok(session)
        })
    }
}

/// Sequences that the event callback was given.
type Seen = Arc<Mutex<Vec<u64>>>;

struct Live {
    client: AgentRouterClient,
    seen: Seen,
}

impl Session for Live {
    fn call<'a>(&'a mut self, step: &'a Step) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let made = match step.operation.split_once('.') {
                Some(("client", _)) => self.client(step).await,
                Some(("agent", _)) => self.agent(step).await,
                _ => Ok(runtime(step)),
            };
            made.unwrap_or_else(Outcome::Unusable)
        })
    }

    fn observed(&self, key: &str) -> Option<Value> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (key == "on_event_sequences").then(|| json!(*seen))
    }
}

impl Live {
    async fn client(&self, step: &Step) -> Result<Outcome, String> {
        let (client, args) = (&self.client, &step.args);
        let run = text(args, "runId");
        Ok(match step.operation.as_str() {
            "client.create_run" => outcome(client.create_run(requests::create(args)?).await),
            "client.create_run_and_wait" => {
                let request = self.create_and_wait(args)?;
                outcome(client.create_run_and_wait(request).await)
            }
            "client.list_runs" => {
                let mut query = ListRunsQuery::new();
                query.status = given(args, "status").map(Into::into);
                query.limit = parsed(args, "limit")?;
                outcome(client.list_runs(query).await)
            }
            "client.get_run" => outcome(client.get_run(run).await),
            "client.get_run_session" => outcome(client.get_run_session(run).await),
            "client.cancel_run" => outcome(client.cancel_run(run).await),
            "client.get_run_turns" => outcome(client.get_run_turns(run).await),
            "client.close_run" => outcome(client.close_run(run).await),
            "client.list_run_artifacts" => outcome(client.list_run_artifacts(run).await),
            "client.list_run_events" => {
                let mut query = ListRunEventsQuery::new();
                query.after_seq = parsed(args, "afterSeq")?;
                query.limit = parsed(args, "limit")?;
                outcome(client.list_run_events(run, query).await)
            }
            "client.stream_run" => {
                let mut options = StreamRunOptions::new();
                options.after_seq = parsed(args, "afterSeq")?;
                read(client.stream_run(run, options)).await
            }
            "client.approve_run_action" => outcome(client.approve_run_action(decision(args)).await),
            "client.deny_run_action" => outcome(client.deny_run_action(decision(args)).await),
            "client.continue_run" => outcome(client.continue_run(run, text(args, "message")).await),
            "client.download_artifact" => {
                let bytes = client
                    .download_artifact(run, text(args, "artifactId"))
                    .await;
                outcome(bytes.map(|bytes| json!({"bytesBase64": STANDARD.encode(&bytes)})))
            }
            _ => Outcome::unknown(step),
        })
    }

    async fn agent(&self, step: &Step) -> Result<Outcome, String> {
        let args = &step.args;
        Ok(match step.operation.as_str() {
            "agent.run_agent" => match self.run_agent_request(args)? {
                Ok(request) => outcome(run_agent(&self.client, request).await),
                Err(error) => Outcome::Error(failure(&error)),
            },
            "agent.stream_agent" => match stream_agent_request(args)? {
                Ok(request) => self.stream_agent(step, request).await,
                Err(error) => Outcome::Error(failure(&error)),
            },
            "agent.stream_part" => {
                let event = event(args.get("event").unwrap_or(&Value::Null))?;
                json_outcome(AgentStreamPart::from_event(event))
            }
            "agent.stream_parts" => {
                let events = args.get("events").and_then(Value::as_array);
                let events: Vec<RunEvent> = events
                    .into_iter()
                    .flatten()
                    .map(event)
                    .collect::<Result<_, _>>()?;
                let parts: Vec<_> = events
                    .into_iter()
                    .filter_map(AgentStreamPart::from_event)
                    .collect();
                json_outcome(parts)
            }
            _ => Outcome::unknown(step),
        })
    }

    /// Notes what the event callback is given.
    fn note(&self) -> impl FnMut(&RunEvent) + Send + 'static {
        let seen = Arc::clone(&self.seen);
        move |event| {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.push(event.sequence);
        }
    }

    fn create_and_wait(&self, args: &Args) -> Result<CreateAndWaitRequest, String> {
        let mut request = CreateAndWaitRequest::from(requests::create(args)?).on_event(self.note());
        let (polling, max_wait) = requests::polling(args)?;
        if let Some(polling) = polling {
            request = request.polling(polling);
        }
        if let Some(max_wait) = max_wait {
            request = request.max_wait(max_wait);
        }
        Ok(request)
    }

    fn run_agent_request(&self, args: &Args) -> Result<Result<RunAgentRequest, Error>, String> {
        let parts = ["task", "continueRun", "message"].map(|key| owned(args, key));
        let [task, continue_run, message] = parts;
        Ok(
            match RunAgentRequest::from_parts(task, continue_run, message) {
                Ok(RunAgentRequest::Create(_)) => Ok(self.create_and_wait(args)?.into()),
                Ok(RunAgentRequest::Resume(mut request)) => {
                    let (polling, max_wait) = requests::polling(args)?;
                    request.after_seq = parsed(args, "afterSeq")?;
                    request.polling = polling.unwrap_or(request.polling);
                    request.max_wait = max_wait.map_or(request.max_wait, Into::into);
                    Ok(request.on_event(self.note()).into())
                }
                other => other,
            },
        )
    }

    async fn stream_agent(&self, step: &Step, request: StreamAgentRequest) -> Outcome {
        let stream = match stream_agent(&self.client, request).await {
            Ok(stream) => stream,
            Err(error) => return Outcome::Error(failure(&error)),
        };
        let mut result = Map::new();
        result.insert("run".to_owned(), json!(stream.run));
        result.insert("conversationId".to_owned(), json!(stream.conversation_id));
        result.insert("turnNumber".to_owned(), json!(stream.turn_number));
        let surfaces = step.extra.get("consume").and_then(Value::as_array);
        for surface in surfaces.into_iter().flatten() {
            let drained = match surface.as_str() {
                Some("events") => drain(stream.events()).await,
                Some("fullStream") => drain(stream.full_stream()).await,
                Some("textStream") => drain(stream.text_stream()).await,
                _ => return Outcome::Unusable(format!("an unknown surface: {surface}")),
            };
            result.insert(surface.as_str().unwrap_or_default().to_owned(), drained);
        }
        let last = match stream.final_result().await {
            Ok(ok) => json!({"ok": ok}),
            Err(error) => json!({"error": value(&error)}),
        };
        result.insert("finalResult".to_owned(), last);
        Outcome::Ok(Value::Object(result))
    }
}

fn stream_agent_request(args: &Args) -> Result<Result<StreamAgentRequest, Error>, String> {
    let [task, continue_run, message] =
        ["task", "continueRun", "message"].map(|key| owned(args, key));
    let (polling, max_wait) = requests::polling(args)?;
    macro_rules! set {
        ($request:expr) => {{
            let mut request = $request;
            request.after_seq = parsed(args, "afterSeq")?;
            request.polling = polling.unwrap_or(request.polling);
            request.max_wait = max_wait.map_or(request.max_wait, Into::into);
            Ok(request.into())
        }};
    }
    Ok(
        match StreamAgentRequest::from_parts(task, continue_run, message) {
            Ok(StreamAgentRequest::Create(mut request)) => {
                request.create = requests::create(args)?;
                set!(request)
            }
            Ok(StreamAgentRequest::Resume(request)) => set!(request),
            other => other,
        },
    )
}

fn runtime(step: &Step) -> Outcome {
    match step.operation.as_str() {
        "runtime.codex" => json_outcome(requests::codex_of(&step.args)),
        "runtime.claude_code" => json_outcome(requests::claude_code_of(&step.args)),
        _ => Outcome::unknown(step),
    }
}

fn decision(args: &Args) -> RunActionDecisionRequest {
    let mut decision = RunActionDecisionRequest::new(
        text(args, "runId"),
        text(args, "actionId"),
        text(args, "actionDigest"),
    );
    decision.reason = owned(args, "reason");
    decision
}

fn event(json: &Value) -> Result<RunEvent, String> {
    RunEvent::from_json(&json.to_string()).map_err(|error| error.to_string())
}

/// Reads a stream to its end.
async fn read(mut stream: EventStream<RunEvent>) -> Outcome {
    let streamed = Streamed::read(&mut stream, failure).await;
    streamed
        .map(|streamed| Streamed {
            cursor: stream.cursor().map(|cursor| json!(cursor.as_u64())),
            ..streamed
        })
        .into()
}

/// Reads a surface to its end: its items, and the error that it ended with.
async fn drain<T: Serialize>(mut stream: EventStream<T>) -> Value {
    let mut items = Vec::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(item) => items.push(json!(item)),
            Err(error) => return json!({"items": items, "error": value(&error)}),
        }
    }
    json!({"items": items})
}

fn outcome<T: Serialize>(result: Result<T, Error>) -> Outcome {
    Outcome::from_result(result, |error| failure(&error))
}

fn json_outcome(value: impl Serialize) -> Outcome {
    outcome(Ok(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_by_itself_or_is_kept_waiting_needs_virtual_time() {
        let needs = |change: Value| {
            let mut vector = json!({
                "name": "n", "vendor": "agentrouter", "operation": "client.get_run", "expect": {},
            });
            for (key, value) in change.as_object().into_iter().flatten() {
                vector[key] = value.clone();
            }
            AgentRouter.needs_virtual_time(&serde_json::from_value(vector).unwrap())
        };
        let answered = |end: &str| {
            let answer = json!({"status": 200, "chunks": [], "end": end});
            let request = json!({"method": "GET", "path": "/"});
            json!({"exchanges": [{"server": "api", "request": request, "response": answer}]})
        };
        assert!(!needs(json!({})));
        assert!(needs(json!({"operation": "client.close_run"})));
        let steps = ["agent.run_agent", "client.get_run"].map(|name| json!({"operation": name}));
        assert!(needs(json!({"steps": steps})));
        assert!(needs(answered("open")));
        assert!(!needs(answered("reset")));
    }
}
