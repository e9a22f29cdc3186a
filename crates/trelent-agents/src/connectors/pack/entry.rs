//! Single entries of the archive.
//!
//! The `tar` crate makes the headers. Names are put into them here, because they must keep their bytes and their `./`,
//! both of which that crate's own way of setting names changes.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::UNIX_EPOCH;

use agent_core::Result;
use tar::{EntryType, Header};

use super::{Packer, failed, refused};

/// Everything in an archive begins at a multiple of this.
const RECORD: usize = 512;

/// Size of the pieces in which files are read.
const PIECE: usize = 64 * 1024;

/// A file name as it is put into the archive.
pub(super) fn name_bytes(name: &OsStr) -> &[u8] {
    // On Unix the bytes of the name, elsewhere UTF-8 (WTF-8 for names that are no valid UTF-16).
    name.as_encoded_bytes()
}

/// Writes the entry of a folder; `name` ends in a slash.
pub(super) fn folder(
    packer: &mut Packer<'_>,
    path: &Path,
    metadata: &Metadata,
    name: &[u8],
) -> Result<()> {
    let header = header(EntryType::Directory, metadata, 0);
    write_header(&mut packer.out, header, name, &[]).map_err(|error| failed("pack", path, error))
}

/// Writes the entry of a link, with the text it points to.
pub(super) fn link(
    packer: &mut Packer<'_>,
    path: &Path,
    metadata: &Metadata,
    name: &[u8],
) -> Result<()> {
    let target = fs::read_link(path).map_err(|error| failed("read", path, error))?;
    let header = header(EntryType::Symlink, metadata, 0);
    write_header(
        &mut packer.out,
        header,
        name,
        name_bytes(target.as_os_str()),
    )
    .map_err(|error| failed("pack", path, error))
}

/// Writes the entry of a file, with its content.
///
/// `seen` is what the walk saw at `path`. Another file in its place, or one whose size changes, is an error: the
/// header has to tell the size before the content is read.
pub(super) fn file(
    packer: &mut Packer<'_>,
    path: &Path,
    seen: &Metadata,
    name: &[u8],
    relative: &Path,
) -> Result<()> {
    let unreadable = |error| failed("read", path, error);
    let mut file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if !metadata.is_file() || !same_file(seen, &metadata) {
        return Err(refused(path, "it was replaced while it was read"));
    }
    let size = metadata.len();
    let header = header(EntryType::Regular, &metadata, size);
    let unpackable = |error| failed("pack", path, error);
    write_header(&mut packer.out, header, name, &[]).map_err(unpackable)?;

    let mut piece = vec![0; PIECE.min(usize::try_from(size).unwrap_or(PIECE)).max(1)];
    let mut left = size;
    while left > 0 {
        let wanted = piece.len().min(usize::try_from(left).unwrap_or(PIECE));
        match file.read(&mut piece[..wanted]) {
            Ok(0) => return Err(refused(path, "it became shorter while it was read")),
            Ok(read) => {
                packer.out.write_all(&piece[..read]).map_err(unpackable)?;
                left -= read as u64;
                packer.bytes_read += read as u64;
                packer.step(relative)?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
    loop {
        match file.read(&mut piece[..1]) {
            Ok(0) => break,
            Ok(_) => return Err(refused(path, "it became longer while it was read")),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
    write_padding(&mut packer.out, size).map_err(unpackable)?;
    packer.files += 1;
    packer.step(relative)
}

/// Writes the end of the archive.
pub(super) fn write_end(out: &mut impl Write) -> io::Result<()> {
    out.write_all(&[0; 2 * RECORD])
}

/// Whether both tell of one and the same file.
fn same_file(one: &Metadata, other: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        one.dev() == other.dev() && one.ino() == other.ino()
    }
    #[cfg(not(unix))]
    {
        one.file_type() == other.file_type()
    }
}

/// A header without names: permission bits and time are kept, the owner is not.
fn header(kind: EntryType, metadata: &Metadata, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode(metadata));
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(mtime(metadata));
    header.set_size(size);
    header
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::MetadataExt;
    metadata.mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(metadata: &Metadata) -> u32 {
    if metadata.is_dir() {
        0o755
    } else if metadata.file_type().is_symlink() {
        0o777
    } else {
        0o644
    }
}

/// Whole seconds since 1970; 0 for what is older.
fn mtime(metadata: &Metadata) -> u64 {
    metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |age| age.as_secs())
}

/// Writes a header with its names. Names that are too long for it go before it, in the way of GNU tar.
fn write_header(
    out: &mut impl Write,
    mut header: Header,
    name: &[u8],
    target: &[u8],
) -> io::Result<()> {
    let fields = header.as_old_mut();
    if !fill(&mut fields.linkname, target) {
        write_long(out, EntryType::GNULongLink, target)?;
    }
    if !fill(&mut fields.name, name) {
        write_long(out, EntryType::GNULongName, name)?;
    }
    header.set_cksum();
    out.write_all(header.as_bytes())
}

/// Puts as much of `text` into `field` as fits; tells whether that was all.
fn fill(field: &mut [u8], text: &[u8]) -> bool {
    let length = text.len().min(field.len());
    field[..length].copy_from_slice(&text[..length]);
    length == text.len()
}

/// Writes an entry that holds the long name of the entry behind it.
fn write_long(out: &mut impl Write, kind: EntryType, text: &[u8]) -> io::Result<()> {
    let size = text.len() as u64 + 1;
    let mut header = Header::new_gnu();
    fill(&mut header.as_old_mut().name, b"././@LongLink");
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_cksum();
    out.write_all(header.as_bytes())?;
    out.write_all(text)?;
    out.write_all(&[0])?;
    write_padding(out, size)
}

fn write_padding(out: &mut impl Write, size: u64) -> io::Result<()> {
    let over = usize::try_from(size % RECORD as u64).unwrap_or(0);
    if over > 0 {
        out.write_all(&[0; RECORD][over..])?;
    }
    Ok(())
}
