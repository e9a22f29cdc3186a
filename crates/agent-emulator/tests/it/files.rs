//! Imports, exports, and the storage that serves them.

use std::io::Write;
use std::time::Duration;

use agent_emulator::{FileTree, Node, Script, TrelentOptions};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tar::{EntryType, Header};

use crate::client::send;
use crate::support::{builder, create, fork, id, start, start_with};

struct Entry<'a>(&'a str, EntryType, u32, &'a [u8], Option<&'a str>);

/// A tar archive, its headers written by hand so that odd ones are possible.
fn archive(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for Entry(name, kind, mode, content, target) in entries {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_mode(*mode);
        header.set_size(content.len() as u64);
        header.set_mtime(1_700_000_000);
        header.set_uid(0);
        header.set_gid(0);
        if let Some(target) = target {
            header.set_link_name(target).unwrap();
        }
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    tar.into_inner().unwrap()
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn local(packed: &[u8]) -> Value {
    let data = STANDARD.encode(packed);
    json!({"source": {"target": "data_ball", "data": data}, "drain": {"target": "decompress_tarfile"}})
}

fn sample() -> Vec<Entry<'static>> {
    vec![
        Entry("./", EntryType::Directory, 0o755, b"", None),
        Entry("./.hidden", EntryType::Regular, 0o600, b"h", None),
        Entry("./link", EntryType::Symlink, 0o777, b"", Some("../out.txt")),
        Entry("./run.sh", EntryType::Regular, 0o755, b"echo hi\n", None),
        Entry("./same", EntryType::Link, 0o755, b"", Some("./run.sh")),
        Entry("./void", EntryType::Directory, 0o750, b"", None),
    ]
}

#[tokio::test]
async fn an_import_is_unpacked_kept_and_shown() {
    let api = start().await;
    let one = local(&gzip(&archive(&[Entry(
        "b.txt",
        EntryType::Regular,
        0o644,
        &[0, 159, 255],
        None,
    )])));
    let body = create(json!({"import_connectors": [local(&gzip(&archive(&sample()))), one]}));
    let run = api.run_with(&body).await;
    let view = api.trelent.run(&run).unwrap();
    let shown: Vec<_> = view.imports[0]
        .iter()
        .map(|entry| {
            (
                entry.name.as_str(),
                entry.kind,
                entry.mode,
                entry.size,
                entry.link_name.as_deref(),
            )
        })
        .collect();
    let expected = [
        ("./", "dir", 0o755, 0, None),
        ("./.hidden", "file", 0o600, 1, None),
        ("./link", "symlink", 0o777, 0, Some("../out.txt")),
        ("./run.sh", "file", 0o755, 8, None),
        ("./same", "hardlink", 0o755, 0, Some("./run.sh")),
        ("./void", "dir", 0o750, 0, None),
    ];
    assert_eq!(shown, expected);
    let script = &view.imports[0][3];
    assert_eq!(script.content, "echo hi\n");
    assert_eq!((script.mtime, script.owner_ids), (1_700_000_000, (0, 0)));
    assert_eq!(script.owner_names, (String::new(), String::new()));
    assert_eq!(view.imports[1][0].content.as_ref(), [0, 159, 255]);
    assert_eq!(view.files["/mnt/same"].content().unwrap(), "echo hi\n");
    let listing = "-rw------- 1 /mnt/.hidden\n-rw-r--r-- 3 /mnt/b.txt\nlrwxrwxrwx 10 /mnt/link -> ../out.txt\n\
        -rwxr-xr-x 8 /mnt/run.sh\n-rwxr-xr-x 8 /mnt/same\ndrwxr-x--- 0 /mnt/void\n";
    let call = view
        .events
        .iter()
        .find(|event| event["type"] == "tool_call.completed")
        .unwrap();
    assert_eq!(call["data"]["output"], listing);
    let child = api
        .ok(
            "POST",
            &format!("/runs/{run}/resume"),
            Some(&fork(json!({}))),
        )
        .await;
    let child = api.trelent.run(&id(&child)).unwrap();
    assert!(child.imports.is_empty() && child.files.contains_key("/mnt/run.sh"));
}

#[tokio::test]
async fn long_and_odd_names_survive() {
    let api = start().await;
    let long = format!("./{}/é世.txt", "d".repeat(180));
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(1);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    tar.append_data(&mut header, &long, &b"x"[..]).unwrap();
    let body = create(json!({"import_connectors": [local(&gzip(&tar.into_inner().unwrap()))]}));
    let run = api.run_with(&body).await;
    let entry = &api.trelent.run(&run).unwrap().imports[0][0];
    // The packer of this test drops the leading `./`.
    assert_eq!(
        entry.name.trim_start_matches("./"),
        long.trim_start_matches("./")
    );
}

#[tokio::test]
async fn what_is_no_clean_archive_is_refused() {
    let api = start().await;
    let good = gzip(&archive(&sample()));
    let entry = |name, kind| gzip(&archive(&[Entry(name, kind, 0o644, b"", None)]));
    let mut flipped = good.clone();
    let crc = flipped.len() - 6;
    flipped[crc] ^= 1;
    for (what, packed) in [
        ("empty", Vec::new()),
        ("not gzip", archive(&sample())),
        ("not tar", gzip(&[7; 2000])),
        ("no entries", gzip(&[0; 1024])),
        ("cut off", good[..good.len() - 10].to_vec()),
        ("wrong checksum", flipped),
        ("more behind", [good.clone(), b"x".to_vec()].concat()),
        ("leads out", entry("./../x", EntryType::Regular)),
        ("absolute", entry("/x", EntryType::Regular)),
        ("a device", entry("./x", EntryType::Char)),
        ("a fifo", entry("./x", EntryType::Fifo)),
    ] {
        let answer = api
            .call(
                "POST",
                "/runs",
                Some(&create(json!({"import_connectors": [local(&packed)]}))),
            )
            .await;
        assert_eq!(answer.status, 422, "{what}");
        let loc = json!(["body", "import_connectors", 0, "source", "data"]);
        assert_eq!(answer.json()["detail"][0]["loc"], loc, "{what}");
    }
    for data in [
        STANDARD.encode(&good).trim_end_matches('=').to_owned() + "\n",
        "_-==".into(),
    ] {
        let connector = json!({"source": {"target": "data_ball", "data": data}, "drain": {"target": "decompress_tarfile"}});
        let answer = api
            .call(
                "POST",
                "/runs",
                Some(&create(json!({"import_connectors": [connector]}))),
            )
            .await;
        assert_eq!(answer.status, 422, "{data}");
    }
    assert!(api.trelent.runs().is_empty());
}

#[tokio::test]
async fn a_bomb_is_refused() {
    let api = start().await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let mut header = Header::new_ustar();
    header.set_path("./bomb").unwrap();
    header.set_size(80 << 20);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_cksum();
    encoder.write_all(header.as_bytes()).unwrap();
    for _ in 0..80 {
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    let answer = api
        .call(
            "POST",
            "/runs",
            Some(&create(json!({"import_connectors": [local(&bomb)]}))),
        )
        .await;
    let detail = json!({"detail": "Imports unpack to more than 64 MiB"});
    assert_eq!((answer.status, answer.json()), (413, detail));
}

#[tokio::test]
async fn shared_drives_are_imported_by_name() {
    let files = FileTree::from([
        ("/a/b.txt".to_owned(), Node::file("b")),
        ("/a.txt".to_owned(), Node::file("a")),
    ]);
    let api = start_with(builder().trelent(TrelentOptions::new().shared_drive("d", files))).await;
    for (subpath, expected) in [
        (json!(null), &["/mnt/d/a.txt", "/mnt/d/a/b.txt"][..]),
        (json!("a"), &["/mnt/d/b.txt"]),
        (json!("/a/"), &["/mnt/d/b.txt"]),
        (json!("none"), &[]),
    ] {
        let connector =
            json!({"source": {"target": "shared_drive", "name": "d", "subpath": subpath}});
        let body = create(json!({"prompt": "emulate:empty", "import_connectors": [connector]}));
        let run = api.run_with(&body).await;
        let view = api.trelent.run(&run).unwrap();
        assert_eq!(view.files.keys().collect::<Vec<_>>(), expected, "{subpath}");
    }
}

/// All files of the run itself.
fn snapshot() -> Value {
    json!({"target": "run_snapshot", "include": ["/**"], "exclude": [], "run_id": null})
}

/// The paths and URLs of a completed run's only export.
async fn exported(api: &crate::support::Api, source: Value, drain: Value) -> Vec<(String, String)> {
    let connector = json!({"source": source, "drain": drain});
    api.trelent.next_run(
        Script::new()
            .write_file("/out/a b.txt", "A")
            .write_file("/out/x/é.log", "E")
            .completes(""),
    );
    let run = api
        .run_with(&create(json!({"export_connectors": [connector]})))
        .await;
    let run = api.ok("GET", &format!("/runs/{run}"), None).await;
    crate::shapes::check_run(&run);
    assert_eq!(run["file_outputs"].as_array().unwrap().len(), 1);
    assert_eq!(run["file_outputs"][0]["delivery"], "s3");
    let files = run["file_outputs"][0]["files"].as_array().unwrap();
    files
        .iter()
        .map(|file| {
            (
                file["path"].as_str().unwrap().to_owned(),
                file["presigned_url"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

#[tokio::test]
async fn exports_are_served_by_another_origin() {
    let api = start().await;
    let drain = json!({"target": "s3_dump", "bucket": "my-bucket", "prefix": "reports/"});
    let files = exported(&api, snapshot(), drain).await;
    let paths: Vec<_> = files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["reports/out/a b.txt", "reports/out/x/é.log"]);
    let storage = api.emulator.storage();
    assert_ne!(storage.base_url(), api.emulator.url());
    assert_eq!(
        storage.objects(),
        [
            "my-bucket/reports/out/a b.txt",
            "my-bucket/reports/out/x/é.log"
        ]
    );
    for ((_, url), content) in files.iter().zip(["A", "E"]) {
        assert!(url.starts_with(storage.base_url()), "{url}");
        let answer = send("GET", url, &[], None).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, content));
    }
    assert_eq!(storage.refused_credentials(), 0);
}

#[tokio::test]
async fn exports_pick_files_and_places() {
    let api = start().await;
    let dump = |bucket: Value, prefix: Value| json!({"target": "s3_dump", "bucket": bucket, "prefix": prefix});
    let log = json!({"target": "run_snapshot", "include": ["/out/**/*.log"], "exclude": [], "run_id": null});
    let files = exported(&api, log, dump(json!(null), json!(""))).await;
    assert_eq!(files[0].0, "out/x/é.log");
    let rest = json!({"target": "run_snapshot", "include": ["/**"], "exclude": ["/out/x/*"], "run_id": null});
    let files = exported(&api, rest, dump(json!(null), json!(null))).await;
    let run = &api.trelent.runs()[1].id;
    assert_eq!(
        files.iter().map(|file| &file.0).collect::<Vec<_>>(),
        [&format!("{run}/out/a b.txt")]
    );
    let other = json!({"target": "run_snapshot", "include": ["/**"], "exclude": [], "run_id": run});
    assert_eq!(
        exported(&api, other, dump(json!("b"), json!("p/")))
            .await
            .len(),
        2
    );
    let drive = json!({"target": "shared_drive", "name": "team", "directory": null});
    let files = exported(&api, drive, dump(json!("b"), json!("p/"))).await;
    assert_eq!(files[0].0, "p/README.md");
    let nothing = json!({"target": "shared_drive", "name": "team", "directory": "out"});
    assert_eq!(
        exported(&api, nothing, dump(json!("b"), json!("p/"))).await,
        []
    );
}

#[tokio::test]
async fn the_storage_takes_no_other_credentials() {
    let api = start().await;
    let dump = json!({"target": "s3_dump", "bucket": null, "prefix": null});
    let files = exported(&api, snapshot(), dump).await;
    let url = &files[0].1;
    let bearer = api.bearer();
    let (token, secret) = (api.token.as_str(), api.trelent.client_secret());
    for header in [
        ("authorization", bearer.as_str()),
        ("authorization", "Basic eDp5"),
        ("cookie", "a=b"),
        ("proxy-authorization", "x"),
        ("x-api-key", "x"),
        ("x-custom", token),
        ("x-custom", secret),
    ] {
        let answer = send("GET", url, &[header], None).await;
        assert_eq!(answer.status, 400, "{header:?}");
        assert!(answer.text().contains("<Code>InvalidArgument</Code>"));
        assert!(!answer.text().contains(token) && !answer.text().contains(secret));
    }
    assert_eq!(
        send("GET", &format!("{url}&t={token}"), &[], None)
            .await
            .status,
        400
    );
    assert_eq!(api.emulator.storage().refused_credentials(), 8);
    assert_eq!(
        send("GET", url, &[("accept", "*/*"), ("user-agent", "x")], None)
            .await
            .status,
        200
    );
    assert_eq!(api.emulator.storage().requests().len(), 9);
}

#[tokio::test(start_paused = true)]
async fn the_storage_wants_the_signature_of_the_object() {
    let api = start().await;
    let dump = json!({"target": "s3_dump", "bucket": null, "prefix": null});
    let files = exported(&api, snapshot(), dump).await;
    let (first, second) = (&files[0].1, &files[1].1);
    let (path, _) = first.split_once('?').unwrap();
    let (_, foreign) = second.split_once('?').unwrap();
    for url in [
        path.to_owned(),
        format!("{path}?{foreign}"),
        format!("{first}0"),
    ] {
        assert_eq!(send("GET", &url, &[], None).await.status, 403, "{url}");
    }
    assert_eq!(send("PUT", first, &[], Some(b"x")).await.status, 405);
    assert_eq!(send("HEAD", first, &[], None).await.status, 200);
    tokio::time::advance(Duration::from_secs(7 * 86_400)).await;
    assert_eq!(send("GET", first, &[], None).await.status, 403);
}
