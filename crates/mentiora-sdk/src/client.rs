//! The client: what is shared by its rooms, and the doors to them.

use std::sync::Arc;
use std::time::Duration;

use agent_core::sdk::{Auth, Pipeline, Request, Response, Setup};
use agent_core::{
    Call, Error, Limit, Raw, Result, Resume, RetryBudget, RetryPolicy, Timeouts, WithResponse,
};

use crate::agents::AgentsClient;
use crate::config::{MentioraConfig, SdkMode};
use crate::dialect::{BROWSER, SERVER};
use crate::files::FilesClient;
use crate::identity::Identity;
use crate::knowledge::KnowledgeClient;
use crate::ops::OPS;
use crate::traces::TracingClient;
use crate::wire;

/// The entry point. Cheap to clone; clones share connections, the identity token and the retry budget. Building one
/// sends nothing.
///
/// ```no_run
/// use mentiora_sdk::{AgentRunParams, MentioraClient, MentioraConfig};
///
/// # async fn demo() -> mentiora_sdk::Result<()> {
/// let client = MentioraClient::new(MentioraConfig::server("sk_live_…"))?;
/// let result = client.agents().run(AgentRunParams::tag("production", "Hello!")).await?;
/// println!("{}", result.output);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct MentioraClient {
    room: Room,
    mode: SdkMode,
    timeout: Duration,
    retries: u32,
}

impl MentioraClient {
    /// A client with these settings.
    ///
    /// Fails with kind [`Config`](crate::ErrorKind::Config) if there is not exactly one key, a key is empty or can not
    /// be sent in a header, the base URL is not http or https, or a limit is zero. Warns through `tracing` when the API
    /// key would go over plain http to another host than `localhost`.
    pub fn new(config: MentioraConfig) -> Result<Self> {
        let mode = config.mode()?;
        let base = config.base()?;
        let timeout = config.timeout.unwrap_or(wire::DEFAULT_TIMEOUT);
        let retries = config.retries.unwrap_or(wire::DEFAULT_RETRIES);
        let auth = match (config.api_key, config.publishable_key) {
            (Some(key), _) => Auth::bearer(&key)?,
            (None, Some(key)) => Auth::Hook(Arc::new(Identity::new(
                key,
                config.identity_token,
                config.get_identity_token,
                timeout,
            ))),
            (None, None) => Auth::None,
        };
        let mut timeouts = Timeouts::default();
        timeouts.attempt = Limit::After(timeout);
        timeouts.headers = Limit::After(timeout);
        let pipeline = Pipeline::new(Setup {
            dialect: match mode {
                SdkMode::Browser => &BROWSER,
                SdkMode::Server => &SERVER,
            },
            base,
            auth,
            timeouts,
            retry: RetryPolicy::default()
                .max_retries(retries)
                .backoff(wire::BACKOFF_BASE, wire::BACKOFF_CAP)
                .resend_unsafe(config.retries.is_some()),
            resume: Resume::never(),
            operations: OPS,
            http: config.http,
        })?;
        Ok(Self {
            room: Room {
                pipeline,
                debug: config.debug,
            },
            mode,
            timeout,
            retries,
        })
    }

    /// Agents: run them, stream their events.
    pub fn agents(&self) -> AgentsClient {
        AgentsClient::new(self.room.clone())
    }

    /// Files, for knowledge bases to read. Beyond the agents API; source: the vendor's client.
    pub fn files(&self) -> FilesClient {
        FilesClient::new(self.room.clone())
    }

    /// Knowledge bases. Beyond the agents API; source: the vendor's client.
    pub fn knowledge(&self) -> KnowledgeClient {
        KnowledgeClient::new(self.room.clone())
    }

    /// Traces of your own program, for the vendor's dashboard. Beyond the agents API; source: the vendor's client.
    ///
    /// Fails with kind [`Config`](crate::ErrorKind::Config) in browser mode.
    pub fn tracing(&self) -> Result<TracingClient> {
        match self.mode {
            SdkMode::Server => Ok(TracingClient::new(self.room.clone())),
            SdkMode::Browser => Err(Error::config(
                "tracing is only available in server mode (initialized with apiKey). Browser mode (publishableKey) \
                 does not support sending traces.",
            )),
        }
    }

    /// Which key it was built with.
    pub fn mode(&self) -> SdkMode {
        self.mode
    }

    /// Whether calls are logged.
    pub fn debug(&self) -> bool {
        self.room.debug
    }

    /// Where the API is, without a slash at the end.
    pub fn base_url(&self) -> &str {
        self.room.pipeline.base().as_str()
    }

    /// The limit of one attempt that the configuration set.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The number of attempts after the first that the configuration set.
    pub fn retries(&self) -> u32 {
        self.retries
    }

    /// Does nothing, any number of times: connections close when the last clone is dropped. Here because the vendor's
    /// client has it.
    pub fn close(&self) {}

    /// Any path of the API, for what this crate has no method for: the same credentials, retries, limits and errors.
    /// POST and PATCH are repeated as [`AgentsClient::run`] is.
    pub fn raw(&self) -> Raw {
        Raw::new(self.room.pipeline.clone())
    }

    /// What is left of the retry budget that this client's clones share.
    pub fn retry_budget(&self) -> &RetryBudget {
        self.room.pipeline.retry_budget()
    }
}

/// What every room of the client needs.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    pub(crate) pipeline: Pipeline,
    pub(crate) debug: bool,
}

impl Room {
    /// A call that sends `request` and reads the answer with `decode`.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        request: Request,
        decode: impl FnOnce(&Response) -> Result<T> + Send + 'static,
    ) -> Call<T> {
        self.call_or(request, decode, Err)
    }

    /// As [`call`](Self::call), with a second look at a failure.
    pub(crate) fn call_or<T: Send + 'static>(
        &self,
        request: Request,
        decode: impl FnOnce(&Response) -> Result<T> + Send + 'static,
        recover: impl FnOnce(Error) -> Result<WithResponse<T>> + Send + 'static,
    ) -> Call<T> {
        let operation = request.op().name;
        let debug = self.debug;
        Call::new(self.pipeline.clone(), operation, move |caller| async move {
            if debug {
                tracing::info!(operation, "call");
            }
            let answer = match caller.send(&request).await {
                Ok(response) => {
                    decode(&response).map(|value| WithResponse::new(value, response.meta))
                }
                Err(error) => recover(error),
            };
            if debug {
                report(operation, &answer);
            }
            answer
        })
    }
}

/// Logs how a call ended. Texts of errors stay out: they can be the server's.
fn report<T>(operation: &str, answer: &Result<WithResponse<T>>) {
    match answer {
        Ok(answer) => tracing::info!(
            operation,
            status = answer.response.status.as_u16(),
            attempts = answer.response.attempts,
            "answer"
        ),
        Err(error) => tracing::info!(
            operation,
            kind = ?error.kind(),
            status = error.status(),
            attempts = error.attempts(),
            "failed"
        ),
    }
}
