//! Runs, events and sessions as the wire shows them.

use serde_json::{Value, json};

use super::run::Run;
use crate::clock::{Clock, Moment};

/// A moment in ISO 8601 with milliseconds.
pub(crate) fn time(clock: &Clock, at: Moment) -> String {
    let micros = clock.text(at);
    format!("{}Z", micros.get(..23).unwrap_or(&micros))
}

impl Run {
    pub(crate) fn show(&self, clock: &Clock) -> Value {
        let mut run = json!({
            "id": self.id,
            "status": self.status,
            "runtime": self.input.runtime,
            "task": self.input.task.text.chars().take(500).collect::<String>(),
            "input": self.input.input(),
            "lastEventSeq": self.events.len(),
            "sessionId": self.parked.then(|| format!("sess_{}", self.conversation)),
            "conversationId": self.conversation,
            "queuedAt": time(clock, self.queued),
        });
        for (key, at) in [
            ("startedAt", self.started),
            ("completedAt", self.completed),
            ("cancelRequestedAt", self.cancel_requested),
        ] {
            if let Some(at) = at {
                run[key] = time(clock, at).into();
            }
        }
        if let Some(failure) = &self.failure {
            run["failure"] = failure.clone();
        }
        run
    }

    /// The event with this sequence, from 1.
    pub(crate) fn show_event(&self, sequence: usize, clock: &Clock) -> Option<Value> {
        let event = self.events.get(sequence.checked_sub(1)?)?;
        let mut shown = json!({
            "runId": self.id,
            "sequence": sequence,
            "type": event.spec.kind,
            "source": event.spec.source,
            "visibility": event.spec.visibility,
            "payload": event.spec.payload,
            "isTruncated": event.artifact.is_some(),
            "createdAt": time(clock, event.at),
        });
        if let Some(artifact) = &event.artifact {
            shown["artifactRef"] = artifact.clone();
        }
        Some(shown)
    }

    /// At most `limit` events behind `after`.
    pub(crate) fn show_events(&self, after: u64, limit: usize, clock: &Clock) -> Vec<Value> {
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        (1..=self.events.len())
            .skip_while(|sequence| *sequence <= after)
            .take(limit)
            .filter_map(|sequence| self.show_event(sequence, clock))
            .collect()
    }

    pub(crate) fn show_artifacts(&self, clock: &Clock) -> Value {
        let items: Vec<_> = self
            .artifacts
            .iter()
            .map(|artifact| artifact.show(&self.id, &time(clock, artifact.at)))
            .collect();
        json!({"items": items})
    }

    pub(crate) fn show_session(&self, clock: &Clock) -> Value {
        let response = self
            .events
            .iter()
            .rev()
            .take(500)
            .find(|event| event.spec.kind == "agent.response");
        let manifest = self
            .artifacts
            .iter()
            .find(|artifact| artifact.kind == "session_manifest");
        json!({
            "run": self.show(clock),
            "eventCursor": {"lastEventSeq": self.events.len()},
            "response": response.map(|event| event.spec.payload.clone()),
            "artifactManifest": manifest.map_or_else(|| json!({"status": "missing"}), |artifact| {
                let shown = artifact.show(&self.id, "");
                json!({
                    "status": "available", "artifactId": artifact.id, "r2Key": artifact.r2_key,
                    "sizeBytes": shown["sizeBytes"], "sha256": shown["sha256"],
                })
            }),
            "artifacts": self.show_artifacts(clock),
        })
    }
}
