//! The enumerations of the wire. All are open: a value that this version does not know is kept as it came.

use agent_core::open_enum;

open_enum! {
    /// How far a run has come.
    pub enum RunStatus {
        /// Accepted, no worker has it.
        Queued = "queued",
        /// The sandbox is being prepared.
        Starting = "starting",
        /// The agent is at work, or waits for an approval.
        Running = "running",
        /// Somebody asked for it to be stopped.
        Cancelling = "cancelling",
        /// It was stopped.
        Cancelled = "cancelled",
        /// The agent is done.
        Completed = "completed",
        /// It ended with an error.
        Failed = "failed",
        ..Unknown
    }
}

impl RunStatus {
    /// Whether the run is over: completed, failed or cancelled. A status this version does not know counts as "not
    /// over". Events may still come.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

open_enum! {
    /// Which runs to list: those of one status, or all that are not over.
    pub enum RunStatusFilter {
        /// Queued, starting, running or cancelling.
        Active = "active",
        /// See [`RunStatus`].
        Queued = "queued",
        /// See [`RunStatus`].
        Starting = "starting",
        /// See [`RunStatus`].
        Running = "running",
        /// See [`RunStatus`].
        Cancelling = "cancelling",
        /// See [`RunStatus`].
        Cancelled = "cancelled",
        /// See [`RunStatus`].
        Completed = "completed",
        /// See [`RunStatus`].
        Failed = "failed",
        ..Unknown
    }
}

impl From<RunStatus> for RunStatusFilter {
    fn from(status: RunStatus) -> Self {
        status.as_str().into()
    }
}

open_enum! {
    /// What Codex may do. Source: package readme.
    pub enum CodexRuntimeMode {
        /// The runtime's own default.
        Default = "default",
        /// Read only.
        ReadOnly = "read_only",
        /// Everything.
        FullAccess = "full_access",
        /// With automatic review.
        AutoReview = "auto_review",
        ..Unknown
    }
}

open_enum! {
    /// What Claude Code may do without asking. Source: package readme; `auto` and `dontAsk` seen in the vendor's client.
    pub enum ClaudeCodePermissionMode {
        /// The runtime's own default.
        Default = "default",
        /// Edits need no permission.
        AcceptEdits = "acceptEdits",
        /// It plans and changes nothing.
        Plan = "plan",
        /// It decides.
        Auto = "auto",
        /// It does not ask.
        DontAsk = "dontAsk",
        /// Everything.
        BypassPermissions = "bypassPermissions",
        ..Unknown
    }
}

open_enum! {
    /// What happens when policy wants an action approved. Source: package readme; `auto` and `block` seen in the
    /// vendor's client.
    pub enum ActionApprovalMode {
        /// Nobody is asked.
        Auto = "auto",
        /// The run waits for a decision.
        Manual = "manual",
        /// The action is refused.
        Block = "block",
        ..Unknown
    }
}

open_enum! {
    /// How an approval was decided.
    pub enum ActionApprovalDecision {
        /// The action may run.
        Approved = "approved",
        /// It may not.
        Denied = "denied",
        ..Unknown
    }
}

open_enum! {
    /// How far the execution of an action has come.
    pub enum ExecutionStreamStatus {
        /// It began.
        Started = "started",
        /// It is done.
        Completed = "completed",
        /// It failed.
        Failed = "failed",
        ..Unknown
    }
}

open_enum! {
    /// Who an event is meant for.
    pub enum EventVisibility {
        /// Everybody.
        Public = "public",
        /// The platform.
        Internal = "internal",
        /// Nobody: its content was removed.
        Redacted = "redacted",
        ..Unknown
    }
}

open_enum! {
    /// Why an agent is suspected to be stuck.
    pub enum NoProgressSignal {
        /// The same command fails again.
        RepeatedCommand = "repeated_command",
        /// The same edit is made again.
        RepeatedEdit = "repeated_edit",
        /// Much output, and nothing changes.
        LongOutputWithoutState = "long_output_without_state",
        ..Unknown
    }
}

open_enum! {
    /// What an event is about. Source: seen on the vendor's server and worker.
    pub enum RunEventType {
        /// A worker took the run.
        RunClaimed = "run.claimed",
        /// The run is done.
        RunCompleted = "run.completed",
        /// The run failed.
        RunFailed = "run.failed",
        /// The run was cancelled.
        RunCancelled = "run.cancelled",
        /// The sandbox is ready.
        SandboxCreated = "sandbox.created",
        /// The sandbox of an earlier turn is used again.
        SandboxResumed = "sandbox.resumed",
        /// The sandbox is kept for the next turn.
        SandboxParked = "sandbox.parked",
        /// The sandbox sleeps.
        SandboxSuspended = "sandbox.suspended",
        /// The sandbox is gone.
        SandboxReclaimed = "sandbox.reclaimed",
        /// The sandbox holds no credentials that it should not.
        CredentialBoundaryVerified = "credential_boundary.verified",
        /// The agent wants to act.
        ActionProposed = "action.proposed",
        /// Policy said what it thinks of it.
        PolicyEvaluated = "policy.evaluated",
        /// Somebody has to approve the action.
        ApprovalRequested = "approval.requested",
        /// Somebody decided.
        ApprovalDecided = "approval.decided",
        /// The action began.
        ExecutionStarted = "execution.started",
        /// The action is done.
        ExecutionCompleted = "execution.completed",
        /// The action failed.
        ExecutionFailed = "execution.failed",
        /// The agent began.
        AgentStarted = "agent.started",
        /// The agent tells what it does.
        AgentProgress = "agent.progress",
        /// The agent may be stuck.
        AgentNoProgress = "agent.no_progress",
        /// The agent says something on the way.
        AgentMessage = "agent.message",
        /// The agent's answer.
        AgentResponse = "agent.response",
        /// The agent is done.
        AgentCompleted = "agent.completed",
        /// The agent failed.
        AgentError = "agent.error",
        /// Output of the provider.
        ProviderStdout = "provider.stdout",
        /// Error output of the provider.
        ProviderStderr = "provider.stderr",
        /// The workspace's files were listed.
        WorkspaceFileIndexCollected = "workspace.file_index_collected",
        /// The workspace's changes were collected.
        WorkspacePatchCollected = "workspace.patch_collected",
        ..Unknown
    }
}

impl RunEventType {
    /// Whether the run is over with this event: completed, failed or cancelled. Further events may follow it.
    pub fn ends_run(&self) -> bool {
        matches!(
            self,
            Self::RunCompleted | Self::RunFailed | Self::RunCancelled
        )
    }
}
