//! The ready-made scripts.

use serde_json::json;

use super::{AgentRouterScenario as Scenario, AgentRouterScript as Script};

/// What a run with this task does.
pub(super) fn script(scenario: Scenario, task: &str) -> Script {
    match scenario {
        Scenario::Standard => work(opening(), task),
        Scenario::Fail => opening()
            .execution("failed")
            .event(
                "agent.error",
                json!({"provider": "codex", "message": "no such model"}),
            )
            .fails("provider_runtime_failed", "the provider gave up"),
        Scenario::Cancelled => opening().cancelled(),
        Scenario::Silent => opening().never_ends(),
        Scenario::Held => work(opening().hold(), task),
        Scenario::Newer => work(
            opening()
                .event("custom.unknown_type", json!({"anything": [1, 2, 3]}))
                .event("agent.telepathy", json!({"text": 7})),
            task,
        ),
        Scenario::Long => (0..1200).fold(Script::new(), |script, n| {
            script.event(
                "agent.progress",
                json!({"provider": "codex", "summary": format!("step {n}")}),
            )
        }),
    }
}

/// Up to the first act of the agent.
fn opening() -> Script {
    Script::new()
        .event("run.claimed", json!({"workerId": "worker_emulated"}))
        .event("sandbox.created", json!({"provider": "emulated", "sandboxId": "sandbox_1", "persistent": true}))
        .event(
            "credential_boundary.verified",
            json!({
                "provider": "codex", "credentialStrategy": "provider_proxy", "checkedSurfaces": ["env", "proc", "home"],
            }),
        )
        .act("codex.launch")
        .execution("started")
        .event("agent.started", json!({"provider": "codex", "threadId": "thread_1"}))
}

fn work(script: Script, task: &str) -> Script {
    let answer = format!("Done: {task}");
    let patch = format!("--- /dev/null\n+++ b/answer.md\n@@ -0,0 +1 @@\n+{answer}\n");
    let parts = json!([{"type": "text", "text": answer}]);
    script
        .event(
            "agent.progress",
            json!({"provider": "codex", "summary": "Started a turn."}),
        )
        .event(
            "agent.progress",
            json!({"provider": "codex", "summary": "Inspected the repository"}),
        )
        .event(
            "agent.no_progress",
            json!({
                "provider": "codex", "signal": "repeated_command", "occurrences": 3, "exitCode": 1,
                "reason": "Repeated command failed with similar output", "command": "make test",
                "outputDigest": "sha256:00",
            }),
        )
        .event(
            "agent.message",
            json!({"provider": "codex", "text": answer}),
        )
        .event(
            "agent.progress",
            json!({"provider": "codex", "summary": "Completed a turn."}),
        )
        .event(
            "agent.completed",
            json!({"provider": "codex", "message": answer}),
        )
        .execution("completed")
        .artifact(
            "stdout_log",
            "logs/stdout-1.log",
            format!("{{\"type\":\"item.completed\"}}\n{answer}\n"),
        )
        .artifact("stderr_log", "logs/stderr-1.log", "")
        .event(
            "agent.response",
            json!({"text": answer, "parts": parts, "provider": "codex"}),
        )
        .artifact(
            "workspace_file_index",
            "workspace/file-index.json",
            r#"{"files":["answer.md"]}"#,
        )
        .artifact("workspace_patch", "workspace/changes.patch", patch)
}
