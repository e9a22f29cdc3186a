//! Runs: start, look at, list, cancel. Waiting for one is in `wait.rs`, following one in `agent.rs`.

use agent_core::Call;
use agent_core::sdk::Request;
use serde::Serialize;

use crate::client::AgentRouterClient;
use crate::ops;
use crate::runtime::RuntimeSelection;
use crate::types::{ActionApprovalMode, Extra, Run, RunId, RunList, RunSession, RunStatusFilter};

/// What a run is started with.
///
/// ```
/// use agentrouter_sdk::{ActionApprovalMode, CreateRunRequest, codex};
///
/// let request = CreateRunRequest::new("Fix the failing test")
///     .runtime(codex())
///     .approval_mode(ActionApprovalMode::Manual)
///     .metadata_entry("ticket", 17)
///     .idempotency_key("ticket-17");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[must_use]
pub struct CreateRunRequest {
    /// What the agent shall do. The server trims it and wants 1 to 120,000 characters.
    pub task: String,
    /// Which agent. Default: the server's, which is Codex in its default mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<RuntimeSelection>,
    /// What happens when policy wants an action approved. Default: the server's, which is `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval_mode: Option<ActionApprovalMode>,
    /// What the server keeps with the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Extra>,
    /// Makes repeating safe: the server keeps it for 24 hours and answers the same request with the same run. Sent as
    /// header, and only if it is not empty. Visible ASCII and spaces only.
    #[serde(skip)]
    pub idempotency_key: Option<String>,
}

/// The setters of what a run is started with, on everything that holds it in a field.
macro_rules! create_setters {
    ($($field:ident)?) => {
        /// Sets the agent: `codex()` or `claude_code()`.
        pub fn runtime(mut self, runtime: impl Into<$crate::RuntimeSelection>) -> Self {
            self$(.$field)?.runtime = Some(runtime.into());
            self
        }

        /// Sets what happens when policy wants an action approved.
        pub fn approval_mode(mut self, mode: impl Into<$crate::ActionApprovalMode>) -> Self {
            self$(.$field)?.approval_mode = Some(mode.into());
            self
        }

        /// Sets what the server keeps with the run.
        pub fn metadata(mut self, metadata: $crate::Extra) -> Self {
            self$(.$field)?.metadata = Some(metadata);
            self
        }

        /// Adds one entry to what the server keeps with the run.
        pub fn metadata_entry(
            mut self,
            key: impl Into<String>,
            value: impl Into<serde_json::Value>,
        ) -> Self {
            let metadata = self$(.$field)?.metadata.get_or_insert_default();
            metadata.insert(key.into(), value.into());
            self
        }

        /// Sets the key that makes repeating safe. Without one, and with retries on, the client makes one for its own
        /// retries.
        pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
            self$(.$field)?.idempotency_key = Some(key.into());
            self
        }
    };
}
pub(crate) use create_setters;

impl CreateRunRequest {
    /// A run that does this, with the server's defaults.
    pub fn new(task: impl Into<String>) -> Self {
        Self {
            task: task.into(),
            ..Self::default()
        }
    }

    create_setters!();

    pub(crate) fn request(&self) -> Request {
        Request::new(&ops::CREATE_RUN)
            .json(self)
            .idempotency_key(self.idempotency_key.clone())
    }
}

/// Which runs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct ListRunsQuery {
    /// Only runs of this status, or all that are not over. Default: all.
    pub status: Option<RunStatusFilter>,
    /// At most so many, 1 to 100. Default: the server's, which is 50. 0 is as not given.
    pub limit: Option<u64>,
}

impl ListRunsQuery {
    /// The newest runs of every status.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the status: a [`RunStatus`](crate::RunStatus), a [`RunStatusFilter`], or a text.
    pub fn status(mut self, status: impl Into<RunStatusFilter>) -> Self {
        self.status = Some(status.into());
        self
    }

    /// Sets the most runs.
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }
}

impl AgentRouterClient {
    /// Starts a run (`createRun`).
    ///
    /// It is sent with an idempotency key: the request's, that of the default headers, or, while retries are on, one
    /// made for this call. With it the call is repeated like any other; without one **never**, as a second run could
    /// start.
    pub fn create_run(&self, request: impl Into<CreateRunRequest>) -> Call<Run> {
        self.call(request.into().request())
    }

    /// One run (`getRun`).
    pub fn get_run(&self, run_id: impl Into<RunId>) -> Call<Run> {
        self.about(&ops::GET_RUN, run_id.into())
    }

    /// The newest runs (`listRuns`), at most 100. The API has no further pages.
    pub fn list_runs(&self, query: ListRunsQuery) -> Call<RunList> {
        let status = query.status.filter(|status| !status.as_str().is_empty());
        self.call(
            Request::new(&ops::LIST_RUNS)
                .query_opt("status", status)
                .query_opt("limit", query.limit.filter(|limit| *limit > 0)),
        )
    }

    /// Asks for a run to be stopped (`cancelRun`). A run that is over is returned as it is; otherwise its status becomes
    /// `cancelling`. Asking twice does no harm. How it then ends, the server decides: it may well be as `failed`.
    pub fn cancel_run(&self, run_id: impl Into<RunId>) -> Call<Run> {
        self.call(
            Request::new(&ops::CANCEL_RUN)
                .param("run_id", run_id.into())
                .json(&Extra::new()),
        )
    }

    /// All that is known of a run now (`getRunSession`): its state, the last answer, the files it left.
    pub fn get_run_session(&self, run_id: impl Into<RunId>) -> Call<RunSession> {
        self.about(&ops::GET_RUN_SESSION, run_id.into())
    }
}

impl From<&str> for CreateRunRequest {
    fn from(task: &str) -> Self {
        Self::new(task)
    }
}

impl From<String> for CreateRunRequest {
    fn from(task: String) -> Self {
        Self::new(task)
    }
}
