//! Runs: their state, result, files and the harness that works in them. What one can *do* with a run is not here.

use std::fmt;
use std::time::SystemTime;

use agent_core::{Result, open_enum};
use serde::{Deserialize, Serialize};

use super::{Extra, Presigned, parse_timestamp};

mod wire;

open_enum! {
    /// How far a run has come. Source: seen in the vendor's Python client and in its users' code.
    pub enum RunStatus {
        /// Accepted, not yet started.
        Pending = "pending",
        /// The sandbox is being prepared.
        Starting = "starting",
        /// The agent is at work.
        Running = "running",
        /// The agent is done.
        Completed = "completed",
        /// The run ended with an error.
        Failed = "failed",
        /// The run's time limit expired.
        Timeout = "timeout",
        /// The run was cancelled.
        Cancelled = "cancelled",
        ..Unknown
    }
}

impl RunStatus {
    /// Whether nothing will happen any more. A status this version does not know counts as "not over".
    pub fn is_terminal(&self) -> bool {
        self.terminal().is_some()
    }

    /// How the run ended, once it has: the statuses behind which nothing comes, as an enumeration of their own.
    pub fn terminal(&self) -> Option<TerminalStatus> {
        match self {
            Self::Completed => Some(TerminalStatus::Completed),
            Self::Failed => Some(TerminalStatus::Failed),
            Self::Timeout => Some(TerminalStatus::Timeout),
            Self::Cancelled => Some(TerminalStatus::Cancelled),
            _ => None,
        }
    }
}

/// How a run ended: [`RunStatus::terminal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TerminalStatus {
    /// The agent is done.
    Completed,
    /// The run ended with an error.
    Failed,
    /// The run's time limit expired.
    Timeout,
    /// The run was cancelled.
    Cancelled,
}

open_enum! {
    /// Which agent works in the sandbox. Source: package readme; wire names seen in the vendor's Python client.
    pub enum HarnessKind {
        /// Claude Code.
        ClaudeCode = "claude_code",
        /// Codex.
        Codex = "codex",
        /// Gemini.
        Gemini = "gemini",
        ..Unknown
    }
}

/// The agent of a run, as the server tells it. What one asks for is a [`HarnessSpec`](crate::HarnessSpec).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HarnessInfo {
    /// Which agent.
    pub kind: HarnessKind,
    /// Its model.
    pub model: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What a run came to. Source: package readme.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunResult {
    /// Id of the run.
    pub run_id: String,
    /// How it ended, as free text: not the enumeration of [`RunStatus`].
    pub status: String,
    /// The agent's last words. The server may drop them after a while.
    #[serde(default)]
    pub output: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The files that one exporter delivered. Source: package readme; fields seen in the vendor's Python client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileOutput {
    /// The way of delivery, such as `s3`.
    pub delivery: String,
    /// The files.
    pub files: Vec<OutputFile>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One delivered file. `Debug` does not show the query of its address.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OutputFile {
    /// Path of the file.
    pub path: String,
    /// An address to download it from, if the server gives one. Who has it can read the file: keep it secret, and
    /// fetch it without the API's credentials.
    #[serde(default)]
    pub presigned_url: Option<String>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl fmt::Debug for OutputFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputFile")
            .field("path", &self.path)
            .field("presigned_url", &Presigned(&self.presigned_url))
            .field("extra", &self.extra)
            .finish()
    }
}

/// Ids in the vendor's own machinery, for its support.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "wire::WorkflowIds")]
#[non_exhaustive]
pub struct WorkflowIds {
    /// Workflow that runs the sandbox.
    pub infra: String,
    /// Workflow that runs the agent. Newer servers call it `harness`.
    pub agent: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The status of a run, and nothing else of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RunStatusResponse {
    /// Id of the run.
    pub run_id: String,
    /// How far it has come.
    pub status: RunStatus,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The answer to cancelling a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CancelRunResponse {
    /// What the server does about it, as free text.
    pub status: String,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What the server tells about a run: plain data, to keep, compare and print.
///
/// Read from the server's names (`run_id` and `parent_run_id`) and from its own (`id`, `parent`); written with its
/// own. Source: package readme; optional fields seen in the vendor's Python client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "wire::Run")]
#[non_exhaustive]
pub struct RunData {
    /// Id of the run.
    pub id: String,
    /// Image it started from; for a fork the parent's.
    pub sandbox: String,
    /// The agent that works in it.
    pub harness: HarnessInfo,
    /// Id of the run it was forked from.
    pub parent: Option<String>,
    /// What the agent was asked to do. Newer servers forget it after a while.
    pub prompt: Option<String>,
    /// How far it has come.
    pub status: RunStatus,
    /// When it was made, as the server wrote it; [`created_time`](Self::created_time) reads it.
    pub created_at: String,
    /// When the agent began.
    pub started_at: Option<String>,
    /// When it was over.
    pub completed_at: Option<String>,
    /// What it came to, once it is over.
    pub result: Option<RunResult>,
    /// Files that exporters delivered.
    pub file_outputs: Vec<FileOutput>,
    /// Why it failed.
    pub error: Option<String>,
    /// Ids for the vendor's support.
    pub workflow_ids: Option<WorkflowIds>,
    /// Fields this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

impl RunData {
    /// [`created_at`](Self::created_at) as a time. Fails with kind `Decode` if the text is no timestamp.
    pub fn created_time(&self) -> Result<SystemTime> {
        parse_timestamp(&self.created_at)
    }

    /// [`started_at`](Self::started_at) as a time, once there is one.
    pub fn started_time(&self) -> Result<Option<SystemTime>> {
        self.started_at.as_deref().map(parse_timestamp).transpose()
    }

    /// [`completed_at`](Self::completed_at) as a time, once there is one.
    pub fn completed_time(&self) -> Result<Option<SystemTime>> {
        self.completed_at
            .as_deref()
            .map(parse_timestamp)
            .transpose()
    }
}
