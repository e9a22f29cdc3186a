//! Every call into the Trelent SDK.

use std::path::PathBuf;

use agent_core::BoxFuture;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use trelent_agents::{
    ClaudeCodeHarnessSpec, Client, ClientOptions, CodexHarnessSpec, CommonEvent, CreateRunOptions,
    Error, EventStream, Exporter, GeminiHarnessSpec, HarnessSpec, HttpConfig, Importer,
    LocalImporter, Resume, ResumeRunOptions, RetryPolicy, Run, RunSecretBinding, RunSecretSpec,
    S3Exporter, SharedWorkspaceExporter, SharedWorkspaceImporter, TokenRequest,
};

use super::errors::failure;
use super::{fixture, imports};
use crate::adapter::{Adapter, Env, Failure, Outcome, Session, Streamed};
use crate::args::{Args, given, list, parsed, text};
use crate::compare::Difference;
use crate::compare::url::UrlRule;
use crate::vector::{Exchange, Request, Step, Vector};

/// The adapter.
#[derive(Debug)]
pub struct Trelent;

impl Adapter for Trelent {
    fn url_rule(&self) -> UrlRule {
        UrlRule::Decoded
    }

    fn open<'a>(
        &'a self,
        vector: &'a Vector,
        env: &'a Env,
    ) -> BoxFuture<'a, Result<Box<dyn Session>, Failure>> {
        Box::pin(async move {
            let client = client(&vector.client, env).map_err(|error| failure(&error))?;
            let mut folder = None;
            if let Some(items) = vector.extra.get("fixture") {
                let made = env.folder().and_then(|path| {
                    fixture::create(path, items)?;
                    Ok(path.to_owned())
                });
                let trouble = |error: std::io::Error| {
                    Failure::new("fixture").with("message", error.to_string())
                };
                folder = Some(made.map_err(trouble)?);
            }
            let session: Box<dyn Session> = Box::new(Live {
                client,
                run: None,
                folder,
            });
            Ok(session)
        })
    }

    fn check_body(
        &self,
        rule: &str,
        body: &[u8],
        expected: &Request,
        vector: &Vector,
    ) -> Result<Vec<Difference>, String> {
        match rule {
            imports::RULE => match of_last_request(expected, vector) {
                Some(decoded) => imports::check(body, &expected.body, Some(decoded)),
                None => imports::check(
                    body,
                    &expected.body,
                    Some(&imports::decoded(&expected.body)?),
                ),
            },
            _ => Err(format!("Trelent's contract has no rule {rule:?}")),
        }
    }
}

/// Options with what those of a new run and those of a fork both take: two types that share no trait.
macro_rules! with_what_both_take {
    ($session:expr, $args:expr, $options:expr) => {{
        let (session, args, mut options) = ($session, $args, $options);
        if let Some(workdir) = given(args, "workdir") {
            options = options.workdir(workdir);
        }
        if let Some(seconds) = seconds(args)? {
            options = options.timeout_seconds(seconds);
        }
        for item in list(args, "imports") {
            options = options.import(session.importer(item)?);
        }
        for item in list(args, "exports") {
            options = options.export(exporter(item)?);
        }
        for item in list(args, "secrets") {
            options = options.secret(secret(item)?);
        }
        options
    }};
}

/// `decoded_imports`, if `expected` is what they are about: the last request, also when it was made more than once.
fn of_last_request<'a>(expected: &Request, vector: &'a Vector) -> Option<&'a Value> {
    let with_rule = |exchange: &&Exchange| exchange.request.body_check.is_some();
    let last = vector.exchanges.iter().rfind(with_rule)?;
    let decoded = vector.extra.get("decoded_imports")?;
    (last.request.body == expected.body).then_some(decoded)
}

/// A client, the run that `run.*` operations work on, and where local imports are.
struct Live {
    client: Client,
    run: Option<Run>,
    folder: Option<PathBuf>,
}

impl Session for Live {
    fn call<'a>(&'a mut self, step: &'a Step) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            match step.operation.split_once('.') {
                Some(("runs", _)) => self.runs(step).await,
                Some(("run", _)) => self.run(step).await,
                Some(("secrets", _)) => self.secrets(step).await,
                _ => self.other(step).await,
            }
        })
    }
}

impl Live {
    async fn other(&self, step: &Step) -> Outcome {
        let args = &step.args;
        match step.operation.as_str() {
            "client.new" => Outcome::Ok("constructed".into()),
            "client.health" => outcome(self.client.health().await),
            "sandboxes.list" => outcome(self.client.sandboxes().list().await),
            "tokens.create" => {
                let request = TokenRequest::new(
                    text(args, "client_id"),
                    text(args, "client_secret"),
                    text(args, "scope"),
                );
                outcome(self.client.tokens().create(&request).await)
            }
            _ => Outcome::unknown(step),
        }
    }

