//! What events mean to somebody who watches: the parts of [`full_stream`](crate::AgentRunStream::full_stream).
//!
//! Only the payload keys that are named here reach a part's own fields, and the provider's output never does: there is
//! no hidden reasoning in them. The attached event is raw. Source: part types from the package readme, the mapping seen
//! in the vendor's client.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::types::{
    ActionApprovalDecision, ExecutionStreamStatus, NoProgressSignal, RunEvent, RunEventType as T,
    RunStatus,
};

/// One thing worth showing about a run.
///
/// A run that failed ends with [`Error`](Self::Error) and without [`Done`](Self::Done), and parts may follow either:
/// the end of the stream is the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AgentStreamPart {
    /// The run or the agent came further.
    Progress(ProgressPart),
    /// The agent wants to act.
    Action(ActionPart),
    /// Somebody has to decide about an action: the run waits.
    ApprovalRequest(ApprovalRequestPart),
    /// Somebody decided.
    ApprovalDecision(ApprovalDecisionPart),
    /// An action began, is done, or failed.
    Execution(ExecutionPart),
    /// The agent may be stuck; the run goes on.
    NoProgress(NoProgressPart),
    /// The agent says something on the way.
    Message(MessagePart),
    /// The agent's answer: a whole text. It often came as a message before.
    Text(TextPart),
    /// The agent or the run failed. A run that fails may give two of them.
    Error(ErrorPart),
    /// The run is completed or cancelled.
    Done(DonePart),
}

