//! Request bodies against the recorded ones, archives of imports included.

use serde_json::Value;

use super::{load, name};
use crate::body;
use crate::{
    ClaudeCodeHarnessSpec, CodexHarnessSpec, CreateRunOptions, Exporter, GeminiHarnessSpec,
    HarnessSpec, Importer, ResumeRunOptions, RunSecretBinding, RunSecretSpec, S3Exporter,
    SharedWorkspaceExporter, SharedWorkspaceImporter,
};

#[cfg(all(unix, feature = "imports"))]
mod archives;

fn given(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn harness(value: &Value) -> HarnessSpec {
    let model = given(&value["model"]);
    match value["kind"].as_str() {
        None => HarnessSpec::default(),
        Some("claude_code") => {
            let mut spec = ClaudeCodeHarnessSpec::new();
            spec.model = model;
            spec.into()
        }
        Some("codex") => {
            let mut spec = CodexHarnessSpec::new();
            spec.model = model;
            spec.into()
        }
        Some("gemini") => {
            let mut spec = GeminiHarnessSpec::new();
            spec.model = model;
            spec.into()
        }
        Some(other) => panic!("harness {other}"),
    }
}

fn importers(args: &Value, folder: &std::path::Path) -> Vec<Importer> {
    let _ = folder;
    list(&args["imports"], |value| {
        #[cfg(feature = "imports")]
        if let Some(path) = value["local"]["path"].as_str() {
            return crate::LocalImporter::new(folder.join(path)).into();
        }
        let shared = &value["shared_workspace"];
        let mut importer = SharedWorkspaceImporter::new(shared["name"].as_str().unwrap());
        importer.subpath = given(&shared["subpath"]);
        importer.into()
    })
}

fn exporters(args: &Value) -> Vec<Exporter> {
    list(&args["exports"], |value| {
        if let Some(s3) = value.get("s3") {
            let mut exporter = S3Exporter::new();
            exporter.bucket = given(&s3["bucket"]);
            exporter.path = given(&s3["path"]);
            return exporter.into();
        }
        let shared = &value["shared_workspace"];
        let mut exporter = SharedWorkspaceExporter::new(shared["name"].as_str().unwrap());
        exporter.directory = given(&shared["directory"]);
        exporter.bucket = given(&shared["bucket"]);
        exporter.path = given(&shared["path"]);
        exporter.into()
    })
}

fn secrets(args: &Value) -> Vec<RunSecretSpec> {
    list(&args["secrets"], |value| match value.as_str() {
        Some(name) => name.into(),
        None => serde_json::from_value::<RunSecretBinding>(value.clone())
            .unwrap()
            .into(),
    })
}

fn list<T>(value: &Value, f: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().into_iter().flatten().map(f).collect()
}

/// The body that an operation sends with recorded arguments, or its error.
async fn build(
    operation: &str,
    args: &Value,
    folder: &std::path::Path,
) -> crate::Result<agent_core::transport::RequestBody> {
    let seconds = args["timeout_seconds"].as_u64().unwrap_or(3600);
    let prompt = args["prompt"].as_str().unwrap();
    if operation == "runs.create" {
        let mut options = CreateRunOptions::new(args["sandbox"].as_str().unwrap(), prompt)
            .harness(harness(&args["harness"]))
            .timeout_seconds(seconds)
            .imports(importers(args, folder))
            .exports(exporters(args))
            .secrets(secrets(args));
        options.workdir = given(&args["workdir"]);
        body::create(&options).await
    } else {
        let mut options = ResumeRunOptions::new()
            .timeout_seconds(seconds)
            .imports(importers(args, folder))
            .exports(exporters(args))
            .secrets(secrets(args));
        options.workdir = given(&args["workdir"]);
        body::fork(prompt, &options).await
    }
}

#[tokio::test]
async fn every_recorded_request_body_is_built() {
    let mut bodies = 0;
    for vector in load(&["runs_create", "run_object"]) {
        let operation = vector["operation"].as_str().unwrap();
        if !matches!(operation, "runs.create" | "run.fork") {
            continue;
        }
        let got = build(operation, &vector["args"], "".as_ref()).await;
        if vector["expect"]["error"]["kind"] == "invalid_argument" {
            let error = got.unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
            continue;
        }
        let exchange = vector["exchanges"].as_array().unwrap().last().unwrap();
        let got: Value = serde_json::from_slice(&got.unwrap().to_bytes()).unwrap();
        assert_eq!(got, exchange["request"]["body"], "{}", name(&vector));
        bodies += 1;
    }
    assert!(bodies >= 30, "{bodies}");
}