    async fn runs(&mut self, step: &Step) -> Outcome {
        let args = &step.args;
        let runs = self.client.runs();
        let id = text(args, "run_id");
        match step.operation.as_str() {
            "runs.create" => match self.create_options(args) {
                Ok(options) => {
                    let created = runs.create(options).await;
                    self.keep(created)
                }
                Err(reason) => Outcome::Unusable(reason),
            },
            "runs.list" => {
                let listed = runs.list(given(args, "sandbox")).await;
                self.list(step, listed)
            }
            "runs.get" => {
                let run = runs.get(id).await;
                self.keep(run)
            }
            "runs.get_status" => outcome(runs.get_status(id).await),
            "runs.cancel" => outcome(runs.cancel(id).await),
            "runs.get_checkpoint_chain" => outcome(runs.get_checkpoint_chain(id).await),
            "runs.get_checkpoint" => {
                outcome(runs.get_checkpoint(id, text(args, "checkpoint_id")).await)
            }
            "runs.subscribe" => read(runs.subscribe(id), args).await,
            _ => Outcome::unknown(step),
        }
    }

    async fn run(&mut self, step: &Step) -> Outcome {
        let args = &step.args;
        let options = self.resume_options(args);
        let Some(run) = &mut self.run else {
            return Outcome::Unusable("no earlier step returned a run".to_owned());
        };
        match step.operation.as_str() {
            "run.fields" => json(&*run),
            "run.refresh" => match run.refresh().await {
                Ok(()) => json(&*run),
                Err(error) => Outcome::Error(failure(&error)),
            },
            "run.subscribe" => read(run.subscribe(), args).await,
            "run.fork" => match options {
                Ok(options) => {
                    let child = run.fork(text(args, "prompt"), options).await;
                    self.keep(child)
                }
                Err(reason) => Outcome::Unusable(reason),
            },
            _ => Outcome::unknown(step),
        }
    }

    async fn secrets(&self, step: &Step) -> Outcome {
        let secrets = self.client.secrets();
        let (name, value) = (text(&step.args, "name"), text(&step.args, "value"));
        match step.operation.as_str() {
            "secrets.create" => outcome(secrets.create(name, value).await),
            "secrets.list" => outcome(secrets.list().await),
            "secrets.get" => outcome(secrets.get(name).await),
            "secrets.update" => outcome(secrets.update(name, value).await),
            "secrets.delete" => outcome(secrets.delete(name).await),
            _ => Outcome::unknown(step),
        }
    }

    /// Keeps a run for the `run.*` operations that follow.
    fn keep(&mut self, result: Result<Run, Error>) -> Outcome {
        match result {
            Ok(run) => {
                let outcome = json(&run);
                self.run = Some(run);
                outcome
            }
            Err(error) => Outcome::Error(failure(&error)),
        }
    }

    /// A list of runs, or the one of it that the step picks.
    fn list(&mut self, step: &Step, result: Result<Vec<Run>, Error>) -> Outcome {
        let Some(pick) = step.extra.get("pick").and_then(Value::as_u64) else {
            return outcome(result);
        };
        match result {
            Ok(runs) => match usize::try_from(pick)
                .ok()
                .and_then(|at| runs.into_iter().nth(at))
            {
                Some(run) => self.keep(Ok(run)),
                None => Outcome::Unusable(format!("the list has no run {pick}")),
            },
            Err(error) => Outcome::Error(failure(&error)),
        }
    }

    fn create_options(&self, args: &Args) -> Result<CreateRunOptions, String> {
        let mut options = CreateRunOptions::new(text(args, "sandbox"), text(args, "prompt"));
        if let Some(spec) = args.get("harness").filter(|spec| !spec.is_null()) {
            options = options.harness(harness(spec)?);
        }
        Ok(with_what_both_take!(self, args, options))
    }

    fn resume_options(&self, args: &Args) -> Result<ResumeRunOptions, String> {
        let options = ResumeRunOptions::new();
        Ok(with_what_both_take!(self, args, options))
    }

    fn importer(&self, item: &Value) -> Result<Importer, String> {
        if let Some(local) = item.get("local") {
            let path = local["path"].as_str().ok_or("an import without a path")?;
            // An empty path stays empty; text joins, not paths, so that a slash at the end stays as well.
            let path = match &self.folder {
                Some(folder) if !path.is_empty() => format!("{}/{path}", folder.display()),
                _ => path.to_owned(),
            };
            return Ok(LocalImporter::new(path).into());
        }
        let shared = item["shared_workspace"]
            .as_object()
            .ok_or("an unknown import")?;
        let mut importer = SharedWorkspaceImporter::new(text(shared, "name"));
        if let Some(subpath) = given(shared, "subpath") {
            importer = importer.subpath(subpath);
        }
        Ok(importer.into())
    }
}

