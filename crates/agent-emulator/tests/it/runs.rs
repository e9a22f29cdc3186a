//! Creating, listing, reading, cancelling and forking runs; how they move in time.

use std::time::Duration;

use agent_emulator::{Script, TrelentOptions};
use serde_json::{Value, json};

use crate::shapes::{CANCEL, SANDBOX, STATUS, check, check_run};
use crate::support::{builder, create, fork, id, start, start_with};

#[tokio::test]
async fn sandboxes_are_listed_with_their_tags() {
    let options = TrelentOptions::new()
        .sandbox("nightly", ["v3"])
        .sandbox::<&str>("bare", []);
    let api = start_with(builder().trelent(options)).await;
    let list = api.ok("GET", "/sandboxes", None).await;
    list.as_array()
        .unwrap()
        .iter()
        .for_each(|sandbox| check(sandbox, SANDBOX));
    let expected = json!([
        {"name": "bare", "tags": []},
        {"name": "my-sandbox", "tags": ["latest", "v1"]},
        {"name": "nightly", "tags": ["v3"]},
        {"name": "translator", "tags": ["latest"]},
    ]);
    assert_eq!(list, expected);
    for (sandbox, status) in [
        ("nightly:v3", 200),
        ("nightly", 404),
        ("nightly:v4", 404),
        ("none", 404),
        ("bare", 404),
    ] {
        let answer = api
            .call("POST", "/runs", Some(&create(json!({"sandbox": sandbox}))))
            .await;
        assert_eq!(answer.status, status, "{sandbox}");
        if status == 404 {
            assert_eq!(answer.json(), json!({"detail": "Sandbox not found"}));
        }
    }
}

#[tokio::test]
async fn a_new_run_is_pending_and_says_what_it_was_given() {
    let api = start().await;
    let body = create(
        json!({"prompt": "Büild \"it\"\n", "harness": {"kind": "codex", "model": "gpt-5.4"}}),
    );
    let run = api.ok("POST", "/runs", Some(&body)).await;
    check_run(&run);
    let expected = json!({
        "run_id": run["run_id"], "created_at": run["created_at"],
        "sandbox": "my-sandbox:latest", "harness": {"kind": "codex", "model": "gpt-5.4"}, "parent_run_id": null,
        "prompt": "Büild \"it\"\n", "status": "pending", "started_at": null, "completed_at": null, "result": null,
        "file_outputs": [], "error": null, "workflow_ids": null,
    });
    assert_eq!(run, expected);
    assert!(
        run["created_at"]
            .as_str()
            .unwrap()
            .starts_with("2026-04-16T12:00:0")
    );
}

#[tokio::test]
async fn a_completed_run_has_times_a_result_and_workflows() {
    let api = start().await;
    let id = api.run("hi").await;
    let run = api.ok("GET", &format!("/runs/{id}"), None).await;
    check_run(&run);
    assert_eq!(run["status"], "completed");
    assert!(
        !run["started_at"].is_null()
            && !run["completed_at"].is_null()
            && !run["workflow_ids"].is_null()
    );
    let result =
        json!({"run_id": id, "status": "completed", "output": "Done: hi\nSeen below /mnt: 0.\n"});
    assert_eq!(run["result"], result);
    let status = api.ok("GET", &format!("/runs/{id}/status"), None).await;
    check(&status, STATUS);
    assert_eq!(status, json!({"run_id": id, "status": "completed"}));
}

