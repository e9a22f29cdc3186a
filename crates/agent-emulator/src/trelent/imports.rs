//! Inline imports: base64, gzip, tar, unpacked for real and kept as they came. Which files a run gets from them is
//! decided in `runs.rs`.

use std::collections::BTreeMap;
use std::io::{self, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::bufread::GzDecoder;
use tar::EntryType;

use super::files::{FileKind, FileTree, Node};

/// The most bytes that all imports of one request may unpack to, tar headers included.
pub(crate) const MAX_UNPACKED: u64 = 64 << 20;

/// An entry of an imported archive, as it was packed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportEntry {
    /// The name as it stands in the archive, such as `./sub/a.txt`; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// The name's bytes.
    pub name_bytes: Vec<u8>,
    /// `file`, `dir`, `symlink` or `hardlink`.
    pub kind: &'static str,
    /// The permission bits, such as `0o644`.
    pub mode: u32,
    /// The size of the content in bytes.
    pub size: u64,
    /// The target of a link.
    pub link_name: Option<String>,
    /// The content of a file.
    pub content: Bytes,
    /// The time of the last change, in seconds since 1970.
    pub mtime: u64,
    /// The owner's user id and group id.
    pub owner_ids: (u64, u64),
    /// The owner's user name and group name.
    pub owner_names: (String, String),
}

/// Why an import was refused.
#[derive(Debug)]
pub(crate) enum Bad {
    /// It unpacks to more than is allowed.
    TooLarge,
    /// It is not what it should be.
    Broken(String),
}

/// Unpacks `data`, taking the bytes from `budget`.
pub(crate) fn unpack(data: &str, budget: &mut u64) -> Result<Vec<ImportEntry>, Bad> {
    let packed = STANDARD
        .decode(data)
        .map_err(|error| Bad::Broken(format!("not base64 with padding: {error}")))?;
    let mut reader = Capped {
        inner: GzDecoder::new(packed.as_slice()),
        left: budget,
        over: false,
    };
    match read_entries(&mut reader) {
        _ if reader.over => Err(Bad::TooLarge),
        Err(error) => Err(Bad::Broken(format!("not a gzipped tar archive: {error}"))),
        Ok(_) if !reader.inner.get_ref().is_empty() => {
            Err(Bad::Broken("bytes after the end of the gzip data".into()))
        }
        Ok(entries) => Ok(entries),
    }
}

fn read_entries(reader: &mut impl Read) -> io::Result<Vec<ImportEntry>> {
    let mut entries = Vec::new();
    let mut archive = tar::Archive::new(&mut *reader);
    for entry in archive.entries()? {
        entries.push(read_entry(entry?)?);
    }
    // To the end, so that gzip's checksum is looked at.
    io::copy(reader, &mut io::sink())?;
    if entries.is_empty() {
        return Err(invalid("it has no entries"));
    }
    Ok(entries)
}

fn read_entry(mut entry: tar::Entry<'_, impl Read>) -> io::Result<ImportEntry> {
    let kind = match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous => "file",
        EntryType::Directory => "dir",
        EntryType::Symlink => "symlink",
        EntryType::Link => "hardlink",
        other => return Err(invalid(&format!("entry type {other:?} is not supported"))),
    };
    let name_bytes = entry.path_bytes().into_owned();
    let name = String::from_utf8_lossy(&name_bytes).into_owned();
    if name.starts_with('/') || name.split('/').any(|part| part == "..") {
        return Err(invalid(&format!(
            "the name {name:?} leads out of the import"
        )));
    }
    let link_name = entry
        .link_name_bytes()
        .map(|target| String::from_utf8_lossy(&target).into_owned());
    let header = entry.header();
    let text =
        |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    let owner_names = (
        text(header.username_bytes()),
        text(header.groupname_bytes()),
    );
    let (mode, mtime, owner_ids) = (
        header.mode()? & 0o7777,
        header.mtime()?,
        (header.uid()?, header.gid()?),
    );
    let mut content = Vec::new();
    entry.read_to_end(&mut content)?;
    Ok(ImportEntry {
        name,
        name_bytes,
        kind,
        mode,
        size: content.len() as u64,
        link_name,
        content: content.into(),
        mtime,
        owner_ids,
        owner_names,
    })
}

fn invalid(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

/// Stops reading when the budget is used up.
struct Capped<'a, R> {
    inner: R,
    left: &'a mut u64,
    over: bool,
}

impl<R: Read> Read for Capped<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        let Some(left) = self.left.checked_sub(n as u64) else {
            self.over = true;
            return Err(invalid("it unpacks to too many bytes"));
        };
        *self.left = left;
        Ok(n)
    }
}

/// Puts an import's entries below `root`. A hard link becomes a file with the content of its target.
pub(crate) fn place(entries: &[ImportEntry], root: &str, tree: &mut FileTree) {
    let mut contents = BTreeMap::new();
    for entry in entries {
        let Some(path) = join(root, &entry.name) else {
            continue;
        };
        let kind = match (entry.kind, entry.link_name.as_deref()) {
            ("dir", _) => FileKind::Dir,
            ("symlink", Some(target)) => FileKind::Symlink(target.to_owned()),
            ("hardlink", Some(target)) => {
                let content = join(root, target).and_then(|target| contents.get(&target).cloned());
                FileKind::File(content.unwrap_or_default())
            }
            _ => FileKind::File(entry.content.clone()),
        };
        if let FileKind::File(content) = &kind {
            contents.insert(path.clone(), content.clone());
        }
        tree.insert(
            path,
            Node {
                kind,
                mode: entry.mode,
            },
        );
    }
}

/// `name` below `root`; `None` for the root itself.
fn join(root: &str, name: &str) -> Option<String> {
    let parts: Vec<_> = name
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    (!parts.is_empty()).then(|| format!("{root}/{}", parts.join("/")))
}
