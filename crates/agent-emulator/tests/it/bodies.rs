//! How strictly the bodies of creating and forking a run are read.

use agent_emulator::TrelentOptions;
use serde_json::{Value, json};

use crate::shapes::{PROBLEM, check};
use crate::support::{Api, builder, create, fork, start, start_with};

/// The places of all problems of a body.
async fn problems(api: &Api, path: &str, body: &Value) -> Vec<String> {
    let answer = api.call("POST", path, Some(body)).await;
    if answer.status == 200 {
        return Vec::new();
    }
    assert_eq!(answer.status, 422, "{body}: {}", answer.text());
    let detail = answer.json();
    assert_eq!(detail.as_object().unwrap().len(), 1);
    let items = detail["detail"].as_array().unwrap();
    for item in items {
        check(item, PROBLEM);
    }
    let place = |item: &Value| {
        let parts: Vec<_> = item["loc"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part.as_str().map_or_else(|| part.to_string(), Into::into))
            .collect();
        format!("{} {}", parts.join("."), item["type"].as_str().unwrap())
    };
    items.iter().map(place).collect()
}

#[tokio::test]
async fn all_eight_keys_of_a_create_and_all_six_of_a_fork_are_required() {
    let api = start().await;
    let parent = api.run("hi").await;
    let resume = format!("/runs/{parent}/resume");
    for (path, whole, count) in [
        ("/runs", create(json!({})), 8),
        (&*resume, fork(json!({})), 6),
    ] {
        assert_eq!(problems(&api, path, &whole).await, [""; 0]);
        let keys: Vec<_> = whole.as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys.len(), count);
        for key in keys {
            let mut body = whole.clone();
            body.as_object_mut().unwrap().remove(&key);
            assert_eq!(
                problems(&api, path, &body).await,
                [format!("body.{key} missing")]
            );
        }
        let mut body = whole;
        body["more"] = json!(null);
        assert_eq!(
            problems(&api, path, &body).await,
            ["body.more extra_forbidden"]
        );
    }
    for key in ["sandbox", "harness"] {
        let body = fork(json!({key: "x"}));
        assert_eq!(
            problems(&api, &resume, &body).await,
            [format!("body.{key} extra_forbidden")]
        );
    }
}

