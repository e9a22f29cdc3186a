//! Every call into the Agent OS SDK.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use agent_core::{BoxFuture, SeededAmbient};
use agent_os_sdk::{
    AgentOsClient, ClientOptions, Cursor, Error, EventStream, HttpConfig, RetryPolicy,
    RunEventsPollResponse, RunStream, SseEvent, SseOptions, TriggerFilter, calculate_backoff,
    is_terminal_run_event, narrow_follow_event, parse_sse,
};
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};

use super::args::{self, number};
use super::errors::failure;
use crate::adapter::{Adapter, Env, Failure, Outcome, Session, Streamed};
use crate::args::{Args, given, parsed, text};
use crate::vector::{End, Step, Vector};

/// The adapter.
#[derive(Debug)]
pub struct AgentOs;

impl Adapter for AgentOs {
    fn needs_virtual_time(&self, vector: &Vector) -> bool {
        vector
            .calls()
            .iter()
            .any(|step| match step.operation.as_str() {
                "runs.wait_for" => true,
                "runs.follow" | "runs.create_and_stream" => reconnects_late(vector, step),
                _ => false,
            })
    }

    fn open<'a>(
        &'a self,
        vector: &'a Vector,
        env: &'a Env,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, Failure>> {
        Box::pin(async move {
            // Pure functions have no client.
            let client = if vector.client.is_empty() {
                None
            } else {
                Some(client(&vector.client, env).map_err(|error| failure(&error))?)
            };
            let session: Box<dyn Session> = Box::new(Live {
                client,
                next_after: None,
            });
            Ok(session)
        })
    }
}

/// Whether a stream is opened again after more than a moment: by the usual back-off, after a silence, or when the server
/// wants it.
fn reconnects_late(vector: &Vector, step: &Step) -> bool {
    let last = vector.exchanges.len().saturating_sub(1);
    let earlier = &vector.exchanges[..last];
    earlier.iter().any(|exchange| {
        let answer = exchange.response.as_ref();
        let asked = answer.is_some_and(|answer| {
            let mut names = answer.headers.keys();
            answer.end == End::Open || names.any(|name| name.eq_ignore_ascii_case("retry-after"))
        });
        exchange.request.path.ends_with("/events/stream")
            && (asked || !args::reconnects_at_once(&step.args))
    })
}

fn client(options: &Args, env: &Env) -> Result<AgentOsClient, Error> {
    // As the vendor's client does: no repetition by itself. Following resumes there as well.
    let mut http = HttpConfig::new().retry(RetryPolicy::none());
    if let Some(transport) = env.transport() {
        http = http.transport(transport);
    }
    let mut settings = ClientOptions::new().http(http);
    if let Some(token) = given(options, "token") {
        settings = settings.token(token);
    }
    let headers = options.get("headers").and_then(Value::as_object);
    for (name, value) in headers.into_iter().flatten() {
        settings = settings.header(name, value.as_str().unwrap_or_default());
    }
    if let Some(timeout) = number(options, "timeout_ms") {
        settings = settings.timeout(Duration::from_millis(timeout));
    }
    AgentOsClient::with_options(text(options, "base_url"), settings)
}

struct Live {
    client: Option<AgentOsClient>,
    /// What `next_after` gave on the last page, in the vector's form.
    next_after: Option<Value>,
}

impl Session for Live {
    fn call<'a>(&'a mut self, step: &'a Step) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            if let Some(outcome) = pure(step).await {
                return outcome;
            }
            let Some(client) = self.client.clone() else {
                return Outcome::Unusable("the vector has no client options".to_owned());
            };
            match step.operation.split_once('.') {
                Some(("agents", _)) => agents(&client, step).await,
                Some(("credentials", _)) => credentials(&client, step).await,
                Some(("triggers", _)) => triggers(&client, step).await,
                Some(("runs", _)) => self.runs(&client, step).await,
                Some(("chatwoot", _)) => chatwoot(&client, step).await,
                Some(("raw", _)) => raw(&client, step).await,
                _ => other(&client, step).await,
            }
        })
    }

    fn observed(&self, key: &str) -> Option<Value> {
        self.next_after.clone().filter(|_| key == "next_after")
    }
}

