use serde_json::{Value, json};

use super::{create, fork};
use crate::{
    CreateRunOptions, ErrorKind, ResumeRunOptions, S3Exporter, SharedWorkspaceExporter,
    SharedWorkspaceImporter,
};

fn parse(body: &agent_core::transport::RequestBody) -> Value {
    serde_json::from_slice(&body.to_bytes()).unwrap()
}

fn keys(body: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = body
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn starting_a_run_sends_all_eight_keys() {
    let body = create(&CreateRunOptions::new("my-sandbox:latest", "hi")).await;
    assert_eq!(
        parse(&body.unwrap()),
        json!({
            "sandbox": "my-sandbox:latest", "prompt": "hi",
            "harness": {"kind": "claude_code", "model": "claude-sonnet-4-6"}, "workdir": null,
            "timeout_seconds": 3600, "import_connectors": [], "export_connectors": [], "secrets": [],
        })
    );
}

#[tokio::test]
async fn forking_a_run_sends_all_six_keys() {
    let options = ResumeRunOptions::new()
        .workdir(" /w ")
        .timeout_seconds(60)
        .imports([
            SharedWorkspaceImporter::new("a").subpath("x"),
            SharedWorkspaceImporter::new("b"),
        ])
        .export(S3Exporter::new().bucket("").path("p/"))
        .export(SharedWorkspaceExporter::new("c").directory("d"))
        .secrets(["one", "two \"quoted\""]);
    let body = parse(&fork("go on\n\"é\"", &options).await.unwrap());
    assert_eq!(keys(&body).len(), 6);
    assert_eq!(
        body,
        json!({
            "prompt": "go on\n\"é\"", "workdir": "/w", "timeout_seconds": 60,
            "import_connectors": [
                {"source": {"target": "shared_drive", "name": "a", "subpath": "x"}},
                {"source": {"target": "shared_drive", "name": "b", "subpath": null}},
            ],
            "export_connectors": [
                {"source": {"target": "run_snapshot", "include": ["/**"], "exclude": [], "run_id": null},
                 "drain": {"target": "s3_dump", "bucket": "", "prefix": "p/"}},
                {"source": {"target": "shared_drive", "name": "c", "directory": "d"},
                 "drain": {"target": "s3_dump", "bucket": null, "prefix": null}},
            ],
            "secrets": ["one", "two \"quoted\""],
        })
    );
}

#[tokio::test]
async fn options_are_checked_before_anything_is_packed() {
    let mut options = ResumeRunOptions::new().timeout_seconds(59);
    #[cfg(feature = "imports")]
    {
        options = options.import(crate::LocalImporter::new("/no/such/thing"));
    }
    options.secrets.clear();
    let error = fork("p", &options).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[cfg(feature = "imports")]
#[tokio::test]
async fn packed_files_are_pieces_of_the_body_between_pieces_of_text() {
    let folder = tempfile::tempdir().unwrap();
    let noise: Vec<u8> = std::iter::repeat_with({
        let mut state = 1_u32;
        move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u8::try_from(state >> 24).unwrap()
        }
    })
    .take(1_000_000)
    .collect();
    std::fs::write(folder.path().join("noise"), noise).unwrap();
    std::fs::write(folder.path().join("small"), "x").unwrap();

    let local = |name: &str| crate::LocalImporter::new(folder.path().join(name));
    let options = CreateRunOptions::new("s", "p")
        .import(local("noise"))
        .import(SharedWorkspaceImporter::new("w"))
        .import(local("small"));
    let body = create(&options).await.unwrap();

    // Text, six blocks of 256 KiB at most, text, one block, text.
    let sizes: Vec<usize> = body.chunks().iter().map(bytes::Bytes::len).collect();
    assert_eq!(sizes.len(), 10, "{sizes:?}");
    assert_eq!(sizes[1..6], [256 * 1024; 5]);
    let text: Vec<u8> = [0, 7, 9]
        .iter()
        .flat_map(|index| body.chunks()[*index].to_vec())
        .collect();
    let frame: Value = serde_json::from_slice(&text).unwrap();
    let empty = json!({
        "source": {"target": "data_ball", "data": ""}, "drain": {"target": "decompress_tarfile"},
    });
    let shared = json!({"source": {"target": "shared_drive", "name": "w", "subpath": null}});
    assert_eq!(frame["import_connectors"], json!([empty, shared, empty]));

    let whole = parse(&body);
    assert_eq!(keys(&whole).len(), 8);
    assert_eq!(
        body.len(),
        sizes.iter().map(|size| *size as u64).sum::<u64>()
    );
    let data = whole["import_connectors"][0]["source"]["data"].as_str();
    assert_eq!(data.unwrap().len(), sizes[1..7].iter().sum::<usize>());
}
