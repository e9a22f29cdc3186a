//! Unpacks the archive of an import connector: base64, gzip, tar.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use tar::EntryType;

/// One entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name as stored, without a slash at its end.
    pub name: String,
    /// `file`, `dir`, `symlink`, `hardlink`, or the tar type's number.
    pub kind: String,
    /// Permission bits.
    pub mode: u32,
    /// Where a link points to.
    pub linkname: Option<String>,
    /// What is in a file.
    pub content: Vec<u8>,
}

/// The entries in the order of the archive.
pub fn unpack(data: &str) -> Result<Vec<Entry>, String> {
    let packed = STANDARD
        .decode(data)
        .map_err(|error| format!("not base64: {error}"))?;
    let mut tar = Vec::new();
    GzDecoder::new(packed.as_slice())
        .read_to_end(&mut tar)
        .map_err(|error| format!("not gzip: {error}"))?;
    let mut archive = tar::Archive::new(tar.as_slice());
    let entries = archive
        .entries()
        .map_err(|error| format!("not tar: {error}"))?;
    entries
        .map(|entry| entry.and_then(read))
        .collect::<Result<_, _>>()
        .map_err(|error| format!("not tar: {error}"))
}

fn read(mut entry: tar::Entry<'_, &[u8]>) -> std::io::Result<Entry> {
    let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
    let kind = match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous => "file".to_owned(),
        EntryType::Directory => "dir".to_owned(),
        EntryType::Symlink => "symlink".to_owned(),
        EntryType::Link => "hardlink".to_owned(),
        other => format!("type {}", other.as_byte()),
    };
    let linkname = entry
        .link_name_bytes()
        .map(|name| String::from_utf8_lossy(&name).into_owned());
    let mode = entry.header().mode()? & 0o7777;
    let mut content = Vec::new();
    entry.read_to_end(&mut content)?;
    Ok(Entry {
        name: plain_name(&name).to_owned(),
        kind,
        mode,
        linkname,
        content,
    })
}

/// A name without slashes at its end: `./` and `.` are the same.
pub fn plain_name(name: &str) -> &str {
    name.trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    #[test]
    fn what_is_no_archive_is_told() {
        assert!(unpack("?").unwrap_err().starts_with("not base64"));
        assert!(unpack("aGVsbG8=").unwrap_err().starts_with("not gzip"));
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&[1; 700]).unwrap();
        let data = STANDARD.encode(gzip.finish().unwrap());
        assert!(unpack(&data).unwrap_err().starts_with("not tar"));
    }
}