#[tokio::test(start_paused = true)]
async fn a_run_moves_with_the_clock() {
    let pace = Duration::from_millis(250);
    let api = start_with(builder().pace(pace)).await;
    let script = Script::new()
        .event(json!({"type": "session.started"}))
        .wait(Duration::from_secs(5))
        .completes("out");
    api.trelent.next_run(script);
    let id = api.run("hi").await;
    for (after, status) in [
        (Duration::ZERO, "pending"),
        (pace, "starting"),
        (pace, "running"),
        (pace, "running"),
        (Duration::from_secs(5), "running"),
        (pace, "completed"),
    ] {
        tokio::time::advance(after).await;
        assert_eq!(api.status(&id).await, status);
    }
    let run = api.ok("GET", &format!("/runs/{id}"), None).await;
    let times = ["created_at", "started_at", "completed_at"]
        .map(|key| run[key].as_str().unwrap()[17..23].to_owned());
    assert_eq!(times, ["00.000", "00.500", "06.000"]);
    assert_eq!(
        api.trelent.run(&id).unwrap().events[0]["ts"],
        "2026-04-16T12:00:00.750000Z"
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_times_out_at_its_own_limit() {
    let api = start().await;
    let id = api
        .run_with(&create(
            json!({"prompt": "emulate:silent", "timeout_seconds": 60}),
        ))
        .await;
    tokio::time::advance(Duration::from_millis(59_999)).await;
    assert_eq!(api.status(&id).await, "running");
    tokio::time::advance(Duration::from_millis(1)).await;
    let run = api.ok("GET", &format!("/runs/{id}"), None).await;
    check_run(&run);
    assert_eq!(
        (&run["status"], &run["error"]),
        (
            &json!("timeout"),
            &json!("the run took longer than 60 seconds")
        )
    );
    assert_eq!(run["completed_at"], "2026-04-16T12:01:00.000000Z");
    assert_eq!(
        api.events(&id).await.last().unwrap()["data"]["exit_code"],
        124
    );
}

#[tokio::test]
async fn prompts_ask_for_other_outcomes() {
    let api = start().await;
    for (prompt, status, output, error) in [
        ("emulate:standard", "completed", true, None),
        (
            "emulate:fail please",
            "failed",
            false,
            Some("the agent gave up: no such model"),
        ),
        (
            "emulate:timeout",
            "timeout",
            false,
            Some("the agent ran out of time"),
        ),
        ("emulate:cancelled", "cancelled", false, None),
        ("emulate:silent", "running", false, None),
        ("emulate:held", "running", false, None),
        ("emulate:newer", "completed", true, None),
        ("emulate:empty", "completed", true, None),
    ] {
        let id = api.run(prompt).await;
        let run = api.ok("GET", &format!("/runs/{id}"), None).await;
        check_run(&run);
        assert_eq!(run["status"], status, "{prompt}");
        assert_eq!(run["result"].is_object(), output, "{prompt}");
        assert_eq!(run["error"], json!(error), "{prompt}");
        assert_eq!(
            run["completed_at"].is_null(),
            status == "running",
            "{prompt}"
        );
    }
}

#[tokio::test]
async fn lists_are_newest_first_and_can_be_limited_to_a_sandbox() {
    let api = start().await;
    assert_eq!(api.ok("GET", "/runs", None).await, json!([]));
    let mut ids = Vec::new();
    for sandbox in [
        "my-sandbox:latest",
        "translator",
        "my-sandbox:v1",
        "translator:latest",
    ] {
        ids.push(api.run_with(&create(json!({"sandbox": sandbox}))).await);
    }
    for (query, expected) in [
        ("", vec![3, 2, 1, 0]),
        ("?sandbox=my-sandbox", vec![2, 0]),
        ("?sandbox=my-sandbox:latest", vec![0]),
        ("?sandbox=my-sandbox%3Av1", vec![2]),
        ("?sandbox=translator", vec![3, 1]),
        ("?sandbox=none+such", vec![]),
        ("?sandbox=", vec![]),
    ] {
        let list = api.ok("GET", &format!("/runs{query}"), None).await;
        let list = list.as_array().unwrap();
        list.iter().for_each(check_run);
        let found: Vec<_> = list.iter().map(id).collect();
        let expected: Vec<_> = expected
            .into_iter()
            .map(|index: usize| ids[index].clone())
            .collect();
        assert_eq!(found, expected, "{query}");
    }
}

#[tokio::test]
async fn unknown_runs_are_not_found() {
    let api = start().await;
    for (method, path, body) in [
        ("GET", "/runs/gone", None),
        ("GET", "/runs/run%201%2Fx", None),
        ("GET", "/runs/gone/status", None),
        ("POST", "/runs/gone/cancel", None),
        ("GET", "/runs/gone/checkpoint-chain", None),
        ("GET", "/runs/gone/checkpoints/ck", None),
        ("POST", "/runs/gone/resume", Some(fork(json!({})))),
    ] {
        let answer = api.call(method, path, body.as_ref()).await;
        assert_eq!(
            (answer.status, answer.json()),
            (404, json!({"detail": "Run not found"})),
            "{method} {path}"
        );
    }
    assert_eq!(api.subscribe("gone").await.status, 404);
}

#[tokio::test]
async fn cancelling_ends_a_run_once() {
    let api = start().await;
    let run = api.run("emulate:held").await;
    let cancel = format!("/runs/{run}/cancel");
    let answer = api.ok("POST", &cancel, None).await;
    check(&answer, CANCEL);
    assert_eq!(answer, json!({"status": "cancelled"}));
    assert_eq!(api.status(&run).await, "cancelled");
    let events = api.events(&run).await;
    let last = &events.last().unwrap()["data"];
    assert_eq!(
        (&last["type"], &last["exit_code"]),
        (&json!("session.completed"), &json!(130))
    );
    let again = api.call("POST", &cancel, None).await;
    assert_eq!(
        (again.status, again.json()),
        (409, json!({"detail": "Run already cancelled"}))
    );
    let done = api.run("hi").await;
    let late = api
        .call("POST", &format!("/runs/{done}/cancel"), None)
        .await;
    assert_eq!(
        (late.status, late.json()),
        (409, json!({"detail": "Run already completed"}))
    );
}

#[tokio::test]
async fn a_fork_inherits_sandbox_harness_and_files() {
    let api = start().await;
    let body = create(json!({
        "sandbox": "my-sandbox:v1", "harness": {"kind": "codex", "model": "m"}, "workdir": "/job",
        "import_connectors": [{"source": {"target": "shared_drive", "name": "team", "subpath": null}}],
    }));
    let parent = api.run_with(&body).await;
    let child = api
        .ok(
            "POST",
            &format!("/runs/{parent}/resume"),
            Some(&fork(json!({}))),
        )
        .await;
    check_run(&child);
    let expected = json!({
        "parent_run_id": parent, "sandbox": "my-sandbox:v1", "harness": {"kind": "codex", "model": "m"},
        "prompt": "go on", "status": "pending",
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(child[key], *value, "{key}");
    }
    let child = id(&child);
    let files = api.trelent.run(&child).unwrap().files;
    let paths: Vec<_> = files.keys().map(String::as_str).collect();
    // The parent's answer, the parent's import, and the child's own answer in the default working directory.
    assert_eq!(
        paths,
        [
            "/job/answer.md",
            "/mnt/team/README.md",
            "/workspace/answer.md"
        ]
    );
    let grandchild = api
        .ok(
            "POST",
            &format!("/runs/{child}/resume"),
            Some(&fork(json!({"prompt": "more"}))),
        )
        .await;
    assert_eq!(grandchild["parent_run_id"], child);
}

#[tokio::test]
async fn only_runs_that_are_over_and_ran_can_be_forked() {
    let api = start().await;
    let held = api.run("emulate:held").await;
    let resume = |run: &str| format!("/runs/{run}/resume");
    let answer = api
        .call("POST", &resume(&held), Some(&fork(json!({}))))
        .await;
    assert_eq!(
        (answer.status, answer.json()),
        (409, json!({"detail": "Run is still running"}))
    );
    for prompt in [
        "emulate:fail",
        "emulate:timeout",
        "emulate:cancelled",
        "emulate:empty",
    ] {
        let run = api.run(prompt).await;
        assert_eq!(
            api.call("POST", &resume(&run), Some(&fork(json!({}))))
                .await
                .status,
            200,
            "{prompt}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_never_ran_has_nothing_to_fork() {
    let api = start_with(builder().pace(Duration::from_secs(1))).await;
    let run = api.run("hi").await;
    api.ok("POST", &format!("/runs/{run}/cancel"), None).await;
    let answer = api
        .call(
            "POST",
            &format!("/runs/{run}/resume"),
            Some(&fork(json!({}))),
        )
        .await;
    assert_eq!(
        (answer.status, answer.json()),
        (409, json!({"detail": "Run has no checkpoint"}))
    );
    assert_eq!(api.events(&run).await, Vec::<Value>::new());
}
