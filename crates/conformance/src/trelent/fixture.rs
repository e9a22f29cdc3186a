//! Creates the files that a vector's imports are made from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Item {
    path: String,
    #[serde(rename = "type")]
    kind: Kind,
    mode: Option<String>,
    content: Option<String>,
    content_base64: Option<String>,
    target: Option<String>,
    repeat_byte: Option<Byte>,
    #[serde(default)]
    size: usize,
    #[serde(default)]
    hard_linked: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    File,
    Dir,
    Symlink,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Byte {
    Number(u8),
    Text(String),
}

/// Creates the listed files, folders and links below `folder`.
pub fn create(folder: &Path, fixture: &Value) -> io::Result<()> {
    let items = Vec::<Item>::deserialize(fixture)?;
    let mut linked: Option<PathBuf> = None;
    let mut modes = Vec::new();
    for item in &items {
        let path = folder.join(&item.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        match item.kind {
            Kind::Dir => fs::create_dir_all(&path)?,
            Kind::Symlink => symlink(item.target.as_deref().unwrap_or_default(), &path)?,
            Kind::File => match &linked {
                Some(first) if item.hard_linked => fs::hard_link(first, &path)?,
                _ => fs::write(&path, content(item)?)?,
            },
        }
        if item.hard_linked && linked.is_none() {
            linked = Some(path.clone());
        }
        if let (Some(mode), false) = (&item.mode, matches!(item.kind, Kind::Symlink)) {
            modes.push((path, octal(mode)?));
        }
    }
    // Last, and inside out: a folder that must not be written to is filled by then.
    for (path, mode) in modes.into_iter().rev() {
        set_mode(&path, mode)?;
    }
    Ok(())
}

/// Permission bits of a text such as `0o644`.
pub fn octal(text: &str) -> io::Result<u32> {
    u32::from_str_radix(text.trim_start_matches("0o"), 8).map_err(io::Error::other)
}

fn content(item: &Item) -> io::Result<Vec<u8>> {
    match (&item.content, &item.content_base64, &item.repeat_byte) {
        (Some(text), _, _) => Ok(text.clone().into_bytes()),
        (_, Some(text), _) => STANDARD.decode(text).map_err(io::Error::other),
        (_, _, Some(Byte::Number(byte))) => Ok(vec![*byte; item.size]),
        (_, _, Some(Byte::Text(text))) => Ok(text.repeat(item.size).into_bytes()),
        _ => Ok(Vec::new()),
    }
}

#[cfg(unix)]
fn symlink(target: &str, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn symlink(_: &str, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use serde_json::json;
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    #[test]
    fn every_kind_of_file_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let fixture = json!([
            {"path": "d", "type": "dir", "mode": "0o750"},
            {"path": "d/x.sh", "type": "file", "mode": "0o755", "content": "hi"},
            {"path": "d/l", "type": "symlink", "target": "nowhere"},
            {"path": "deep/er/b", "type": "file", "mode": "0o600", "content_base64": "AAE="},
            {"path": "many", "type": "file", "mode": "0o644", "repeat_byte": 65, "size": 3},
            {"path": "one", "type": "file", "mode": "0o644", "content": "s", "hard_linked": true},
            {"path": "two", "type": "file", "mode": "0o644", "content": "s", "hard_linked": true},
        ]);
        create(folder.path(), &fixture).unwrap();
        let path = |name: &str| folder.path().join(name);
        let mode = |name: &str| fs::metadata(path(name)).unwrap().permissions().mode() & 0o7777;
        assert_eq!(
            (mode("d"), mode("d/x.sh"), mode("deep/er/b")),
            (0o750, 0o755, 0o600)
        );
        assert_eq!(fs::read(path("d/x.sh")).unwrap(), b"hi");
        assert_eq!(
            fs::read_link(path("d/l")).unwrap().to_str(),
            Some("nowhere")
        );
        assert_eq!(fs::read(path("deep/er/b")).unwrap(), [0, 1]);
        assert_eq!(fs::read(path("many")).unwrap(), b"AAA");
        let inode = |name: &str| fs::metadata(path(name)).unwrap().ino();
        assert_eq!(inode("one"), inode("two"));
    }

    #[test]
    fn a_folder_without_write_permission_is_filled_first() {
        let folder = tempfile::tempdir().unwrap();
        let fixture = json!([
            {"path": "d", "type": "dir", "mode": "0o555"},
            {"path": "d/f", "type": "file", "mode": "0o444", "content": ""},
        ]);
        create(folder.path(), &fixture).unwrap();
        assert!(folder.path().join("d/f").exists());
        set_mode(&folder.path().join("d"), 0o755).unwrap();
    }
}