#[tokio::test]
#[rustfmt::skip]
async fn every_value_is_checked() {
    let api = start_with(builder().trelent(TrelentOptions::new().secret("db", "v"))).await;
    let local = |data: &str| json!({"source": {"target": "data_ball", "data": data}, "drain": {"target": "decompress_tarfile"}});
    let dump = json!({"target": "s3_dump", "bucket": null, "prefix": null});
    let snapshot = json!({"target": "run_snapshot", "include": ["/**"], "exclude": [], "run_id": null});
    let import = "body.import_connectors.0";
    let export = "body.export_connectors.0";
    let cases = [
        (json!({"sandbox": 1}), "body.sandbox string_type".to_owned()),
        (json!({"sandbox": ""}), "body.sandbox string_too_short".into()),
        (json!({"prompt": null}), "body.prompt string_type".into()),
        (json!({"prompt": ""}), "body.prompt string_too_short".into()),
        (json!({"prompt": "emulate:nothing"}), "body.prompt value_error".into()),
        (json!({"harness": "codex"}), "body.harness dict_type".into()),
        (json!({"harness": {"kind": "codex"}}), "body.harness.model missing".into()),
        (json!({"harness": {"kind": "x", "model": "m"}}), "body.harness.kind enum".into()),
        (json!({"harness": {"kind": "codex", "model": null}}), "body.harness.model string_type".into()),
        (json!({"harness": {"kind": "codex", "model": "m", "x": 1}}), "body.harness.x extra_forbidden".into()),
        (json!({"workdir": ""}), "body.workdir value_error".into()),
        (json!({"workdir": "a"}), "body.workdir value_error".into()),
        (json!({"workdir": " /a"}), "body.workdir value_error".into()),
        (json!({"workdir": 1}), "body.workdir string_type".into()),
        (json!({"timeout_seconds": 59}), "body.timeout_seconds greater_than_equal".into()),
        (json!({"timeout_seconds": -1}), "body.timeout_seconds greater_than_equal".into()),
        (json!({"timeout_seconds": 86401}), "body.timeout_seconds less_than_equal".into()),
        (json!({"timeout_seconds": 60.5}), "body.timeout_seconds int_type".into()),
        (json!({"timeout_seconds": "60"}), "body.timeout_seconds int_type".into()),
        (json!({"timeout_seconds": null}), "body.timeout_seconds int_type".into()),
        (json!({"import_connectors": null}), "body.import_connectors list_type".into()),
        (json!({"import_connectors": [1]}), format!("{import} dict_type")),
        (json!({"import_connectors": [{}]}), format!("{import}.source union_tag_invalid")),
        (json!({"import_connectors": [{"source": {"target": "x"}}]}), format!("{import}.source union_tag_invalid")),
        (json!({"import_connectors": [{"source": {"target": "data_ball", "data": ""}}]}), format!("{import}.drain missing")),
        (json!({"import_connectors": [local("not base64")]}), format!("{import}.source.data value_error")),
        (json!({"import_connectors": [{"source": {"target": "data_ball"}, "drain": {"target": "decompress_tarfile"}}]}), format!("{import}.source.data missing")),
        (json!({"import_connectors": [{"source": {"target": "data_ball", "data": "", "x": 1}, "drain": {"target": "decompress_tarfile"}}]}), format!("{import}.source.x extra_forbidden")),
        (json!({"import_connectors": [{"source": {"target": "data_ball", "data": ""}, "drain": {"target": "x"}}]}), format!("{import}.drain.target enum")),
        (json!({"import_connectors": [{"source": {"target": "shared_drive", "name": "team", "subpath": null}, "drain": {}}]}), format!("{import}.drain extra_forbidden")),
        (json!({"import_connectors": [{"source": {"target": "shared_drive", "name": "team"}}]}), format!("{import}.source.subpath missing")),
        (json!({"import_connectors": [{"source": {"target": "shared_drive", "name": "none", "subpath": null}}]}), format!("{import}.source.name value_error")),
        (json!({"export_connectors": [{"source": snapshot}]}), format!("{export}.drain missing")),
        (json!({"export_connectors": [{"source": snapshot, "drain": {"target": "s3_dump", "bucket": null}}]}), format!("{export}.drain.prefix missing")),
        (json!({"export_connectors": [{"source": snapshot, "drain": {"target": "s3_dump", "bucket": 1, "prefix": null}}]}), format!("{export}.drain.bucket string_type")),
        (json!({"export_connectors": [{"source": snapshot, "drain": {"target": "x", "bucket": null, "prefix": null}}]}), format!("{export}.drain.target enum")),
        (json!({"export_connectors": [{"source": {"target": "run_snapshot", "include": [1], "exclude": [], "run_id": null}, "drain": dump}]}), format!("{export}.source.include.0 string_type")),
        (json!({"export_connectors": [{"source": {"target": "run_snapshot", "include": [], "exclude": []}, "drain": dump}]}), format!("{export}.source.run_id missing")),
        (json!({"export_connectors": [{"source": {"target": "run_snapshot", "include": [], "exclude": [], "run_id": "run_0"}, "drain": dump}]}), format!("{export}.source.run_id value_error")),
        (json!({"export_connectors": [{"source": {"target": "shared_drive", "name": "none", "directory": null}, "drain": dump}]}), format!("{export}.source.name value_error")),
        (json!({"secrets": {}}), "body.secrets list_type".into()),
        (json!({"secrets": ["db", "none"]}), "body.secrets.1 value_error".into()),
        (json!({"secrets": [1]}), "body.secrets.0 value_error".into()),
        (json!({"secrets": [{"name": "db"}]}), "body.secrets.0.env_var missing|body.secrets.0.mount missing".into()),
        (json!({"secrets": [{"name": "db", "env_var": 1, "mount": false}]}), "body.secrets.0.env_var string_type".into()),
        (json!({"secrets": [{"name": "db", "env_var": null, "mount": "no"}]}), "body.secrets.0.mount bool_type".into()),
        (json!({"secrets": [{"name": "none", "env_var": null, "mount": false}]}), "body.secrets.0.name value_error".into()),
    ];
    for (own, expected) in cases {
        let found = problems(&api, "/runs", &create(own.clone())).await.join("|");
        assert_eq!(found, expected, "{own}");
    }
    assert!(api.trelent.runs().is_empty(), "nothing was started");
}