/// The time limit of a run. The SDK's type has no numbers that are negative or beyond 64 bits: the nearest that it has
/// is as much out of range.
fn seconds(args: &Args) -> Result<Option<u64>, String> {
    let given: Option<f64> = parsed(args, "timeout_seconds")?;
    match given {
        Some(seconds) if seconds < 0.0 => Ok(Some(0)),
        Some(seconds) if seconds > 1e18 => Ok(Some(u64::MAX)),
        _ => parsed(args, "timeout_seconds"),
    }
}

fn client(options: &Args, env: &Env) -> Result<Client, Error> {
    // As the vendor's client does: neither repeat nor resume by itself.
    let mut http = HttpConfig::new()
        .retry(RetryPolicy::none())
        .resume(Resume::never());
    if let Some(transport) = env.transport() {
        http = http.transport(transport);
    }
    let mut settings = ClientOptions::new().http(http);
    if let Some(id) = given(options, "client_id") {
        settings = settings.client_id(id);
    }
    if let Some(secret) = given(options, "client_secret") {
        settings = settings.client_secret(secret);
    }
    if let Some(scope) = given(options, "scope") {
        settings = settings.scope(scope);
    }
    Client::with_options(text(options, "api_url"), settings)
}

fn harness(spec: &Value) -> Result<HarnessSpec, String> {
    let model = spec.get("model").and_then(Value::as_str);
    macro_rules! of {
        ($spec:ident) => {
            Ok(match model {
                Some(model) => $spec::new().model(model).into(),
                None => $spec::new().into(),
            })
        };
    }
    match spec["kind"].as_str() {
        Some("claude_code") => of!(ClaudeCodeHarnessSpec),
        Some("codex") => of!(CodexHarnessSpec),
        Some("gemini") => of!(GeminiHarnessSpec),
        _ => Err(format!("an unknown harness: {spec}")),
    }
}

fn exporter(item: &Value) -> Result<Exporter, String> {
    if let Some(s3) = item.get("s3").and_then(Value::as_object) {
        let mut exporter = S3Exporter::new();
        if let Some(bucket) = given(s3, "bucket") {
            exporter = exporter.bucket(bucket);
        }
        if let Some(path) = given(s3, "path") {
            exporter = exporter.path(path);
        }
        return Ok(exporter.into());
    }
    let shared = item["shared_workspace"]
        .as_object()
        .ok_or("an unknown export")?;
    let mut exporter = SharedWorkspaceExporter::new(text(shared, "name"));
    if let Some(directory) = given(shared, "directory") {
        exporter = exporter.directory(directory);
    }
    if let Some(bucket) = given(shared, "bucket") {
        exporter = exporter.bucket(bucket);
    }
    if let Some(path) = given(shared, "path") {
        exporter = exporter.path(path);
    }
    Ok(exporter.into())
}

fn secret(item: &Value) -> Result<RunSecretSpec, String> {
    if let Some(name) = item.as_str() {
        return Ok(name.into());
    }
    let members = item.as_object().ok_or("an unknown secret")?;
    let mut binding = RunSecretBinding::new(text(members, "name"));
    if let Some(variable) = given(members, "env_var") {
        binding = binding.env_var(variable);
    }
    if let Some(mount) = members.get("mount").and_then(Value::as_bool) {
        binding = binding.mount(mount);
    }
    Ok(binding.into())
}

/// Reads a stream to its end, or to the event after which the caller closes it.
async fn read(mut stream: EventStream<CommonEvent>, args: &Args) -> Outcome {
    let mut items = match parsed::<usize>(args, "close_after") {
        Ok(None) => Vec::new(),
        Ok(Some(close_after)) => {
            let first = (&mut stream).take(close_after);
            let first = Streamed::read(first, failure).await;
            stream.close();
            match first {
                Ok(first) => first.items,
                Err(problem) => return Outcome::Unusable(problem),
            }
        }
        Err(problem) => return Outcome::Unusable(problem),
    };
    Streamed::read(&mut stream, failure)
        .await
        .map(|rest| {
            items.extend(rest.items);
            Streamed {
                items,
                cursor: stream.cursor().map(|cursor| json!(cursor.as_u64())),
            }
        })
        .into()
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
    fn a_time_limit_that_the_type_can_not_hold_is_as_far_out_of_range() {
        for (given, expected) in [
            (json!(60), Ok(Some(60))),
            (json!(-1), Ok(Some(0))),
            (json!(-1e30), Ok(Some(0))),
            (json!(1e30), Ok(Some(u64::MAX))),
            (json!(u64::MAX), Ok(Some(u64::MAX))),
            (json!(null), Ok(None)),
        ] {
            let args = Args::from_iter([("timeout_seconds".to_owned(), given)]);
            assert_eq!(seconds(&args), expected);
        }
        let fraction = Args::from_iter([("timeout_seconds".to_owned(), json!(60.5))]);
        assert!(seconds(&fraction).is_err());
    }
}