impl Live {
    async fn runs(&mut self, client: &AgentOsClient, step: &Step) -> Outcome {
        let args = &step.args;
        let runs = client.runs();
        let id = text(args, "run_id");
        let created = match args::create_run(args) {
            Ok(run) => run,
            Err(reason) => return Outcome::Unusable(reason),
        };
        let follow = match args::follow(args) {
            Ok(options) => options,
            Err(reason) => return Outcome::Unusable(reason),
        };
        match step.operation.as_str() {
            "runs.create" => outcome(runs.create(created).await),
            "runs.wait" => outcome(runs.wait(created).await),
            "runs.get" => outcome(runs.get(id).await),
            "runs.list" => outcome(runs.list(args::page(args)).await),
            "runs.get_checkpoints" => outcome(runs.get_checkpoints(id).await),
            "runs.checkpoints" => outcome(runs.checkpoints(id).await),
            "runs.get_events" => self.page(step, runs.get_events(id, args::poll(args)).await),
            "runs.events" => self.page(step, runs.events(id, args::poll(args)).await),
            "runs.poll_events" => self.page(step, runs.poll_events(id, args::poll(args)).await),
            "runs.follow" => {
                let stream = runs.follow(id, text(args, "attempt_id"), follow);
                read(stream, EventStream::cursor, step).await
            }
            "runs.create_and_stream" => match runs.create_and_stream(created, follow).await {
                Ok(stream) => read(stream, RunStream::cursor, step).await,
                Err(error) => Outcome::Error(failure(&error)),
            },
            "runs.wait_for" => {
                let attempt = text(args, "attempt_id");
                let options = args::wait_for(args);
                outcome(
                    runs.wait_for(id, attempt, args::predicate(args), options)
                        .await,
                )
            }
            _ => Outcome::unknown(step),
        }
    }

    fn page(&mut self, step: &Step, result: Result<RunEventsPollResponse, Error>) -> Outcome {
        let previous = step.extra.get("next_after").map(|next| &next["previous"]);
        if let (Some(previous), Ok(page)) = (previous.and_then(Value::as_u64), &result) {
            let next = page.next_after(previous);
            self.next_after = Some(json!({"previous": previous, "expected": next}));
        }
        outcome(result)
    }
}

/// Operations without a client.
async fn pure(step: &Step) -> Option<Outcome> {
    let args = &step.args;
    Some(match step.operation.as_str() {
        "runs.narrow_follow_event" => {
            let event: Result<SseEvent, _> = serde_json::from_value(args["sse_event"].clone());
            match event {
                Ok(event) => json(&narrow_follow_event(&event, received())),
                Err(error) => Outcome::Unusable(format!("not an event: {error}")),
            }
        }
        "runs.is_terminal_run_event" => match args::event(args) {
            Ok(event) => json(&is_terminal_run_event(&event)),
            Err(error) => Outcome::Unusable(format!("not an event: {error}")),
        },
        "runs.calculate_backoff" => backoff(args),
        "sse.parse" => {
            let body = text(args, "body").as_bytes();
            let mut chunks = Vec::new();
            let mut from = 0;
            let cuts = args.get("chunks").and_then(Value::as_array);
            for cut in cuts.into_iter().flatten().filter_map(Value::as_u64) {
                let cut = usize::try_from(cut).unwrap_or(body.len()).min(body.len());
                chunks.push(Ok(bytes::Bytes::copy_from_slice(&body[from..cut])));
                from = cut;
            }
            chunks.push(Ok(bytes::Bytes::copy_from_slice(&body[from..])));
            let events = parse_sse(stream::iter(chunks), SseOptions::new());
            read(events, |_| None, step).await
        }
        _ => return None,
    })
}

