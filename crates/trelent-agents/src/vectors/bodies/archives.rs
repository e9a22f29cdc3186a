//! Recorded imports: the same files are laid out, packed, unpacked, and compared entry by entry.

use std::fs;
use std::io::{Cursor, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::build;
use crate::vectors::{difference, load, name};

fn lay_out(fixture: &Value, folder: &Path) {
    for file in fixture.as_array().into_iter().flatten() {
        let path = folder.join(file["path"].as_str().unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match file["type"].as_str().unwrap() {
            "dir" => fs::create_dir_all(&path).unwrap(),
            "symlink" => {
                let target = file["target"].as_str().unwrap();
                std::os::unix::fs::symlink(target, &path).unwrap();
            }
            "file" => {
                let content = match file["content_base64"].as_str() {
                    Some(text) => STANDARD.decode(text).unwrap(),
                    None => file["content"].as_str().unwrap().as_bytes().to_vec(),
                };
                fs::write(&path, content).unwrap();
            }
            other => panic!("{other}"),
        }
        if let Some(mode) = file["mode"].as_str() {
            let mode = u32::from_str_radix(mode.trim_start_matches("0o"), 8).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
    }
}

fn unpack(data: &str) -> Value {
    let archive = flate2::read::GzDecoder::new(Cursor::new(STANDARD.decode(data).unwrap()));
    let mut entries = Vec::new();
    for entry in tar::Archive::new(archive).entries().unwrap() {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let kind = entry.header().entry_type();
        let path = String::from_utf8(entry.path_bytes().into_owned()).unwrap();
        let mode = entry.header().mode().unwrap();
        let linkname = entry
            .link_name_bytes()
            .map(|link| String::from_utf8(link.into_owned()).unwrap());
        entries.push(json!({
            "name": path.trim_end_matches('/'),
            "type": match kind {
                tar::EntryType::Directory => "dir",
                tar::EntryType::Symlink => "symlink",
                _ => "file",
            },
            "mode": format!("{mode:#o}"),
            "size": content.len(),
            "linkname": linkname,
            "content": String::from_utf8(content.clone()).ok(),
            "content_base64": STANDARD.encode(content),
        }));
    }
    json!(entries)
}

#[tokio::test]
async fn every_recorded_import_unpacks_to_its_files() {
    let mut archives = 0;
    for vector in load(&["connectors"]) {
        let folder = tempfile::tempdir().unwrap();
        lay_out(&vector["fixture"], folder.path());
        let operation = vector["operation"].as_str().unwrap();
        let got = build(operation, &vector["args"], folder.path()).await;
        if vector["expect"]["error"]["kind"] == "io" {
            let error = got.unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::Io);
            let path = vector["args"]["imports"][0]["local"]["path"].as_str();
            assert!(error.message().contains(path.unwrap()), "{error}");
            continue;
        }
        let mut got: Value = serde_json::from_slice(&got.unwrap().to_bytes()).unwrap();
        let exchange = vector["exchanges"].as_array().unwrap().last().unwrap();
        let mut expected = exchange["request"]["body"].clone();
        let decoded = vector["decoded_imports"].as_array().unwrap();
        for (index, decoded) in decoded.iter().enumerate() {
            let data = got["import_connectors"][index]["source"]["data"].take();
            let entries = unpack(data.as_str().unwrap());
            let difference = difference(decoded, &entries, "entries");
            assert_eq!(difference, None, "{}", name(&vector));
            expected["import_connectors"][index]["source"]["data"].take();
            archives += 1;
        }
        assert_eq!(got, expected, "{}", name(&vector));
    }
    assert!(archives >= 13, "{archives}");
}