#[tokio::test]
async fn everything_that_is_right_is_taken() {
    let api = start_with(builder().trelent(TrelentOptions::new().secret("db", "v"))).await;
    for own in [
        json!({"timeout_seconds": 60}),
        json!({"timeout_seconds": 86400}),
        json!({"workdir": "/"}),
        json!({"sandbox": "my-sandbox"}),
        json!({"sandbox": "my-sandbox:v1"}),
        json!({"harness": {"kind": "codex", "model": "gpt-5.4"}}),
        json!({"harness": {"kind": "gemini", "model": "gemini-3.1-pro-preview"}}),
        json!({"harness": {"kind": "claude_code", "model": ""}}),
        json!({"secrets": ["db", {"name": "db", "env_var": "DB_URL", "mount": true}, {"name": "db", "env_var": null, "mount": false}]}),
        json!({"import_connectors": [{"source": {"target": "shared_drive", "name": "team", "subpath": null}}]}),
        json!({"export_connectors": [{
            "source": {"target": "run_snapshot", "include": ["/**"], "exclude": [], "run_id": null},
            "drain": {"target": "s3_dump", "bucket": "my-bucket", "prefix": "reports/"},
        }]}),
        json!({"export_connectors": [{
            "source": {"target": "shared_drive", "name": "team", "directory": "out"},
            "drain": {"target": "s3_dump", "bucket": null, "prefix": ""},
        }]}),
    ] {
        assert_eq!(
            problems(&api, "/runs", &create(own.clone())).await,
            [""; 0],
            "{own}"
        );
    }
}

#[tokio::test]
async fn a_body_has_to_be_a_json_object_of_type_json() {
    let api = start().await;
    let bearer = api.bearer();
    let url = format!("{}/runs", api.trelent.base_url());
    let whole = create(json!({})).to_string();
    for (content_type, body, place) in [
        (
            Some("text/plain"),
            whole.as_str(),
            json!(["header", "content-type"]),
        ),
        (None, &whole, json!(["header", "content-type"])),
        (Some("application/json"), "", json!(["body"])),
        (Some("application/json"), "{", json!(["body"])),
        (Some("application/json"), "[]", json!(["body"])),
        (Some("application/json"), "null", json!(["body"])),
    ] {
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(content_type.map(|value| ("content-type", value)));
        let answer = crate::client::send("POST", &url, &headers, Some(body.as_bytes())).await;
        assert_eq!(answer.status, 422, "{content_type:?} {body}");
        let detail = answer.json();
        check(&detail["detail"][0], PROBLEM);
        assert_eq!(detail["detail"][0]["loc"], place);
    }
}

#[tokio::test]
async fn what_no_operation_has_is_refused() {
    let api = start().await;
    let run = api.run("emulate:held").await;
    for (method, path, body) in [
        ("GET", format!("/runs/{run}"), Some(json!({}))),
        ("POST", format!("/runs/{run}/cancel"), Some(json!({}))),
        ("GET", "/runs?limit=1".into(), None),
        ("GET", "/runs?sandbox=a&sandbox=b".into(), None),
        ("GET", format!("/runs/{run}/events?after=1"), None),
        ("POST", "/runs?x=1".into(), Some(create(json!({})))),
    ] {
        let answer = api.call(method, &path, body.as_ref()).await;
        assert_eq!(answer.status, 422, "{method} {path}");
    }
    assert_eq!(
        api.status(&run).await,
        "running",
        "and nothing was cancelled"
    );
    for (method, path, status, detail) in [
        ("PATCH", "/runs", 405, "Method Not Allowed"),
        ("DELETE", "/runs/x", 405, "Method Not Allowed"),
        ("GET", "/nothing", 404, "Not Found"),
        ("GET", "/", 404, "Not Found"),
        ("GET", "/runs/", 404, "Not Found"),
        ("GET", "/runs//status", 404, "Not Found"),
        ("GET", "/runs/x/y/z", 404, "Not Found"),
    ] {
        let answer = api.call(method, path, None).await;
        assert_eq!(
            (answer.status, answer.json()),
            (status, json!({"detail": detail})),
            "{method} {path}"
        );
    }
}