/// Any time of receipt.
fn received() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

/// Many samples of one wait, in milliseconds.
fn backoff(args: &Args) -> Outcome {
    let ambient = SeededAmbient::new(7, UNIX_EPOCH);
    let of = |key: &str| Duration::from_millis(number(args, key).unwrap_or_default());
    let attempt = number(args, "attempt").and_then(|attempt| u32::try_from(attempt).ok());
    let Some(attempt) = attempt else {
        return Outcome::Unusable("the attempt does not fit".to_owned());
    };
    let samples: Vec<f64> = (0..1000)
        .map(|_| calculate_backoff(attempt, of("base_ms"), of("max_ms"), &ambient))
        .map(|wait| wait.as_secs_f64() * 1e3)
        .collect();
    json(&samples)
}

async fn agents(client: &AgentOsClient, step: &Step) -> Outcome {
    let args = &step.args;
    let agents = client.agents();
    let id = text(args, "agent_id");
    match step.operation.as_str() {
        "agents.create" => outcome(agents.create(args::create_agent(args)).await),
        "agents.update" => outcome(agents.update(id, args::update_agent(args)).await),
        "agents.get" => outcome(agents.get(id).await),
        "agents.list" => outcome(agents.list(args::page(args)).await),
        "agents.delete" => outcome(agents.delete(id).await),
        _ => Outcome::unknown(step),
    }
}

async fn credentials(client: &AgentOsClient, step: &Step) -> Outcome {
    let args = &step.args;
    let credentials = client.credentials();
    let id = text(args, "credential_id");
    match step.operation.as_str() {
        "credentials.get" => {
            let values = args.get("include_values") == Some(&Value::Bool(true));
            outcome(credentials.get(id, values).await)
        }
        "credentials.list" => outcome(credentials.list().await),
        "credentials.create" => outcome(credentials.create(&args::body(args)).await),
        "credentials.update" => outcome(credentials.update(id, &args::body(args)).await),
        "credentials.delete" => outcome(credentials.delete(id).await),
        _ => Outcome::unknown(step),
    }
}

async fn triggers(client: &AgentOsClient, step: &Step) -> Outcome {
    let args = &step.args;
    let triggers = client.triggers();
    let id = text(args, "trigger_id");
    match step.operation.as_str() {
        "triggers.list" => {
            let mut filter = TriggerFilter::new();
            filter.agent_id = given(args, "agent_id").map(str::to_owned);
            outcome(triggers.list(filter).await)
        }
        "triggers.get" => outcome(triggers.get(id).await),
        "triggers.create" => outcome(triggers.create(&args::body(args)).await),
        "triggers.update" => outcome(triggers.update(id, &args::body(args)).await),
        "triggers.delete" => outcome(triggers.delete(id).await),
        _ => Outcome::unknown(step),
    }
}

async fn chatwoot(client: &AgentOsClient, step: &Step) -> Outcome {
    let args = &step.args;
    let chatwoot = client.chatwoot();
    let credential = text(args, "credential_id");
    let inbox = args::inbox(args);
    let data = args.get("data").cloned().unwrap_or_default();
    match step.operation.as_str() {
        "chatwoot.get_inbox_url" => outcome(chatwoot.get_inbox_url(credential).await),
        "chatwoot.list_inboxes" => outcome(chatwoot.list_inboxes(credential).await),
        "chatwoot.create_inbox" => outcome(chatwoot.create_inbox(credential, &data).await),
        "chatwoot.get_inbox" => outcome(chatwoot.get_inbox(credential, inbox).await),
        "chatwoot.update_inbox" => outcome(chatwoot.update_inbox(credential, inbox, &data).await),
        "chatwoot.delete_inbox" => outcome(chatwoot.delete_inbox(credential, inbox).await),
        "chatwoot.get_inbox_metrics" => {
            outcome(chatwoot.get_inbox_metrics(credential, inbox).await)
        }
        "chatwoot.get_agent_inbox_url" => {
            outcome(chatwoot.get_agent_inbox_url(text(args, "agent_id")).await)
        }
        _ => Outcome::unknown(step),
    }
}