macro_rules! parts {
    ($( $(#[$meta:meta])* $name:ident { $( $(#[$fmeta:meta])* $field:ident: $type:ty, )* } )+) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            #[serde(rename_all = "camelCase")]
            #[non_exhaustive]
            pub struct $name {
                $( $(#[$fmeta])* pub $field: $type, )*
                /// The event behind it, raw.
                pub event: RunEvent,
            }
        )+
    };
}

parts! {
    /// The run or the agent came further.
    ProgressPart {
        /// One line about it.
        text: String,
    }
    /// The agent wants to act.
    ActionPart {
        /// One line about it.
        text: String,
        /// The action.
        action_id: String,
        /// Its digest.
        action_digest: String,
    }
    /// Somebody has to decide about an action. Answer it with
    /// [`approve_run_action`](crate::AgentRouterClient::approve_run_action) or
    /// [`deny_run_action`](crate::AgentRouterClient::deny_run_action), which take the part, while the stream is being
    /// read. A second stream of the same run shows it again: repeating the decision does no harm.
    ApprovalRequestPart {
        /// One line about it.
        text: String,
        /// The action.
        action_id: String,
        /// Its digest, to be sent back unchanged.
        action_digest: String,
    }
    /// Somebody decided about an action.
    ApprovalDecisionPart {
        /// One line about it.
        text: String,
        /// The action.
        action_id: String,
        /// Its digest.
        action_digest: String,
        /// The decision.
        decision: ActionApprovalDecision,
    }
    /// An action began, is done, or failed.
    ExecutionPart {
        /// One line about it.
        text: String,
        /// The action.
        action_id: String,
        /// Its digest.
        action_digest: String,
        /// How far it has come.
        status: ExecutionStreamStatus,
    }
    /// The agent may be stuck: show it, ask for approval, cancel, or wait.
    NoProgressPart {
        /// Why it is suspected; `unknown` if the server does not say.
        signal: NoProgressSignal,
        /// One line about it.
        text: String,
    }
    /// The agent says something on the way.
    MessagePart {
        /// What it says.
        text: String,
    }
    /// The agent's answer.
    TextPart {
        /// The whole text.
        text: String,
    }
    /// The agent or the run failed.
    ErrorPart {
        /// What happened.
        text: String,
    }
    /// The run is completed or cancelled.
    DonePart {
        /// Which of the two.
        status: RunStatus,
    }
}

impl AgentStreamPart {
    /// The text of every part that has one: all but [`Done`](Self::Done).
    pub fn text(&self) -> Option<&str> {
        Some(match self {
            Self::Progress(part) => &part.text,
            Self::Action(part) => &part.text,
            Self::ApprovalRequest(part) => &part.text,
            Self::ApprovalDecision(part) => &part.text,
            Self::Execution(part) => &part.text,
            Self::NoProgress(part) => &part.text,
            Self::Message(part) => &part.text,
            Self::Text(part) => &part.text,
            Self::Error(part) => &part.text,
            Self::Done(_) => return None,
        })
    }

    /// The event behind it.
    pub fn event(&self) -> &RunEvent {
        match self {
            Self::Progress(part) => &part.event,
            Self::Action(part) => &part.event,
            Self::ApprovalRequest(part) => &part.event,
            Self::ApprovalDecision(part) => &part.event,
            Self::Execution(part) => &part.event,
            Self::NoProgress(part) => &part.event,
            Self::Message(part) => &part.event,
            Self::Text(part) => &part.event,
            Self::Error(part) => &part.event,
            Self::Done(part) => &part.event,
        }
    }

    /// What an event means, if it means anything to somebody who watches: the mapping behind `full_stream`, for events
    /// from elsewhere, such as a stored session.
    pub fn from_event(event: RunEvent) -> Option<Self> {
        stream_part(event)
    }
}

/// The mapping of events to parts.
pub(crate) fn stream_part(event: RunEvent) -> Option<AgentStreamPart> {
    Some(match &event.event_type {
        T::ActionProposed => {
            let text = format!("Action proposed: {}", action_name(&event));
            let (action_id, action_digest) = action(&event)?;
            AgentStreamPart::Action(ActionPart {
                text,
                action_id,
                action_digest,
                event,
            })
        }
        T::ApprovalRequested => {
            let text = format!("Approval requested for {}", action_name(&event));
            let (action_id, action_digest) = action(&event)?;
            AgentStreamPart::ApprovalRequest(ApprovalRequestPart {
                text,
                action_id,
                action_digest,
                event,
            })
        }
        T::ApprovalDecided => approval_decision(event)?,
        T::ExecutionStarted => execution(event, ExecutionStreamStatus::Started)?,
        T::ExecutionCompleted => execution(event, ExecutionStreamStatus::Completed)?,
        T::ExecutionFailed => execution(event, ExecutionStreamStatus::Failed)?,
        T::AgentNoProgress => {
            let signal = event.text("signal").unwrap_or("unknown").into();
            let text = first(&event, &["reason", "summary", "message"]);
            AgentStreamPart::NoProgress(NoProgressPart {
                signal,
                text: text.unwrap_or("Agent may be stuck").to_owned(),
                event,
            })
        }
        T::AgentMessage => AgentStreamPart::Message(MessagePart {
            text: event.text("text")?.to_owned(),
            event,
        }),
        T::AgentResponse => AgentStreamPart::Text(TextPart {
            text: event.text("text")?.to_owned(),
            event,
        }),
        T::AgentError | T::RunFailed => AgentStreamPart::Error(ErrorPart {
            text: first(&event, &["message", "reason"])
                .unwrap_or("Run failed")
                .to_owned(),
            event,
        }),
        T::RunCompleted => done(event, RunStatus::Completed),
        T::RunCancelled => done(event, RunStatus::Cancelled),
        _ => AgentStreamPart::Progress(ProgressPart {
            text: progress_text(&event)?,
            event,
        }),
    })
}

/// The text of a whole answer: what `text_stream` gives.
#[expect(
    clippy::needless_pass_by_value,
    reason = "one form for the meanings of all streams"
)]
pub(crate) fn answer_text(event: RunEvent) -> Option<String> {
    match event.event_type {
        T::AgentResponse => event.text("text").map(str::to_owned),
        _ => None,
    }
}

fn progress_text(event: &RunEvent) -> Option<String> {
    let text = match event.event_type {
        T::PolicyEvaluated => match event.text("decision") {
            Some(decision) => return Some(format!("Policy {decision}")),
            None => "Policy evaluated",
        },
        T::AgentProgress => first(event, &["summary", "message"])?,
        T::AgentStarted => "Agent started",
        T::SandboxCreated => "Sandbox ready",
        T::CredentialBoundaryVerified => "Credential boundary verified",
        T::WorkspaceFileIndexCollected => "Workspace file index collected",
        T::WorkspacePatchCollected => "Workspace patch collected",
        _ => return None,
    };
    Some(text.to_owned())
}

fn approval_decision(event: RunEvent) -> Option<AgentStreamPart> {
    let (action_id, action_digest) = action(&event)?;
    let decision = match event.text("decision")? {
        "approved" => ActionApprovalDecision::Approved,
        "denied" => ActionApprovalDecision::Denied,
        _ => return None,
    };
    Some(AgentStreamPart::ApprovalDecision(ApprovalDecisionPart {
        text: format!("Approval {decision}"),
        action_id,
        action_digest,
        decision,
        event,
    }))
}

fn execution(event: RunEvent, status: ExecutionStreamStatus) -> Option<AgentStreamPart> {
    let (action_id, action_digest) = action(&event)?;
    Some(AgentStreamPart::Execution(ExecutionPart {
        text: format!("Execution {status}"),
        action_id,
        action_digest,
        status,
        event,
    }))
}

fn done(event: RunEvent, status: RunStatus) -> AgentStreamPart {
    AgentStreamPart::Done(DonePart { status, event })
}

/// Id and digest of the action, if both are there.
fn action(event: &RunEvent) -> Option<(String, String)> {
    Some((
        event.text("actionId")?.to_owned(),
        event.text("actionDigest")?.to_owned(),
    ))
}

fn action_name(event: &RunEvent) -> &str {
    let nested = event
        .payload
        .get("action")
        .and_then(|action| action.get("name"));
    nested
        .and_then(Value::as_str)
        .filter(|name| !name.is_empty())
        .or_else(|| event.text("actionName"))
        .unwrap_or("runtime action")
}

fn first<'a>(event: &'a RunEvent, keys: &[&str]) -> Option<&'a str> {
    keys.iter().find_map(|key| event.text(key))
}

#[cfg(test)]
mod tests;
