//! The names that servers use for a run's fields. serde's own `alias` would refuse an answer that has both names.

use serde::Deserialize;

use super::{Extra, FileOutput, HarnessInfo, RunData, RunResult, RunStatus};
use crate::shape::second_name;

#[derive(Deserialize)]
pub(super) struct Run {
    #[serde(rename = "run_id")]
    vendor_id: Option<String>,
    #[serde(default, deserialize_with = "second_name")]
    id: Option<String>,
    sandbox: String,
    harness: HarnessInfo,
    parent_run_id: Option<String>,
    #[serde(default, deserialize_with = "second_name")]
    parent: Option<String>,
    prompt: Option<String>,
    status: RunStatus,
    created_at: String,
    started_at: Option<String>,
    completed_at: Option<String>,
    result: Option<RunResult>,
    file_outputs: Option<Vec<FileOutput>>,
    error: Option<String>,
    workflow_ids: Option<super::WorkflowIds>,
    #[serde(flatten)]
    extra: Extra,
}

impl TryFrom<Run> for RunData {
    type Error = &'static str;

    fn try_from(run: Run) -> Result<Self, Self::Error> {
        Ok(Self {
            id: run.vendor_id.or(run.id).ok_or("missing field `run_id`")?,
            sandbox: run.sandbox,
            harness: run.harness,
            parent: run.parent_run_id.or(run.parent),
            prompt: run.prompt,
            status: run.status,
            created_at: run.created_at,
            started_at: run.started_at,
            completed_at: run.completed_at,
            result: run.result,
            file_outputs: run.file_outputs.unwrap_or_default(),
            error: run.error,
            workflow_ids: run.workflow_ids,
            extra: run.extra,
        })
    }
}

#[derive(Deserialize)]
pub(super) struct WorkflowIds {
    infra: String,
    agent: Option<String>,
    #[serde(default, deserialize_with = "second_name")]
    harness: Option<String>,
    #[serde(flatten)]
    extra: Extra,
}

impl TryFrom<WorkflowIds> for super::WorkflowIds {
    type Error = &'static str;

    fn try_from(ids: WorkflowIds) -> Result<Self, Self::Error> {
        Ok(Self {
            infra: ids.infra,
            agent: ids.agent.or(ids.harness).ok_or("missing field `agent`")?,
            extra: ids.extra,
        })
    }
}