async fn raw(client: &AgentOsClient, step: &Step) -> Outcome {
    let raw = client.raw();
    let (path, options) = (text(&step.args, "path"), args::request(&step.args));
    match step.operation.as_str() {
        "raw.get" => outcome(raw.get(path, options).await),
        "raw.post" => outcome(raw.post(path, options).await),
        "raw.patch" => outcome(raw.patch(path, options).await),
        "raw.put" => outcome(raw.put(path, options).await),
        "raw.delete" => outcome(raw.delete(path, options).await),
        "raw.stream_get" => match raw.stream_get(path, options).await {
            Ok(body) => read(parse_sse(body, SseOptions::new()), |_| None, step).await,
            Err(error) => Outcome::Error(failure(&error)),
        },
        _ => Outcome::unknown(step),
    }
}

async fn other(client: &AgentOsClient, step: &Step) -> Outcome {
    match step.operation.as_str() {
        // A client is no JSON: that there is one is what counts.
        "client.new" => Outcome::Ok(step.expect.get("ok").cloned().unwrap_or_default()),
        "me.get" => outcome(client.me().get().await),
        "members.list" => outcome(client.members().list(args::page(&step.args)).await),
        _ => Outcome::unknown(step),
    }
}

/// Reads a stream to its end, or as many items as the vector takes; then it is dropped.
async fn read<S, E>(mut stream: S, cursor: fn(&S) -> Option<Cursor>, step: &Step) -> Outcome
where
    S: Stream<Item = Result<E, Error>> + Unpin,
    E: serde::Serialize,
{
    let take = match parsed(&step.extra, "take") {
        Ok(take) => take.unwrap_or(usize::MAX),
        Err(problem) => return Outcome::Unusable(problem),
    };
    let mut streamed = Streamed::read((&mut stream).take(take), failure).await;
    if let Ok(streamed) = &mut streamed {
        streamed.cursor = cursor(&stream).and_then(Cursor::as_u64).map(Value::from);
    }
    streamed.into()
}

fn outcome<T: serde::Serialize>(result: Result<T, Error>) -> Outcome {
    Outcome::from_result(result, |error| failure(&error))
}

fn json<T: serde::Serialize>(value: &T) -> Outcome {
    outcome(Ok(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_wait_for_long_is_replayed_on_virtual_time() {
        let replayed = |operation: &str, wait: Option<u64>, answers: &[Value]| {
            let path = "/v1/api/runs/r/events/stream";
            let exchanges: Vec<_> = answers
                .iter()
                .map(|answer| json!({"request": {"method": "GET", "path": path}, "response": answer}))
                .collect();
            let vector = serde_json::from_value(json!({
                "name": "n", "vendor": "agent-os", "operation": operation, "exchanges": exchanges,
                "args": {"options": {"base_delay_ms": wait}},
            }));
            AgentOs.needs_virtual_time(&vector.unwrap())
        };
        let plain = json!({"status": 200});
        let open = json!({"status": 200, "end": "open"});
        let late = json!({"status": 503, "headers": {"Retry-After": "60"}});
        let (follow, start) = ("runs.follow", "runs.create_and_stream");
        for (operation, wait, answers, expected) in [
            ("runs.wait_for", Some(1), [&plain].as_slice(), true),
            ("runs.get", None, &[&open, &open], false),
            (follow, None, &[&open], false),
            (follow, Some(1), &[&plain, &open], false),
            (follow, Some(1), &[&open, &plain], true),
            (follow, Some(1), &[&late, &plain], true),
            (start, Some(1), &[&late], false),
            (start, None, &[&plain, &plain], true),
        ] {
            let answers: Vec<_> = answers.iter().copied().cloned().collect();
            assert_eq!(
                replayed(operation, wait, &answers),
                expected,
                "{operation} {answers:?}"
            );
        }
    }
}
